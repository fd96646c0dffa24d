// Arithmetic on every element: with constants, between two tensors, powers.
//
// The graph has no product of two tensors, because no network here needs one: x·x and the like are
// polynomials of one tensor. A Mul is traced back through polynomials and uniform Affines to the nearest
// tensor that both factors come from.
#include <algorithm>
#include <cmath>
#include <functional>

#include "nn/elementwise.h"
#include "nn/onnx/operators.h"

namespace sotto::nn::onnx_import {
namespace {

constexpr int kMaxDegree = 64;  // of a polynomial in powers of x; beyond it doubles lose all digits

/// One entry for each channel of a picture if that says all, else one for each element.
std::vector<double> per_channel(const Constant& constant, const Dims& dims) {
  std::vector<double> elements = broadcast(constant, dims);
  const auto channels = static_cast<std::size_t>(graph_shape(dims)[0]);
  const std::size_t size = elements.size() / channels;
  std::vector<double> result(channels);
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (i % size == 0) result[i / size] = elements[i];
    if (elements[i] != result[i / size]) return elements;
  }
  return result;
}

/// Defines scale·x + shift, where one of the two is `constant` and the other the same for all.
void define_affine(NodeView& node, const Operand& in, const Constant& constant,
                   const std::function<Affine(std::vector<double>)>& make) {
  Affine affine = make(per_channel(constant, in.dims));
  ValueId value = in.value;
  const Dims flat{static_cast<std::int64_t>(element_count(in.dims))};
  const bool by_element = affine.scale.size() != static_cast<std::size_t>(graph_shape(in.dims)[0]);
  if (by_element) value = node.builder().as(value, flat, node.name() + "/flatten").value;
  node.define(node.append(std::move(affine), {value}), in.dims);
}

Affine shift_by(std::vector<double> shift, double scale = 1.0) {
  std::vector<double> scales(shift.size(), scale);
  return {std::move(scales), std::move(shift)};
}

Affine scale_by(std::vector<double> scale) {
  std::vector<double> shifts(scale.size(), 0.0);
  return {std::move(scale), std::move(shifts)};
}

std::vector<double> negated(std::vector<double> values) {
  for (double& value : values) value = -value;
  return values;
}

/// The two computed inputs of a node, of one shape.
std::array<Operand, 2> same_shape_inputs(NodeView& node) {
  std::array<Operand, 2> in{node.computed(0), node.computed(1)};
  if (in[0].dims != in[1].dims) {
    node.refuse("its inputs have shapes " + to_string(in[0].dims) + " and " + to_string(in[1].dims) +
                "; two computed tensors must have one shape");
  }
  return in;
}

/// A tensor as a polynomial of an earlier one.
struct Form {
  ValueId root;
  Coefficients polynomial;
};

/// Nearest root first: the tensor itself, then what its chain of elementwise polynomials starts from.
std::vector<Form> forms(const Builder& builder, ValueId value) {
  std::vector<Form> chain{{value, {0, 1}}};
  while (true) {
    const Node* producer = builder.producer(chain.back().root);
    const auto step = producer == nullptr ? std::nullopt : elementwise_polynomial(producer->op);
    if (!step || degree(*step) * degree(chain.back().polynomial) > kMaxDegree) return chain;
    chain.push_back({producer->inputs.front(), compose(chain.back().polynomial, *step)});
  }
}

void define_product(NodeView& node) {
  const std::array<Operand, 2> in = same_shape_inputs(node);
  const std::vector<Form> left = forms(node.builder(), in[0].value),
                          right = forms(node.builder(), in[1].value);
  for (const Form& p : left) {
    const auto q =
        std::find_if(right.begin(), right.end(), [&](const Form& form) { return form.root == p.root; });
    if (q == right.end() || degree(p.polynomial) + degree(q->polynomial) > kMaxDegree) continue;
    const int channels = node.builder().graph().value(p.root).shape[0];
    node.define(node.append(elementwise_operator(multiply(p.polynomial, q->polynomial), channels), {p.root}),
                in[0].dims);
    return;
  }
  node.refuse(
      "the product of two different computed tensors is not supported; of one tensor with itself, or two "
      "polynomials of it, it is");
}

}  // namespace

void convert_add(NodeView& node) {
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
    if (node.input_is_constant(i)) {
      return define_affine(node, node.computed(1 - i), node.constant(i, "addend"),
                           [](auto entries) { return shift_by(std::move(entries)); });
    }
  }
  const std::array<Operand, 2> in = same_shape_inputs(node);
  node.define(node.append(Add{}, {in[0].value, in[1].value}), in[0].dims);
}

void convert_sub(NodeView& node) {
  if (node.input_is_constant(1)) {
    return define_affine(node, node.computed(0), node.constant(1, "subtrahend"),
                         [](auto entries) { return shift_by(negated(std::move(entries))); });
  }
  if (node.input_is_constant(0)) {
    return define_affine(node, node.computed(1), node.constant(0, "minuend"),
                         [](auto entries) { return shift_by(std::move(entries), -1.0); });
  }
  const std::array<Operand, 2> in = same_shape_inputs(node);
  const auto channels = static_cast<std::size_t>(graph_shape(in[1].dims)[0]);
  const ValueId negative = node.append(scale_by(std::vector<double>(channels, -1.0)), {in[1].value});
  node.define(node.append(Add{}, {in[0].value, negative}), in[0].dims);
}

void convert_mul(NodeView& node) {
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
    if (node.input_is_constant(i)) {
      return define_affine(node, node.computed(1 - i), node.constant(i, "factor"),
                           [](auto entries) { return scale_by(std::move(entries)); });
    }
  }
  define_product(node);
}

void convert_div(NodeView& node) {
  const Constant& divisor = node.constant(1, "divisor");
  if (std::find(divisor.values.begin(), divisor.values.end(), 0.0) != divisor.values.end())
    node.refuse("its divisor has a zero");
  define_affine(node, node.computed(0), divisor, [](auto entries) {
    for (double& entry : entries) entry = 1.0 / entry;
    return scale_by(std::move(entries));
  });
}

void convert_pow(NodeView& node) {
  const double exponent = to_scalar(node.constant(1, "exponent"));
  if (exponent != std::floor(exponent) || exponent < 1 || exponent > kMaxDegree) {
    node.refuse("the exponent " + std::to_string(exponent) + " is not supported; integers from 1 to " +
                std::to_string(kMaxDegree) + " are");
  }
  const Operand in = node.computed(0);
  Coefficients power(static_cast<std::size_t>(exponent) + 1, 0.0);
  power.back() = 1.0;
  node.define(node.append(elementwise_operator(power, graph_shape(in.dims)[0]), {in.value}), in.dims);
}

void convert_relu(NodeView& node) {
  const Operand in = node.computed(0);
  node.define(node.append(Relu{}, {in.value}), in.dims);
}

}  // namespace sotto::nn::onnx_import
