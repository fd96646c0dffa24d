// 8 lanes of 52-bit words: what the transform and the limb kernels of the backend avx512ifma share.
//
// vpmadd52 reads the low 52 bits of its factors and adds the low or high 52 bits of the product to a 64-bit
// lane. So a word may carry garbage above bit 52 as long as its true value is below 2^52, and nothing is
// masked before a comparison needs it. Shoup's product: for y < 2^52, w < q and w' = floor(w 2^52 / q), the
// word w y - floor(w' y / 2^52) q is congruent and below 2q.
#pragma once

#include <immintrin.h>

#include "ntt/modulus.h"

namespace sotto::ntt::ifma {

using Reg = __m512i;
inline constexpr std::size_t kLanes = 8;
inline constexpr u64 kMask52 = (u64{1} << 52) - 1;

// In the names of the kernels: lo and hi are 52-bit halves of a product.
inline Reg set1(u64 x) {
  return _mm512_set1_epi64(static_cast<long long>(x));
}
inline Reg load(const u64* p) {
  return _mm512_load_si512(p);
}
inline void store(u64* p, Reg x) {
  _mm512_store_si512(p, x);
}
inline Reg add(Reg a, Reg b) {
  return _mm512_add_epi64(a, b);
}
inline Reg subtract(Reg a, Reg b) {
  return _mm512_sub_epi64(a, b);
}
inline Reg add_lo(Reg acc, Reg a, Reg b) {
  return _mm512_madd52lo_epu64(acc, a, b);
}
inline Reg add_hi(Reg acc, Reg a, Reg b) {
  return _mm512_madd52hi_epu64(acc, a, b);
}
inline Reg lo(Reg a, Reg b) {
  return add_lo(_mm512_setzero_si512(), a, b);
}
inline Reg hi(Reg a, Reg b) {
  return add_hi(_mm512_setzero_si512(), a, b);
}
inline Reg low52(Reg x) {
  return _mm512_and_si512(x, set1(kMask52));
}
/// x - m if that does not wrap, else x: [0, 2m) to [0, m).
inline Reg subtract_once(Reg x, Reg m) {
  return _mm512_min_epu64(x, subtract(x, m));
}

inline u64 shoup52(u64 w, u64 q) {
  return static_cast<u64>((u128{w} << 52) / q);
}

/// A constant factor and its Shoup companion.
struct Constant {
  u64 w, w_shoup;
};

/// Lane-wise arithmetic modulo q. Kernels copy it, so that its words stay in registers while they store.
class LaneModulus {
 public:
  explicit LaneModulus(const Modulus& q)
      : q_(q.value()),
        minus_q_((u64{1} << 52) - q.value()),
        reciprocal_(shoup52(1, q.value())),
        product_reciprocal_(static_cast<u64>((u128{1} << (q.bits() + 51)) / q.value())),
        shift_(52 - q.bits()),
        high_(constant((u64{1} << 52) % q.value())) {}

  Constant constant(u64 w) const { return {w, shoup52(w, q_)}; }
  Reg q() const { return set1(q_); }

  /// a b in [0, 3q), 52 bits with garbage above; a and b below q. With L = bits of q: u = floor(a b /
  /// 2^(L-1)) comes out of one high product when both factors are shifted first, and floor(u floor(2^(L+51) /
  /// q) / 2^52) is short of a b / q by less than 2^(L-51) + 1 + 1, so of the quotient by at most 2.
  [[gnu::always_inline]] Reg product(Reg a, Reg b) const {
    const Reg u = hi(_mm512_sll_epi64(a, _mm_cvtsi32_si128(shift_)), add(b, b));
    return add_lo(lo(a, b), hi(u, set1(product_reciprocal_)), set1(minus_q_));
  }
  /// c a in [0, 2q), 52 bits with garbage above; any a < 2^52.
  [[gnu::always_inline]] Reg product(Reg a, const Constant& c) const {
    return add_lo(lo(set1(c.w), a), hi(set1(c.w_shoup), a), set1(minus_q_));
  }
  /// x mod q in [0, 2q), 52 bits with garbage above; any x < 2^52.
  [[gnu::always_inline]] Reg reduce(Reg x) const {
    return add_lo(x, hi(x, set1(reciprocal_)), set1(minus_q_));
  }
  /// low + 2^52 high in [0, 4q), 52 bits with garbage above; any low and high < 2^52.
  [[gnu::always_inline]] Reg reduce(Reg low, Reg high) const {
    return add(reduce(low), product(high, high_));
  }

  /// [0, 2q) with garbage above 52 bits to [0, q).
  [[gnu::always_inline]] Reg canonical2(Reg x) const { return subtract_once(low52(x), set1(q_)); }
  /// [0, 4q) with garbage above 52 bits to [0, q).
  [[gnu::always_inline]] Reg canonical4(Reg x) const {
    return subtract_once(subtract_once(low52(x), set1(2 * q_)), set1(q_));
  }

 private:
  u64 q_, minus_q_, reciprocal_;  // minus_q_ = 2^52 - q, reciprocal_ = floor(2^52 / q)
  u64 product_reciprocal_;        // floor(2^(L + 51) / q) < 2^52
  int shift_;                     // 52 - L
  Constant high_;                 // 2^52 mod q: what the high half of a product weighs
};

}  // namespace sotto::ntt::ifma
