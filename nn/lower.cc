// The values of the diagonals: each matrix entry goes to the diagonal that serves its difference.
#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "nn/diagonals.h"
#include "nn/slot_math.h"

namespace sotto::nn {
namespace {

/// For each difference: which diagonal serves it, and in which slot relative to the target.
struct Service {
  struct Choice {
    int block = -1;
    int term = 0;
    int fold = 0;  // h: the product lies in slot target + h
  };
  std::vector<Choice> at;  // [difference]
};

Service serve(const Diagonals& diagonals, const std::vector<int>& input_copies, const FoldSpan& span,
              int ring) {
  Service service{std::vector<Service::Choice>(index(ring))};
  for (std::size_t block = 0; block < diagonals.blocks.size(); ++block) {
    for (std::size_t term = 0; term < diagonals.blocks[block].size(); ++term) {
      const std::int64_t i = std::int64_t(block) * diagonals.giant_step + diagonals.blocks[block][term];
      for (const int h : span.sums) {
        for (const int c : input_copies) {
          auto& choice = service.at[index(wrapped(i + h - c, ring))];
          if (choice.block < 0) choice = {static_cast<int>(block), static_cast<int>(term), h};
        }
      }
    }
  }
  return service;
}

[[noreturn]] void refuse(const std::string& sentence) {
  throw Error(ErrorCode::kInvalidArgument, "lowering: " + sentence + "; make the plan again");
}

void require_route(const LinearMap& map, const Layout& in, const Layout& out, const Route& route) {
  if (!is_power_of_two(route.ring) || route.ring > in.slots || route.ring % period(in) != 0 ||
      in.slots != out.slots)
    refuse("a ring of " + std::to_string(route.ring) + " does not suit an input of period " +
           std::to_string(period(in)) + " in " + std::to_string(in.slots) + " slots");
  if (element_count(in.shape) != element_count(map.in) || element_count(out.shape) != map.rows())
    refuse("the layouts hold " + to_string(in.shape) + " and " + to_string(out.shape) + ", the layer maps " +
           to_string(map.in) + " to " + to_string(map.out));
}

ckks::LinearTransform empty_transform(const Diagonals& diagonals, const Route& route, int slots) {
  ckks::LinearTransform transform{.giant_step = diagonals.giant_step, .blocks = {}, .folds = route.folds};
  for (const auto& block : diagonals.blocks) {
    auto& terms = transform.blocks.emplace_back();
    for (const int baby : block) terms.push_back({baby, std::vector<double>(index(slots), 0.0)});
  }
  return transform;
}

/// Repeats [0, ring) over all slots and rotates each block right by its giant step.
void spread(ckks::LinearTransform& transform, int ring) {
  for (std::size_t block = 0; block < transform.blocks.size(); ++block) {
    for (auto& term : transform.blocks[block]) {
      const int slots = static_cast<int>(term.values.size());
      for (int s = ring; s < slots; ++s) term.values[index(s)] = term.values[index(s - ring)];
      const int giant = wrapped(std::int64_t(block) * transform.giant_step, slots);
      std::rotate(term.values.begin(), term.values.end() - giant, term.values.end());
    }
  }
}

}  // namespace

ckks::LinearTransform lower(const LinearMap& map, const Layout& in, const Layout& out, const Route& route,
                            const Diagonals& diagonals) {
  require_route(map, in, out, route);
  const auto span = fold_span(route);
  if (!span) refuse("two sums of folds coincide");
  const std::vector<int> sources = positions(in), rows = positions(out), copies = separate_copies(out, *span);
  std::vector<int> targets;  // [row][copy]
  for (const int row : rows) {
    for (const int copy : copies) targets.push_back(wrapped(std::int64_t{row} + copy, route.ring));
  }
  if (!targets_are_disjoint(targets, *span, route.ring)) refuse("a slot would be added into two outputs");

  const Service service = serve(diagonals, copy_offsets(in), *span, route.ring);
  ckks::LinearTransform transform = empty_transform(diagonals, route, in.slots);
  for (std::size_t r = 0; r < map.rows(); ++r) {
    for (std::size_t k = r * copies.size(); k < (r + 1) * copies.size(); ++k) {
      for (std::size_t e = map.row_begin[r]; e < map.row_begin[r + 1]; ++e) {
        const int difference = wrapped(std::int64_t{sources[index(map.column[e])]} - targets[k], route.ring);
        const auto& choice = service.at[index(difference)];
        if (choice.block < 0)
          refuse("no diagonal serves row " + std::to_string(r) + ", column " + std::to_string(map.column[e]));
        auto& term = transform.blocks[index(choice.block)][index(choice.term)];
        term.values[index(wrapped(std::int64_t{targets[k]} + choice.fold, route.ring))] = map.value[e];
      }
    }
  }
  spread(transform, route.ring);
  return transform;
}

}  // namespace sotto::nn
