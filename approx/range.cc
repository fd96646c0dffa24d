#include "approx/range.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"

namespace sotto::approx {
namespace {

/// Where |p - f| is looked at before its maxima are refined.
std::vector<double> search_grid(const Polynomial& polynomial, const Function& f, const Interval& interval) {
  const double zoom = std::max(1.0, interval.half_width() / polynomial.interval.half_width());
  const int angles = 16 * (polynomial.degree() + 1) * static_cast<int>(std::ceil(std::min(zoom, 16.0)));
  const int steps = 4096;
  std::vector<double> grid{interval.low, interval.high};
  for (int i = 1; i < angles; ++i)
    grid.push_back(interval.from_unit(std::cos(std::numbers::pi * i / angles)));
  for (int i = 1; i < steps; ++i) grid.push_back(interval.from_unit(2.0 * i / steps - 1));
  for (const double at : breaks_inside(f, interval)) {
    for (const double x : {at, std::nextafter(at, interval.low), std::nextafter(at, interval.high)})
      grid.push_back(x);
  }
  for (double& x : grid) x = std::clamp(x, interval.low, interval.high);
  std::sort(grid.begin(), grid.end());
  grid.erase(std::unique(grid.begin(), grid.end()), grid.end());
  return grid;
}

/// Golden section for the maximum of g between low and high.
template <class G>
WorstError refine(const G& g, double low, double high, double tolerance) {
  constexpr double kGolden = 0.6180339887498949;
  double left = high - kGolden * (high - low), right = low + kGolden * (high - low);
  double at_left = g(left), at_right = g(right);
  while (high - low > tolerance && low < left && left < right && right < high) {
    if (at_left > at_right) {
      high = right, right = left, at_right = at_left;
      left = high - kGolden * (high - low), at_left = g(left);
    } else {
      low = left, left = right, at_left = at_right;
      right = low + kGolden * (high - low), at_right = g(right);
    }
  }
  return at_left > at_right ? WorstError{at_left, left} : WorstError{at_right, right};
}

/// Zeros of Σ c[k] T_k(t) that are real within rounding, unsorted: eigenvalues of the colleague matrix.
std::vector<double> real_roots(std::vector<double> c) {
  while (c.size() > 1 && c.back() == 0) c.pop_back();
  const Eigen::Index n = static_cast<Eigen::Index>(c.size()) - 1;
  if (n < 1) return {};
  Eigen::MatrixXd colleague = Eigen::MatrixXd::Zero(n, n);
  for (Eigen::Index k = 0; k + 1 < n; ++k) {
    colleague(k, k + 1) = k == 0 ? 1 : 0.5;
    colleague(k + 1, k) = 0.5;
  }
  // The last row: t T_{n-1} = T_n / 2 + T_{n-2} / 2 with T_n = -Σ c_k T_k / c_n.
  const double factor = n == 1 ? 1.0 : 0.5;
  for (Eigen::Index k = 0; k < n; ++k)
    colleague(n - 1, k) -= factor * c[static_cast<std::size_t>(k)] / c.back();
  const Eigen::VectorXcd eigenvalues = colleague.eigenvalues();
  std::vector<double> roots;
  for (const std::complex<double>& root : eigenvalues) {
    if (std::abs(root.imag()) < 1e-7) roots.push_back(root.real());  // a double zero splits by 1e-8
  }
  return roots;
}

Interval widened(const Interval& interval, double factor) {
  return {interval.from_unit(-factor), interval.from_unit(factor)};
}

}  // namespace

WorstError largest_error(const Polynomial& polynomial, const Function& f, const Domain& domain) {
  validate(polynomial);
  validate(domain);
  WorstError worst;
  const auto error = [&](double x) { return std::abs(polynomial(x) - finite_value(f, x)); };
  for (const Interval& interval : domain) {
    const std::vector<double> grid = search_grid(polynomial, f, interval);
    std::vector<double> errors;
    for (const double x : grid) errors.push_back(error(x));
    const double promising = 0.9 * *std::max_element(errors.begin(), errors.end());
    for (std::size_t i = 0; i < grid.size(); ++i) {
      if (!(errors[i] <= worst.error)) worst = {errors[i], grid[i]};
      const bool peak =
          i > 0 && i + 1 < grid.size() && errors[i] >= errors[i - 1] && errors[i] >= errors[i + 1];
      if (!peak || errors[i] < promising) continue;
      const WorstError refined = refine(error, grid[i - 1], grid[i + 1], interval.half_width() * 0x1p-40);
      if (refined.error > worst.error) worst = refined;
    }
  }
  return worst;
}

double mean_square_error(const RealFunction& p, int degree, const Function& f,
                         const Distribution& distribution) {
  const WeightedSample sample = discretize(distribution, f, degree);
  double sum = 0;
  for (std::size_t i = 0; i < sample.x.size(); ++i) {
    const double error = p(sample.x[i]) - finite_value(f, sample.x[i]);
    sum += sample.weight[i] * error * error;
  }
  return sum;
}

std::vector<Extreme> extremes(const Polynomial& polynomial, const Interval& interval) {
  validate(interval);
  const Polynomial slope = derivative(polynomial);
  std::vector<double> places{interval.low, interval.high};
  for (const double root : real_roots(slope.coefficients)) {
    const double x = slope.interval.from_unit(root);
    if (interval.low < x && x < interval.high) places.push_back(x);
  }
  std::sort(places.begin(), places.end());
  std::vector<Extreme> result;
  for (const double x : places) result.push_back({x, polynomial(x)});
  return result;
}

std::vector<Interval> falling_parts(const Polynomial& polynomial, const Interval& interval) {
  std::vector<Interval> parts;
  const std::vector<Extreme> turns = extremes(polynomial, interval);
  for (std::size_t i = 1; i < turns.size(); ++i) {
    if (turns[i].value >= turns[i - 1].value) continue;
    if (!parts.empty() && parts.back().high == turns[i - 1].at) {
      parts.back().high = turns[i].at;
    } else {
      parts.push_back({turns[i - 1].at, turns[i].at});
    }
  }
  return parts;
}

Interval safe_interval(const Polynomial& polynomial, const Function& f, double max_error, double limit) {
  if (!(max_error > 0) || !(limit >= 1) || !std::isfinite(limit)) {
    throw Error(ErrorCode::kInvalidArgument, "no safe interval for the error " + std::to_string(max_error) +
                                                 " and " + std::to_string(limit) +
                                                 " times the width; an error above 0 and a factor from 1 up "
                                                 "are needed");
  }
  Interval safe = polynomial.interval;
  if (largest_error(polynomial, f, {safe}).error > max_error) return safe;
  // Each side by itself: the first place from the end outwards where the error is too large.
  const auto reach = [&](double end, double far) {
    constexpr int kSteps = 4096;
    double good = end;
    for (int i = 1; i <= kSteps; ++i) {
      double x = end + (far - end) * i / kSteps;
      if (std::abs(polynomial(x) - finite_value(f, x)) <= max_error) {
        good = x;
        continue;
      }
      for (int bisection = 0; bisection < 40; ++bisection) {
        const double middle = 0.5 * (good + x);
        (std::abs(polynomial(middle) - finite_value(f, middle)) <= max_error ? good : x) = middle;
      }
      break;
    }
    return good;
  };
  const Interval wide = widened(polynomial.interval, limit);
  return {reach(safe.low, wide.low), reach(safe.high, wide.high)};
}

std::vector<Growth> growth(const Polynomial& polynomial, const Function& f) {
  std::vector<Growth> rows;
  for (const double factor : {1.0, 1.1, 1.25, 1.5, 2.0}) {
    const Interval wide = widened(polynomial.interval, factor);
    double largest = 0;
    for (const Extreme& extreme : extremes(polynomial, wide))
      largest = std::max(largest, std::abs(extreme.value));
    rows.push_back({factor, largest, largest_error(polynomial, f, {wide})});
  }
  return rows;
}

}  // namespace sotto::approx
