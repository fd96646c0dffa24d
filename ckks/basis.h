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
struct DivisionFinish {
  std::array<const EvalPoly*, 2> add{};      // for each part; null adds nothing; the limbs of the quotient
  const ntt::Automorphism* sigma = nullptr;  // null is the identity
};

/// The one rescale: from the primes of a basis A, and of P, to those of a basis B. With D the product of the
/// primes that leave and T of those that enter,
///   c' = (T c - [T c]_D) / D, [.]_D centred, so c' = round(T c / D), where within about 1.25 k 2^-16 of a
///   tie
/// either neighbour may come out (ntt/plan.h). T = 1 for a plain rescale and for ModDown; both at once, two
/// primes at a time, and primes that come back [CCK+24] are the same routine at the same price, because T and
/// 1/T are folded into the conversion. NTTs for each polynomial: one for each limb that leaves (inverse) or
/// is in B (forward).
class Division {
 public:
  /// P stands for the first p_limbs special primes, which follow those of `from`; something has to leave.
  Division(const Params& params, const Basis& from, int p_limbs, const Basis& to);

  int limbs() const noexcept { return static_cast<int>(to_.size()); }  // of B
  /// One or both parts of a ciphertext; each out has limbs() chain limbs and is distinct from every in.
  void apply(std::span<const EvalPoly* const> in, std::span<EvalPoly* const> out, Threads threads,
             const DivisionFinish& finish = {}) const;

 private:
  void divide(int first, int last, ntt::ConstLimb prepared, const EvalPoly& in, EvalPoly& out,
              const EvalPoly* add, const ntt::Automorphism* sigma) const;

  std::vector<const ntt::Plan*> leaving_, to_;
  std::vector<int> leaving_limb_;  // where each leaving prime stands in the input
  std::vector<int> from_limb_;     // where each prime of B stands in the input, or -1
  ntt::BaseConversion lift_;       // of [T c]_D, times 1/T; for entering primes times -1/D
  std::vector<u64> factor_;        // [limb of B] T/D
};

}  // namespace sotto::ckks
