// Where a tensor element lives: an affine map from (c, y, x) to a slot, with optional copies.
//
//   slot(c, y, x, k) = base + c·stride[0] + y·stride[1] + x·stride[2] + k·copy_stride        0 ≤ k < copies
//
// A vector of features has shape (F) and uses stride[0] alone. Slots that hold no element are `zero` or carry junk (after folds); junk must
// meet a zero weight before it can matter, which lowering guarantees because it writes only the entries of the matrix.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "nn/tensor.h"

namespace sotto::nn {

struct Layout {
  Shape shape;
  int slots = 0;
  int base = 0;
  std::array<int, 3> stride{0, 0, 0};
  int copies = 1;
  int copy_stride = 0;

  int slot(std::size_t element, int copy = 0) const;   // element in C order; result in [0, slots)
};

/// Slots of one image (client side) and back. pack() fills all copies; unpack() reads copy 0.
std::vector<double> pack(const Layout& layout, const Tensor& tensor);
Tensor unpack(const Layout& layout, const std::vector<double>& slots);

/// Throws Error unless every element has its own slots inside [0, slots).
void validate(const Layout& layout);

std::string to_string(const Layout& layout);  // for tables: "5x13x13 @ 784,56,2"

}  // namespace sotto::nn
