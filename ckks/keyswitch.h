// Hybrid key switching [HK20]: from a polynomial under one secret to a ciphertext under another.
//
//   decompose      c into digits [c]_{D_j}, kept as coefficients                  l transforms
//   inner_product  lifts the digits to a limb of QP (ModUp) and multiplies:
//                  (u0, u1) = sum_j digit_j (b_j, a_j)  mod QP                    b(l+a) - l
//   mod_down       (u0, u1) / P, or / (P q_l) with the rescale fused              2(l+a)
//
// l limbs, a special primes, b digits: (b+2)(l+a) transforms in all. ModUp goes limb by limb of QP: the b
// lifted digits of one limb stay in the cache until every key that needs them has been multiplied in, and are
// never stored. All rotations of a ciphertext share them (hoisting), because rotation keys are made for
// sigma^-1(s) and the automorphism is applied to the result (keys.h).
#pragma once

#include <array>
#include <map>
#include <span>
#include <vector>

#include "base/function_ref.h"
#include "ckks/basis.h"
#include "ckks/keys.h"

namespace sotto::ckks {

/// The digits of one polynomial, ready to be lifted. Refers to the polynomial, which must outlive it: on the
/// primes of a digit the lift is the polynomial itself.
class Decomposition {
 public:
  int digits() const noexcept { return static_cast<int>(coefficients_.size()); }
  int q_limbs() const noexcept { return source_->q_limbs(); }

 private:
  friend class KeySwitcher;
  const EvalPoly* source_ = nullptr;
  RecycledVector<AlignedWords> coefficients_;  // [digit]: prepared for its BaseConversion
};

/// Two parts modulo QP.
using ExtendedPair = std::array<EvalPoly, 2>;

class KeySwitcher {
 public:
  explicit KeySwitcher(ParamsPtr params);
  KeySwitcher(const KeySwitcher&) = delete;  // its lifts point into it
  KeySwitcher& operator=(const KeySwitcher&) = delete;

  Decomposition decompose(const EvalPoly& c, Threads threads) const;
  Decomposition decompose(EvalPoly&& c, Threads threads) const = delete;  // it would not outlive the call

  /// What is done with the digits lifted to limb i of QP (chain limbs, then special ones), in the evaluation
  /// domain; `inner` is for the work on one limb.
  using LimbBody = FunctionRef<void(int i, ntt::Rows digits, Threads inner)>;
  /// body() for the limbs [first, last). Whole limbs go to threads; those left over are shared inside.
  void each_limb(const Decomposition& c, int first, int last, Threads threads, LimbBody body) const;

  /// One limb of one part of the inner product of lifted digits and a key. The key must reach the level of
  /// q_limbs; of a longer key the first digits and limbs are used.
  void multiply_key(ntt::Rows digits, const SwitchingKey& key, std::size_t part, int i, int q_limbs,
                    ntt::Limb out) const noexcept;
  /// All limbs, for each key.
  RecycledVector<ExtendedPair> inner_products(const Decomposition& c,
                                              std::span<const SwitchingKey* const> keys,
                                              Threads threads) const;

  /// What becomes of one inner product (u0, u1): (u + P lifted) / P, or over the rescale factor too, and then
  /// `finish`. A null part of `lifted` is 0; the others have the limbs of the decomposition.
  struct Descent {
    const SwitchingKey* key;
    std::array<const EvalPoly*, 2> lifted{};
    DivisionFinish finish{};
  };
  /// inner_products() and mod_down() in one, for one key: first the limbs that the division drops, then each
  /// limb that stays goes from the lifted digits to its quotient while it is in the cache; (u0, u1) is never
  /// stored.
  std::array<EvalPoly, 2> switch_down(const Decomposition& c, const Descent& to, bool rescale,
                                      Threads threads) const;

  /// Division by P, and by rescale_factor() of the level too when `rescale`; `finish` as in Division.
  std::array<EvalPoly, 2> mod_down(const ExtendedPair& u, bool rescale, Threads threads,
                                   const DivisionFinish& finish = {}) const;
  /// Division of one part by P.
  EvalPoly mod_down_part(const EvalPoly& u, Threads threads) const;
  /// An ordinary pair from its level to the one `count` below: a rescale for each.
  std::array<EvalPoly, 2> rescale(const EvalPoly& c0, const EvalPoly& c1, int count, Threads threads) const;

  /// P mod q[prime].
  u64 special_product(int prime) const noexcept { return special_product_[static_cast<std::size_t>(prime)]; }

 private:
  /// How one digit of a level is lifted to the limbs of QP.
  struct DigitLift {
    const ntt::BaseConversion* conversion;
    std::vector<int>
        target;  // [limb of QP] its place among the targets, or -1 for a limb of the digit itself
  };
  const std::vector<DigitLift>& lifts(int q_limbs) const noexcept {
    return lifts_[static_cast<std::size_t>(params_->level_of(q_limbs))];
  }
  DigitLift make_lift(const Basis& basis, const Digit& digit);
  void descend_limb(ntt::Rows digits, const Descent& to, std::size_t part, int i, int q_limbs,
                    ntt::Limb buffer, ntt::Limb out) const noexcept;
  template <class Out>
  void lift(const Decomposition& c, int digit, int first, int last, Out&& out) const;
  void lift_limbs(const Decomposition& c, int first, int last, Threads inner, LimbBody body) const;

  ParamsPtr params_;
  // From the primes of a digit, perhaps cut short at its level, to all other chain primes and all special
  // ones.
  std::map<std::vector<int>, ntt::BaseConversion> conversions_;
  std::vector<std::vector<DigitLift>> lifts_;      // [level][digit]
  std::vector<std::array<Division, 2>> mod_down_;  // [level][rescale]; [0][1] is not used
  std::vector<Division> rescale_;                  // [level - 1]
  std::vector<u64> special_product_;               // [chain prime]
};

}  // namespace sotto::ckks
