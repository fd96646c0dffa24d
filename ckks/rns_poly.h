// A polynomial over limbs: q_limbs chain primes q[0..], then p_limbs special primes p[0..].
//
// Which domain it is in is part of its type: a CoeffPoly cannot be multiplied point by point by mistake.
#pragma once

#include <utility>

#include "base/aligned.h"
#include "base/threads.h"
#include "ckks/params.h"

namespace sotto::ckks {

enum class Domain { kCoeff, kEval };

template <Domain D>
class RnsPoly {
 public:
  RnsPoly() = default;
  /// Uninitialised words.
  RnsPoly(std::size_t n, int q_limbs, int p_limbs = 0)
      : words_(n * static_cast<std::size_t>(q_limbs + p_limbs)),
        n_(n),
        q_limbs_(q_limbs),
        p_limbs_(p_limbs) {}

  /// Takes over the words of a polynomial of the other domain: the caller transforms them.
  template <Domain From>
  static RnsPoly adopt(RnsPoly<From>&& other) noexcept {
    RnsPoly out;
    out.n_ = other.n();
    out.q_limbs_ = other.q_limbs();
    out.p_limbs_ = other.p_limbs();
    out.words_ = std::move(other.words());
    return out;
  }

  std::size_t n() const noexcept { return n_; }
  int q_limbs() const noexcept { return q_limbs_; }
  int p_limbs() const noexcept { return p_limbs_; }
  int limbs() const noexcept { return q_limbs_ + p_limbs_; }
  bool empty() const noexcept { return words_.empty(); }

  ntt::Limb limb(int i) noexcept { return {words_.data() + offset(i), n_}; }             // [n]
  ntt::ConstLimb limb(int i) const noexcept { return {words_.data() + offset(i), n_}; }  // [n]
  AlignedWords& words() noexcept { return words_; }                                      // [limb][n]
  const AlignedWords& words() const noexcept { return words_; }

 private:
  std::size_t offset(int i) const noexcept { return n_ * static_cast<std::size_t>(i); }
  AlignedWords words_;
  std::size_t n_ = 0;
  int q_limbs_ = 0, p_limbs_ = 0;
};

using CoeffPoly = RnsPoly<Domain::kCoeff>;
using EvalPoly = RnsPoly<Domain::kEval>;

/// Transforms of all limbs, one task a limb; the argument is consumed and its storage reused.
EvalPoly forward(const Params& params, CoeffPoly&& poly, Threads threads = {});
CoeffPoly inverse(const Params& params, EvalPoly&& poly, Threads threads = {});

}  // namespace sotto::ckks
