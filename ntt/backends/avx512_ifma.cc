// AVX-512 IFMA: the transform on 8 lanes of 52-bit words (ifma_lanes.h), q < 2^50. Compiled with its own
// flags; the registry calls in only where the CPU has them.
//
// How many reductions a butterfly needs falls with the prime: 2^52 / q is the room that lazy sums have
// (kPeriod below).

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

/// The arithmetic of VectorTransform, as lazy as WordBounds<kPeriod> allows.
template <int kPeriod>
class Ifma : public WordBounds<kPeriod> {
 public:
  using Bounds = WordBounds<kPeriod>;
  using Reg = __m512i;
  using Twiddle = Factor;
  static constexpr int kLogLanes = 3;
  static constexpr int kInnerRadix = 4, kOuterRadix = 3;

  explicit Ifma(const Modulus& q)
      : q_(q.value()), minus_q_((u64{1} << 52) - q.value()), reciprocal_(shoup52(1, q.value())) {}

  static TwiddleWords twiddle_words(const Modulus& q, u64 w) { return {w, shoup52(w, q.value())}; }
  static Reg load(const u64* p) { return ifma::load(p); }
  static Reg load_canonical(const u64* p) { return ifma::load(p); }
  static void store(u64* p, Reg x) { ifma::store(p, x); }
  static void store_words(u64* p, Reg x) { ifma::store(p, x); }
  static Twiddle broadcast(const u64* p) { return {set1(p[0]), set1(p[1])}; }
  static Twiddle load_twiddle(const u64* p) { return {ifma::load(p), ifma::load(p + kLanes)}; }
  static void transpose(Reg* r);

  /// (x, y) to (x + w y, x - w y): both grow to 2q more than x, after x was brought below kForwardReduced q
  /// if asked for.
  template <bool kReduce>
  [[gnu::always_inline]] void forward_butterfly(Reg& x, Reg& y, const Twiddle& t) const {
    if constexpr (kReduce) x = subtract_once(low52(x), set1(Bounds::kForwardReduced * q_));
    const Reg sum = ifma::add_lo(ifma::add_lo(x, t.w, y), ifma::hi(t.w_shoup, y), set1(minus_q_));
    y = ifma::subtract(ifma::add(ifma::add(x, x), set1(2 * q_)), sum);
    x = sum;
  }

  /// (x, y) to (x + y, w (x - y)); y < kBound q, the product < 2q.
  template <int kBound>
  [[gnu::always_inline]] void inverse_butterfly(Reg& x, Reg& y, const Twiddle& t) const {
    const Reg difference = ifma::subtract(ifma::add(x, set1(kBound * q_)), y);
    x = ifma::add(x, y);
    y = product(difference, t);
  }

  /// (x, y) to (n (x + y), w (x - y)), canonical: the root of the tree, with N^-1 in both twiddles.
  template <int kBound>
  [[gnu::always_inline]] void last_butterfly(Reg& x, Reg& y, const Twiddle& n, const Twiddle& w) const {
    inverse_butterfly<kBound>(x, y, w);
    x = subtract_once(low52(product(x, n)), set1(q_));
    y = subtract_once(low52(y), set1(q_));
  }

  /// [0, kBound q) to [0, 2q).
  template <int kBound>
  [[gnu::always_inline]] Reg reduce(Reg x) const {
    if constexpr (kBound <= 4) return subtract_once(low52(x), set1(2 * q_));
    return ifma::add_lo(x, ifma::hi(x, set1(reciprocal_)), set1(minus_q_));  // quotient short by at most 1
  }

  [[gnu::always_inline]] void store_canonical(u64* p, Reg x) const {
    ifma::store(p, subtract_once(low52(reduce<Bounds::kLimit>(x)), set1(q_)));
  }

 private:
  [[gnu::always_inline]] Reg product(Reg y, const Twiddle& t) const {
    return ifma::add_lo(ifma::lo(t.w, y), ifma::hi(t.w_shoup, y), set1(minus_q_));
  }

  u64 q_, minus_q_, reciprocal_;  // minus_q_ = 2^52 - q, reciprocal_ = floor(2^52 / q)
};

/// 8 x 8 words: register u becomes column u.
template <int kPeriod>
[[gnu::always_inline]] inline void Ifma<kPeriod>::transpose(Reg* r) {
  const auto even = [](Reg a, Reg b) { return _mm512_shuffle_i64x2(a, b, 0x88); };
  const auto odd = [](Reg a, Reg b) { return _mm512_shuffle_i64x2(a, b, 0xdd); };
  Reg pairs[8];  // columns 0, 2, 4, 6 of rows 0 and 1; columns 1, 3, 5, 7; then rows 2 and 3, …
  unroll<4>([&](auto i) __attribute__((always_inline)) {
    pairs[2 * i] = _mm512_unpacklo_epi64(r[2 * i], r[2 * i + 1]);
    pairs[2 * i + 1] = _mm512_unpackhi_epi64(r[2 * i], r[2 * i + 1]);
  });
  unroll<2>([&](auto i) __attribute__((always_inline)) {
    const Reg columns04_top = even(pairs[i], pairs[2 + i]),
              columns04_bottom = even(pairs[4 + i], pairs[6 + i]);
    const Reg columns26_top = odd(pairs[i], pairs[2 + i]), columns26_bottom = odd(pairs[4 + i], pairs[6 + i]);
    r[i] = even(columns04_top, columns04_bottom);
    r[4 + i] = odd(columns04_top, columns04_bottom);
    r[2 + i] = even(columns26_top, columns26_bottom);
    r[6 + i] = odd(columns26_top, columns26_bottom);
  });
}

template <int kPeriod>
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
  VectorTransform<Ifma<kPeriod>> transform_;
};

}  // namespace

PlanPtr make_avx512_ifma(const Modulus& q, int log_n) {
  if (Ifma<0>::fits(q, log_n)) return std::make_shared<IfmaPlan<0>>(q, log_n);
  if (Ifma<4>::fits(q, log_n)) return std::make_shared<IfmaPlan<4>>(q, log_n);
  if (Ifma<2>::fits(q, log_n)) return std::make_shared<IfmaPlan<2>>(q, log_n);
  return std::make_shared<IfmaPlan<1>>(q, log_n);
}

}  // namespace sotto::ntt
