// How lazy the vector arithmetics may be: every bound of a value between two reductions, as a multiple of q.
//
// VectorTransform schedules its reductions from these numbers, and a test runs its schedule on bounds in
// place of values, which proves them for all inputs. kLimit: what a sum or a factor may reach. kProduct: what
// a twiddle product stays below. kForwardReduced: what the reductions of the forward transform reach; they
// happen where one more product would pass the limit, or never. kReduced: the same for the inverse. kBetween:
// bound of every word between passes of the inverse.
#pragma once

#include "ntt/modulus.h"

namespace sotto::ntt {

/// Words of 52 bits (or 64, or 12) with values in [0, kHeadroom q), kHeadroom q <= 2^52. With 34 the forward
/// transform never reduces: a product w y is below (1 + y 2^-52) q (word_arithmetic.h), and when every word
/// is first lifted by kLift q, differences need no multiple of q of their own to stay positive. All words of
/// a node have risen and fallen alike, so where they fell most, factors are small: over the 10 levels before
/// the tail of N = 2^17 they rise from 17 q to at most 33.54 q, and fall from 16 q to no less than 1.47 q.
template <int kHeadroom>
struct WordBounds {
  static constexpr int kLimit = kHeadroom;
  static constexpr bool kNeverReduces = kHeadroom >= 34;
  static constexpr int kLift = kNeverReduces ? 16 : 0;
  static constexpr int kProduct = 2;
  static constexpr int kForwardReduced = kLimit / 2;
  static constexpr int kReduced = 2;
  static constexpr int kBetween = kHeadroom >= 16 ? 4 : 2;

  static constexpr bool fits(const Modulus& q, int word_bits = 52) {
    return u128{kHeadroom} * q.value() <= u128{1} << word_bits;
  }
};

/// Signed integers in doubles, values in [-B q, B q]. Products are below q and sums exact as long as kRoom q
/// <= 2^51 (avx2.cc).
template <int kRoom>
struct DoubleBounds {
  static constexpr int kLimit = kRoom;
  static constexpr bool kNeverReduces = kRoom >= 18;  // 1 + 17 stages of products below q
  static constexpr int kProduct = 1;
  static constexpr int kForwardReduced = 1;
  static constexpr int kReduced = 1;
  static constexpr int kBetween = kRoom >= 8 ? 2 : 1;

  static constexpr bool fits(const Modulus& q) { return kRoom * q.value() <= u64{1} << 51; }
};

}  // namespace sotto::ntt
