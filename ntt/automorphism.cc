#include "ntt/automorphism.h"

namespace sotto::ntt {
namespace {

/// The low `bits` bits of x in reverse order.
u64 reverse_bits(u64 x, int bits) noexcept {
  u64 reversed = 0;
  for (int i = 0; i < bits; ++i) reversed |= ((x >> i) & 1) << (bits - 1 - i);
  return reversed;
}

}  // namespace

Automorphism::Automorphism(int log_n, u64 g) : blocks_((std::size_t{1} << log_n) / kBlock) {
  // brv(i) walks through 0, N/2, N/4, 3N/4, …: from one block to the next by adding at the top and carrying
  // downwards, which needs no reversal of the counter.
  const u64 n = u64{1} << log_n;
  u64 reversed = 0;  // brv(8 b)
  for (std::uint32_t& first : blocks_) {
    const u64 exponent = g * (2 * reversed + 1) % (2 * n);
    first = static_cast<std::uint32_t>(reverse_bits(exponent / 2, log_n));
    u64 bit = n / kBlock / 2;
    for (; (reversed & bit) != 0; bit /= 2) reversed ^= bit;
    reversed ^= bit;
  }
  // Words k of a block lie brv(k) N/4 apart in the exponent, brv(k) N/8 in the index before it is reversed.
  for (std::size_t first = 0; first < kBlock; ++first) {
    for (std::size_t k = 0; k < kBlock; ++k) {
      patterns_[first].source[k] = reverse_bits(g * reverse_bits(k, 3) + reverse_bits(first, 3), 3);
    }
  }
}

u64 inverse_galois_element(int log_n, u64 g) noexcept {
  u64 inverse = g;  // g g = 1 modulo 8; Newton doubles the number of right bits
  for (int bits = 3; bits < log_n + 1; bits *= 2) inverse *= 2 - g * inverse;
  return inverse & ((u64{2} << log_n) - 1);
}

}  // namespace sotto::ntt
