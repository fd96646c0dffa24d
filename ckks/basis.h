// Changes of basis between sets of primes: ModUp, ModDown and rescale.
//
// Built on the exact base conversion of ntt/base_conversion.h.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "ckks/rns_poly.h"
#include "ntt/base_conversion.h"

namespace sotto::ckks {

/// Words between the rows of one buffer: five cache lines, so that rows of 2^k words lie in different sets.
inline constexpr std::size_t kRowPadding = 40;

/// Limbs that a base conversion makes at a time, so that they share the reads of its sources. Two instead of
/// one save 3 to 8 % of a rotation at N = 2^15 and 2^16 (Zen 5); more of them leave L2 before they are used.
inline constexpr int kLimbsTogether = 2;

/// What is done to a quotient while its limb is still in the cache: out = sigma(quotient + add).
struct DropFinish {
  std::array<const EvalPoly*, 2> add{};      // for each part; null adds nothing; at least kept() limbs
  const ntt::Automorphism* sigma = nullptr;  // null is the identity
};

/// Division with rounding by the product D of dropped primes: c' = (c - [c]_D) / D, [c]_D centred, so c' =
/// round(c / D), where within about 1.25 k 2^-16 of a tie either neighbour may come out (ntt/plan.h). A
/// polynomial keeps its first limbs; dropped are its last chain primes (rescale), its special primes
/// (ModDown), or both at once. NTTs for each polynomial: one for each limb, dropped (inverse) or kept
/// (forward).
class PrimeDrop {
 public:
  /// For polynomials with q_limbs chain limbs and p_limbs special ones: drops the last `drop_q` < q_limbs of
  /// the former and all of the latter.
  PrimeDrop(const Params& params, int q_limbs, int drop_q, int p_limbs);

  int kept() const noexcept { return static_cast<int>(inverse_.size()); }
  /// One or both parts of a ciphertext; each out has kept() chain limbs and is distinct from every in.
  void apply(std::span<const EvalPoly* const> in, std::span<EvalPoly* const> out, Threads threads,
             const DropFinish& finish = {}) const;

 private:
  void divide(int first, int last, ntt::ConstLimb prepared, const EvalPoly& in, EvalPoly& out,
              const EvalPoly* add, const ntt::Automorphism* sigma) const;

  std::vector<const ntt::Plan*> dropped_, kept_;
  std::vector<int> dropped_limb_;  // position of each dropped prime in the input
  ntt::BaseConversion lift_;
  std::vector<u64> inverse_;  // [i] D^-1 mod q_i
};

}  // namespace sotto::ckks
