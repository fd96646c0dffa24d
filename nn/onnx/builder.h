// The graph that an import is building, and what each ONNX name stands for so far.
//
// ONNX tensors keep their dimensions with the batch axis; the graph has (C, H, W) or (features). The rule
// between them: 1xCxHxW is the picture (C, H, W), everything else is the vector of its elements. Both number
// elements in C order, so going from one to the other is a Reshape node and moves nothing.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "nn/graph.h"
#include "nn/onnx/constant.h"

namespace sotto::nn::onnx_import {

/// A constant, or a value of the graph.
struct Operand {
  std::shared_ptr<const Constant> constant;  // null for a value
  ValueId value = -1;
  Dims dims;  // of either; includes `pads`
  std::array<int, 4> pads{
      0, 0, 0, 0};  // zeros around `value` that its reader must still add: top, left, bottom, right

  bool padded() const { return pads != std::array<int, 4>{0, 0, 0, 0}; }
};

Shape graph_shape(const Dims& dims);

/// Any bytes to a short name that is safe to print and to store in JSON.
std::string printable(const std::string& name);

class Builder {
 public:
  explicit Builder(std::string graph_name) { graph_.name = std::move(graph_name); }

  void add_input(const std::string& name, const Dims& dims);
  /// Tensors of the file; decoded when a node first reads them. The builder keeps the reference.
  void add_initializer(const std::string& name, const ::onnx::TensorProto& tensor);
  /// Throws when the name is taken.
  void define(const std::string& name, Operand operand);
  bool defined(const std::string& name) const {
    return operands_.count(name) + initializers_.count(name) > 0;
  }
  const Operand& find(const std::string& name);

  /// Appends a node; `name` is made unique.
  ValueId append(const std::string& name, Operator op, std::vector<ValueId> inputs,
                 const Shape& reshape_to = {});
  /// The value in the graph shape of `dims`, reshaped where it has another one.
  Operand as(ValueId value, const Dims& dims, const std::string& node_name);
  /// The operand with its pads done by a node of their own.
  Operand without_pads(const Operand& operand, const std::string& node_name);

  const Graph& graph() const { return graph_; }
  /// The node that makes a value, null for the input.
  const Node* producer(ValueId value) const;

  /// The graph with this output, without the nodes that it does not need.
  Graph finish(const std::string& output) &&;

 private:
  std::string unique(const std::string& name);

  Graph graph_;
  std::map<std::string, const ::onnx::TensorProto*> initializers_;
  std::map<std::string, Operand> operands_;
  std::vector<int> producer_;  // [value] node index, -1 for the input
  std::set<std::string> node_names_;
  std::map<std::string, int> next_suffix_;
  std::size_t weight_count_ = 0;
};

}  // namespace sotto::nn::onnx_import
