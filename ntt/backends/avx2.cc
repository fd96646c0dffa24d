// AVX2 and FMA: 4 lanes of doubles that hold signed integers, q < 2^50, for CPUs without 52-bit integer
// products. Compiled with its own flags; the registry calls in only where the CPU has them.
//
// A product modulo q takes its quotient from a rounded double and its remainder from two fused operations (as
// in FLINT's fft_small and van der Hoeven's Mathemagix): with h = fl(x w), l = x w - h and c = round(x fl(w /
// q)), the remainder is (h - c q) + l. Every one of these steps is exact, because each result is an integer
// below 2^53; only c depends on rounding, and it is off by at most 1/2 + |x w / q| 2^-52 (1 + 2^-54). So all
// results are exact, and canonical words are those of every other backend.

#include <immintrin.h>

#include <bit>

#include "ntt/backends/lazy_bounds.h"
#include "ntt/backends/portable.h"
#include "ntt/backends/vector_plan.h"

namespace sotto::ntt {
namespace {

using Reg = __m256d;
constexpr std::size_t kLanes = 4;

inline Reg set1(double x) {
  return _mm256_set1_pd(x);
}
inline __m256i load_bits(const u64* p) {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(p));
}
inline void store_bits(u64* p, __m256i x) {
  _mm256_store_si256(reinterpret_cast<__m256i*>(p), x);
}
inline Reg add(Reg a, Reg b) {
  return _mm256_add_pd(a, b);
}
inline Reg subtract(Reg a, Reg b) {
  return _mm256_sub_pd(a, b);
}
inline Reg multiply(Reg a, Reg b) {
  return _mm256_mul_pd(a, b);
}
inline Reg nearest(Reg x) {
  return _mm256_round_pd(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

// Integers in [0, 2^52) are the low bits of a double in [2^52, 2^53).
inline Reg load_words(const u64* p) {
  return subtract(_mm256_or_pd(_mm256_castsi256_pd(load_bits(p)), set1(0x1p52)), set1(0x1p52));
}

/// A constant factor w and fl(w / q).
struct Factor {
  Reg w, w_over_q;
};

/// Lane-wise arithmetic modulo q. Kernels copy it, so that its words stay in registers while they store.
class LaneModulus {
 public:
  explicit LaneModulus(const Modulus& q) : q_(static_cast<double>(q.value())), reciprocal_(1.0 / q_) {}

  Reg q() const { return set1(q_); }
  Factor factor(u64 w) const {
    const double x = static_cast<double>(w);
    return {set1(x), set1(x / q_)};
  }
  /// w y with |result| <= (1/2 + B q 2^-52) q when |y| <= B q and B q < 2^53.
  [[gnu::always_inline]] Reg product(Reg y, const Factor& f) const {
    const Reg high = multiply(y, f.w);
    const Reg quotient = nearest(multiply(y, f.w_over_q));
    return add(_mm256_fnmadd_pd(quotient, q(), high), _mm256_fmsub_pd(y, f.w, high));
  }
  /// a b with |result| < q when |a b| < 2^50 q: the estimate of a b / q has three roundings, 3 2^-53 2^50 <
  /// 0.4.
  [[gnu::always_inline]] Reg product(Reg a, Reg b) const {
    const Reg high = multiply(a, b);
    const Reg quotient = nearest(multiply(high, set1(reciprocal_)));
    return add(_mm256_fnmadd_pd(quotient, q(), high), _mm256_fmsub_pd(a, b, high));
  }
  /// x mod q with |result| <= q/2 + |x| 2^-52, below 3/4 q for |x| < 2^52; x an integer below 2^104.
  [[gnu::always_inline]] Reg reduce(Reg x) const {
    return _mm256_fnmadd_pd(nearest(multiply(x, set1(reciprocal_))), q(), x);
  }
  /// Stores x mod q for |x| < 2^51. The quotient is exact: (x + 1/2) / q is at least 1 / 2q away from every
  /// integer, and its two roundings move it by less, |x + 1/2| / q 2^-52 (1 + 2^-54).
  [[gnu::always_inline]] void store_canonical(u64* p, Reg x) const {
    const Reg quotient = _mm256_floor_pd(_mm256_fmadd_pd(x, set1(reciprocal_), set1(0.5 * reciprocal_)));
    const Reg word = _mm256_fnmadd_pd(quotient, q(), add(x, set1(0x1p52)));  // in [2^52, 2^52 + q)
    store_bits(p, _mm256_castpd_si256(_mm256_xor_pd(word, set1(0x1p52))));
  }

 private:
  double q_, reciprocal_;
};

/// The arithmetic of VectorTransform, as lazy as DoubleBounds<kRoom> allows.
template <int kRoom>
class Doubles : public DoubleBounds<kRoom>, public LaneModulus {
 public:
  using Reg = __m256d;
  using Twiddle = Factor;
  // A tail of 16 vectors more than fills the registers, yet beats one of 8 by a sixth of the transform: eight
  // butterflies side by side hide the latency of a stage, four wait for it, and loads and stores are idle.
  static constexpr int kLogLanes = 2, kLogTailRegisters = 4;
  static constexpr int kInnerRadix = 2, kOuterRadix = 2, kDerivesFrom = 99;

  using LaneModulus::LaneModulus;

  static TwiddleWords twiddle_words(const Modulus& q, u64 w) {
    const double x = static_cast<double>(w);
    return {std::bit_cast<u64>(x), std::bit_cast<u64>(x / static_cast<double>(q.value()))};
  }
  static Reg load(const u64* p) { return _mm256_castsi256_pd(load_bits(p)); }
  static Reg load_canonical(const u64* p) { return load_words(p); }
  static void store(u64* p, Reg x) { store_bits(p, _mm256_castpd_si256(x)); }
  template <int kBound>  // below 2^51 / q, see DoubleBounds
  [[gnu::always_inline]] void store_canonical(u64* p, Reg x) const {
    LaneModulus::store_canonical(p, x);
  }
  static Twiddle broadcast(const u64* p, std::size_t distance) {
    return {set1(std::bit_cast<double>(p[0])), set1(std::bit_cast<double>(p[distance]))};
  }
  static Twiddle load_twiddle(const u64* p, std::size_t distance) { return {load(p), load(p + distance)}; }

  template <int kStep>
  static void split(Reg& a, Reg& b);
  template <int kStep>
  static void join(Reg& a, Reg& b);

  static Reg lift(Reg x) { return x; }
  Reg lifted_product(Reg y, const Twiddle& t) const { return product(y, t); }

  /// (x, y) to (x + w y, x - w y): both grow by less than q, after |x| was brought to q/2 if asked for.
  template <bool kReduce>
  [[gnu::always_inline]] void forward_butterfly(Reg& x, Reg& y, const Twiddle& t) const {
    if constexpr (kReduce) x = LaneModulus::reduce(x);
    const Reg p = product(y, t);
    y = subtract(x, p);
    x = add(x, p);
  }
  /// (x, y) to (x + y, w (x - y)).
  template <int kBound>
  [[gnu::always_inline]] void inverse_butterfly(Reg& x, Reg& y, const Twiddle& t) const {
    const Reg difference = subtract(x, y);
    x = add(x, y);
    y = product(difference, t);
  }
  template <int kBound>
  [[gnu::always_inline]] Reg reduce(Reg x) const {
    return LaneModulus::reduce(x);
  }
};

[[gnu::always_inline]] inline void exchange_halves(Reg& a,
                                                   Reg& b) {  // a0 a1 a2 a3, b0 b1 b2 b3 to a0 a1 b0 b1, …
  const Reg x = a, y = b;
  a = _mm256_permute2f128_pd(x, y, 0x20);
  b = _mm256_permute2f128_pd(x, y, 0x31);
}
[[gnu::always_inline]] inline void exchange_neighbours(Reg& a, Reg& b) {  // to a0 b0 a2 b2, a1 b1 a3 b3
  const Reg x = a, y = b;
  a = _mm256_unpacklo_pd(x, y);
  b = _mm256_unpackhi_pd(x, y);
}

// The exchanges of lanes of two registers, see avx512_ifma.cc.
template <int kRoom>
template <int kStep>
[[gnu::always_inline]] inline void Doubles<kRoom>::split(Reg& a, Reg& b) {
  if constexpr (kStep > 0) exchange_neighbours(a, b);
  if constexpr (kStep != 1) exchange_halves(a, b);
}

template <int kRoom>
template <int kStep>
[[gnu::always_inline]] inline void Doubles<kRoom>::join(Reg& a, Reg& b) {
  if constexpr (kStep != 1) exchange_halves(a, b);
  if constexpr (kStep < 2) exchange_neighbours(a, b);
}

/// Everything but the transforms, which come in the widths of Doubles.
class Avx2Kernels : public PortableKernels {
 public:
  Avx2Kernels(const Modulus& q, int log_n) : PortableKernels(q, log_n), lanes_(q) {}

  std::string_view backend() const noexcept override { return "avx2"; }
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
  std::vector<u64> combine_factors(std::span<const u64> c) const override;
  void combine(Limb out, Rows x, std::span<const u64> factors) const noexcept override;
  void reduce(Limb out, ConstLimb x) const noexcept override;
  void round_quotient(Limb out, Rows x, std::span<const u64> tau, int shift) const noexcept override;
  void permute(Limb out, ConstLimb in, const Automorphism& sigma) const noexcept override;

 private:
  LaneModulus lanes_;
};

// Sums and differences need no doubles: words below 2^62, and the sign of a difference decides.

inline __m256i set1_bits(u64 x) {
  return _mm256_set1_epi64x(static_cast<long long>(x));
}
/// x where it is not negative, else y.
inline __m256i unless_negative(__m256i x, __m256i y) {
  const Reg sign = _mm256_castsi256_pd(x);
  return _mm256_castpd_si256(_mm256_blendv_pd(sign, _mm256_castsi256_pd(y), sign));
}

void Avx2Kernels::add(Limb out, ConstLimb a, ConstLimb b) const noexcept {
  const __m256i q = set1_bits(modulus().value());
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    const __m256i sum = _mm256_add_epi64(load_bits(&a[i]), load_bits(&b[i]));
    store_bits(&out[i], unless_negative(_mm256_sub_epi64(sum, q), sum));
  }
}

void Avx2Kernels::subtract(Limb out, ConstLimb a, ConstLimb b) const noexcept {
  const __m256i q = set1_bits(modulus().value());
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    const __m256i difference = _mm256_sub_epi64(load_bits(&a[i]), load_bits(&b[i]));
    store_bits(&out[i], unless_negative(difference, _mm256_add_epi64(difference, q)));
  }
}

void Avx2Kernels::negate(Limb out, ConstLimb a) const noexcept {
  const __m256i q = set1_bits(modulus().value());
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    const __m256i minus = _mm256_sub_epi64(_mm256_setzero_si256(), load_bits(&a[i]));
    store_bits(&out[i], unless_negative(minus, _mm256_add_epi64(minus, q)));
  }
}

void Avx2Kernels::multiply(Limb out, ConstLimb a, ConstLimb b) const noexcept {
  const LaneModulus m = lanes_;
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    m.store_canonical(&out[i], m.product(load_words(&a[i]), load_words(&b[i])));
  }
}

void Avx2Kernels::multiply_add(Limb acc, ConstLimb a, ConstLimb b) const noexcept {
  const LaneModulus m = lanes_;
  for (std::size_t i = 0; i < acc.size(); i += kLanes) {
    const Reg sum = ntt::add(load_words(&acc[i]), m.product(load_words(&a[i]), load_words(&b[i])));
    m.store_canonical(&acc[i], sum);
  }
}

void Avx2Kernels::multiply_scalar(Limb out, ConstLimb a, u64 c) const noexcept {
  const LaneModulus m = lanes_;
  const Factor factor = m.factor(c);
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    m.store_canonical(&out[i], m.product(load_words(&a[i]), factor));
  }
}

void Avx2Kernels::add_scalar(Limb out, ConstLimb a, u64 c) const noexcept {
  const __m256i q = set1_bits(modulus().value()), offset = set1_bits(c);
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    const __m256i sum = _mm256_add_epi64(load_bits(&a[i]), offset);
    store_bits(&out[i], unless_negative(_mm256_sub_epi64(sum, q), sum));
  }
}

void Avx2Kernels::subtract_multiply_scalar(Limb out, ConstLimb a, ConstLimb b, u64 c) const noexcept {
  const LaneModulus m = lanes_;
  const Factor factor = m.factor(c);
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    const Reg difference = ntt::subtract(load_words(&a[i]), load_words(&b[i]));
    m.store_canonical(&out[i], m.product(difference, factor));
  }
}

/// Rows that sum_of_products() adds up before it reduces, 2^k: of products below 2^b, each leaves a lower
/// half of at most 2^(b+k-53), together at most 2^49.
constexpr int log_rows_at_once(int b) noexcept {
  const int k = (102 - b) / 2;
  return k < 6 ? k : 6;
}

/// out = sum of left(r, i) right(r, i), left below 2^left_bits, right below q < 2^q_bits.
///
/// Products are added to 2^B, B = b + k, above which doubles lie 2^(B-52) apart. What that rounds away, at
/// most half as much, a second fused operation finds, and it is added up on its own, exactly. So a product
/// costs four operations and the conversion of its words, and only sums are reduced: the upper ones to at
/// most q/2 + 2^(B-52), which with 2^49 of lower halves and what an earlier round left, q/2 + 1 or (for q <
/// 2^49) 3/4 q, stays below 2^51.
template <class LeftFactor, class RightFactor>
[[gnu::always_inline]] inline void sum_of_products(const LaneModulus m, int left_bits, int q_bits, Limb out,
                                                   std::size_t rows, LeftFactor left,
                                                   RightFactor right) noexcept {
  constexpr int kUnroll = 4;
  const int b = left_bits + q_bits, k = log_rows_at_once(b);
  const std::size_t most = std::size_t{1} << k;
  const Reg origin = set1(std::bit_cast<double>(static_cast<u64>(1023 + b + k) << 52));  // 2^B
  for (std::size_t i = 0; i < out.size(); i += kUnroll * kLanes) {
    Reg sum[kUnroll];
    unroll<kUnroll>([&](auto u) __attribute__((always_inline)) { sum[u] = _mm256_setzero_pd(); });
    for (std::size_t first = 0; first < rows; first += most) {
      const std::size_t last = rows - first > most ? first + most : rows;
      Reg high[kUnroll];
      unroll<kUnroll>([&](auto u) __attribute__((always_inline)) { high[u] = origin; });
      for (std::size_t r = first; r < last; ++r) {
        unroll<kUnroll>([&](auto u) __attribute__((always_inline)) {
          const Reg x = left(r, i + u * kLanes), w = right(r, i + u * kLanes);
          const Reg next = _mm256_fmadd_pd(x, w, high[u]);
          sum[u] = ntt::add(sum[u], _mm256_fmsub_pd(x, w, ntt::subtract(next, high[u])));
          high[u] = next;
        });
      }
      unroll<kUnroll>([&](auto u) __attribute__((always_inline)) {
        sum[u] = ntt::add(sum[u], m.reduce(ntt::subtract(high[u], origin)));
        if (last < rows) sum[u] = m.reduce(sum[u]);
      });
    }
    unroll<kUnroll>([&](auto u)
                        __attribute__((always_inline)) { m.store_canonical(&out[i + u * kLanes], sum[u]); });
  }
}

void Avx2Kernels::inner_product(Limb out, Rows a, Rows b) const noexcept {
  const int bits = modulus().bits();
  sum_of_products(
      lanes_, bits, bits, out, a.size(), [&](std::size_t r, std::size_t i) { return load_words(a[r] + i); },
      [&](std::size_t r, std::size_t i) { return load_words(b[r] + i); });
}

/// As doubles: to convert them in the loop would cost more than the products.
std::vector<u64> Avx2Kernels::combine_factors(std::span<const u64> c) const {
  std::vector<u64> factors;
  for (const u64 w : c) factors.push_back(std::bit_cast<u64>(static_cast<double>(w)));
  return factors;
}

void Avx2Kernels::combine(Limb out, Rows x, std::span<const u64> factors) const noexcept {
  sum_of_products(
      lanes_, input_bits(), modulus().bits(), out, x.size(),
      [&](std::size_t r, std::size_t i) { return load_words(x[r] + i); },
      [&](std::size_t r, std::size_t) { return set1(std::bit_cast<double>(factors[r])); });
}

void Avx2Kernels::reduce(Limb out, ConstLimb x) const noexcept {
  const LaneModulus m = lanes_;
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    m.store_canonical(&out[i], load_words(&x[i]));
  }
}

/// floor(x t / 2^52) for x < 2^50, t < 2^52, from products of 32-bit halves.
[[gnu::always_inline]] inline __m256i high52(__m256i x, __m256i t_low, __m256i t_high) {
  const __m256i x_high = _mm256_srli_epi64(x, 32);
  const __m256i low = _mm256_srli_epi64(_mm256_mul_epu32(x, t_low), 32);
  const __m256i cross =
      _mm256_add_epi64(_mm256_mul_epu32(x_high, t_low), _mm256_mul_epu32(x, t_high));  // < 2^53
  const __m256i top = _mm256_mul_epu32(x_high, t_high);
  return _mm256_add_epi64(_mm256_slli_epi64(top, 12), _mm256_srli_epi64(_mm256_add_epi64(cross, low), 20));
}

void Avx2Kernels::round_quotient(Limb out, Rows x, std::span<const u64> tau, int shift) const noexcept {
  if (shift != 52) return PortableKernels::round_quotient(out, x, tau, shift);
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    __m256i sum = _mm256_set1_epi64x(1LL << (kQuotientBits - 1));
    for (std::size_t r = 0; r < x.size(); ++r) {
      const __m256i t = _mm256_set1_epi64x(static_cast<long long>(tau[r]));
      sum = _mm256_add_epi64(sum, high52(load_bits(x[r] + i), t, _mm256_srli_epi64(t, 32)));
    }
    store_bits(&out[i], _mm256_srli_epi64(sum, kQuotientBits));
  }
}

/// Each half of a block comes from one half of its source block, so two permutations of 4 words do.
void Avx2Kernels::permute(Limb out, ConstLimb in, const Automorphism& sigma) const noexcept {
  static_assert(Automorphism::kBlock == 2 * kLanes);
  __m256i pairs[Automorphism::kBlock][2];  // a word i of a half as two halves of words, 2 i and 2 i + 1
  for (std::size_t p = 0; p < Automorphism::kBlock; ++p) {
    for (std::size_t half = 0; half < 2; ++half) {
      const __m256i source = load_bits(&sigma.patterns()[p].source[half * kLanes]);
      const __m256i even = _mm256_slli_epi64(_mm256_and_si256(source, _mm256_set1_epi64x(kLanes - 1)), 1);
      const __m256i odd = _mm256_slli_epi64(_mm256_add_epi64(even, _mm256_set1_epi64x(1)), 32);
      pairs[p][half] = _mm256_or_si256(even, odd);
    }
  }
  u64* target = out.data();
  for (const std::uint32_t first : sigma.blocks()) {
    const std::size_t pattern = first % Automorphism::kBlock;
    const u64* const same = in.data() + first / kLanes * kLanes;  // the half that word 0 comes from
    const u64* const other = in.data() + (first / kLanes ^ 1) * kLanes;
    store_bits(target, _mm256_permutevar8x32_epi32(load_bits(same), pairs[pattern][0]));
    store_bits(target + kLanes, _mm256_permutevar8x32_epi32(load_bits(other), pairs[pattern][1]));
    target += Automorphism::kBlock;
  }
}

template <int kRoom>
class Avx2Plan final : public VectorPlan<Avx2Kernels, Doubles<kRoom>> {
 public:
  using VectorPlan<Avx2Kernels, Doubles<kRoom>>::VectorPlan;
  std::string_view kernel() const noexcept override {
    if constexpr (kRoom == 32) return "32q window, q < 2^46";
    return kRoom == 8 ? "8q window, q < 2^48" : "2q window, q < 2^50";
  }
};

}  // namespace

PlanPtr make_avx2(const Modulus& q, int log_n) {
  if (Doubles<32>::fits(q)) return std::make_shared<Avx2Plan<32>>(q, log_n);
  if (Doubles<8>::fits(q)) return std::make_shared<Avx2Plan<8>>(q, log_n);
  return std::make_shared<Avx2Plan<2>>(q, log_n);
}

}  // namespace sotto::ntt
