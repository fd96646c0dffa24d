// A linear layer as what it is: a sparse matrix between the elements of two tensors, plus a bias.
//
// Conv2d, Dense, AveragePool and Affine all become one LinearMap; neighbours without a non-linearity between
// them multiply into one. Elements are numbered in C order, so Reshape is the identity.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "nn/graph.h"

namespace sotto::nn {

struct LinearMap {
  Shape in, out;
  std::vector<std::size_t> row_begin{0};  // [rows + 1], into column and value
  std::vector<int> column;                // ascending within a row
  std::vector<double> value;              // never 0
  std::vector<double> bias;               // [rows]
  /// Set when both sides are pictures: output (y, x) looks at the input around (y·stride[0], x·stride[1]).
  std::optional<std::array<int, 2>> stride;

  std::size_t rows() const noexcept { return bias.size(); }
  std::size_t entries() const noexcept { return column.size(); }
};

/// True for the operators that linear_map() takes.
bool is_linear(const Operator& op) noexcept;

LinearMap linear_map(const Operator& op, const Shape& in, const Shape& out);

/// second ∘ first as one matrix; nullopt when it would take more than `max_entries` products to form.
std::optional<LinearMap> compose(const LinearMap& second, const LinearMap& first, std::size_t max_entries);

/// Multiplies matrix and bias by c.
void scale(LinearMap& map, double c);
/// Multiplies the matrix alone: the map of an input that is c times what it was.
void scale_matrix(LinearMap& map, double c);

}  // namespace sotto::nn
