// What WordArithmetic wants of 8 lanes of 64 bits, whatever the width of a word in them: moves, sums and
// exchanges. Included only by files compiled with the flags of their backend.
#pragma once

#include <immintrin.h>

#include "ntt/modulus.h"

namespace sotto::ntt {
namespace {

struct Avx512Lanes {
  using Reg = __m512i;
  static constexpr int kLogLanes = 3, kLogTailRegisters = 4;
  static constexpr int kInnerRadix = 4, kOuterRadix = 3;

  static Reg set1(u64 x) { return _mm512_set1_epi64(static_cast<long long>(x)); }
  static Reg load(const u64* p) { return _mm512_load_si512(p); }
  static void store(u64* p, Reg x) { _mm512_store_si512(p, x); }
  static Reg add(Reg a, Reg b) { return _mm512_add_epi64(a, b); }
  static Reg subtract(Reg a, Reg b) { return _mm512_sub_epi64(a, b); }
  static Reg subtract_once(Reg x, Reg m) { return _mm512_min_epu64(x, subtract(x, m)); }
  static Reg shift_left(Reg x, int bits) { return _mm512_sll_epi64(x, _mm_cvtsi32_si128(bits)); }
  /// Keeps gcc from moving the computation of x down to its use, where its operands would need copies, and
  /// from loading them twice: one instruction in five of a pass.
  [[gnu::always_inline]] static void keep_order(Reg& x) { asm("" : "+v"(x)); }

  template <int kStep>
  static void split(Reg& a, Reg& b);
  template <int kStep>
  static void join(Reg& a, Reg& b);
};

// The exchanges of lanes of two registers. Index bits of the 16 words: r (which register), l2 l1 l0 (which
// lane). Before stage i of the lanes, split and join bring words that differ in one l alone into the same
// lane of both; the last step restores the order.
template <int kStep>
[[gnu::always_inline]] inline void Avx512Lanes::split(Reg& a, Reg& b) {
  const Reg x = a, y = b;
  if constexpr (kStep == 0) {  // words that differ in l2
    a = _mm512_shuffle_i64x2(x, y, 0x44);
    b = _mm512_shuffle_i64x2(x, y, 0xee);
  } else if constexpr (kStep == 1) {  // in l1
    a = _mm512_shuffle_i64x2(x, y, 0x88);
    b = _mm512_shuffle_i64x2(x, y, 0xdd);
  } else if constexpr (kStep == 2) {  // in l0
    a = _mm512_unpacklo_epi64(x, y);
    b = _mm512_unpackhi_epi64(x, y);
  } else {
    a = _mm512_permutex2var_epi64(x, _mm512_setr_epi64(0, 8, 1, 9, 4, 12, 5, 13), y);
    b = _mm512_permutex2var_epi64(x, _mm512_setr_epi64(2, 10, 3, 11, 6, 14, 7, 15), y);
  }
}

template <int kStep>
[[gnu::always_inline]] inline void Avx512Lanes::join(Reg& a, Reg& b) {
  const Reg x = a, y = b;
  if constexpr (kStep == 0) {  // words that differ in l0
    a = _mm512_permutex2var_epi64(x, _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14), y);
    b = _mm512_permutex2var_epi64(x, _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15), y);
  } else if constexpr (kStep == 1) {  // in l1
    a = _mm512_unpacklo_epi64(x, y);
    b = _mm512_unpackhi_epi64(x, y);
  } else {  // in l2, then back to the order of memory
    a = _mm512_shuffle_i64x2(x, y, 0x88);
    b = _mm512_shuffle_i64x2(x, y, 0xdd);
  }
}

}  // namespace
}  // namespace sotto::ntt
