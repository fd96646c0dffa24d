#include "nn/linear_map.h"

#include <algorithm>
#include <string>
#include <type_traits>

#include "base/error.h"
#include "nn/slot_math.h"

namespace sotto::nn {
namespace {

/// Appends rows one by one.
class Builder {
 public:
  Builder(const Shape& in, const Shape& out) {
    map_.in = in;
    map_.out = out;
  }

  void entry(std::size_t column, double value) {
    if (value == 0.0) return;
    map_.column.push_back(static_cast<int>(column));
    map_.value.push_back(value);
  }
  void end_row(double bias) {
    map_.row_begin.push_back(map_.column.size());
    map_.bias.push_back(bias);
  }
  LinearMap finish() && { return std::move(map_); }
  LinearMap finish(std::array<int, 2> stride) && {
    map_.stride = stride;
    return std::move(map_);
  }

 private:
  LinearMap map_;
};

/// Calls f(c, y, x) for every element of a picture, in C order.
template <class F>
void for_each_element(const Shape& shape, const F& f) {
  for (int c = 0; c < shape[0]; ++c)
    for (int y = 0; y < shape[1]; ++y)
      for (int x = 0; x < shape[2]; ++x) f(c, y, x);
}

/// Calls f(ky, kx, element) for every tap of the window at output (y, x) that lies inside channel c of the
/// input.
template <class F>
void for_each_tap(const Shape& in, int c, std::array<int, 2> origin, std::array<int, 2> kernel,
                  std::array<int, 2> dilation, const F& f) {
  for (int ky = 0; ky < kernel[0]; ++ky) {
    const int y = origin[0] + ky * dilation[0];
    if (y < 0 || y >= in[1]) continue;
    for (int kx = 0; kx < kernel[1]; ++kx) {
      const int x = origin[1] + kx * dilation[1];
      if (x >= 0 && x < in[2]) f(ky, kx, (index(c) * index(in[1]) + index(y)) * index(in[2]) + index(x));
    }
  }
}

LinearMap make(const Conv2d& conv, const Shape& in, const Shape& out) {
  Builder rows(in, out);
  const Shape& w = conv.weights.shape;
  const int group_out = w[0] / conv.groups;
  for_each_element(out, [&](int m, int y, int x) {
    for (int c = 0; c < w[1]; ++c) {
      const std::size_t filter = (index(m) * index(w[1]) + index(c)) * index(w[2]);
      for_each_tap(in, m / group_out * w[1] + c,
                   {y * conv.stride[0] - conv.pads[0], x * conv.stride[1] - conv.pads[1]}, {w[2], w[3]},
                   conv.dilation, [&](int ky, int kx, std::size_t element) {
                     rows.entry(element, conv.weights[(filter + index(ky)) * index(w[3]) + index(kx)]);
                   });
    }
    rows.end_row(conv.bias[index(m)]);
  });
  return std::move(rows).finish(conv.stride);
}

LinearMap make(const AveragePool& pool, const Shape& in, const Shape& out) {
  Builder rows(in, out);
  std::vector<std::size_t> window;
  for_each_element(out, [&](int c, int y, int x) {
    window.clear();
    for_each_tap(in, c, {y * pool.stride[0] - pool.pads[0], x * pool.stride[1] - pool.pads[1]}, pool.kernel,
                 {1, 1}, [&](int, int, std::size_t element) { window.push_back(element); });
    const double count = pool.count_include_pad ? double{1} * pool.kernel[0] * pool.kernel[1]
                                                : static_cast<double>(window.size());
    for (const std::size_t element : window) rows.entry(element, 1.0 / count);
    rows.end_row(0.0);
  });
  return std::move(rows).finish(pool.stride);
}

LinearMap make(const Dense& dense, const Shape& in, const Shape& out) {
  Builder rows(in, out);
  const std::size_t columns = element_count(in);
  for (std::size_t r = 0; r < dense.bias.size(); ++r) {
    for (std::size_t j = 0; j < columns; ++j) rows.entry(j, dense.weights[r * columns + j]);
    rows.end_row(dense.bias[r]);
  }
  return std::move(rows).finish();
}

LinearMap make(const Affine& affine, const Shape& in, const Shape& out) {
  Builder rows(in, out);
  const std::size_t per_channel = element_count(in) / affine.scale.size();
  for (std::size_t e = 0; e < element_count(in); ++e) {
    rows.entry(e, affine.scale[e / per_channel]);
    rows.end_row(affine.shift[e / per_channel]);
  }
  return in.size() == 3 ? std::move(rows).finish({1, 1}) : std::move(rows).finish();
}

}  // namespace

bool is_linear(const Operator& op) noexcept {
  return std::holds_alternative<Conv2d>(op) || std::holds_alternative<Dense>(op) ||
         std::holds_alternative<AveragePool>(op) || std::holds_alternative<Affine>(op);
}

LinearMap linear_map(const Operator& op, const Shape& in, const Shape& out) {
  return std::visit(
      [&](const auto& specific) -> LinearMap {
        using Kind = std::decay_t<decltype(specific)>;
        if constexpr (std::is_same_v<Kind, Conv2d> || std::is_same_v<Kind, Dense> ||
                      std::is_same_v<Kind, AveragePool> || std::is_same_v<Kind, Affine>) {
          return make(specific, in, out);
        } else {
          throw Error(ErrorCode::kUnsupported, operator_name(op) + " is not a linear operator");
        }
      },
      op);
}

std::optional<LinearMap> compose(const LinearMap& second, const LinearMap& first, std::size_t max_entries) {
  std::size_t products = 0;
  for (const int k : second.column) products += first.row_begin[index(k) + 1] - first.row_begin[index(k)];
  if (products > max_entries) return std::nullopt;

  Builder rows(first.in, second.out);
  std::vector<double> sum(element_count(first.in), 0.0);
  std::vector<int> touched;
  for (std::size_t r = 0; r < second.rows(); ++r) {
    double bias = second.bias[r];
    for (std::size_t e = second.row_begin[r]; e < second.row_begin[r + 1]; ++e) {
      const std::size_t k = index(second.column[e]);
      bias += second.value[e] * first.bias[k];
      for (std::size_t f = first.row_begin[k]; f < first.row_begin[k + 1]; ++f) {
        double& target = sum[index(first.column[f])];
        if (target == 0.0) touched.push_back(first.column[f]);
        target += second.value[e] * first.value[f];
      }
    }
    std::ranges::sort(touched);
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    for (const int j : touched) {
      rows.entry(index(j), sum[index(j)]);
      sum[index(j)] = 0.0;
    }
    touched.clear();
    rows.end_row(bias);
  }
  if (!first.stride || !second.stride) return std::move(rows).finish();
  return std::move(rows).finish(
      {(*first.stride)[0] * (*second.stride)[0], (*first.stride)[1] * (*second.stride)[1]});
}

void scale(LinearMap& map, double c) {
  scale_matrix(map, c);
  for (double& bias : map.bias) bias *= c;
}

void scale_matrix(LinearMap& map, double c) {
  for (double& value : map.value) value *= c;
}

}  // namespace sotto::nn
