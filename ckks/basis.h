// Changes of basis between sets of primes: ModUp, ModDown and rescale.
//
// Built on the exact base conversion of ntt/base_conversion.h.
#pragma once

#include <algorithm>
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

  // The steps of apply() on one part, for a caller that makes the limbs of its input one by one: lower() for
  // each limb that leaves, prepare() for each tile, then divide() for each limb of B.

  /// The limbs of the input whose primes leave, ascending.
  std::span<const int> leaving() const noexcept { return leaving_limb_; }
  /// Where limb i of B stands in the input, or -1 for a prime that enters.
  int source_of(int i) const noexcept { return from_limb_[static_cast<std::size_t>(i)]; }
  /// The limb of B that limb i of the input, which stays, becomes.
  int target_of(int i) const noexcept {
    return static_cast<int>(std::ranges::find(from_limb_, i) - from_limb_.begin());
  }
  /// Rows of n words that the steps share: one for each leaving limb, and one more.
  int rows() const noexcept { return lift_.rows(); }
  /// Row d holds leaving limb d; from evaluations to coefficients.
  void lower(std::size_t d, std::span<u64> rows) const noexcept;
  int tiles() const noexcept { return lift_.tiles(); }
  void prepare(std::span<u64> rows, int tile) const noexcept { lift_.prepare(rows, tile); }
  /// Limb i of B from limb source_of(i) of the input, which is not read where there is none. `buffer` is
  /// overwritten, distinct from the others; `add` may be null.
  void divide(int i, std::span<const u64> rows, ntt::ConstLimb in, ntt::Limb buffer, ntt::Limb out,
              const EvalPoly* add, const ntt::Automorphism* sigma) const;

 private:
  void divide_limbs(int first, int last, std::span<const u64> rows, const EvalPoly& in, EvalPoly& out,
                    const EvalPoly* add, const ntt::Automorphism* sigma) const;
  void finish(int i, ntt::Limb remainder, ntt::ConstLimb in, ntt::Limb out, const EvalPoly* add,
              const ntt::Automorphism* sigma) const noexcept;

  std::vector<const ntt::Plan*> leaving_, to_;
  std::vector<int> leaving_limb_;  // where each leaving prime stands in the input
  std::vector<int> from_limb_;     // where each prime of B stands in the input, or -1
  ntt::BaseConversion lift_;       // of [T c]_D, times 1/T; for entering primes times -1/D
  std::vector<u64> factor_;        // [limb of B] T/D
};

}  // namespace sotto::ckks
