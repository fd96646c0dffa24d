// The exchange algorithm of Remez for max |W (F - q(y))| over a union of intervals of x, where y = x or x²
// and q has degree below `unknowns` [Rem34] [PT09]. For sources only; R is long double, for speed, or NTL's
// RR, for any precision.
//
// A reference is unknowns + 1 points. The levelled polynomial of a reference, whose weighted error there is
// ±E in turn, is known in barycentric form without a linear system: E = Σ w_i F_i / Σ (-1)^i w_i / W_i with
// w_i = 1 / Π (y_i - y_j), and q goes through F_i - (-1)^i E / W_i. |E| is a lower bound of the least maximum
// whatever the reference (de la Vallée-Poussin); each round moves the reference to the local maxima of the
// error that its polynomial makes, until the two bounds meet.
#pragma once

#include <NTL/RR.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace sotto::approx {

inline long double magnitude(long double x) {
  return std::abs(x);
}
inline NTL::RR magnitude(const NTL::RR& x) {
  return NTL::abs(x);
}

inline long double square_root(long double x) {
  return std::sqrt(x);
}
inline NTL::RR square_root(const NTL::RR& x) {
  return NTL::SqrRoot(x);
}

template <class R>
class Exchange {
 public:
  struct Sample {
    R value, weight;  // F, W > 0
  };
  using Sampler = std::function<Sample(const R& x)>;
  struct Part {
    R low, high;
    std::vector<R> breaks;  // inside, ascending
  };

  /// In squares of x all parts lie right of 0.
  Exchange(std::vector<Part> parts, int unknowns, bool in_squares, Sampler at)
      : parts_(std::move(parts)),
        at_(std::move(at)),
        count_(static_cast<std::size_t>(unknowns) + 1),
        in_squares_(in_squares) {}

  const std::vector<R>& points() const { return points_; }
  const R& level() const { return level_; }  // |E| of the reference
  const R& worst() const { return worst_; }  // largest |W (F - q)| that the last search found

  /// Points whose y lie as Chebyshev's extremes do in the parts put end to end.
  void start();
  void start(std::vector<R> points) {
    points_ = std::move(points);
    solve();
  }
  /// q(y(x)).
  R value(const R& x) const;
  /// Finds the maxima of the error, `cells` grid cells between neighbouring points; they are refined from
  /// brackets `zoom` times narrower than a cell, for points that are nearly there. False when fewer
  /// alternating ones than a reference needs are there.
  bool search(int cells, double zoom = 1);
  /// Takes what search() found as the reference. False when two of the points are one, which rounding can do.
  bool exchange() {
    for (std::size_t i = 1; i < peaks_.size(); ++i) {
      if (!(peaks_[i - 1].x < peaks_[i].x)) return false;
    }
    points_.clear();
    for (const Peak& peak : peaks_) points_.push_back(peak.x);
    solve();
    return level_ >= R{};  // not a NaN
  }

 private:
  struct Peak {
    R x, error;
    std::size_t part;
    R step;  // to the neighbours on the grid
  };

  void solve();
  /// y(a) - y(b), without cancellation.
  R distance(const R& a, const R& b) const { return in_squares_ ? (a - b) * (a + b) : a - b; }
  R error(const R& x) const {
    const Sample sample = at_(x);
    return sample.weight * (sample.value - value(x));
  }
  std::vector<R> anchors(const Part& part) const;
  void leave_end(Peak& peak) const;
  void refine(Peak& peak) const;
  void drop_surplus();

  std::vector<Part> parts_;
  Sampler at_;
  std::size_t count_;
  bool in_squares_;
  std::vector<R> points_, weights_, values_;  // [count_] of the reference: x, w, q(y(x))
  static constexpr int kPasses = 5;
  R level_{}, worst_{};
  std::vector<Peak> peaks_;
};

template <class R>
void Exchange<R>::start() {
  R length{};
  for (const Part& part : parts_) length += distance(part.high, part.low);
  points_.clear();
  for (std::size_t i = 0; i < count_; ++i) {
    const double angle = std::acos(-1.0) * static_cast<double>(i) / static_cast<double>(count_ - 1);
    R along = length * R(0.5 - 0.5 * std::cos(angle));
    std::size_t part = 0;
    for (; part + 1 < parts_.size() && along > distance(parts_[part].high, parts_[part].low); ++part)
      along -= distance(parts_[part].high, parts_[part].low);
    const R low = parts_[part].low, x = in_squares_ ? square_root(low * low + along) : low + along;
    points_.push_back(std::clamp(x, low, parts_[part].high));
  }
  solve();
}

template <class R>
void Exchange<R>::solve() {
  // Differences are taken in units of a quarter of the span, the capacity of an interval, so that products of
  // hundreds of them stay near 1.
  const R unit = distance(parts_.back().high, parts_.front().low) / R(4.0);
  weights_.assign(count_, R(1.0));
  for (std::size_t i = 0; i < count_; ++i) {
    R product(1.0);
    for (std::size_t j = 0; j < count_; ++j) {
      if (j != i) product *= distance(points_[i], points_[j]) / unit;
    }
    weights_[i] = R(1.0) / product;
  }
  values_.clear();
  std::vector<R> signed_inverse;
  R numerator{}, denominator{};
  for (std::size_t i = 0; i < count_; ++i) {
    const Sample sample = at_(points_[i]);
    values_.push_back(sample.value);
    signed_inverse.push_back((i % 2 == 0 ? R(1.0) : R(-1.0)) / sample.weight);
    numerator += weights_[i] * sample.value;
    denominator += weights_[i] * signed_inverse[i];
  }
  const R level = numerator / denominator;
  for (std::size_t i = 0; i < count_; ++i) values_[i] -= level * signed_inverse[i];
  level_ = magnitude(level);
}

template <class R>
R Exchange<R>::value(const R& x) const {
  R numerator{}, denominator{};
  for (std::size_t i = 0; i < count_; ++i) {
    const R away = distance(x, points_[i]);
    if (away == R{}) return values_[i];
    const R share = weights_[i] / away;
    numerator += share * values_[i];
    denominator += share;
  }
  return numerator / denominator;
}

/// Ends, breaks and reference points of a part, ascending.
template <class R>
std::vector<R> Exchange<R>::anchors(const Part& part) const {
  std::vector<R> all{part.low, part.high};
  all.insert(all.end(), part.breaks.begin(), part.breaks.end());
  for (const R& x : points_) {
    if (part.low < x && x < part.high) all.push_back(x);
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

/// A peak at an end of its part may hide a higher one within the first cell.
template <class R>
void Exchange<R>::leave_end(Peak& peak) const {
  const Part& part = parts_[peak.part];
  const bool low = peak.x == part.low, high = peak.x == part.high;
  if (!low && !high) return;
  R step = peak.step;
  for (int i = 0; i < 8; ++i) {
    step = step / R(2.0);
    const R x = low ? part.low + step : part.high - step;
    const R inside = error(x);
    if (magnitude(inside) <= magnitude(peak.error)) continue;
    peak = {x, inside, peak.part, step};
    return;
  }
}

/// Moves a peak to the vertex of the parabola through it and its neighbours, kPasses times through ever
/// nearer ones: a vertex misses the peak by about step², and its height by the square of that. A vertex that
/// is lower than where it came from shows that the peak lies between the two.
template <class R>
void Exchange<R>::refine(Peak& peak) const {
  const Part& part = parts_[peak.part];
  leave_end(peak);
  R step = peak.step;
  for (int pass = 0; pass < kPasses; ++pass) {
    step = std::min(step, std::min<R>(peak.x - part.low, part.high - peak.x));
    if (step == R{}) return;
    const R left = peak.x - step, right = peak.x + step;
    const R before = error(left), after = error(right);
    const R curvature = before - R(2.0) * peak.error + after;
    if (curvature == R{}) return;
    R shift = step * (before - after) / (R(2.0) * curvature);
    if (magnitude(shift) > step) shift = shift > R{} ? step : -step;
    if (shift == R{}) return;
    const R x = peak.x + shift, moved = error(x);
    if (magnitude(moved) > magnitude(peak.error)) {
      const bool settled = magnitude(moved) - magnitude(peak.error) < magnitude(moved) * R(0x1p-44);
      peak.x = x;
      peak.error = moved;
      if (settled) return;
      step = step / R(16.0);
    } else {
      step = magnitude(shift) / R(2.0);
    }
  }
}

template <class R>
bool Exchange<R>::search(int cells, double zoom) {
  peaks_.clear();
  worst_ = R{};
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    const std::vector<R> fixed = anchors(parts_[p]);
    for (std::size_t i = 0; i < fixed.size(); ++i) {
      const bool last = i + 1 == fixed.size();
      const R step = last ? (fixed[i] - fixed[i - 1]) / R(static_cast<double>(cells))
                          : (fixed[i + 1] - fixed[i]) / R(static_cast<double>(cells));
      for (int cell = 0; cell < (last ? 1 : cells); ++cell) {
        const R x = fixed[i] + step * R(static_cast<double>(cell));
        const Peak here{x, error(x), p, step};
        // One peak for each run of errors of one sign: together they alternate.
        if (peaks_.empty() || (here.error > R{}) != (peaks_.back().error > R{})) {
          peaks_.push_back(here);
        } else if (magnitude(here.error) > magnitude(peaks_.back().error)) {
          peaks_.back() = here;
        }
      }
    }
  }
  for (Peak& peak : peaks_) {
    peak.step = peak.step / R(zoom);
    refine(peak);
    if (magnitude(peak.error) > worst_) worst_ = magnitude(peak.error);
  }
  if (peaks_.size() < count_) return false;
  drop_surplus();
  return true;
}

/// Removes the least peaks so that the others still alternate: one from an end when one is too many, else the
/// least with its lesser neighbour.
template <class R>
void Exchange<R>::drop_surplus() {
  const auto size = [&](std::size_t i) { return magnitude(peaks_[i].error); };
  const auto erase = [&](std::size_t i) { peaks_.erase(peaks_.begin() + static_cast<std::ptrdiff_t>(i)); };
  while (peaks_.size() > count_) {
    const std::size_t last = peaks_.size() - 1;
    if (peaks_.size() == count_ + 1) {
      erase(size(0) < size(last) ? 0 : last);
      continue;
    }
    std::size_t least = 0;
    for (std::size_t i = 1; i <= last; ++i) {
      if (size(i) < size(least)) least = i;
    }
    if (least == 0 || least == last) {
      erase(least);
      continue;
    }
    const std::size_t neighbour = size(least - 1) < size(least + 1) ? least - 1 : least + 1;
    erase(std::max(least, neighbour));
    erase(std::min(least, neighbour));
  }
}

}  // namespace sotto::approx
