// Graph in, graph out. Each pass is exact on real numbers, ends in validate(), and has a test that compares
// evaluate() before and after.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "nn/graph.h"

namespace sotto::nn {

/// Folds Affine nodes (batch normalisation, constant Mul/Add) into the Conv2d or Dense before, else after
/// them.
Graph fold_affine(const Graph& graph);

/// Joins elementwise chains of one tensor (x*x, Pow, constant Mul/Add, sums) into one Polynomial node.
Graph fuse_polynomials(const Graph& graph);

/// Replaces Relu nodes by polynomials: `by_node` first, else `fallback` (empty = keep). Coefficients in the
/// power basis of the node's true input.
Graph approximate_relu(const Graph& graph, const std::vector<double>& fallback,
                       const std::map<std::string, std::vector<double>>& by_node = {});

/// All of the exact passes in their order; what `sotto plan` runs after the import.
Graph simplify(const Graph& graph);

}  // namespace sotto::nn
