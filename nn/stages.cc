#include "nn/stages.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

#include "base/error.h"
#include "ckks/polynomial.h"
#include "nn/slot_math.h"

namespace sotto::nn {
namespace {

/// A product of maps with more multiplications than this is not formed: it would be a dense layer of 2^26
/// weights.
constexpr std::size_t kMaxProducts = std::size_t{1} << 26;

int degree_of(const std::vector<double>& coefficients) noexcept {
  int degree = static_cast<int>(coefficients.size()) - 1;
  while (degree > 0 && coefficients[index(degree)] == 0.0) --degree;
  return degree;
}

/// a x + b on every element, as the Affine that it is.
Affine affine_of(const Polynomial& polynomial, const Shape& shape) {
  const auto& c = polynomial.coefficients;
  const std::size_t channels = index(shape[0]);
  return {.scale = std::vector<double>(channels, c.size() > 1 ? c[1] : 0.0),
          .shift = std::vector<double>(channels, c.empty() ? 0.0 : c[0])};
}

class Builder {
 public:
  Builder(const Graph& graph, const std::set<int>& cuts) : graph_(graph), cuts_(cuts) {
    tensor_of_[graph.input] = 0;
    network_.input = graph.value(graph.input).shape;
    network_.output = graph.value(graph.output).shape;
  }

  StagedGraph build() && {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) add(static_cast<int>(i));
    network_.output_tensor = tensor_of_.at(graph_.output);
    make_monic();
    for (Stage& stage : network_.stages) {
      stage.depth = stage.kind == StepKind::kLinear       ? 1
                    : stage.kind == StepKind::kPolynomial ? ckks::polynomial_depth(stage.coefficients)
                                                          : 0;
    }
    return std::move(network_);
  }

 private:
  void add(int i) {
    const Node& node = graph_.nodes[index(i)];
    if (std::holds_alternative<Relu>(node.op)) {
      throw Error(
          ErrorCode::kUnsupported,
          "plan: node '" + node.name + "' (Relu) is not a polynomial; replace it by an approximation first");
    }
    if (std::holds_alternative<Reshape>(node.op)) {
      tensor_of_[node.output] = tensor_of_.at(node.inputs[0]);
      auto& waiting = reshapes_[node.output];
      waiting = reshapes_[node.inputs[0]];
      waiting.push_back(i);
      return;
    }
    const auto* polynomial = std::get_if<Polynomial>(&node.op);
    if (is_linear(node.op)) {
      add_linear(i, node.op);
    } else if (polynomial != nullptr && degree_of(polynomial->coefficients) <= 1) {
      add_linear(i, affine_of(*polynomial, graph_.value(node.inputs[0]).shape));
    } else {
      Stage& stage = append(i, polynomial != nullptr ? StepKind::kPolynomial : StepKind::kAdd);
      if (polynomial != nullptr) stage.coefficients = polynomial->coefficients;
    }
  }

  void add_linear(int i, const Operator& op) {
    const Node& node = graph_.nodes[index(i)];
    LinearMap map = linear_map(op, graph_.value(node.inputs[0]).shape, graph_.value(node.output).shape);
    const int before = tensor_of_.at(node.inputs[0]) - 1;
    if (before >= 0 && network_.stages[index(before)].kind == StepKind::kLinear &&
        only_reader(node.inputs[0])) {
      Stage& stage = network_.stages[index(before)];
      auto product = cuts_.contains(i) ? std::nullopt : compose(map, stage.map, kMaxProducts);
      if (product) {
        stage.map = std::move(*product);
        stage.out = graph_.value(node.output).shape;
        attach(stage, i);
        tensor_of_[node.output] = before + 1;
        network_.merged.push_back(i);
        return;
      }
    }
    append(i, StepKind::kLinear).map = std::move(map);
  }

  /// True when nothing but one chain of Reshapes and one node reads the tensor behind this value.
  bool only_reader(ValueId value) const {
    for (;;) {
      if (value == graph_.output || graph_.consumers(value).size() != 1) return false;
      const auto maker = std::ranges::find(graph_.nodes, value, &Node::output);
      if (maker == graph_.nodes.end() || !std::holds_alternative<Reshape>(maker->op)) return true;
      value = maker->inputs[0];
    }
  }

  Stage& append(int i, StepKind kind) {
    const Node& node = graph_.nodes[index(i)];
    Stage stage;
    stage.kind = kind;
    stage.out = graph_.value(node.output).shape;
    for (const ValueId input : node.inputs) stage.inputs.push_back(tensor_of_.at(input));
    attach(stage, i);
    network_.stages.push_back(std::move(stage));
    tensor_of_[node.output] = static_cast<int>(network_.stages.size());
    return network_.stages.back();
  }

  void attach(Stage& stage, int i) {
    const Node& node = graph_.nodes[index(i)];
    std::vector<int> nodes;
    for (const ValueId input : node.inputs) {
      auto& waiting = reshapes_[input];
      nodes.insert(nodes.end(), waiting.begin(), waiting.end());
      waiting.clear();
    }
    nodes.push_back(i);
    for (const int k : nodes) {
      stage.name += (stage.name.empty() ? "" : "+") + graph_.nodes[index(k)].name;
      stage.nodes.push_back(k);
    }
  }

  /// The linear stage that makes this tensor for one reader alone; null when there is none.
  Stage* private_map_before(int tensor) {
    if (tensor == 0 || tensor == network_.output_tensor || network_.consumers(tensor).size() != 1)
      return nullptr;
    Stage& maker = network_.stages[index(tensor - 1)];
    return maker.kind == StepKind::kLinear ? &maker : nullptr;
  }
  /// The linear stage that alone reads this tensor; null when there is none.
  Stage* only_map_behind(int tensor) {
    const std::vector<int> readers = network_.consumers(tensor);
    if (tensor == network_.output_tensor || readers.size() != 1) return nullptr;
    Stage& reader = network_.stages[index(readers[0])];
    return reader.kind == StepKind::kLinear ? &reader : nullptr;
  }

  void make_monic() {
    for (std::size_t i = 0; i < network_.stages.size(); ++i) {
      Stage& stage = network_.stages[i];
      if (stage.kind != StepKind::kPolynomial) continue;
      auto& c = stage.coefficients;
      const int degree = degree_of(c);
      c.resize(index(degree) + 1);
      if (!std::has_single_bit(static_cast<unsigned>(degree)) || c.back() == 1.0) continue;
      Stage* before = private_map_before(stage.inputs[0]);
      Stage* behind = c.back() < 0 ? only_map_behind(static_cast<int>(i) + 1) : nullptr;
      if (before == nullptr || (c.back() < 0 && behind == nullptr)) continue;
      const double sign = c.back() < 0 ? -1.0 : 1.0;
      const double factor = std::pow(std::abs(c.back()), 1.0 / degree);
      for (int k = 0; k < degree; ++k) c[index(k)] *= sign / std::pow(factor, k);
      c.back() = 1.0;
      scale(before->map, factor);
      if (behind != nullptr) scale_matrix(behind->map, sign);
    }
  }

  const Graph& graph_;
  const std::set<int>& cuts_;
  StagedGraph network_;
  std::map<ValueId, int> tensor_of_;
  std::map<ValueId, std::vector<int>> reshapes_;  // Reshape nodes that wait for a stage to be named in
};

}  // namespace

std::vector<int> StagedGraph::depths() const {
  std::vector<int> depth(stages.size() + 1, 0);
  for (std::size_t i = 0; i < stages.size(); ++i) {
    for (const int from : stages[i].inputs) depth[i + 1] = std::max(depth[i + 1], depth[index(from)]);
    depth[i + 1] += stages[i].depth;
  }
  return depth;
}

std::vector<int> StagedGraph::consumers(int tensor) const {
  std::vector<int> found;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (std::ranges::find(stages[i].inputs, tensor) != stages[i].inputs.end())
      found.push_back(static_cast<int>(i));
  }
  return found;
}

StagedGraph stage_graph(const Graph& graph, const std::set<int>& cuts) {
  return Builder(graph, cuts).build();
}

}  // namespace sotto::nn
