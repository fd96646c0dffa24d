// The network as the planner sees it: linear maps, polynomials and additions, with everything exact already
// folded together.
//
//  * Reshape disappears (elements are in C order everywhere).
//  * Linear nodes that follow each other without fan-out multiply into one map, unless the edge is cut or the
//  product would be huge.
//  * A polynomial c x^d + … with d a power of two becomes monic, its factor moved into the map before it
//  (c^(1/d)) and, when c < 0, its
//    sign into the map behind it: that saves a level.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "nn/graph.h"
#include "nn/linear_map.h"
#include "nn/plan.h"

namespace sotto::nn {

struct Stage {
  StepKind kind = StepKind::kLinear;
  std::string name;                  // names of its nodes joined by '+'
  std::vector<int> nodes;            // of the graph, in order
  std::vector<int> inputs;           // tensor ids: 0 is the input, stage i makes tensor i + 1
  LinearMap map;                     // kLinear
  std::vector<double> coefficients;  // kPolynomial, of degree ≥ 2
  Shape out;
  int depth = 0;  // levels that it consumes
};

struct StagedGraph {
  Shape input, output;
  std::vector<Stage> stages;
  int output_tensor = 0;
  /// First linear nodes of maps that were multiplied onto the map before: the edges that `cuts` may name.
  std::vector<int> merged;

  /// Levels from the input to each tensor; [stages + 1].
  std::vector<int> depths() const;
  std::vector<int> consumers(int tensor) const;  // stage indices
};

/// `cuts` names nodes that begin a map of their own. Throws Error kUnsupported naming a Relu node.
StagedGraph stage_graph(const Graph& graph, const std::set<int>& cuts = {});

}  // namespace sotto::nn
