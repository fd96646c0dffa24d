#include "nn/onnx/builder.h"

#include <type_traits>

#include "base/error.h"
#include "nn/rewrite.h"

namespace sotto::nn::onnx_import {
namespace {

// A file may name one tensor in many nodes, and each node keeps a copy: this bounds what a small file can
// make us hold (2 GiB).
constexpr std::size_t kMaxWeights = std::size_t{1} << 28;

std::size_t weight_count(const Operator& op) {
  return std::visit(
      [](const auto& specific) -> std::size_t {
        using Kind = std::decay_t<decltype(specific)>;
        if constexpr (std::is_same_v<Kind, Conv2d> || std::is_same_v<Kind, Dense>)
          return specific.weights.size() + specific.bias.size();
        if constexpr (std::is_same_v<Kind, Affine>) return specific.scale.size() + specific.shift.size();
        return 0;
      },
      op);
}

}  // namespace

Shape graph_shape(const Dims& dims) {
  if (dims.size() == 4 && dims[0] == 1)
    return {static_cast<int>(dims[1]), static_cast<int>(dims[2]), static_cast<int>(dims[3])};
  return {static_cast<int>(element_count(dims))};
}

std::string printable(const std::string& name) {
  constexpr std::size_t kLongest = 120;
  std::string text;
  for (const char letter : name.substr(0, kLongest)) text += letter >= ' ' && letter <= '~' ? letter : '?';
  return name.size() > kLongest ? text + "..." : text;
}

void Builder::add_input(const std::string& name, const Dims& dims) {
  const Shape shape = graph_shape(dims);
  validate(shape);
  graph_.input = add_value(graph_, printable(name), shape);
  producer_.push_back(-1);
  define(name, Operand{nullptr, graph_.input, dims, {}});
}

void Builder::add_initializer(const std::string& name, const ::onnx::TensorProto& tensor) {
  if (defined(name))
    throw Error(ErrorCode::kCorruptFile, "the name '" + printable(name) + "' stands for two tensors");
  initializers_.emplace(name, &tensor);
}

void Builder::define(const std::string& name, Operand operand) {
  if (defined(name))
    throw Error(ErrorCode::kCorruptFile, "the name '" + printable(name) + "' stands for two tensors");
  operands_.emplace(name, std::move(operand));
}

const Operand& Builder::find(const std::string& name) {
  if (const auto known = operands_.find(name); known != operands_.end()) return known->second;
  const auto stored = initializers_.find(name);
  if (stored == initializers_.end()) {
    throw Error(ErrorCode::kCorruptFile,
                "'" + printable(name) + "' is not the input, a stored tensor, or the first output of a node");
  }
  try {
    Operand operand;
    operand.constant = std::make_shared<const Constant>(decode(*stored->second));
    operand.dims = operand.constant->dims;
    initializers_.erase(stored);
    return operands_.emplace(name, std::move(operand)).first->second;
  } catch (const Error& error) {
    throw Error(error.code(), "tensor '" + printable(name) + "': " + error.what());
  }
}

std::string Builder::unique(const std::string& name) {
  std::string candidate = name;
  while (!node_names_.insert(candidate).second) candidate = name + "_" + std::to_string(++next_suffix_[name]);
  return candidate;
}

ValueId Builder::append(const std::string& name, Operator op, std::vector<ValueId> inputs,
                        const Shape& reshape_to) {
  weight_count_ += weight_count(op);
  if (weight_count_ > kMaxWeights) {
    throw Error(ErrorCode::kUnsupported,
                "the model has more than " + std::to_string(kMaxWeights) + " weights");
  }
  std::vector<Shape> shapes;
  for (const ValueId id : inputs) shapes.push_back(graph_.value(id).shape);
  output_shape(op, shapes, reshape_to);  // a refusal that names the ONNX node is better than add_node's
  producer_.push_back(static_cast<int>(graph_.nodes.size()));
  return add_node(graph_, unique(name), std::move(op), std::move(inputs), reshape_to);
}

Operand Builder::as(ValueId value, const Dims& dims, const std::string& node_name) {
  const Shape shape = graph_shape(dims);
  if (graph_.value(value).shape != shape) value = append(node_name, Reshape{}, {value}, shape);
  return Operand{nullptr, value, dims, {}};
}

Operand Builder::without_pads(const Operand& operand, const std::string& node_name) {
  if (!operand.padded()) return operand;
  const int channels = graph_.value(operand.value).shape[0];
  Conv2d pad;  // one 1x1 kernel of weight 1 for each channel
  pad.weights = Tensor({channels, 1, 1, 1}, 1.0);
  pad.bias.assign(static_cast<std::size_t>(channels), 0.0);
  pad.groups = channels;
  pad.pads = operand.pads;
  return Operand{nullptr, append(node_name, std::move(pad), {operand.value}), operand.dims, {}};
}

const Node* Builder::producer(ValueId value) const {
  const int index = producer_[static_cast<std::size_t>(value)];
  return index < 0 ? nullptr : &graph_.nodes[static_cast<std::size_t>(index)];
}

Graph Builder::finish(const std::string& output) && {
  const Operand operand = find(output);
  if (operand.constant != nullptr) {
    throw Error(ErrorCode::kUnsupported,
                "the output '" + printable(output) + "' does not depend on the input");
  }
  graph_.output = without_pads(operand, "pad").value;
  return Rewriter(graph_).finish();
}

}  // namespace sotto::nn::onnx_import
