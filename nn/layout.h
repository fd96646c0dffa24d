// Where a tensor element lives: a mixed-radix affine map from its index to a slot, with optional copies.
//
//   slot(e, k) = base + Σ_axis Σ_digit digit·stride + Σ_copy digit·stride   (mod slots)
//
// Each axis index is written in mixed radix, fastest digit first: an image row y = 2a + i with the digits
// {2, 2048}, {14, 14} lives at 2048·i + 14·a. That one form holds row-major images, the strided outputs that
// a convolution leaves in place, space-to-depth splits, and vectors cut into blocks. Slots that hold no
// element are zero or carry junk (after folds); junk must meet a zero weight before it can matter, which
// lowering guarantees because it writes only the entries of the matrix.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nn/tensor.h"

namespace sotto::nn {

struct Digit {
  int extent = 1;
  int stride = 0;  // in [0, slots)
  bool operator==(const Digit&) const = default;
};

struct Layout {
  Shape shape;
  int slots = 0;                         // a power of two
  int base = 0;                          // in [0, slots)
  std::vector<std::vector<Digit>> axes;  // [axis], fastest digit first; extents multiply to ≥ the axis
  std::vector<Digit> copies;             // fastest first; empty when there is one copy

  int copy_count() const noexcept;
  int slot(std::size_t element, int copy = 0) const;  // element in C order; result in [0, slots)
  bool operator==(const Layout&) const = default;
};

/// Slots of copy 0 of every element, in C order.
std::vector<int> positions(const Layout& layout);
/// Offsets of the copies from copy 0, the first is 0.
std::vector<int> copy_offsets(const Layout& layout);
/// The smallest p dividing slots such that whatever `layout` holds repeats every p slots.
int period(const Layout& layout);

/// C order from slot 0, one copy.
Layout row_major(const Shape& shape, int slots);
/// The layout (in its one canonical form) that has these positions, if they are such a map.
std::optional<Layout> fit_layout(const Shape& shape, int slots, std::span<const int> positions);

/// Slots of one image (client side) and back. pack() fills all copies; unpack() reads copy 0.
std::vector<double> pack(const Layout& layout, const Tensor& tensor);
Tensor unpack(const Layout& layout, const std::vector<double>& slots);

/// Throws Error unless every element has its own slots inside [0, slots).
void validate(const Layout& layout);

std::string to_string(const Layout& layout);  // for tables: "5x13x13 @ 196,14,1 + 4081, 4 copies @ 1024"

}  // namespace sotto::nn
