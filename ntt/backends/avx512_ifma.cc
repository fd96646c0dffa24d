// AVX-512 IFMA: the transform on 8 lanes of 52-bit words (ifma_lanes.h), q < 2^50. Compiled with its own
// flags; the registry calls in only where the CPU has them.
//
// How many reductions a butterfly needs falls with the prime: 2^52 / q is the room that lazy sums have
// (kHeadroom below).

#include "ntt/backends/ifma_kernels.h"
#include "ntt/backends/lazy_bounds.h"
#include "ntt/backends/vector_transform.h"

namespace sotto::ntt {
namespace {

using ifma::kLanes;
using ifma::low52;
using ifma::set1;
using ifma::shoup52;
using ifma::subtract_once;

/// A constant factor and its Shoup companion in every lane.
struct Factor {
  __m512i w, w_shoup;
};

/// The arithmetic of VectorTransform, as lazy as WordBounds<kHeadroom> allows.
template <int kHeadroom>
class Ifma : public WordBounds<kHeadroom> {
 public:
  using Bounds = WordBounds<kHeadroom>;
  using Reg = __m512i;
  using Twiddle = Factor;
  static constexpr int kLogLanes = 3, kLogTailRegisters = 4;
  static constexpr int kInnerRadix = 4, kOuterRadix = 3;

  explicit Ifma(const Modulus& q)
      : q_(q.value()), minus_q_((u64{1} << 52) - q.value()), reciprocal_(shoup52(1, q.value())) {}

  static TwiddleWords twiddle_words(const Modulus& q, u64 w) { return {w, shoup52(w, q.value())}; }
  static Reg load(const u64* p) { return ifma::load(p); }
  static Reg load_canonical(const u64* p) { return ifma::load(p); }
  static void store(u64* p, Reg x) { ifma::store(p, x); }
  static Twiddle broadcast(const u64* p) { return {set1(p[0]), set1(p[1])}; }
  static Twiddle load_twiddle(const u64* p) { return {ifma::load(p), ifma::load(p + kLanes)}; }

  template <int kStep>
  static void split(Reg& a, Reg& b);
  template <int kStep>
  static void join(Reg& a, Reg& b);

  /// Before the first stage, see kLift.
  [[gnu::always_inline]] Reg lift(Reg x) const {
    return Bounds::kLift == 0 ? x : ifma::add(x, set1(Bounds::kLift * q_));
  }
  /// w y in [0, 2q).
  [[gnu::always_inline]] Reg product(Reg y, const Twiddle& t) const {
    return add_product(_mm512_setzero_si512(), y, t);
  }
  [[gnu::always_inline]] Reg lifted_product(Reg y, const Twiddle& t) const {
    return add_product(set1(Bounds::kLift * q_), y, t);
  }

  /// (x, y) to (x + w y, x - w y), after x was brought below kForwardReduced q if asked for. Without a lift
  /// both grow to 2q more than x; with it they spread by (1 + y 2^-52) q to both sides.
  template <bool kReduce>
  [[gnu::always_inline]] void forward_butterfly(Reg& x, Reg& y, const Twiddle& t) const {
    if constexpr (kReduce) x = subtract_once(low52(x), set1(Bounds::kForwardReduced * q_));
    Reg twice = ifma::add(x, x);
    if constexpr (Bounds::kLift == 0) twice = ifma::add(twice, set1(2 * q_));
    keep_order(twice);
    x = add_product(x, y, t);
    keep_order(x);
    y = ifma::subtract(twice, x);
  }

  /// (x, y) to (x + y, w (x - y)); y < kBound q, the product < 2q.
  template <int kBound>
  [[gnu::always_inline]] void inverse_butterfly(Reg& x, Reg& y, const Twiddle& t) const {
    Reg difference = ifma::subtract(ifma::add(x, set1(kBound * q_)), y);
    keep_order(difference);
    x = ifma::add(x, y);
    y = product(difference, t);
  }

  /// [0, kBound q) to [0, 2q).
  template <int kBound>
  [[gnu::always_inline]] Reg reduce(Reg x) const {
    if constexpr (kBound <= 2) return x;
    if constexpr (kBound <= 4) return subtract_once(low52(x), set1(2 * q_));
    return ifma::add_lo(x, ifma::hi(x, set1(reciprocal_)), set1(minus_q_));  // quotient short by at most 1
  }

  template <int kBound>
  [[gnu::always_inline]] void store_canonical(u64* p, Reg x) const {
    x = low52(reduce<kBound>(x));
    ifma::store(p, subtract_once(x, set1(q_)));
  }

 private:
  [[gnu::always_inline]] Reg add_product(Reg acc, Reg y, const Twiddle& t) const {
    return ifma::add_lo(ifma::add_lo(acc, t.w, y), ifma::hi(t.w_shoup, y), set1(minus_q_));
  }
  /// Keeps gcc from moving the computation of x down to its use, where its operands would need copies, and
  /// from loading them twice: one instruction in five of a pass.
  [[gnu::always_inline]] static void keep_order(Reg& x) { asm("" : "+v"(x)); }

  u64 q_, minus_q_, reciprocal_;  // minus_q_ = 2^52 - q, reciprocal_ = floor(2^52 / q)
};

// The exchanges of lanes of two registers. Index bits of the 16 words: r (which register), l2 l1 l0 (which
// lane). Before stage i of the lanes, split and join bring words that differ in one l alone into the same
// lane of both; the last step restores the order.
template <int kHeadroom>
template <int kStep>
[[gnu::always_inline]] inline void Ifma<kHeadroom>::split(Reg& a, Reg& b) {
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

template <int kHeadroom>
template <int kStep>
[[gnu::always_inline]] inline void Ifma<kHeadroom>::join(Reg& a, Reg& b) {
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

template <int kHeadroom>
class IfmaPlan final : public ifma::IfmaKernels {
 public:
  IfmaPlan(const Modulus& q, int log_n) : ifma::IfmaKernels(q, log_n), transform_(q, log_n) {}
  void forward(Limb x) const noexcept override { transform_.forward(x.data()); }
  void inverse(Limb x) const noexcept override { transform_.inverse(x.data()); }
  u64 run_butterflies(Direction direction, std::size_t count) const noexcept override {
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
