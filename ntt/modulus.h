// One prime modulus and its arithmetic; the only place where scalar reduction is written.
//
// Barrett reduction of 128-bit products with a 128-bit reciprocal, and Shoup multiplication by a constant. q
// is odd, 2 < q < 2^61.
#pragma once

#include <bit>
#include <cstdint>

#include "base/aligned.h"

namespace sotto::ntt {

using sotto::u64;
__extension__ using u128 = unsigned __int128;  // what -Wpedantic calls an extension

class Modulus {
 public:
  /// q odd and 2 < q < 2^61; callers on the public edge check, here it is a precondition.
  explicit constexpr Modulus(u64 q) noexcept : q_(q), ratio_(~u128{0} / q) {}

  constexpr u64 value() const noexcept { return q_; }
  constexpr int bits() const noexcept { return static_cast<int>(std::bit_width(q_)); }

  /// x mod q for any 128-bit x. Estimate floor(x * ratio / 2^128) is at most 2 short of the quotient.
  constexpr u64 reduce(u128 x) const noexcept {
    const u64 x_lo = static_cast<u64>(x), x_hi = static_cast<u64>(x >> 64);
    const u64 r_lo = static_cast<u64>(ratio_), r_hi = static_cast<u64>(ratio_ >> 64);
    const u128 mid = u128{x_lo} * r_hi + ((u128{x_lo} * r_lo) >> 64);
    const u128 cross = u128{x_hi} * r_lo + static_cast<u64>(mid);
    const u128 quotient = u128{x_hi} * r_hi + (mid >> 64) + (cross >> 64);
    u64 r = static_cast<u64>(x) - static_cast<u64>(quotient) * q_;
    while (r >= q_) r -= q_;
    return r;
  }
  constexpr u64 reduce(u64 x) const noexcept { return x < q_ ? x : x % q_; }

  // Operands of the following are canonical, in [0, q); so are results.
  constexpr u64 add(u64 a, u64 b) const noexcept {
    const u64 s = a + b;
    return s >= q_ ? s - q_ : s;
  }
  constexpr u64 subtract(u64 a, u64 b) const noexcept { return a >= b ? a - b : a + q_ - b; }
  constexpr u64 negate(u64 a) const noexcept { return a == 0 ? 0 : q_ - a; }
  constexpr u64 multiply(u64 a, u64 b) const noexcept { return reduce(u128{a} * b); }
  constexpr u64 power(u64 base, u64 exponent) const noexcept {
    u64 result = 1;
    for (; exponent != 0; exponent >>= 1, base = multiply(base, base)) {
      if (exponent & 1) result = multiply(result, base);
    }
    return result;
  }
  /// a^-1; q prime, a != 0.
  constexpr u64 inverse(u64 a) const noexcept { return power(a, q_ - 2); }

  /// floor(w 2^64 / q), the companion of a constant w for multiply_shoup.
  constexpr u64 shoup(u64 w) const noexcept { return static_cast<u64>((u128{w} << 64) / q_); }
  /// w y mod q in [0, 2q) for ANY 64-bit y.
  constexpr u64 multiply_shoup_lazy(u64 y, u64 w, u64 w_shoup) const noexcept {
    return w * y - static_cast<u64>((u128{w_shoup} * y) >> 64) * q_;
  }
  constexpr u64 multiply_shoup(u64 y, u64 w, u64 w_shoup) const noexcept {
    const u64 r = multiply_shoup_lazy(y, w, w_shoup);
    return r >= q_ ? r - q_ : r;
  }

  friend constexpr bool operator==(const Modulus& a, const Modulus& b) noexcept { return a.q_ == b.q_; }

 private:
  u64 q_;
  u128 ratio_;  // floor((2^128 - 1) / q)
};

}  // namespace sotto::ntt
