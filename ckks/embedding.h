// The canonical embedding of CKKS: coefficients to slots and back.
//
// Slot j is the value of the polynomial at zeta^(5^j), zeta = exp(i pi / N), j < N/2; so X -> X^5 rotates the
// slots to the left by one. The transform is the "special" FFT of [CKKS17]: coefficients c[k] + i c[k + N/2]
// in, slots out. It runs in double with one fixed order of operations and without contraction, so that an
// encoding is the same to the bit wherever the roots are; another libm can round a few of those differently.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/threads.h"

namespace sotto::ckks {

/// The transform of N/2 complex values, held as N doubles: real parts, then imaginary parts.
class Embedding {
 public:
  /// slots = N/2, a power of two.
  explicit Embedding(std::size_t slots);

  void to_slots(std::span<double> values, Threads threads = {}) const;
  /// The inverse, times N/2.
  void from_slots(std::span<double> values, Threads threads = {}) const;

 private:
  std::size_t slots() const noexcept { return reversed_.size(); }
  void bit_reverse(double* values, Threads threads) const;
  void ascend(double* values, std::size_t block, std::size_t size) const noexcept;
  void descend(double* values, std::size_t block, std::size_t size) const noexcept;
  void up(double* x, std::size_t h) const noexcept;
  void down(double* x, std::size_t h) const noexcept;
  void up_two(double* x, std::size_t h, std::size_t first, std::size_t last) const noexcept;
  void down_two(double* x, std::size_t h, std::size_t first, std::size_t last) const noexcept;

  std::vector<double> root_re_,
      root_im_;  // [h + j] = exp(2 pi i (5^j mod 8h) / 8h), h = 1, 2, 4 … < N/2, j < h
  std::vector<std::uint32_t> reversed_;  // [N/2]
};

}  // namespace sotto::ckks
