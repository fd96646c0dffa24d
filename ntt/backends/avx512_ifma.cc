// AVX-512 IFMA: 8 lanes of 52-bit words, q < 2^50. Compiled with its own flags; the registry calls in only
// where the CPU has them.
//
// vpmadd52 reads the low 52 bits of its factors and adds the low or high 52 bits of the product to a 64-bit
// lane. So a word may carry garbage above bit 52 as long as its true value is below 2^52, and nothing is
// masked before a comparison needs it. How many reductions a butterfly needs falls with the prime: 2^52 / q
// is the room that lazy sums have (kPeriod below). Shoup's product: for y < 2^52, w < q and w' = floor(w 2^52
// / q), the word w y - floor(w' y / 2^52) q is congruent and below 2q.

#include <immintrin.h>

#include <algorithm>

#include "ntt/backends/lazy_bounds.h"
#include "ntt/backends/portable.h"
#include "ntt/backends/vector_transform.h"

namespace sotto::ntt {
namespace {

using Reg = __m512i;
constexpr std::size_t kLanes = 8;
constexpr u64 kMask52 = (u64{1} << 52) - 1;

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

/// A constant factor and its Shoup companion in every lane.
struct Factor {
  Reg w, w_shoup;
};

u64 shoup52(u64 w, u64 q) {
  return static_cast<u64>((u128{w} << 52) / q);
}

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
  static Reg load(const u64* p) { return ntt::load(p); }
  static Reg load_canonical(const u64* p) { return ntt::load(p); }
  static void store(u64* p, Reg x) { ntt::store(p, x); }
  static void store_words(u64* p, Reg x) { ntt::store(p, x); }
  static Twiddle broadcast(const u64* p) { return {set1(p[0]), set1(p[1])}; }
  static Twiddle load_twiddle(const u64* p) { return {ntt::load(p), ntt::load(p + kLanes)}; }
  static void transpose(Reg* r);

  /// (x, y) to (x + w y, x - w y): both grow to 2q more than x, after x was brought below kForwardReduced q
  /// if asked for.
  template <bool kReduce>
  [[gnu::always_inline]] void forward_butterfly(Reg& x, Reg& y, const Twiddle& t) const {
    if constexpr (kReduce) x = subtract_once(low52(x), set1(Bounds::kForwardReduced * q_));
    const Reg sum = add_lo(add_lo(x, t.w, y), hi(t.w_shoup, y), set1(minus_q_));
    y = subtract(add(add(x, x), set1(2 * q_)), sum);
    x = sum;
  }

  /// (x, y) to (x + y, w (x - y)); y < kBound q, the product < 2q.
  template <int kBound>
  [[gnu::always_inline]] void inverse_butterfly(Reg& x, Reg& y, const Twiddle& t) const {
    const Reg difference = subtract(add(x, set1(kBound * q_)), y);
    x = add(x, y);
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
    return add_lo(x, hi(x, set1(reciprocal_)), set1(minus_q_));  // quotient short by at most 1
  }

  [[gnu::always_inline]] void store_canonical(u64* p, Reg x) const {
    ntt::store(p, subtract_once(low52(reduce<Bounds::kLimit>(x)), set1(q_)));
  }

 private:
  [[gnu::always_inline]] Reg product(Reg y, const Twiddle& t) const {
    return add_lo(lo(t.w, y), hi(t.w_shoup, y), set1(minus_q_));
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

/// Everything but the transforms, which come in the widths of Ifma.
class IfmaKernels : public PortableKernels {
 public:
  IfmaKernels(const Modulus& q, int log_n) : PortableKernels(q, log_n), lanes_(q) {}

  std::string_view backend() const noexcept override { return "avx512ifma"; }
  int input_bits() const noexcept override { return 50; }
  void add(Limb out, ConstLimb a, ConstLimb b) const noexcept override;
  void subtract(Limb out, ConstLimb a, ConstLimb b) const noexcept override;
  void negate(Limb out, ConstLimb a) const noexcept override;
  void multiply(Limb out, ConstLimb a, ConstLimb b) const noexcept override;
  void multiply_add(Limb acc, ConstLimb a, ConstLimb b) const noexcept override;
  void multiply_scalar(Limb out, ConstLimb a, u64 c) const noexcept override;
  void add_scalar(Limb out, ConstLimb a, u64 c) const noexcept override;
  void subtract_multiply_scalar(Limb out, ConstLimb a, ConstLimb b, u64 c) const noexcept override;
  void inner_product(Limb out, Rows a, Rows b) const noexcept override;
  void combine(Limb out, Rows x, std::span<const u64> c) const noexcept override;
  void reduce(Limb out, ConstLimb x) const noexcept override;
  void round_quotient(Limb out, Rows x, std::span<const u64> tau, int shift) const noexcept override;
  void permute(Limb out, ConstLimb in, std::span<const std::uint32_t> index) const noexcept override;

 private:
  LaneModulus lanes_;
};

void IfmaKernels::add(Limb out, ConstLimb a, ConstLimb b) const noexcept {
  const LaneModulus m = lanes_;
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    store(&out[i], subtract_once(ntt::add(load(&a[i]), load(&b[i])), m.q()));
  }
}

void IfmaKernels::subtract(Limb out, ConstLimb a, ConstLimb b) const noexcept {
  const LaneModulus m = lanes_;
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    const Reg difference = ntt::subtract(load(&a[i]), load(&b[i]));  // wraps to a huge word when negative
    store(&out[i], _mm512_min_epu64(difference, ntt::add(difference, m.q())));
  }
}

void IfmaKernels::negate(Limb out, ConstLimb a) const noexcept {
  const LaneModulus m = lanes_;
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    store(&out[i], subtract_once(ntt::subtract(m.q(), load(&a[i])), m.q()));
  }
}

void IfmaKernels::multiply(Limb out, ConstLimb a, ConstLimb b) const noexcept {
  const LaneModulus m = lanes_;
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    store(&out[i], m.canonical4(m.product(load(&a[i]), load(&b[i]))));
  }
}

void IfmaKernels::multiply_add(Limb acc, ConstLimb a, ConstLimb b) const noexcept {
  const LaneModulus m = lanes_;
  for (std::size_t i = 0; i < acc.size(); i += kLanes) {
    store(&acc[i], m.canonical4(ntt::add(load(&acc[i]), m.product(load(&a[i]), load(&b[i])))));
  }
}

void IfmaKernels::multiply_scalar(Limb out, ConstLimb a, u64 c) const noexcept {
  const LaneModulus m = lanes_;
  const Constant factor = m.constant(c);
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    store(&out[i], m.canonical2(m.product(load(&a[i]), factor)));
  }
}

void IfmaKernels::add_scalar(Limb out, ConstLimb a, u64 c) const noexcept {
  const LaneModulus m = lanes_;
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    store(&out[i], subtract_once(ntt::add(load(&a[i]), set1(c)), m.q()));
  }
}

void IfmaKernels::subtract_multiply_scalar(Limb out, ConstLimb a, ConstLimb b, u64 c) const noexcept {
  const LaneModulus m = lanes_;
  const Constant factor = m.constant(c);
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    const Reg difference = ntt::add(ntt::subtract(load(&a[i]), load(&b[i])), m.q());  // (0, 2q)
    store(&out[i], m.canonical2(m.product(difference, factor)));
  }
}

/// out = sum of left(r, i) right(r, i), factors below 2^50, one of them below q. Low and high halves of the
/// products add up apart. After 16 rows the sum is below 16 2^50 (2^50 - 2^7) + 2^52 < 2^104, so its high
/// half is a word again and the whole folds to 4q < 2^52.
template <class LeftFactor, class RightFactor>
[[gnu::always_inline]] inline void sum_of_products(const LaneModulus m, Limb out, std::size_t rows,
                                                   LeftFactor left, RightFactor right) noexcept {
  constexpr std::size_t kRowsPerFold = 16;
  constexpr int kUnroll = 4;  // registers side by side hide the latency of the accumulators
  for (std::size_t i = 0; i < out.size(); i += kUnroll * kLanes) {
    Reg sum[kUnroll];
    unroll<kUnroll>([&](auto u) __attribute__((always_inline)) { sum[u] = _mm512_setzero_si512(); });
    for (std::size_t first = 0; first < rows; first += kRowsPerFold) {
      Reg high[kUnroll];
      unroll<kUnroll>([&](auto u) __attribute__((always_inline)) { high[u] = _mm512_setzero_si512(); });
      for (std::size_t r = first; r < std::min(rows, first + kRowsPerFold); ++r) {
        unroll<kUnroll>([&](auto u) __attribute__((always_inline)) {
          const Reg a = left(r, i + u * kLanes), b = right(r, i + u * kLanes);
          sum[u] = add_lo(sum[u], a, b);
          high[u] = add_hi(high[u], a, b);
        });
      }
      unroll<kUnroll>([&](auto u) __attribute__((always_inline)) {
        const Reg carried = ntt::add(high[u], _mm512_srli_epi64(sum[u], 52));
        sum[u] = low52(m.reduce(low52(sum[u]), carried));
      });
    }
    unroll<kUnroll>([&](auto u) __attribute__((always_inline)) {
      store(&out[i + u * kLanes], m.canonical4(sum[u]));
    });
  }
}

/// Rows b are keys and diagonals, which come from memory, and there are more of them than streams that the
/// hardware follows: asking for them 1 KiB ahead raises 11 cold rows from 20 to 28 GB/s (Zen 5).
void IfmaKernels::inner_product(Limb out, Rows a, Rows b) const noexcept {
  constexpr std::size_t kAhead = 128;  // words
  sum_of_products(
      lanes_, out, a.size(), [&](std::size_t r, std::size_t i) { return load(a[r] + i); },
      [&](std::size_t r, std::size_t i) {
        _mm_prefetch(reinterpret_cast<const char*>(b[r] + i + kAhead), _MM_HINT_T0);
        return load(b[r] + i);
      });
}

void IfmaKernels::combine(Limb out, Rows x, std::span<const u64> c) const noexcept {
  sum_of_products(
      lanes_, out, x.size(), [&](std::size_t r, std::size_t i) { return load(x[r] + i); },
      [&](std::size_t r, std::size_t) { return set1(c[r]); });
}

void IfmaKernels::reduce(Limb out, ConstLimb x) const noexcept {
  const LaneModulus m = lanes_;
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    store(&out[i], m.canonical2(m.reduce(load(&x[i]))));
  }
}

void IfmaKernels::round_quotient(Limb out, Rows x, std::span<const u64> tau, int shift) const noexcept {
  if (shift != 52) return PortableKernels::round_quotient(out, x, tau, shift);
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    Reg sum = set1(u64{1} << (kQuotientBits - 1));
    for (std::size_t r = 0; r < x.size(); ++r) sum = add_hi(sum, load(x[r] + i), set1(tau[r]));
    store(&out[i], _mm512_srli_epi64(sum, kQuotientBits));
  }
}

/// The automorphisms of the ring move aligned blocks of 8 words and permute inside each (8 consecutive
/// outputs have their sources in one block), so one vpermq replaces a gather wherever the index list has that
/// form.
void IfmaKernels::permute(Limb out, ConstLimb in, std::span<const std::uint32_t> index) const noexcept {
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    const __m256i narrow = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(&index[i]));
    const Reg wide = _mm512_cvtepu32_epi64(narrow);
    const std::size_t block = index[i] / kLanes * kLanes;
    const Reg offset = ntt::subtract(wide, set1(block));
    const bool within_block = _mm512_cmplt_epu64_mask(offset, set1(kLanes)) == 0xff;
    store(&out[i], within_block ? _mm512_permutexvar_epi64(offset, load(&in[block]))
                                : _mm512_i64gather_epi64(wide, in.data(), 8));
  }
}

template <int kPeriod>
class IfmaPlan final : public IfmaKernels {
 public:
  IfmaPlan(const Modulus& q, int log_n) : IfmaKernels(q, log_n), transform_(q, log_n) {}
  void forward(Limb x) const noexcept override { transform_.forward(x.data()); }
  void inverse(Limb x) const noexcept override { transform_.inverse(x.data()); }

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
