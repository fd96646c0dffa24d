#include "nn/diagonals.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <string>
#include <utility>

#include "base/error.h"
#include "nn/slot_math.h"

namespace sotto::nn {
namespace {

struct Run {
  int first, length;
};

/// Maximal runs of consecutive slots, from the set of `slots`.
std::vector<Run> runs_of(std::vector<int> slots) {
  std::ranges::sort(slots);
  std::vector<Run> runs;
  for (const int slot : slots) {
    if (!runs.empty() && slot <= runs.back().first + runs.back().length) {
      runs.back().length = std::max(runs.back().length, slot + 1 - runs.back().first);
    } else {
      runs.push_back({slot, 1});
    }
  }
  return runs;
}

/// All differences of two sets of slots; for matrices without a zero.
void mark_all_differences(const std::vector<int>& sources, const std::vector<int>& targets,
                          std::vector<char>& wanted) {
  const int ring = static_cast<int>(wanted.size());
  const std::vector<Run> target_runs = runs_of(targets);
  for (const Run& source : runs_of(sources)) {
    for (const Run& target : target_runs) {
      const int first = source.first - (target.first + target.length - 1);
      const int count = std::min(source.length + target.length - 1, ring);
      for (int d = first; d < first + count; ++d) wanted[index(wrapped(d, ring))] = 1;
    }
  }
}

/// Babies that one giant step needs, 0 not counted.
int count_babies(const std::vector<int>& indices, int giant_step, std::vector<int>& stamp) {
  int babies = 0, block_begin = indices.front();
  for (const int i : indices) {
    while (i - block_begin >= giant_step) block_begin += giant_step;
    const int baby = i - block_begin;
    if (std::exchange(stamp[index(baby)], giant_step) != giant_step) babies += indices.front() + baby != 0;
  }
  return babies;
}

/// Differences to the first index, differences of neighbours, powers of two: every structured set has its
/// pitch among them.
std::vector<int> giant_candidates(const std::vector<int>& indices) {
  constexpr std::size_t kMaxDifferences = 256;
  const int span = indices.back() - indices.front();
  std::vector<char> seen(index(span) + 1, 0);
  std::vector<int> candidates;
  const auto add = [&](int step) {
    if (!std::exchange(seen[index(step)], 1)) candidates.push_back(step);
  };
  for (int power = 1; power <= span; power *= 2) add(power);
  for (std::size_t k = 1; k < std::min(indices.size(), kMaxDifferences); ++k) {
    add(indices[k] - indices.front());
    add(indices[k] - indices[k - 1]);
  }
  return candidates;
}

Diagonals arrange(const std::vector<int>& indices, int giant_step, int slots) {
  Diagonals diagonals;
  for (const int i : indices) {
    const int relative = i - indices.front();
    const std::size_t block = index(relative / giant_step);
    if (diagonals.blocks.size() <= block) diagonals.blocks.resize(block + 1);
    diagonals.blocks[block].push_back(wrapped(indices.front() + relative % giant_step, slots));
  }
  if (diagonals.blocks.size() > 1) diagonals.giant_step = giant_step;
  return diagonals;
}

}  // namespace

int Diagonals::terms() const noexcept {
  std::size_t count = 0;
  for (const auto& block : blocks) count += block.size();
  return static_cast<int>(count);
}

std::vector<int> Diagonals::babies() const {
  std::vector<int> all;
  for (const auto& block : blocks) all.insert(all.end(), block.begin(), block.end());
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

std::optional<FoldSpan> fold_span(const Route& route) {
  std::vector<char> present(index(route.ring), 0);
  FoldSpan span{.sums = {0}, .period = route.ring};
  for (const int fold : route.folds) {
    if (2 * span.sums.size() > present.size()) return std::nullopt;
    for (std::size_t k = 0, count = span.sums.size(); k < count; ++k)
      span.sums.push_back(wrapped(std::int64_t{span.sums[k]} + fold, route.ring));
  }
  for (const int sum : span.sums) {
    if (std::exchange(present[index(sum)], 1)) return std::nullopt;
  }
  const auto repeats = [&](int p) {
    return std::ranges::all_of(
        span.sums, [&](int h) { return present[index(wrapped(std::int64_t{h} + p, route.ring))]; });
  };
  while (span.period > 1 && repeats(span.period / 2)) span.period /= 2;
  return span;
}

std::vector<int> separate_copies(const Layout& out, const FoldSpan& span) {
  std::vector<int> kept;
  std::vector<char> seen(index(span.period), 0);
  for (const int offset : copy_offsets(out)) {
    if (!std::exchange(seen[index(wrapped(offset, span.period))], 1)) kept.push_back(offset);
  }
  return kept;
}

bool targets_are_disjoint(const std::vector<int>& targets, const FoldSpan& span, int ring) {
  if (targets.size() * span.sums.size() > index(ring)) return false;
  std::vector<char> taken(index(ring), 0);
  for (const int target : targets) {
    for (const int h : span.sums) {
      if (std::exchange(taken[index(wrapped(std::int64_t{target} + h, ring))], 1)) return false;
    }
  }
  return true;
}

std::vector<char> wanted_differences(const LinearMap& map, const std::vector<int>& sources,
                                     const std::vector<int>& targets, int ring) {
  std::vector<char> wanted(index(ring), 0);
  if (map.entries() == map.rows() * sources.size()) {
    mark_all_differences(sources, targets, wanted);
    return wanted;
  }
  const std::size_t copies = targets.size() / map.rows();
  for (std::size_t r = 0; r < map.rows(); ++r) {
    for (std::size_t k = r * copies; k < (r + 1) * copies; ++k) {
      for (std::size_t e = map.row_begin[r]; e < map.row_begin[r + 1]; ++e)
        wanted[index(wrapped(std::int64_t{sources[index(map.column[e])]} - targets[k], ring))] = 1;
    }
  }
  return wanted;
}

std::vector<int> reach(const std::vector<int>& input_copies, const FoldSpan& span, int ring) {
  std::vector<char> present(index(ring), 0);
  std::vector<int> k;
  for (const int c : input_copies) {
    for (const int h : span.sums) {
      const int offset = wrapped(std::int64_t{c} - h, ring);
      if (!std::exchange(present[index(offset)], 1)) k.push_back(offset);
    }
  }
  std::ranges::sort(k);
  return k;
}

namespace {

/// The index of d + K (modulo ring) that is preferred; `reach` is K, ascending.
int preferred_index(int d, const std::vector<int>& reach, int ring, Prefer prefer) {
  const auto first = std::ranges::lower_bound(reach, ring - d);  // d + k wraps from here on
  const int smallest = first != reach.end() ? d + *first - ring : d + reach.front();
  if (prefer == Prefer::kSmallest) return smallest;
  const int largest = first != reach.begin() ? d + *std::prev(first) : d + reach.back() - ring;
  return smallest <= ring - largest ? smallest : largest;
}

/// Ascending indices of a ring, begun behind the largest gap: what lies behind it becomes negative.
void begin_after_largest_gap(std::vector<int>& indices, int ring) {
  std::size_t start = 0;
  int largest = indices.front() + ring - indices.back();
  for (std::size_t k = 1; k < indices.size(); ++k) {
    if (indices[k] - indices[k - 1] <= largest) continue;
    largest = indices[k] - indices[k - 1];
    start = k;
  }
  if (start == 0) return;
  for (std::size_t k = start; k < indices.size(); ++k) indices[k] -= ring;
  std::rotate(indices.begin(), indices.begin() + static_cast<std::ptrdiff_t>(start), indices.end());
}

}  // namespace

std::vector<int> cover(const std::vector<char>& wanted, const std::vector<int>& reach, Prefer prefer,
                       std::size_t limit) {
  const int ring = static_cast<int>(wanted.size());
  std::vector<char> covered(wanted.size(), 0), chosen(wanted.size(), 0);
  std::size_t count = 0;
  for (int d = 0; d < ring; ++d) {
    if (!wanted[index(d)] || covered[index(d)]) continue;
    if (count++ == limit) return {};
    const int i = preferred_index(d, reach, ring, prefer);
    chosen[index(i)] = 1;
    for (const int k : reach) covered[index(wrapped(std::int64_t{i} - k, ring))] = 1;
  }
  if (count == 0) return {0};  // a map without entries: one diagonal of zeros carries the bias
  std::vector<int> indices;
  for (int i = 0; i < ring; ++i) {
    if (chosen[index(i)]) indices.push_back(i);
  }
  begin_after_largest_gap(indices, ring);
  return indices;
}

double least_split_cost(int terms, const SplitCost& cost) {
  double best = cost(terms - 1, 0, terms);
  for (int giants = 1; giants < terms; ++giants) {
    const double price = cost((terms + giants) / (giants + 1) - 1, giants, terms);
    if (price > 2 * best) break;  // giants alone outweigh everything
    best = std::min(best, price);
  }
  return best;
}

Diagonals split(const std::vector<int>& indices, int slots, const SplitCost& cost) {
  const int span = indices.back() - indices.front() + 1;
  const int terms = static_cast<int>(indices.size());
  const bool has_zero = std::ranges::binary_search(indices, 0);
  int best_step = span;  // one block
  double best = cost(terms - (has_zero ? 1 : 0), 0, terms);
  std::vector<int> stamp(index(span), 0);
  for (const int giant_step : giant_candidates(indices)) {
    const int giants = (span - 1) / giant_step, least_babies = (terms + giants) / (giants + 1) - 1;
    if (cost(least_babies, giants, terms) >= best) continue;
    const double price = cost(count_babies(indices, giant_step, stamp), giants, terms);
    if (price < best) {
      best = price;
      best_step = giant_step;
    }
  }
  return arrange(indices, best_step, slots);
}

}  // namespace sotto::nn
