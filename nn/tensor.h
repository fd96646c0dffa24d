// Dense tensor of doubles in C order (last index fastest). No batch axis: Sotto plans one image at a time.
#pragma once

#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

namespace sotto::nn {

using Shape = std::vector<int>;  // (C, H, W) or (features)

inline std::size_t element_count(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::size_t{1},
                         [](std::size_t product, int d) { return product * static_cast<std::size_t>(d); });
}
std::string to_string(const Shape& shape);  // "5x13x13"

struct Tensor {
  Shape shape;
  std::vector<double> values;  // [element_count(shape)]

  Tensor() = default;
  explicit Tensor(Shape s, double fill = 0.0) : shape(std::move(s)), values(element_count(shape), fill) {}
  Tensor(Shape s, std::vector<double> v) : shape(std::move(s)), values(std::move(v)) {}
  std::size_t size() const noexcept { return values.size(); }
  double& operator[](std::size_t i) noexcept { return values[i]; }
  double operator[](std::size_t i) const noexcept { return values[i]; }
};

/// Index of the largest value (the first among equals).
int argmax(const std::vector<double>& values);

}  // namespace sotto::nn
