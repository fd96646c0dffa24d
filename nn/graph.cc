// Names, construction and checking of a graph. The rules of each operator are in shape_inference.cc.
#include "nn/graph.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>

#include "base/error.h"

namespace sotto::nn {
namespace {

[[noreturn]] void refuse(const std::string& sentence) {
  throw Error(ErrorCode::kInvalidArgument, sentence);
}

std::string describe(const Node& node) {
  return "node '" + node.name + "' (" + operator_name(node.op) + "): ";
}

void require_finite(const char* what, const std::vector<double>& numbers) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!std::isfinite(numbers[i])) {
      refuse(std::string("entry ") + std::to_string(i) + " of the " + what + " is " +
             std::to_string(numbers[i]) + "; weights must be finite");
    }
  }
}

void require_finite(const Operator& op) {
  std::visit(
      [](const auto& specific) {
        using Kind = std::decay_t<decltype(specific)>;
        if constexpr (std::is_same_v<Kind, Conv2d> || std::is_same_v<Kind, Dense>) {
          require_finite("weights", specific.weights.values);
          require_finite("bias", specific.bias);
        } else if constexpr (std::is_same_v<Kind, Affine>) {
          require_finite("scale", specific.scale);
          require_finite("shift", specific.shift);
        } else if constexpr (std::is_same_v<Kind, Polynomial>) {
          require_finite("coefficients", specific.coefficients);
        }
      },
      op);
}

Shape inferred(const Graph& graph, const Operator& op, const std::vector<ValueId>& inputs,
               const Shape& reshape_to) {
  std::vector<Shape> shapes;
  for (const ValueId id : inputs) {
    if (id < 0 || static_cast<std::size_t>(id) >= graph.values.size()) {
      refuse("its input number " + std::to_string(id) + " does not exist");
    }
    shapes.push_back(graph.value(id).shape);
  }
  return output_shape(op, shapes, reshape_to);
}

/// Checks one node, given which values exist before it.
void validate_node(const Graph& graph, const Node& node, std::vector<bool>& defined) {
  if (node.output < 0 || static_cast<std::size_t>(node.output) >= graph.values.size()) {
    refuse("its output number " + std::to_string(node.output) + " does not exist");
  }
  const auto output = static_cast<std::size_t>(node.output);
  if (defined[output]) refuse("its output '" + graph.values[output].name + "' already has a producer");
  const Shape& shape = graph.values[output].shape;
  const Shape want = inferred(graph, node.op, node.inputs, shape);
  for (const ValueId id : node.inputs) {
    if (!defined[static_cast<std::size_t>(id)]) {
      refuse("its input '" + graph.value(id).name +
             "' is not made by an earlier node; nodes must be in topological order");
    }
  }
  if (shape != want)
    refuse("its output has shape " + to_string(shape) + " but the operator makes " + to_string(want));
  require_finite(node.op);
  defined[output] = true;
}

}  // namespace

std::string operator_name(const Operator& op) {
  static constexpr const char* kNames[] = {"Conv2d",  "Dense", "AveragePool", "Affine",
                                           "Reshape", "Add",   "Relu",        "Polynomial"};
  static_assert(std::size(kNames) == std::variant_size_v<Operator>);
  return kNames[op.index()];
}

std::vector<int> Graph::consumers(ValueId id) const {
  std::vector<int> found;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::vector<ValueId>& read = nodes[i].inputs;
    if (std::find(read.begin(), read.end(), id) != read.end()) found.push_back(static_cast<int>(i));
  }
  return found;
}

ValueId add_value(Graph& graph, std::string name, Shape shape) {
  graph.values.push_back({std::move(name), std::move(shape)});
  return static_cast<ValueId>(graph.values.size() - 1);
}

ValueId add_node(Graph& graph, std::string name, Operator op, std::vector<ValueId> inputs,
                 const Shape& reshape_to) {
  Node node{std::move(name), std::move(op), std::move(inputs)};
  try {
    Shape shape = inferred(graph, node.op, node.inputs, reshape_to);
    node.output = add_value(graph, node.name, std::move(shape));
  } catch (const Error& error) {
    throw Error(error.code(), describe(node) + error.what());
  }
  graph.nodes.push_back(std::move(node));
  return graph.nodes.back().output;
}

void validate(const Graph& graph) {
  const auto exists = [&](ValueId id) {
    return id >= 0 && static_cast<std::size_t>(id) < graph.values.size();
  };
  if (!exists(graph.input)) refuse("graph '" + graph.name + "' has no input value");
  std::vector<bool> defined(graph.values.size(), false);
  defined[static_cast<std::size_t>(graph.input)] = true;
  validate(graph.value(graph.input).shape);
  for (const Node& node : graph.nodes) {
    try {
      validate_node(graph, node, defined);
    } catch (const Error& error) {
      throw Error(error.code(), describe(node) + error.what());
    }
  }
  if (!exists(graph.output) || !defined[static_cast<std::size_t>(graph.output)]) {
    refuse("graph '" + graph.name + "' has no output value that a node makes");
  }
}

}  // namespace sotto::nn
