// From a sparse matrix between two layouts to rotations: the lowering of every linear layer.
//
// Matrix entry (row, column) becomes one product in some slot s of some diagonal: the diagonal of index i
// multiplies slot s by slot s + i of the input. With folds (rotate and add) after the sum, a row whose output
// is at o gathers every slot of o + H, where H holds all sums of folds; with copies of the input, the column
// is at every slot of t + C. So
//
//     i ∈ (t - o) + K   with   K = C - H = { c - h }
//
// and only the differences d = t - o matter. Choosing few diagonals means covering the set of all d by few
// translates of -K. Halevi–Shoup's hybrid method, its shifted pitches, row-per-block products, Toeplitz
// convolutions: all are such covers.
//
// Everything happens modulo `ring`, a divisor of the slots: an input that repeats every `ring` slots gives an
// output that does too, with fewer folds.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "ckks/engine.h"
#include "nn/layout.h"
#include "nn/linear_map.h"

namespace sotto::nn {

struct Route {
  int ring = 0;            // a power of two, a multiple of period(input layout), at most the slots
  std::vector<int> folds;  // in (0, ring)
};

/// Index k·giant_step + b (mod slots) for each b of blocks[k].
struct Diagonals {
  int giant_step = 0;  // 0 when there is one block
  std::vector<std::vector<int>> blocks;

  int terms() const noexcept;
  std::vector<int> babies() const;  // distinct, ascending, with 0 if used
};

/// The fold sums H and what follows from them.
struct FoldSpan {
  std::vector<int> sums;  // distinct, modulo ring
  int period = 0;         // smallest p with H + p = H: the folded sum repeats every p slots
};
/// nullopt when two sums coincide (a slot would count twice).
std::optional<FoldSpan> fold_span(const Route& route);

/// Offsets of the output copies that must be computed apart, because folding does not make them equal: the
/// distinct copy offsets modulo the period.
std::vector<int> separate_copies(const Layout& out, const FoldSpan& span);

/// True unless a slot would be gathered into two different outputs at `targets`.
bool targets_are_disjoint(const std::vector<int>& targets, const FoldSpan& span, int ring);

/// wanted[d] for d in [0, ring): some entry needs the difference d. `targets` is [row][copy], `sources` is
/// [column].
std::vector<char> wanted_differences(const LinearMap& map, const std::vector<int>& sources,
                                     const std::vector<int>& targets, int ring);

/// K for these input copies, ascending.
std::vector<int> reach(const std::vector<int>& input_copies, const FoldSpan& span, int ring);

/// Indices of diagonals whose translates of -K cover what is wanted, first fit: the smallest index from 0 up,
/// or the nearest to 0 on either side. Ascending, consecutive around the ring: they begin after the largest
/// gap, so the first may be negative. Empty when it would take more than `limit`.
enum class Prefer { kSmallest, kNearest };
std::vector<int> cover(const std::vector<char>& wanted, const std::vector<int>& reach, Prefer prefer,
                       std::size_t limit = std::numeric_limits<std::size_t>::max());

/// What a split costs, given rotations by babies (without 0), giants and the number of products.
using SplitCost = std::function<double(int babies, int giants, int terms)>;
/// No split of so many diagonals costs less.
double least_split_cost(int terms, const SplitCost& cost);
/// The cheapest baby-step giant-step split of ascending indices, over many giant steps and none.
Diagonals split(const std::vector<int>& indices, int slots, const SplitCost& cost);

/// The transform for an engine. Throws Error (kInvalidArgument) when these diagonals and folds do not cover
/// the map, naming the first entry that is left out, or when a slot would be gathered twice: a plan from
/// outside may say anything.
ckks::LinearTransform lower(const LinearMap& map, const Layout& in, const Layout& out, const Route& route,
                            const Diagonals& diagonals);

}  // namespace sotto::nn
