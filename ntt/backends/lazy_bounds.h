// How lazy the vector arithmetics may be: every bound of a value between two reductions, as a multiple of q.
//
// VectorTransform schedules its reductions from these numbers, and a test runs its schedule on bounds in
// place of values, which proves them for all inputs. kLimit: what a sum or a factor may reach. kProduct: what
// a twiddle product stays below. kReduced: bound of every word between passes of the inverse, and what its
// reductions reach. kForwardReduced: the same for those of the forward transform, which happen in stages 0,
// p, 2p, … of each pass, p = kForwardPeriod (0: never).
#pragma once

#include <algorithm>

#include "ntt/modulus.h"

namespace sotto::ntt {

/// 52-bit words, values in [0, B q). kPeriod = p leaves room for 4p q; p = 0 is for primes so small that a
/// whole forward transform, which adds 2q in each stage, fits.
template <int kPeriod>
struct WordBounds {
  static constexpr int kForwardPeriod = kPeriod;
  static constexpr int kLimit = kPeriod == 0 ? 32 : 4 * kPeriod;
  static constexpr int kProduct = 2;
  static constexpr int kReduced = 2;
  static constexpr int kForwardReduced = kLimit / 2;

  static constexpr int forward_limit(int log_n) {
    return kPeriod == 0 ? std::max(2 * log_n + 1, kLimit) : kLimit;
  }
  static constexpr bool fits(const Modulus& q, int log_n) {
    return static_cast<u64>(forward_limit(log_n)) * q.value() <= u64{1} << 52;
  }
};

/// Signed integers in doubles, values in [-B q, B q]. Products are below q and sums exact as long as kRoom q
/// <= 2^51 (avx2.cc).
template <int kRoom>
struct DoubleBounds {
  static constexpr int kForwardPeriod = kRoom >= 18 ? 0 : kRoom / 2;  // 1 + 17 stages of products below q
  static constexpr int kLimit = kRoom;
  static constexpr int kProduct = 1;
  static constexpr int kReduced = 1;
  static constexpr int kForwardReduced = 1;

  static constexpr int forward_limit(int) { return kLimit; }
  static constexpr bool fits(const Modulus& q, int) { return kRoom * q.value() <= u64{1} << 51; }
};

}  // namespace sotto::ntt
