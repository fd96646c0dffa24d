// Nodes that compute nothing: other shapes for the same elements, aliases, constants, and padding that the
// reader will do.
#include <algorithm>
#include <numeric>

#include "nn/onnx/operators.h"

namespace sotto::nn::onnx_import {
namespace {

/// Defines the first input with other dimensions; constants stay constants.
void define_reshaped(NodeView& node, const Dims& dims) {
  if (node.input_is_constant(0)) {
    Constant constant = node.constant(0, "input");
    constant.dims = dims;
    return node.define(Operand{std::make_shared<const Constant>(std::move(constant)), -1, dims, {}});
  }
  node.define(node.computed(0).value, dims);
}

/// The dimensions that a Reshape asks for: -1 stands for what is left, 0 for the old one.
Dims requested_dims(NodeView& node, const Dims& old, std::vector<std::int64_t> request) {
  const bool zero_is_copy = node.integer("allowzero", 0) == 0;
  std::int64_t known = 1;
  const auto total = static_cast<std::int64_t>(element_count(old));
  std::int64_t* open = nullptr;
  for (std::size_t i = 0; i < request.size(); ++i) {
    if (request[i] == 0 && zero_is_copy && i < old.size()) request[i] = old[i];
    if (request[i] == -1 && open == nullptr) {
      open = &request[i];
    } else if (request[i] < 1 || request[i] > total / known) {
      node.refuse("cannot reshape " + to_string(old) + " to " + to_string(request));
    } else {
      known *= request[i];
    }
  }
  if (total % known != 0 || (open == nullptr && known != total))
    node.refuse("cannot reshape " + to_string(old) + " to " + to_string(request));
  if (open != nullptr) *open = total / known;
  return request;
}

std::vector<std::size_t> normalized_axes(const std::vector<std::int64_t>& axes, std::size_t rank,
                                         const NodeView& node) {
  std::vector<std::size_t> result;
  for (const std::int64_t axis : axes) result.push_back(normalized_axis(axis, rank));
  std::sort(result.begin(), result.end());
  if (std::adjacent_find(result.begin(), result.end()) != result.end()) node.refuse("an axis is named twice");
  return result;
}

bool contains(const std::vector<std::size_t>& axes, std::size_t axis) {
  return std::binary_search(axes.begin(), axes.end(), axis);
}

}  // namespace

void convert_reshape(NodeView& node) {
  const Dims old = node.input(0).dims;
  define_reshaped(node, requested_dims(node, old, to_integers(node.constant(1, "shape"))));
}

void convert_flatten(NodeView& node) {
  const Dims& old = node.input(0).dims;
  const int axis = node.integer("axis", 1), rank = static_cast<int>(old.size());
  const int split = axis < 0 ? axis + rank : axis;
  if (split < 0 || split > rank)
    node.refuse("axis " + std::to_string(axis) + " does not exist in shape " + to_string(old));
  const auto rows = static_cast<std::int64_t>(element_count(Dims(old.begin(), old.begin() + split)));
  define_reshaped(node, {rows, static_cast<std::int64_t>(element_count(old)) / rows});
}

void convert_squeeze(NodeView& node) {
  const Dims old = node.input(0).dims;
  const auto given = node.integers("axes", 1, 13);
  const std::vector<std::size_t> axes =
      normalized_axes(given.value_or(std::vector<std::int64_t>{}), old.size(), node);
  Dims dims;
  for (std::size_t i = 0; i < old.size(); ++i) {
    const bool leave = given ? contains(axes, i) : old[i] == 1;
    if (leave && old[i] != 1)
      node.refuse("axis " + std::to_string(i) + " of shape " + to_string(old) + " is not 1 long");
    if (!leave) dims.push_back(old[i]);
  }
  define_reshaped(node, dims);
}

void convert_unsqueeze(NodeView& node) {
  const Dims old = node.input(0).dims;
  const auto given = node.integers("axes", 1, 13);
  if (!given || given->size() > 8) node.refuse("it needs one to eight axes");
  const std::vector<std::size_t> axes = normalized_axes(*given, old.size() + given->size(), node);
  Dims dims;
  auto next = old.begin();
  for (std::size_t i = 0; i < old.size() + axes.size(); ++i) dims.push_back(contains(axes, i) ? 1 : *next++);
  define_reshaped(node, dims);
}

void convert_transpose(NodeView& node) {
  const Dims old = node.input(0).dims;
  std::vector<std::size_t> order(old.size());
  std::iota(order.rbegin(), order.rend(), std::size_t{0});  // the default turns all axes round
  if (const auto given = node.integers("perm")) {
    if (normalized_axes(*given, old.size(), node).size() != old.size())
      node.refuse("perm does not name every axis");
    std::transform(given->begin(), given->end(), order.begin(),
                   [&](std::int64_t axis) { return normalized_axis(axis, old.size()); });
  }
  if (node.input_is_constant(0)) {
    auto constant = std::make_shared<const Constant>(transposed(node.constant(0, "input"), order));
    return node.define(Operand{constant, -1, constant->dims, {}});
  }
  Dims dims;
  std::vector<std::size_t> long_axes;
  for (const std::size_t axis : order) {
    dims.push_back(old[axis]);
    if (old[axis] > 1) long_axes.push_back(axis);
  }
  if (!std::is_sorted(long_axes.begin(), long_axes.end())) {
    node.refuse(
        "moving the elements of a computed tensor is not supported; export the model with channels first");
  }
  define_reshaped(node, dims);
}

void convert_identity(NodeView& node) {
  node.define(node.input(0));
}

void convert_dropout(NodeView& node) {
  node.ignore("ratio");
  node.ignore("seed");
  if (node.has_input(2)) node.refuse("it may be in training mode; export the model for inference");
  node.define(node.input(0));
}

void convert_constant(NodeView& node) {
  for (const char* attribute : {"value", "value_float", "value_floats", "value_int", "value_ints"}) {
    if (auto found = node.constant_attribute(attribute)) {
      auto constant = std::make_shared<const Constant>(*std::move(found));
      return node.define(Operand{constant, -1, constant->dims, {}});
    }
  }
  node.refuse("it holds no numbers");
}

void convert_pad(NodeView& node) {
  Operand in = node.picture(0);
  if (node.text("mode", "constant") != "constant")
    node.refuse("only padding with zeros (mode 'constant') is supported");
  const double value = node.opset() < 11   ? node.real("value", 0.0)
                       : node.has_input(2) ? to_scalar(node.constant(2, "value"))
                                           : 0.0;
  if (value != 0.0) node.refuse("it pads with " + std::to_string(value) + "; only zeros are supported");

  const auto pads = node.integers("pads", 1, 11);
  std::vector<std::int64_t> axes{0, 1, 2, 3};
  if (node.has_input(3)) axes = to_integers(node.constant(3, "axes"));
  if (!pads || pads->size() != 2 * axes.size()) node.refuse("it needs two pads for each axis");
  normalized_axes(axes, 4, node);
  for (std::size_t i = 0; i < pads->size(); ++i) {
    const std::size_t axis = normalized_axis(axes[i % axes.size()], 4);
    const std::int64_t pad = (*pads)[i];
    if (pad < 0 || pad > (1 << 15)) node.refuse("a padding of " + std::to_string(pad) + " is not supported");
    if (pad > 0 && axis < 2) node.refuse("only height and width can be padded");
    if (axis < 2) continue;
    in.dims[axis] += pad;
    in.pads[axis - 2 + (i < axes.size() ? 0 : 2)] += static_cast<int>(pad);
  }
  validate(graph_shape(in.dims));
  node.define(std::move(in));
}

}  // namespace sotto::nn::onnx_import
