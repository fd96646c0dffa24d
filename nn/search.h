// Chooses a layout for every tensor and a split for every linear map: a beam search in topological order.
//
// Polynomials and additions work slot by slot, so the tensors that they join share one layout: a group. The
// first linear map that writes into a group chooses its layout, later ones are forced into it. A state of the
// search is the layouts of the groups that are still needed; of equal states the cheapest stays. On a chain
// of layers that is a shortest path.
#pragma once

#include <vector>

#include "nn/candidates.h"
#include "nn/stages.h"

namespace sotto::nn {

struct Choices {
  std::vector<Layout> layouts;        // [tensor]
  std::vector<Candidate> candidates;  // [stage]; only those of linear stages are set
};

/// `levels` of each tensor. Throws Error (kInvalidArgument) when a tensor does not fit the slots.
Choices choose_layouts(const StagedGraph& network, int slots, const std::vector<int>& levels,
                       const CostModel& model, const ChainShape& chain);

}  // namespace sotto::nn
