// Convolution, dense layers, batch normalisation and means.
#include <algorithm>
#include <cmath>

#include "nn/onnx/operators.h"

namespace sotto::nn::onnx_import {
namespace {

/// The attributes that a convolution and a pool share.
struct Window {
  std::array<int, 2> kernel{1, 1}, stride{1, 1}, dilation{1, 1};
  std::array<int, 4> pads{0, 0, 0, 0};
};

template <std::size_t Count>
void read_list(NodeView& node, const char* attribute, std::array<int, Count>& into) {
  const auto list = node.integers(attribute);
  if (!list) return;
  if (list->size() != Count) {
    node.refuse(std::string("attribute '") + attribute + "' has " + std::to_string(list->size()) +
                " entries; " + std::to_string(Count) + " are needed (two-dimensional windows are supported)");
  }
  std::copy(list->begin(), list->end(), into.begin());
}

/// auto_pad SAME: ⌈size/stride⌉ windows; an odd pixel of padding goes to the end (UPPER) or to the beginning
/// (LOWER).
void pad_same(const Operand& in, bool odd_at_end, Window& window) {
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t size = in.dims[2 + axis], stride = std::max(window.stride[axis], 1);
    const std::int64_t reach = std::int64_t{window.kernel[axis] - 1} * window.dilation[axis] + 1;
    const std::int64_t total =
        std::max<std::int64_t>(0, ((size + stride - 1) / stride - 1) * stride + reach - size);
    const std::int64_t before = odd_at_end ? total / 2 : total - total / 2;
    window.pads[axis] = static_cast<int>(before);
    window.pads[axis + 2] = static_cast<int>(total - before);
  }
}

/// Reads strides, pads, dilations and auto_pad; `kernel` is known.
Window read_window(NodeView& node, const Operand& in, std::array<int, 2> kernel) {
  Window window;
  window.kernel = kernel;
  read_list(node, "strides", window.stride);
  read_list(node, "dilations", window.dilation);
  read_list(node, "pads", window.pads);
  const std::string mode = node.text("auto_pad", "NOTSET");
  if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
    if (in.padded()) node.refuse("auto_pad " + mode + " after a Pad is not supported; export explicit pads");
    constexpr int kLargest =
        1 << 15;  // as in shape inference, which refuses the rest of the impossible numbers
    for (const int number : {window.kernel[0], window.kernel[1], window.dilation[0], window.dilation[1]}) {
      if (number < 1 || number > kLargest)
        node.refuse("a kernel or dilation of " + std::to_string(number) + " is not supported");
    }
    pad_same(in, mode == "SAME_UPPER", window);
  } else if (mode == "VALID") {
    window.pads = {0, 0, 0, 0};
  } else if (mode != "NOTSET") {
    node.refuse("auto_pad '" + printable(mode) + "' is unknown");
  }
  return window;
}

std::array<int, 4> sum(const std::array<int, 4>& a, const std::array<int, 4>& b, NodeView& node) {
  std::array<int, 4> total{};
  for (std::size_t i = 0; i < 4; ++i) {
    const std::int64_t entry = std::int64_t{a[i]} + b[i];
    if (a[i] < 0 || b[i] < 0 || entry > (1 << 15))
      node.refuse("a padding of " + std::to_string(entry) + " is not supported");
    total[i] = static_cast<int>(entry);
  }
  return total;
}

Tensor to_weights(const Constant& constant) {
  return Tensor(Shape(constant.dims.begin(), constant.dims.end()), constant.values);
}

/// y = W x for a dense layer on the 1 x columns input; W is stored as columns x rows unless `rows_first`.
void define_dense(NodeView& node, const Operand& in, const Constant& stored, bool rows_first, double factor,
                  std::vector<double> bias, const Dims& out_dims) {
  Dense dense;
  dense.weights = to_weights(rows_first ? stored : transposed(stored, {1, 0}));
  for (double& weight : dense.weights.values) weight *= factor;
  dense.bias = std::move(bias);
  node.define(node.append(std::move(dense), {in.value}), out_dims);
}

void define_mean(NodeView& node, const AveragePool& pool, ValueId in) {
  node.define_picture(node.append(pool, {in}));
}

AveragePool whole_picture(const Operand& in) {
  AveragePool pool;
  pool.kernel = {static_cast<int>(in.dims[2]), static_cast<int>(in.dims[3])};
  return pool;
}

}  // namespace

void convert_conv(NodeView& node) {
  const Operand in = node.picture(0);
  const Constant& weights = node.constant(1, "weights");
  if (weights.dims.size() != 4)
    node.refuse("its weights have shape " + to_string(weights.dims) +
                "; only two-dimensional convolution is supported");
  Conv2d conv;
  conv.weights = to_weights(weights);
  std::array<int, 2> kernel{conv.weights.shape[2], conv.weights.shape[3]};
  read_list(node, "kernel_shape", kernel);
  if (kernel[0] != conv.weights.shape[2] || kernel[1] != conv.weights.shape[3]) {
    node.refuse("kernel_shape does not agree with weights of shape " + to_string(weights.dims));
  }
  const Window window = read_window(node, in, kernel);
  conv.stride = window.stride;
  conv.dilation = window.dilation;
  conv.pads = sum(window.pads, in.pads, node);
  conv.groups = node.integer("group", 1);
  const Dims maps{weights.dims[0]};
  conv.bias = node.has_input(2) ? broadcast(node.constant(2, "bias"), maps)
                                : std::vector<double>(element_count(maps), 0.0);
  node.define_picture(node.append(std::move(conv), {in.value}));
}

void convert_gemm(NodeView& node) {
  const Operand in = node.computed(0);
  const Constant& weights = node.constant(1, "weights");
  const double alpha = node.real("alpha", 1.0), beta = node.real("beta", 1.0);
  const bool rows_first = node.integer("transB", 0) != 0;
  if (node.integer("transA", 0) != 0) node.refuse("transA is not supported");
  if (in.dims.size() != 2 || in.dims[0] != 1 || weights.dims.size() != 2 ||
      weights.dims[rows_first ? 1 : 0] != in.dims[1]) {
    node.refuse("an input of shape " + to_string(in.dims) + " does not multiply weights of shape " +
                to_string(weights.dims) + (rows_first ? " (transposed)" : "") +
                "; flatten the input to 1 x features");
  }
  const Dims out{1, weights.dims[rows_first ? 0 : 1]};
  std::vector<double> bias(element_count(out), 0.0);
  if (node.has_input(2)) bias = broadcast(node.constant(2, "bias"), out);
  for (double& entry : bias) entry *= beta;
  define_dense(node, in, weights, rows_first, alpha, std::move(bias), out);
}

void convert_matmul(NodeView& node) {
  const Operand in = node.computed(0);
  const Constant& weights = node.constant(1, "weights");
  const bool row = in.dims.size() == 2 && in.dims[0] == 1;
  if ((!row && in.dims.size() != 1) || weights.dims.size() != 2 || weights.dims[0] != in.dims.back()) {
    node.refuse("an input of shape " + to_string(in.dims) + " does not multiply weights of shape " +
                to_string(weights.dims) + "; 1 x features times features x outputs is supported");
  }
  const std::int64_t outputs = weights.dims[1];
  define_dense(node, in, weights, false, 1.0, std::vector<double>(static_cast<std::size_t>(outputs), 0.0),
               row ? Dims{1, outputs} : Dims{outputs});
}

void convert_batch_normalization(NodeView& node) {
  const Operand in = node.computed(0);
  const double epsilon = node.real("epsilon", 1e-5);
  node.ignore("momentum");  // of training
  if (node.integer("training_mode", 0) != 0)
    node.refuse("it is in training mode; export the model for inference");
  if (node.integer("spatial", 1) != 1)
    node.refuse("statistics for each position (spatial = 0) are not supported");
  if ((in.dims.size() != 4 && in.dims.size() != 2) || in.dims[0] != 1) {
    node.refuse("its input has shape " + to_string(in.dims) +
                "; 1 x channels x height x width or 1 x features is supported");
  }
  const Dims channels{in.dims[1]};
  const std::vector<double> gain = broadcast(node.constant(1, "scale"), channels),
                            bias = broadcast(node.constant(2, "bias"), channels);
  const std::vector<double> mean = broadcast(node.constant(3, "mean"), channels),
                            variance = broadcast(node.constant(4, "variance"), channels);
  Affine affine;
  for (std::size_t c = 0; c < gain.size(); ++c) {
    if (!(variance[c] + epsilon > 0))
      node.refuse("variance + epsilon of channel " + std::to_string(c) + " is not positive");
    const double scale = gain[c] / std::sqrt(variance[c] + epsilon);
    affine.scale.push_back(scale);
    affine.shift.push_back(bias[c] - scale * mean[c]);
  }
  node.define(node.append(std::move(affine), {in.value}), in.dims);
}

void convert_average_pool(NodeView& node) {
  Operand in = node.picture(0);
  AveragePool pool;
  pool.kernel = {0, 0};
  read_list(node, "kernel_shape", pool.kernel);
  const Window window = read_window(node, in, pool.kernel);
  if (window.dilation != std::array{1, 1}) node.refuse("dilations are not supported");
  pool.stride = window.stride;
  pool.pads = window.pads;
  pool.count_include_pad = node.integer("count_include_pad", 0) != 0;
  if (node.integer("ceil_mode", 0) != 0) {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const std::int64_t rest = in.dims[2 + axis] + pool.pads[axis] + pool.pads[axis + 2] - pool.kernel[axis];
      if (pool.stride[axis] < 1 || rest % pool.stride[axis] != 0)
        node.refuse("ceil_mode is supported only where the windows fit exactly");
    }
  }
  // Zeros of a Pad count in the mean, so they may become the pool's own pads if those count too and no window
  // is all padding.
  bool merge = in.padded() && (pool.count_include_pad || pool.pads == std::array{0, 0, 0, 0});
  for (std::size_t i = 0; i < 4; ++i)
    merge = merge && in.pads[i] + std::int64_t{pool.pads[i]} < pool.kernel[i % 2];
  if (merge) {
    pool.pads = sum(pool.pads, in.pads, node);
    pool.count_include_pad = true;
  } else {
    in = node.computed(0);
  }
  define_mean(node, pool, in.value);
}

void convert_global_average_pool(NodeView& node) {
  node.picture(0);
  const Operand in = node.computed(0);
  define_mean(node, whole_picture(in), in.value);
}

void convert_reduce_mean(NodeView& node) {
  node.picture(0);
  const Operand in = node.computed(0);
  const bool keep = node.integer("keepdims", 1) != 0;
  node.ignore("noop_with_empty_axes");  // axes are required below
  const auto axes = node.integers("axes", 1, 18);
  std::vector<std::size_t> sorted;
  for (const std::int64_t axis : axes.value_or(std::vector<std::int64_t>{}))
    sorted.push_back(normalized_axis(axis, 4));
  std::sort(sorted.begin(), sorted.end());
  if (sorted != std::vector<std::size_t>{2, 3})
    node.refuse("only the mean over height and width (axes 2 and 3) is supported");
  const ValueId mean = node.append(whole_picture(in), {in.value});
  node.define(mean, keep ? Dims{1, in.dims[1], 1, 1} : Dims{1, in.dims[1]});
}

}  // namespace sotto::nn::onnx_import
