// Direct evaluation: each operator is the loop of its definition, in double. Only the innermost loops are
// arranged so that a compiler vectorises them (contiguous rows); nothing else is clever, because everything
// encrypted is judged against this file.
#include "nn/reference.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/error.h"

namespace sotto::nn {
namespace {

/// One channel of a picture.
struct Plane {
  const double* data;
  int height, width;
};

/// Output positions o in [first, last) whose input position o·stride + offset lies in [0, size).
struct Span {
  int first, last;
  Span(int count, int stride, int offset, int size)
      : first(offset >= 0 ? 0 : (-offset + stride - 1) / stride),
        last(offset >= size ? 0 : std::min(count, (size - 1 - offset) / stride + 1)) {}
};

/// out[y][x] += weight · in[y·stride + dy][x·stride + dx] wherever the input exists; (dy, dx) places one tap
/// of the kernel.
void add_tap(const Plane& in, double weight, std::array<int, 2> stride, int dy, int dx, int out_height,
             int out_width, double* out) {
  const Span rows(out_height, stride[0], dy, in.height);
  const Span columns(out_width, stride[1], dx, in.width);
  for (int y = rows.first; y < rows.last; ++y) {
    const std::ptrdiff_t from =
        std::ptrdiff_t{y * stride[0] + dy} * in.width + dx;  // negative where x starts later
    double* to = out + std::ptrdiff_t{y} * out_width;
    if (stride[1] == 1) {
      for (int x = columns.first; x < columns.last; ++x) to[x] += weight * in.data[from + x];
    } else {
      for (int x = columns.first; x < columns.last; ++x)
        to[x] += weight * in.data[from + std::ptrdiff_t{x} * stride[1]];
    }
  }
}

void apply(const Conv2d& conv, const Tensor& in, Tensor& out) {
  const auto [maps, per_group, kernel_h, kernel_w] =
      std::array{conv.weights.shape[0], conv.weights.shape[1], conv.weights.shape[2], conv.weights.shape[3]};
  const int maps_per_group = maps / conv.groups;
  const std::ptrdiff_t in_plane = std::ptrdiff_t{in.shape[1]} * in.shape[2],
                       out_plane = std::ptrdiff_t{out.shape[1]} * out.shape[2];
  const double* weight = conv.weights.values.data();
  for (int map = 0; map < maps; ++map) {
    double* target = out.values.data() + map * out_plane;
    std::fill_n(target, out_plane, conv.bias[static_cast<std::size_t>(map)]);
    const int first_channel = map / maps_per_group * per_group;
    for (int c = 0; c < per_group; ++c) {
      const Plane plane{in.values.data() + (first_channel + c) * in_plane, in.shape[1], in.shape[2]};
      for (int i = 0; i < kernel_h; ++i) {
        for (int j = 0; j < kernel_w; ++j) {
          add_tap(plane, *weight++, conv.stride, i * conv.dilation[0] - conv.pads[0],
                  j * conv.dilation[1] - conv.pads[1], out.shape[1], out.shape[2], target);
        }
      }
    }
  }
}

double dot(const double* a, const double* b, std::size_t count) {
  std::array<double, 8> sums{};  // apart, so that a compiler may add them side by side
  std::size_t i = 0;
  for (; i + sums.size() <= count; i += sums.size()) {
    for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += a[i + k] * b[i + k];
  }
  double sum = std::accumulate(sums.begin(), sums.end(), 0.0);
  for (; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

void apply(const Dense& dense, const Tensor& in, Tensor& out) {
  for (std::size_t row = 0; row < out.size(); ++row) {
    out[row] =
        dense.bias[row] + dot(dense.weights.values.data() + row * in.size(), in.values.data(), in.size());
  }
}

/// Mean over the part of the window at (top, left) that lies inside; padding counts as zeros when the pool
/// says so.
double window_mean(const AveragePool& pool, const Plane& plane, int top, int left) {
  const int last_y = std::min(top + pool.kernel[0], plane.height),
            last_x = std::min(left + pool.kernel[1], plane.width);
  const int first_y = std::max(top, 0), first_x = std::max(left, 0);
  double sum = 0;
  for (int y = first_y; y < last_y; ++y) {
    for (int x = first_x; x < last_x; ++x) sum += plane.data[std::ptrdiff_t{y} * plane.width + x];
  }
  const double inside = double(last_y - first_y) * double(last_x - first_x);
  return sum / (pool.count_include_pad ? double(pool.kernel[0]) * double(pool.kernel[1]) : inside);
}

void apply(const AveragePool& pool, const Tensor& in, Tensor& out) {
  double* target = out.values.data();
  for (int c = 0; c < in.shape[0]; ++c) {
    const Plane plane{in.values.data() + std::ptrdiff_t{c} * in.shape[1] * in.shape[2], in.shape[1],
                      in.shape[2]};
    for (int y = 0; y < out.shape[1]; ++y) {
      for (int x = 0; x < out.shape[2]; ++x) {
        *target++ =
            window_mean(pool, plane, y * pool.stride[0] - pool.pads[0], x * pool.stride[1] - pool.pads[1]);
      }
    }
  }
}

void apply(const Affine& affine, const Tensor& in, Tensor& out) {
  const std::size_t per_channel = in.size() / affine.scale.size();
  for (std::size_t i = 0; i < in.size(); ++i)
    out[i] = affine.scale[i / per_channel] * in[i] + affine.shift[i / per_channel];
}

void apply(const Reshape&, const Tensor& in, Tensor& out) {
  out.values = in.values;
}

void apply(const Relu&, const Tensor& in, Tensor& out) {
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = std::max(in[i], 0.0);
}

void apply(const Polynomial& polynomial, const Tensor& in, Tensor& out) {
  const std::vector<double>& c = polynomial.coefficients;
  for (std::size_t i = 0; i < in.size(); ++i) {
    double sum = c.back();
    for (std::size_t k = c.size() - 1; k-- > 0;) sum = sum * in[i] + c[k];
    out[i] = sum;
  }
}

void add(const Tensor& left, const Tensor& right, Tensor& out) {
  for (std::size_t i = 0; i < left.size(); ++i) out[i] = left[i] + right[i];
}

}  // namespace

Tensor evaluate(const Graph& graph, const Tensor& input, const NodeObserver& observer) {
  const Shape& want = graph.value(graph.input).shape;
  if (input.shape != want || input.size() != element_count(want)) {
    throw Error(ErrorCode::kInvalidArgument, "evaluate: the input has shape " + to_string(input.shape) +
                                                 " and " + std::to_string(input.size()) + " values; model '" +
                                                 graph.name + "' takes " + to_string(want));
  }
  std::vector<Tensor> values(graph.values.size());
  values[static_cast<std::size_t>(graph.input)] = input;
  for (const Node& node : graph.nodes) {
    const auto argument = [&](std::size_t i) -> const Tensor& {
      return values[static_cast<std::size_t>(node.inputs[i])];
    };
    Tensor out(graph.value(node.output).shape);
    std::visit(
        [&](const auto& op) {
          if constexpr (std::is_same_v<std::decay_t<decltype(op)>, Add>) {
            add(argument(0), argument(1), out);
          } else {
            apply(op, argument(0), out);
          }
        },
        node.op);
    if (observer) observer(node, out);
    values[static_cast<std::size_t>(node.output)] = std::move(out);
  }
  return std::move(values[static_cast<std::size_t>(graph.output)]);
}

}  // namespace sotto::nn
