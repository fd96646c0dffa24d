// AVX-512 IFMA: the transform on 8 lanes of 52-bit words (ifma_lanes.h), q < 2^50. Compiled with its own
// flags; the registry calls in only where the CPU has them. In a VERIFY build every step checks its claims.

#include <type_traits>

#include "ntt/backends/ifma_kernels.h"
#include "ntt/backends/vector_transform.h"
#include "ntt/backends/verified.h"
#include "ntt/backends/word_arithmetic.h"

namespace sotto::ntt {
namespace {

/// 8 lanes of 52-bit words for WordArithmetic. As in ifma_lanes.h lo and hi are halves of a product.
struct IfmaLanes {
  using Reg = __m512i;
  static constexpr int kWordBits = 52, kLogLanes = 3, kLogTailRegisters = 4;
  static constexpr int kInnerRadix = 4, kOuterRadix = 3, kDerivesFrom = 16;

  static Reg set1(u64 x) { return ifma::set1(x); }
  static Reg load(const u64* p) { return ifma::load(p); }
  static void store(u64* p, Reg x) { ifma::store(p, x); }
  static Reg add(Reg a, Reg b) { return ifma::add(a, b); }
  static Reg subtract(Reg a, Reg b) { return ifma::subtract(a, b); }
  static Reg add_lo(Reg acc, Reg a, Reg b) { return ifma::add_lo(acc, a, b); }
  static Reg hi(Reg a, Reg b) { return ifma::hi(a, b); }
  static Reg low(Reg x) { return ifma::low52(x); }
  static Reg subtract_once(Reg x, Reg m) { return ifma::subtract_once(x, m); }
  static Reg shift_left(Reg x, int bits) { return _mm512_sll_epi64(x, _mm_cvtsi32_si128(bits)); }
  static Reg minus_one_if_negative(Reg x) {
    return _mm512_srai_epi64(_mm512_slli_epi64(x, 64 - kWordBits), 63);
  }
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
[[gnu::always_inline]] inline void IfmaLanes::split(Reg& a, Reg& b) {
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
[[gnu::always_inline]] inline void IfmaLanes::join(Reg& a, Reg& b) {
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

#ifdef SOTTO_VERIFY
constexpr bool kVerify = true;
#else
constexpr bool kVerify = false;
#endif

template <int kHeadroom, class Fast = WordArithmetic<IfmaLanes, kHeadroom>>
using Ifma = std::conditional_t<kVerify, Verified<Fast, AbortOnBreach>, Fast>;

template <int kHeadroom>
class IfmaPlan final : public ifma::IfmaKernels {
 public:
  IfmaPlan(const Modulus& q, int log_n) : ifma::IfmaKernels(q, log_n), transform_(q, log_n) {}
  std::string_view kernel() const noexcept override {
    if constexpr (kHeadroom == 34) return "34q window, q < 2^46.9";
    if constexpr (kHeadroom == 16) return "16q window, q < 2^48";
    return kHeadroom == 8 ? "8q window, q < 2^49" : "4q window, q < 2^50";
  }
  void forward(Limb x) const noexcept override { transform_.forward(x.data()); }
  void inverse(Limb x) const noexcept override { transform_.inverse(x.data()); }
  u64 run_butterflies(Direction direction, std::size_t count) const noexcept override {
    if constexpr (kVerify) return 0;  // they go on where words have long outgrown their bounds
    return direction == Direction::kForward ? transform_.template run_butterflies<Direction::kForward>(count)
                                            : transform_.template run_butterflies<Direction::kInverse>(count);
  }

 private:
  VectorTransform<Ifma<kHeadroom>> transform_;
};

}  // namespace

PlanPtr make_avx512_ifma(const Modulus& q, int log_n) {
  if (Ifma<34>::fits(q)) return std::make_shared<IfmaPlan<34>>(q, log_n);
  if (Ifma<16>::fits(q)) return std::make_shared<IfmaPlan<16>>(q, log_n);
  if (Ifma<8>::fits(q)) return std::make_shared<IfmaPlan<8>>(q, log_n);
  return std::make_shared<IfmaPlan<4>>(q, log_n);
}

}  // namespace sotto::ntt
