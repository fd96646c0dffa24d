// Where outputs may go, and what each choice costs.
//
// Pictures: the outputs stay in place, at the input position of their window, with channels at copies of the
// input, at the input's channels, packed behind each other or into the gaps that a stride leaves; or they are
// packed densely. The highest slot bits may be folded, which sums the phases of a space-to-depth split and
// input channels.
//
// Vectors: row r sits at (r mod 2^a) + (r >> a)·2^b, and the slot bits [a, b) and [c, log ring) are folded:
//
//     a = ⌈log2 rows⌉, all higher bits folded      Halevi–Shoup's hybrid method, output periodic
//     a = 0, low bits folded                       one row in each block: one product when the input repeats
//     in between                                   input copies serve different blocks of rows: fewer
//     diagonals
#include "nn/candidates.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <map>

#include "nn/slot_math.h"

namespace sotto::nn {
namespace {

constexpr std::size_t kMaxCandidates = 8;
constexpr double kWorstRatio = 3.0;  // candidates this much worse than the best are not kept

std::vector<int> bit_folds(int first, int last) {
  std::vector<int> folds;
  for (int bit = first; bit < last; ++bit) folds.push_back(1 << bit);
  return folds;
}

/// Evaluates placements of one map's outputs for one input layout and keeps the good ones.
class Search {
 public:
  Search(const LinearMap& map, const Layout& in, const LinearCost& cost)
      : map_(map), in_(in), cost_(cost), sources_(positions(in)), in_copies_(copy_offsets(in)) {
    rings_.push_back(in.slots);
    if (period(in) < in.slots) rings_.push_back(period(in));
  }

  void vectors();
  void pictures();
  void same_place();
  Candidate into(const Layout& out) const;
  std::vector<Candidate> finish() &&;

 private:
  /// Tries outputs at `rows` (slots of copy 0), wherever that begins best.
  void try_rows(const std::vector<int>& rows, int ring, const std::vector<char>& wanted,
                std::vector<int> folds);
  std::size_t most_terms(int least, int most, const SplitCost& cost) const;
  void try_blocks(int ring, int a, int b, int high);
  void try_tops(const std::vector<int>& rows, int ring);
  std::vector<int> channel_pitches(const std::vector<int>& spatial) const;
  std::optional<std::vector<int>> window_positions() const;
  void keep(Candidate candidate);

  const LinearMap& map_;
  const Layout& in_;
  const LinearCost& cost_;
  std::vector<int> sources_, in_copies_, rings_;
  std::vector<Candidate> kept_;
  double best_ = std::numeric_limits<double>::infinity();
};

/// The most diagonals that are worth a look, so that hopeless covers are given up early.
std::size_t Search::most_terms(int least, int most, const SplitCost& cost) const {
  while (least < most) {
    const int middle = (least + most + 1) / 2;
    if (least_split_cost(middle, cost) <= kWorstRatio * best_) {
      least = middle;
    } else {
      most = middle - 1;
    }
  }
  return static_cast<std::size_t>(least);
}

void Search::try_rows(const std::vector<int>& rows, int ring, const std::vector<char>& wanted,
                      std::vector<int> folds) {
  const Route route{ring, std::move(folds)};
  const auto span = fold_span(route);
  if (!span || !targets_are_disjoint(rows, *span, ring)) return;
  const int fold_count = static_cast<int>(route.folds.size());
  const SplitCost split_cost = [&](int babies, int giants, int terms) {
    return cost_({babies, giants, terms, fold_count});
  };
  const std::vector<int> k = reach(in_copies_, *span, ring);
  const auto wants = static_cast<std::size_t>(std::ranges::count(wanted, 1));
  const int least = std::max(static_cast<int>((wants + k.size() - 1) / k.size()), 1);
  if (least_split_cost(least, split_cost) > kWorstRatio * best_) return;
  const std::size_t limit = most_terms(least, std::max(least, static_cast<int>(wants)), split_cost);
  std::vector<int> indices = cover(wanted, k, Prefer::kSmallest, limit);
  const std::vector<int> nearest =
      cover(wanted, k, Prefer::kNearest, indices.empty() ? limit : indices.size() - 1);
  if (!nearest.empty()) indices = nearest;
  if (indices.empty()) return;

  // Outputs may move: begin at index 0, which needs no rotation.
  const int shift = indices.front();
  for (int& i : indices) i -= shift;
  Diagonals diagonals = split(indices, in_.slots, split_cost);
  const int babies = static_cast<int>(diagonals.babies().size()) - 1;
  const LinearShape shape{babies, static_cast<int>(diagonals.blocks.size()) - 1, diagonals.terms(),
                          fold_count};
  const double seconds = cost_(shape);
  if (seconds > kWorstRatio * best_) return;
  std::vector<int> moved(rows);
  for (int& row : moved) row = wrapped(std::int64_t{row} + shift, in_.slots);
  auto out = fit_layout(map_.out, in_.slots, moved);
  if (!out) return;
  if (span->period < in_.slots) out->copies = {{in_.slots / span->period, span->period}};
  keep({std::move(*out), route, std::move(diagonals), shape, seconds});
}

void Search::keep(Candidate candidate) {
  best_ = std::min(best_, candidate.seconds);
  const auto same = std::ranges::find(kept_, candidate.out, &Candidate::out);
  if (same == kept_.end()) {
    kept_.push_back(std::move(candidate));
  } else if (candidate.seconds < same->seconds) {
    *same = std::move(candidate);
  }
}

void Search::vectors() {
  const int rows = static_cast<int>(map_.rows()), row_bits = ceil_log2(rows);
  for (const int ring : rings_) {
    const int ring_bits = ceil_log2(ring);
    for (int a = std::min(row_bits, ring_bits); a >= 0; --a) {
      const int high = row_bits - a;  // bits of the block number
      for (int b = a; b + high <= ring_bits; ++b) try_blocks(ring, a, b, high);
    }
  }
}

/// Row r at (r mod 2^a) + (r >> a) 2^b; folds [a, b) and every [c, log ring).
void Search::try_blocks(int ring, int a, int b, int high) {
  std::vector<int> at(map_.rows());
  for (int r = 0; r < static_cast<int>(at.size()); ++r) at[index(r)] = (r & ((1 << a) - 1)) + ((r >> a) << b);
  const std::vector<char> wanted = wanted_differences(map_, sources_, at, ring);
  const int ring_bits = ceil_log2(ring);
  for (int c = b + high; c <= ring_bits; ++c) {
    if (high == 0 && b > a && c == b) continue;  // the same folds as b = c = a
    std::vector<int> folds = bit_folds(a, b);
    std::ranges::copy(bit_folds(c, ring_bits), std::back_inserter(folds));
    try_rows(at, ring, wanted, std::move(folds));
  }
}

/// Folds of the highest slot bits, none to all.
void Search::try_tops(const std::vector<int>& rows, int ring) {
  std::vector<int> at(rows);
  const std::vector<char> wanted = wanted_differences(map_, sources_, at, ring);
  const int bits = ceil_log2(ring);
  for (int top = bits; top >= ceil_log2(static_cast<int>(rows.size())); --top)
    try_rows(at, ring, wanted, bit_folds(top, bits));
}

/// Relative slots of the outputs of one channel when they stay where their window begins, in C order.
std::optional<std::vector<int>> Search::window_positions() const {
  const Shape &in = map_.in, &out = map_.out;
  const auto [dy, dx] = *map_.stride;
  if ((out[1] - 1) * dy >= in[1] || (out[2] - 1) * dx >= in[2]) return std::nullopt;
  std::vector<int> at;
  for (int y = 0; y < out[1]; ++y) {
    for (int x = 0; x < out[2]; ++x)
      at.push_back(wrapped(std::int64_t{sources_[index(y * dy * in[2] + x * dx)]} - sources_[0], in_.slots));
  }
  return at;
}

std::vector<int> Search::channel_pitches(const std::vector<int>& spatial) const {
  std::vector<int> pitches{*std::ranges::max_element(spatial) + 1};
  for (const Digit& copy : in_.copies) pitches.push_back(copy.stride);
  if (map_.in[0] > 1)
    pitches.push_back(
        wrapped(std::int64_t{sources_[index(map_.in[1] * map_.in[2])]} - sources_[0], in_.slots));
  std::ranges::sort(pitches);
  pitches.erase(std::unique(pitches.begin(), pitches.end()), pitches.end());
  return pitches;
}

void Search::pictures() {
  const Shape& out = map_.out;
  std::vector<int> dense(map_.rows());
  for (std::size_t r = 0; r < dense.size(); ++r) dense[r] = static_cast<int>(r);
  for (const int ring : rings_) try_tops(dense, ring);

  const auto spatial = window_positions();
  if (!spatial) return;
  const auto place = [&](int gap_x, int pitch) {  // channel c: gap c mod gap_x of plane c / gap_x
    std::vector<int> at;
    for (int c = 0; c < out[0]; ++c) {
      for (const int s : *spatial)
        at.push_back(wrapped(sources_[0] + std::int64_t{c / gap_x} * pitch + c % gap_x + s, in_.slots));
    }
    for (const int ring : rings_) try_tops(at, ring);
  };
  const int gap_x = out[2] > 1 ? (*spatial)[1] : 1;
  for (const int pitch : channel_pitches(*spatial)) {
    place(1, pitch);
    if (gap_x > 1 && gap_x <= out[0]) place(gap_x, pitch);
  }
}

/// Elementwise maps: everything stays where it is.
void Search::same_place() {
  if (map_.rows() != sources_.size()) return;
  for (const int ring : rings_)
    try_rows(sources_, ring, wanted_differences(map_, sources_, sources_, ring), {});
}

Candidate Search::into(const Layout& out) const {
  const std::vector<int> rows = positions(out);
  std::optional<Candidate> best;
  for (const int ring : rings_) {
    const int bits = ceil_log2(ring);
    for (int top = bits; top >= 0; --top) {
      const Route route{ring, bit_folds(top, bits)};
      const auto span = fold_span(route);
      const std::vector<int> copies = separate_copies(out, *span);
      std::vector<int> targets;
      for (const int row : rows) {
        for (const int copy : copies) targets.push_back(wrapped(std::int64_t{row} + copy, ring));
      }
      if (!targets_are_disjoint(targets, *span, ring)) break;  // and with more folds even less
      const int folds = static_cast<int>(route.folds.size());
      const std::vector<char> wanted = wanted_differences(map_, sources_, targets, ring);
      auto indices = cover(wanted, reach(in_copies_, *span, ring), Prefer::kNearest);
      Diagonals diagonals = split(indices, in_.slots, [&](int babies, int giants, int terms) {
        return cost_({babies, giants, terms, folds});
      });
      const std::vector<int> babies = diagonals.babies();
      const LinearShape shape{static_cast<int>(babies.size()) - (babies.front() == 0 ? 1 : 0),
                              static_cast<int>(diagonals.blocks.size()) - 1, diagonals.terms(), folds};
      const double seconds = cost_(shape);
      if (!best || seconds < best->seconds)
        best = Candidate{out, route, std::move(diagonals), shape, seconds};
    }
  }
  return *best;  // without folds the targets are those of a valid layout: disjoint
}

/// The cheapest, and those with more copies than every cheaper one.
std::vector<Candidate> Search::finish() && {
  std::ranges::stable_sort(kept_, {}, &Candidate::seconds);
  std::vector<Candidate> chosen;
  int most_copies = 0;
  for (Candidate& candidate : kept_) {
    const int copies = candidate.out.copy_count();
    const bool is_good = candidate.seconds <= kWorstRatio * best_ && chosen.size() < kMaxCandidates;
    if (!is_good && copies <= most_copies) continue;
    most_copies = std::max(most_copies, copies);
    chosen.push_back(std::move(candidate));
  }
  return chosen;
}

/// The client's choices for a picture: phases of the stride and channels apart in the highest bits, to be
/// folded, or not; one copy for each output channel, or one.
std::vector<Layout> picture_layouts(const Shape& shape, const LinearMap& map, int slots) {
  const auto [dy, dx] = *map.stride;
  std::vector<Layout> layouts;
  for (const bool split_channels : {false, true}) {
    for (const bool split_phases : {false, true}) {
      if ((split_channels && shape[0] == 1) || (split_phases && dy == 1 && dx == 1)) continue;
      const int sy = split_phases ? dy : 1, sx = split_phases ? dx : 1;
      const int height = (shape[1] + sy - 1) / sy, width = (shape[2] + sx - 1) / sx;
      const int inner = height * width * (split_channels ? 1 : shape[0]);
      const int fold_bits = ceil_log2(sx) + ceil_log2(sy) + (split_channels ? ceil_log2(shape[0]) : 0);
      for (const int copies : {map.out[0], 1}) {
        const int block = 1 << ceil_log2(inner * copies);
        const std::int64_t ring = std::int64_t{block} << fold_bits;
        if (ring > slots) continue;
        const int y_phase = block << ceil_log2(sx), channel = y_phase << ceil_log2(sy);
        std::vector<int> at;
        for (int c = 0; c < shape[0]; ++c)
          for (int y = 0; y < shape[1]; ++y)
            for (int x = 0; x < shape[2]; ++x)
              at.push_back(c * (split_channels ? channel : height * width) + (y % sy) * y_phase +
                           (y / sy) * width + (x % sx) * block + x / sx);
        auto layout = fit_layout(shape, slots, at);
        if (!layout) continue;
        if (copies > 1) layout->copies.push_back({copies, inner});
        if (ring < slots) layout->copies.push_back({static_cast<int>(slots / ring), static_cast<int>(ring)});
        layouts.push_back(std::move(*layout));
      }
    }
  }
  return layouts;
}

/// Periodic copies, and pitches just below a power of two, whose copies have different residues and so serve
/// different diagonals.
std::vector<Layout> vector_layouts(const Shape& shape, int slots) {
  const int size = static_cast<int>(element_count(shape)), room = 1 << ceil_log2(size);
  const Layout one = row_major(shape, slots);
  std::vector<Layout> layouts;
  if (room >= slots) return {one};
  layouts.push_back(one);
  layouts.back().copies = {{slots / room, room}};
  for (int less = 1; room - less >= size; less *= 2) {
    layouts.push_back(one);
    layouts.back().copies = {{slots / room, room - less}};
  }
  return layouts;
}

}  // namespace

std::vector<Layout> input_layouts(const Shape& shape, const LinearMap* map, int slots) {
  std::vector<Layout> layouts{row_major(shape, slots)};
  if (map == nullptr) return layouts;
  const bool is_picture = map->stride && shape.size() == 3;
  for (Layout& layout : is_picture ? picture_layouts(shape, *map, slots) : vector_layouts(shape, slots)) {
    if (std::ranges::find(layouts, layout) == layouts.end()) layouts.push_back(std::move(layout));
  }
  return layouts;
}

std::vector<Candidate> linear_candidates(const LinearMap& map, const Layout& in, const LinearCost& cost) {
  Search search(map, in, cost);
  search.same_place();
  if (map.stride) {
    search.pictures();
  } else {
    search.vectors();
  }
  return std::move(search).finish();
}

Candidate linear_candidate_into(const LinearMap& map, const Layout& in, const Layout& out,
                                const LinearCost& cost) {
  return Search(map, in, cost).into(out);
}

}  // namespace sotto::nn
