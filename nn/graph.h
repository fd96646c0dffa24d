// The small graph between ONNX and a plan: one input, one output, nodes in topological order.
//
// Every operator is a plain struct in one variant; shapes are per image, (C, H, W) or (features). Elements of
// a tensor are numbered in C order everywhere, so Reshape and Flatten move nothing.
#pragma once

#include <array>
#include <string>
#include <variant>
#include <vector>

#include "nn/tensor.h"

namespace sotto::nn {

struct Conv2d {
  Tensor weights;            // [out_channels, in_channels / groups, kernel_h, kernel_w]
  std::vector<double> bias;  // [out_channels]
  std::array<int, 2> stride{1, 1};
  std::array<int, 4> pads{0, 0, 0, 0};  // top, left, bottom, right (ONNX order)
  std::array<int, 2> dilation{1, 1};
  int groups = 1;
};
struct Dense {
  Tensor weights;            // [out, in]; in counts the input's elements in C order
  std::vector<double> bias;  // [out]
};
struct AveragePool {
  std::array<int, 2> kernel{1, 1}, stride{1, 1};
  std::array<int, 4> pads{0, 0, 0, 0};
  bool count_include_pad = false;
};
/// y = scale[c] x + shift[c]: batch normalisation, and Mul/Add by constants. One entry per channel (per
/// feature for vectors).
struct Affine {
  std::vector<double> scale, shift;
};
struct Reshape {};  // the output value's shape says all
struct Add {};      // two tensors of one shape
struct Relu {};     // refused by the planner until passes/approximate replaces it
struct Polynomial {
  std::vector<double> coefficients;
};  // sum c[k] x^k on every element; the square is {0, 0, 1}

using Operator = std::variant<Conv2d, Dense, AveragePool, Affine, Reshape, Add, Relu, Polynomial>;
std::string operator_name(const Operator& op);  // "Conv2d"

using ValueId = int;
struct Value {
  std::string name;
  Shape shape;
};
struct Node {
  std::string name;
  Operator op;
  std::vector<ValueId> inputs;
  ValueId output = -1;
};
struct Graph {
  std::string name;
  std::vector<Value> values;
  std::vector<Node> nodes;  // topological order
  ValueId input = -1, output = -1;

  const Value& value(ValueId id) const { return values[static_cast<std::size_t>(id)]; }
  std::vector<int> consumers(ValueId id) const;  // node indices
};

/// Largest activation, in elements (a 64-channel picture of 512 x 512); a bound on what a hostile file can
/// make us allocate.
inline constexpr std::size_t kMaxElements = std::size_t{1} << 24;

/// Throws Error unless the shape is (channels, height, width) or (features), each at least 1, with at most
/// kMaxElements in all.
void validate(const Shape& shape);

/// The shape that `op` makes of its inputs; Reshape makes `reshape_to`. Throws Error that says what the
/// operator expects.
Shape output_shape(const Operator& op, const std::vector<Shape>& inputs, const Shape& reshape_to = {});

/// Appends a value, or a node with its output value (named like the node); for importers, passes and tests.
ValueId add_value(Graph& graph, std::string name, Shape shape);
ValueId add_node(Graph& graph, std::string name, Operator op, std::vector<ValueId> inputs,
                 const Shape& reshape_to = {});

/// Throws Error unless shapes, sizes and order are consistent and every weight is finite; names the first
/// offending node. Every pass ends with it.
void validate(const Graph& graph);

}  // namespace sotto::nn
