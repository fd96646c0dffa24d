// The maps X -> X^g of the ring, as what they do to a limb in the evaluation domain.
//
// Word i of a transformed limb is the value at psi^(2 brv(i) + 1), so sigma_g fetches it from where the
// polynomial takes the value at psi^(g (2 brv(i) + 1)). Written as i = 8 b + k, that exponent is
//     g (2 brv(b) + 1) + g brv(k) N/4   modulo 2N,
// brv(b) on log_n - 3 bits and brv(k) on 3: the low bits, which name the source block, do not depend on k.
// So aligned blocks of 8 words move as a whole and their words change places inside, in one of 8 ways for
// each g. The same argument for halves: 4 words that lie together come from 4 words that lie together. One
// table serves every prime.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned.h"

namespace sotto::ntt {

class Automorphism {
 public:
  static constexpr std::size_t kBlock = 8;  // words
  /// Word k of a block comes from word pattern[k] of its source block.
  struct alignas(64) Pattern {
    std::array<u64, kBlock> source;
  };

  /// sigma_g on limbs of 2^log_n words, 3 ≤ log_n ≤ 31; g odd, taken modulo 2^(log_n+1).
  Automorphism(int log_n, u64 g);

  std::size_t n() const noexcept { return blocks_.size() * kBlock; }
  /// Where word 8 b comes from, for each block b. Its low 3 bits also say which pattern the block follows,
  /// the others where its source block begins.
  std::span<const std::uint32_t> blocks() const noexcept { return blocks_; }
  std::span<const Pattern, kBlock> patterns() const noexcept { return patterns_; }

 private:
  std::array<Pattern, kBlock> patterns_;
  std::vector<std::uint32_t> blocks_;  // [n / 8]
};

/// g^-1 modulo 2^(log_n+1); g odd.
u64 inverse_galois_element(int log_n, u64 g) noexcept;

}  // namespace sotto::ntt
