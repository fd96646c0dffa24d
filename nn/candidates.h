// The layouts that the planner weighs for one tensor. Any layout is correct; these are the ones that can be
// cheap.
#pragma once

#include <functional>
#include <vector>

#include "nn/cost.h"
#include "nn/diagonals.h"

namespace sotto::nn {

/// One way to evaluate a linear map.
struct Candidate {
  Layout out;
  Route route;
  Diagonals diagonals;
  LinearShape shape;
  double seconds = 0;
};

using LinearCost = std::function<double(const LinearShape&)>;

/// Layouts in which a client may send the input of `map` (copies cost a client nothing); `map` null: no
/// linear layer reads it.
std::vector<Layout> input_layouts(const Shape& shape, const LinearMap* map, int slots);

/// The cheapest ways from `in`, about a dozen, cheapest first; among them ways with more output copies than
/// any cheaper one.
std::vector<Candidate> linear_candidates(const LinearMap& map, const Layout& in, const LinearCost& cost);

/// The cheapest way into exactly this layout, copies included. Always exists.
Candidate linear_candidate_into(const LinearMap& map, const Layout& in, const Layout& out,
                                const LinearCost& cost);

}  // namespace sotto::nn
