// An arithmetic of words (lazy_bounds.h) that checks on real values what each of its steps claims: the VERIFY
// build wraps the arithmetic of avx512ifma in it, and a test one of 12-bit words.
//
// A word is the low kWordBits of a lane. A value that outgrew it would be off by a power of two, which is no
// multiple of q: so the congruences notice every overflow, and the inequalities every bound that is too low.
#pragma once

#include <cstdio>
#include <cstdlib>

#include "ntt/modulus.h"

namespace sotto::ntt {

/// What was claimed, and the words for which it does not hold.
struct Breach {
  const char* claim;
  u64 q, x, y, w;
};

/// Ends the program: a broken bound is a wrong proof, and every later word may be wrong.
struct AbortOnBreach {
  static void check(bool holds, const Breach& breach) {
    if (holds) return;
    std::fprintf(stderr, "sotto: %s: q %llu, x %llu, y %llu, w %llu\n", breach.claim,
                 static_cast<unsigned long long>(breach.q), static_cast<unsigned long long>(breach.x),
                 static_cast<unsigned long long>(breach.y), static_cast<unsigned long long>(breach.w));
    std::abort();
  }
};

template <class A, class Report>
class Verified : public A {
 public:
  using Reg = typename A::Reg;
  using Twiddle = typename A::Twiddle;

  explicit Verified(const Modulus& q) : A(q), q_(q.value()) {}

  Reg product(Reg y, const Twiddle& t) const {
    const Reg out = A::product(y, t);
    check_product(Words(out), 0, Words(y), Words(t.w));
    return out;
  }
  Reg lifted_product(Reg y, const Twiddle& t) const {
    const Reg out = A::lifted_product(y, t);
    check_product(Words(out), A::kLift * q_, Words(y), Words(t.w));
    return out;
  }
  Twiddle twiddle_product(Reg v, const Twiddle& d) const {
    const Twiddle out = A::twiddle_product(v, d);
    const Words w(out.w), companion(out.w_shoup), v0(v), d0(d.w);
    for (std::size_t i = 0; i < kLanes; ++i) {
      claim(w[i] == static_cast<u64>(u128{v0[i]} * d0[i] % q_), "twiddles: product", 0, v0[i], d0[i]);
      claim(companion[i] == static_cast<u64>((u128{w[i]} << A::kWordBits) / q_), "twiddles: companion", 0,
            v0[i], d0[i]);
    }
    return out;
  }
  template <bool kReduce>
  void forward_butterfly(Reg& x, Reg& y, const Twiddle& t) const {
    const Words x0(x), y0(y), w(t.w);
    A::template forward_butterfly<kReduce>(x, y, t);
    const Words sum(x), difference(y);
    for (std::size_t i = 0; i < kLanes; ++i)
      check_forward<kReduce>(x0[i], y0[i], w[i], sum[i], difference[i]);
  }
  template <int kBound>
  void inverse_butterfly(Reg& x, Reg& y, const Twiddle& t) const {
    const Words x0(x), y0(y);
    A::template inverse_butterfly<kBound>(x, y, t);
    const Words sum(x), w(t.w);
    Words lifted = x0;
    for (std::size_t i = 0; i < kLanes; ++i) {
      claim(y0[i] < kBound * q_, "inverse: y is what the schedule believes", x0[i], y0[i], w[i]);
      claim(sum[i] == x0[i] + y0[i], "inverse: the sum fits its word", x0[i], y0[i], w[i]);
      claim(sum[i] < A::kLimit * q_, "inverse: the sum is below kLimit q", x0[i], y0[i], w[i]);
      lifted[i] = x0[i] + kBound * q_ - y0[i];
      claim(lifted[i] < kWordEnd, "inverse: the difference fits its word", x0[i], y0[i], w[i]);
    }
    check_product(Words(y), 0, lifted, w);
  }
  template <int kBound>
  Reg reduce(Reg x) const {
    const Reg result = A::template reduce<kBound>(x);
    const Words in(x), out(result);
    for (std::size_t i = 0; i < kLanes; ++i) {
      claim(in[i] < kBound * q_, "reduce: x is what the schedule believes", in[i]);
      claim(out[i] < A::kReduced * q_, "reduce: below kReduced q", in[i]);
      claim(out[i] % q_ == in[i] % q_, "reduce: congruent", in[i]);
    }
    return result;
  }
  template <int kBound>
  void store_canonical(u64* p, Reg x) const {
    A::template store_canonical<kBound>(p, x);
    const Words in(x);
    for (std::size_t i = 0; i < kLanes; ++i) {
      claim(in[i] < kBound * q_, "canonical: x is what the schedule believes", in[i]);
      claim(p[i] == in[i] % q_, "canonical: x mod q", in[i]);
    }
  }

 private:
  static constexpr std::size_t kLanes = std::size_t{1} << A::kLogLanes;
  static constexpr u64 kWordEnd = u64{1} << A::kWordBits;

  /// The values of the lanes of a register.
  struct Words {
    explicit Words(Reg r) {
      A::store(lanes, r);
      for (u64& lane : lanes) lane %= kWordEnd;
    }
    u64& operator[](std::size_t i) { return lanes[i]; }
    u64 operator[](std::size_t i) const { return lanes[i]; }
    alignas(64) u64 lanes[kLanes];
  };

  void claim(bool holds, const char* what, u64 x, u64 y = 0, u64 w = 0) const {
    Report::check(holds, {what, q_, x, y, w});
  }
  /// w y mod q in [0, (1 + y / 2^kWordBits) q), above `offset`, for every word y.
  void check_product(const Words& out, u64 offset, const Words& y, const Words& w) const {
    for (std::size_t i = 0; i < kLanes; ++i) {
      const u64 p = out[i] - offset;
      claim(p < 2 * q_ && p % q_ == static_cast<u64>(u128{w[i]} * y[i] % q_), "product: congruent", 0, y[i],
            w[i]);
      claim(u128{p} * kWordEnd < u128{kWordEnd + y[i]} * q_, "product: below (1 + y 2^-bits) q", 0, y[i],
            w[i]);
    }
  }
  template <bool kReduce>
  void check_forward(u64 x, u64 y, u64 w, u64 sum, u64 difference) const {
    const u64 product = static_cast<u64>(u128{w} * y % q_);
    claim(sum % q_ == (x + product) % q_, "forward: sum", x, y, w);
    claim(difference % q_ == (x + q_ - product) % q_, "forward: difference", x, y, w);
    claim(sum < A::kLimit * q_ && difference < A::kLimit * q_, "forward: below kLimit q", x, y, w);
    if constexpr (A::kLift == 0) {
      const u64 start = kReduce && x >= A::kForwardReduced * q_ ? A::kForwardReduced * q_ - 1 : x;
      claim(sum <= start + A::kProduct * q_ && difference <= start + A::kProduct * q_, "forward: growth", x,
            y, w);
    } else {
      claim(u128{sum - x} * kWordEnd < u128{kWordEnd + y} * q_, "forward: spread upwards", x, y, w);
      claim(u128{x - difference} * kWordEnd < u128{kWordEnd + y} * q_, "forward: spread downwards", x, y, w);
    }
  }

  u64 q_;
};

}  // namespace sotto::ntt
