// The cleartext network: the graph evaluated in doubles, straight from the definitions. Oracle of everything
// encrypted.
#pragma once

#include <functional>

#include "nn/graph.h"

namespace sotto::nn {

/// Called after each node with its output; used for ranges and calibration.
using NodeObserver = std::function<void(const Node&, const Tensor&)>;

/// The graph has passed validate(), as every importer's and pass's has. Throws Error unless the input has the
/// graph's input shape.
Tensor evaluate(const Graph& graph, const Tensor& input, const NodeObserver& observer = {});

}  // namespace sotto::nn
