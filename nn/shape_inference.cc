// What each operator expects of its inputs, and the shape that it makes of them.
//
// This is the only place that knows these rules: add_node() and validate() both ask here. The arithmetic is
// in 64 bits and every extent is bounded first, so a hostile graph cannot overflow it.
#include <algorithm>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "nn/graph.h"

namespace sotto::nn {
namespace {

constexpr int kMaxExtent = 1 << 15;  // of a kernel, stride, pad or dilation

[[noreturn]] void refuse(const std::string& sentence) {
  throw Error(ErrorCode::kInvalidArgument, sentence);
}

std::string text(std::size_t number) {
  return std::to_string(number);
}
std::string text(int number) {
  return std::to_string(number);
}

void require_extent(const char* what, int value, int least) {
  if (value < least || value > kMaxExtent) {
    refuse(std::string(what) + " is " + text(value) + "; " + text(least) + " to " + text(kMaxExtent) +
           " is allowed");
  }
}

void require_picture(const Shape& shape) {
  if (shape.size() != 3)
    refuse("the input has shape " + to_string(shape) + "; channels x height x width is needed");
}

void require_count(const char* what, std::size_t got, const char* of, std::size_t want) {
  if (got != want)
    refuse(std::string(what) + " has " + text(got) + " entries; " + of + " needs " + text(want));
}

/// Throws unless the product of the weights' dimensions is the number of values that are there.
void require_weights(const Tensor& weights, std::size_t rank) {
  if (weights.shape.size() != rank) {
    refuse("the weights have shape " + to_string(weights.shape) + "; " + text(rank) +
           " dimensions are needed");
  }
  std::size_t product = 1;
  for (const int dimension : weights.shape) {
    if (dimension < 1)
      refuse("the weights have shape " + to_string(weights.shape) + "; every dimension must be at least 1");
    product *= static_cast<std::size_t>(dimension);
    if (product > weights.size()) break;  // and no overflow
  }
  if (product != weights.size()) {
    refuse("the weights have shape " + to_string(weights.shape) + " but hold " + text(weights.size()) +
           " values");
  }
}

/// One axis of a sliding window.
struct Axis {
  const char* name;
  int size, kernel, stride, pad_before, pad_after, dilation;
};

int window_count(const Axis& axis) {
  require_extent("the kernel", axis.kernel, 1);
  require_extent("the stride", axis.stride, 1);
  require_extent("the dilation", axis.dilation, 1);
  require_extent("the padding", axis.pad_before, 0);
  require_extent("the padding", axis.pad_after, 0);
  const std::int64_t padded = std::int64_t{axis.size} + axis.pad_before + axis.pad_after;
  const std::int64_t reach = std::int64_t{axis.kernel - 1} * axis.dilation + 1;
  if (reach > padded) {
    refuse(std::string("a window of ") + std::to_string(reach) + " does not fit the padded " + axis.name +
           " of " + std::to_string(padded));
  }
  return static_cast<int>((padded - reach) / axis.stride + 1);
}

Shape shape_of(const Conv2d& conv, const Shape& in) {
  require_picture(in);
  require_weights(conv.weights, 4);
  const Shape& w = conv.weights.shape;
  if (conv.groups < 1 || in[0] % conv.groups != 0 || w[0] % conv.groups != 0) {
    refuse(text(conv.groups) + " groups do not divide " + text(in[0]) + " input and " + text(w[0]) +
           " output channels");
  }
  if (w[1] != in[0] / conv.groups) {
    refuse("the weights have shape " + to_string(w) + "; an input of " + to_string(in) + " in " +
           text(conv.groups) + " groups needs " + text(in[0] / conv.groups) + " in the second place");
  }
  require_count("the bias", conv.bias.size(), "the number of output channels",
                static_cast<std::size_t>(w[0]));
  return {w[0],
          window_count({"height", in[1], w[2], conv.stride[0], conv.pads[0], conv.pads[2], conv.dilation[0]}),
          window_count({"width", in[2], w[3], conv.stride[1], conv.pads[1], conv.pads[3], conv.dilation[1]})};
}

Shape shape_of(const Dense& dense, const Shape& in) {
  require_weights(dense.weights, 2);
  const Shape& w = dense.weights.shape;
  if (static_cast<std::size_t>(w[1]) != element_count(in)) {
    refuse("the weights have shape " + to_string(w) + "; an input of " + to_string(in) + " needs " +
           text(element_count(in)) + " columns");
  }
  require_count("the bias", dense.bias.size(), "the number of outputs", static_cast<std::size_t>(w[0]));
  return {w[0]};
}

Shape shape_of(const AveragePool& pool, const Shape& in) {
  require_picture(in);
  const Shape out{
      in[0], window_count({"height", in[1], pool.kernel[0], pool.stride[0], pool.pads[0], pool.pads[2], 1}),
      window_count({"width", in[2], pool.kernel[1], pool.stride[1], pool.pads[1], pool.pads[3], 1})};
  for (std::size_t i = 0; i < 4; ++i) {
    if (pool.pads[i] >= pool.kernel[i % 2]) {  // a window of padding alone has no mean
      refuse("a padding of " + text(pool.pads[i]) + " must be smaller than the window of " +
             text(pool.kernel[i % 2]));
    }
  }
  return out;
}

Shape shape_of(const Affine& affine, const Shape& in) {
  const auto channels = static_cast<std::size_t>(in[0]);
  require_count("the scale", affine.scale.size(), "one for each channel", channels);
  require_count("the shift", affine.shift.size(), "one for each channel", channels);
  return in;
}

Shape shape_of(const Relu&, const Shape& in) {
  return in;
}

Shape shape_of(const Polynomial& polynomial, const Shape& in) {
  if (polynomial.coefficients.empty()) refuse("a polynomial needs at least one coefficient");
  return in;
}

Shape reshaped(const Shape& in, const Shape& to) {
  validate(to);
  if (element_count(to) != element_count(in)) {
    refuse("cannot reshape " + to_string(in) + " (" + text(element_count(in)) + " elements) to " +
           to_string(to) + " (" + text(element_count(to)) + ")");
  }
  return to;
}

Shape added(const Shape& left, const Shape& right) {
  if (left != right)
    refuse("the two inputs have shapes " + to_string(left) + " and " + to_string(right) +
           "; they must be equal");
  return left;
}

}  // namespace

void validate(const Shape& shape) {
  if (shape.size() != 1 && shape.size() != 3) {
    refuse("the shape " + to_string(shape) + " is neither (channels, height, width) nor (features)");
  }
  std::size_t count = 1;
  for (const int dimension : shape) {
    if (dimension < 1) refuse("the shape " + to_string(shape) + " has a dimension below 1");
    count *= static_cast<std::size_t>(dimension);
    if (count > kMaxElements)
      refuse("a tensor of shape " + to_string(shape) + " is too large; " + text(kMaxElements) +
             " elements are the limit");
  }
}

Shape output_shape(const Operator& op, const std::vector<Shape>& inputs, const Shape& reshape_to) {
  const std::size_t wanted = std::holds_alternative<Add>(op) ? 2 : 1;
  if (inputs.size() != wanted)
    refuse("there are " + text(inputs.size()) + " inputs; " + text(wanted) + " are needed");
  for (const Shape& shape : inputs) validate(shape);
  const Shape out = std::visit(
      [&](const auto& specific) -> Shape {
        using Kind = std::decay_t<decltype(specific)>;
        if constexpr (std::is_same_v<Kind, Reshape>) {
          return reshaped(inputs[0], reshape_to);
        } else if constexpr (std::is_same_v<Kind, Add>) {
          return added(inputs[0], inputs[1]);
        } else {
          return shape_of(specific, inputs[0]);
        }
      },
      op);
  validate(out);
  return out;
}

}  // namespace sotto::nn
