// One prime modulus and its arithmetic; the only place where scalar reduction is written.
//
// Barrett reduction of 128-bit products with a 128-bit reciprocal, and Shoup multiplication by a constant. q
// is odd, 2 < q < 2^61. Nothing but power() branches on a value: residues may be secret.
#pragma once

#include <bit>
#include <cstdint>

#include "base/aligned.h"

namespace sotto::ntt {

using sotto::u64;
__extension__ using u128 = unsigned __int128;  // what -Wpedantic calls an extension

/// x - m if x ≥ m, else x; for x and m below 2^63. Through the sign of the difference: a compiler is free to
/// turn a comparison into a branch, and does.
constexpr u64 reduce_once(u64 x, u64 m) noexcept {
  const u64 r = x - m;
  return r + (m & (u64{0} - (r >> 63)));
}

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
    const u64 r = static_cast<u64>(x) - static_cast<u64>(quotient) * q_;  // below 3q < 2^63
    return reduce_once(reduce_once(r, q_), q_);
  }
  constexpr u64 reduce(u64 x) const noexcept { return reduce(u128{x}); }

  // Operands of the following are canonical, in [0, q); so are results.
  constexpr u64 add(u64 a, u64 b) const noexcept { return reduce_once(a + b, q_); }
  constexpr u64 subtract(u64 a, u64 b) const noexcept {
    const u64 d = a - b;
    return d + (q_ & (u64{0} - (d >> 63)));
  }
  constexpr u64 negate(u64 a) const noexcept { return subtract(0, a); }
  constexpr u64 multiply(u64 a, u64 b) const noexcept { return reduce(u128{a} * b); }
  /// Branches on the exponent, which is public.
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
    return reduce_once(multiply_shoup_lazy(y, w, w_shoup), q_);
  }

  friend constexpr bool operator==(const Modulus& a, const Modulus& b) noexcept { return a.q_ == b.q_; }

 private:
  u64 q_;
  u128 ratio_;  // floor((2^128 - 1) / q)
};

}  // namespace sotto::ntt
