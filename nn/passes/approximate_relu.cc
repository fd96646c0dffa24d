// Puts polynomials in the place of ReLUs. Which polynomial fits which node is for approx/ to say; this file
// only exchanges them.
#include "base/error.h"
#include "nn/passes/passes.h"

namespace sotto::nn {

Graph approximate_relu(const Graph& graph, const std::vector<double>& fallback,
                       const std::map<std::string, std::vector<double>>& by_node) {
  Graph result = graph;
  std::map<std::string, std::vector<double>> unused = by_node;
  for (Node& node : result.nodes) {
    if (!std::holds_alternative<Relu>(node.op)) continue;
    const auto own = by_node.find(node.name);
    const std::vector<double>& coefficients = own != by_node.end() ? own->second : fallback;
    unused.erase(node.name);
    if (!coefficients.empty()) {
      node.op = Polynomial{coefficients};
    } else if (own != by_node.end()) {
      throw Error(ErrorCode::kInvalidArgument,
                  "approximate_relu: the polynomial for node '" + node.name + "' has no coefficients");
    }
  }
  if (!unused.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "approximate_relu: a polynomial is given for '" +
                                                 unused.begin()->first + "', but model '" + graph.name +
                                                 "' has no Relu node of that name");
  }
  validate(result);
  return result;
}

}  // namespace sotto::nn
