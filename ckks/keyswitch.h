// Hybrid key switching [HK20]: from a polynomial under one secret to a ciphertext under another.
//
//   decompose      c -> its digits [c]_{D_j}, each lifted to all limbs of QP (ModUp)          (l + b(l+a) -
//   l) NTTs inner_product  (u0, u1) = sum_j digit_j (b_j, a_j)  mod QP mod_down       ((u0, u1) / P), or / (P
//   q_l) when the rescale that follows is fused         2 (l+a) NTTs
//
// l limbs, a special primes, b digits: (b+2)(l+a) transforms in all. The digits of a ciphertext serve all its
// rotations (hoisting), because rotation keys are made for sigma^-1(s) and the automorphism is applied to the
// result (keys.h).
#pragma once

#include <array>
#include <vector>

#include "ckks/basis.h"
#include "ckks/keys.h"

namespace sotto::ckks {

/// The digits of one polynomial modulo QP, in the evaluation domain. Refers to the polynomial, which must
/// outlive it: the limbs of its own primes are those of the polynomial.
class Decomposition {
 public:
  int digits() const noexcept { return static_cast<int>(lifted_.size()); }
  int q_limbs() const noexcept { return source_->q_limbs(); }
  /// Limb i of digit j; i counts the chain limbs and then the special ones.
  ntt::ConstLimb limb(int j, int i) const noexcept {
    const bool own = i < q_limbs() && i / alpha_ == j;
    return own ? source_->limb(i) : lifted_[static_cast<std::size_t>(j)].limb(i);
  }

 private:
  friend class KeySwitcher;
  const EvalPoly* source_ = nullptr;
  int alpha_ = 1;
  std::vector<EvalPoly> lifted_;  // [digit]; own limbs are never written
};

/// Two parts modulo QP.
using ExtendedPair = std::array<EvalPoly, 2>;

class KeySwitcher {
 public:
  explicit KeySwitcher(ParamsPtr params);

  Decomposition decompose(const EvalPoly& c, Threads threads) const;

  /// `key` must reach the level of the decomposition; of a longer key the first digits and limbs are used.
  ExtendedPair inner_product(const Decomposition& c, const SwitchingKey& key, Threads threads) const;
  /// One limb of one part of it.
  void inner_product_limb(const Decomposition& c, const SwitchingKey& key, std::size_t part, int limb,
                          ntt::Limb out) const noexcept;

  /// Division by P, and by the last chain prime too when `rescale`; `finish` as in PrimeDrop.
  std::array<EvalPoly, 2> mod_down(const ExtendedPair& u, bool rescale, Threads threads,
                                   const DropFinish& finish = {}) const;
  /// Division of one part by P.
  EvalPoly mod_down_part(const EvalPoly& u, Threads threads) const;
  /// Division of an ordinary pair by its last `count` chain primes.
  std::array<EvalPoly, 2> rescale(const EvalPoly& c0, const EvalPoly& c1, int count, Threads threads) const;

  /// P mod q[i].
  u64 special_product(int i) const noexcept { return special_product_[static_cast<std::size_t>(i)]; }

 private:
  const BaseConversion& conversion(int digit, int primes) const noexcept;
  int conversion_target(int digit, int primes, int limb, int q_limbs) const noexcept;

  ParamsPtr params_;
  std::vector<std::vector<BaseConversion>>
      conversions_;  // [digit][primes - 1]: a digit may be cut short at its level
  std::vector<std::array<PrimeDrop, 2>> mod_down_;  // [level][rescale]; [0][1] is not used
  std::vector<PrimeDrop> rescale_;                  // [level - 1]
  std::vector<u64> special_product_;
};

}  // namespace sotto::ckks
