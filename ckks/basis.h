// Changes of basis between sets of primes: ModUp, ModDown and rescale.
//
// Exact: the quotient of the CRT sum is computed in integers (Plan::round_quotient), never in floating point,
// so the lift is the centred one and identical on every backend. Notation: M = prod m_i source primes, t_j
// target primes.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "ckks/rns_poly.h"

namespace sotto::ckks {

/// Words between the rows of one buffer: five cache lines, so that rows of 2^k words lie in different sets.
inline constexpr std::size_t kRowPadding = 40;

/// Residues modulo M to residues modulo each t_j of the representative in [-M/2, M/2]:
///   y_i = x_i (M/m_i)^-1 mod m_i;   v = round(sum y_i / m_i);   out_j = sum y_i (M/m_i) - v M  mod t_j.
class BaseConversion {
 public:
  /// 1 to 63 source primes.
  BaseConversion(std::vector<const ntt::Plan*> from, std::vector<const ntt::Plan*> to);

  int sources() const noexcept { return static_cast<int>(from_.size()); }
  /// Limbs that prepare() leaves in scratch: the y_i and v.
  int rows() const noexcept { return sources() + 1; }

  /// `scratch` holds rows() limbs, the first sources() of them x in coefficient form; turned into y and v in
  /// place.
  void prepare(ntt::Limb scratch) const noexcept;
  /// out_j from prepared scratch; coefficient form. Calls for different targets may run in parallel.
  void convert(int target, ntt::Limb out, ntt::ConstLimb scratch) const noexcept;

 private:
  std::vector<const ntt::Plan*> from_, to_;
  std::vector<u64> inverse_;  // [i] (M/m_i)^-1 mod m_i
  std::vector<u64> tau_;      // [i] floor(2^(shift+e) / m_i)
  int shift_ = 52;
  std::vector<std::vector<u64>> factors_;  // [target][i] M/m_i mod t_j, last -M mod t_j
};

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
  std::vector<const ntt::Plan*> dropped_, kept_;
  std::vector<int> dropped_limb_;  // position of each dropped prime in the input
  BaseConversion lift_;
  std::vector<u64> inverse_;  // [i] D^-1 mod q_i
};

}  // namespace sotto::ckks
