// Limb kernels on 8 lanes of 52-bit words, q < 2^50. Compiled with the flags of the backend.

#include "ntt/backends/ifma_kernels.h"

#include <algorithm>
#include <bit>

#include "ntt/backends/unroll.h"

namespace sotto::ntt::ifma {

namespace {

/// Words that kernels of many rows take at a time; the limbs of rings below are shorter.
constexpr std::size_t kWideWords = 64;

/// 1 / q mod 2^64, q odd: q inverts itself modulo 8, and each step of Newton doubles the right bits.
u64 inverse_of_odd(u64 q) {
  u64 inverse = q;
  for (int bits = 3; bits < 64; bits *= 2) inverse *= 2 - q * inverse;
  return inverse;
}

}  // namespace

IfmaKernels::IfmaKernels(const Modulus& q, int log_n)
    : PortableKernels(q, log_n), lanes_(q), minus_inverse_(-inverse_of_odd(q.value()) & kMask52) {}

void IfmaKernels::add(Limb out, ConstLimb a, ConstLimb b) const noexcept {
  const LaneModulus m = lanes_;
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    store(&out[i], subtract_once(ifma::add(load(&a[i]), load(&b[i])), m.q()));
  }
}

void IfmaKernels::subtract(Limb out, ConstLimb a, ConstLimb b) const noexcept {
  const LaneModulus m = lanes_;
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    const Reg difference = ifma::subtract(load(&a[i]), load(&b[i]));  // wraps to a huge word when negative
    store(&out[i], _mm512_min_epu64(difference, ifma::add(difference, m.q())));
  }
}

void IfmaKernels::negate(Limb out, ConstLimb a) const noexcept {
  const LaneModulus m = lanes_;
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    store(&out[i], subtract_once(ifma::subtract(m.q(), load(&a[i])), m.q()));
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
    store(&acc[i], m.canonical4(ifma::add(load(&acc[i]), m.product(load(&a[i]), load(&b[i])))));
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
    store(&out[i], subtract_once(ifma::add(load(&a[i]), set1(c)), m.q()));
  }
}

void IfmaKernels::subtract_multiply_scalar(Limb out, ConstLimb a, ConstLimb b, u64 c) const noexcept {
  const LaneModulus m = lanes_;
  const Constant factor = m.constant(c);
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    const Reg difference = ifma::add(ifma::subtract(load(&a[i]), load(&b[i])), m.q());  // (0, 2q)
    store(&out[i], m.canonical2(m.product(difference, factor)));
  }
}

/// Low and high halves of the products add up apart. After 16 rows the sum is below 16 2^50 (2^50 - 2^7) +
/// 2^52 < 2^104, so its high half is a word again and the whole folds to 4q < 2^52. Rows b are keys and
/// diagonals, which come from memory, and there are more of them than streams that the hardware follows:
/// asking for them 2 KiB ahead saves a third of the time of 3 to 8 cold rows (Zen 5).
void IfmaKernels::inner_product(Limb out, Rows a, Rows b) const noexcept {
  if (out.size() < kWideWords) return PortableKernels::inner_product(out, a, b);
  constexpr std::size_t kRowsPerFold = 16, kAhead = 256;  // words
  constexpr int kUnroll = 8;  // registers side by side hide the latency of the accumulators
  const LaneModulus m = lanes_;
  for (std::size_t i = 0; i < out.size(); i += kUnroll * kLanes) {
    Reg sum[kUnroll], high[kUnroll];
    unroll<kUnroll>([&](auto u) __attribute__((always_inline)) { sum[u] = _mm512_setzero_si512(); });
    for (std::size_t first = 0; first < a.size(); first += kRowsPerFold) {
      unroll<kUnroll>([&](auto u) __attribute__((always_inline)) { high[u] = _mm512_setzero_si512(); });
      for (std::size_t r = first; r < std::min(a.size(), first + kRowsPerFold); ++r) {
        const u64 *const left = a[r] + i, *const right = b[r] + i;
        unroll<kUnroll>([&](auto u) __attribute__((always_inline)) {
          _mm_prefetch(reinterpret_cast<const char*>(right + u * kLanes + kAhead), _MM_HINT_T0);
          const Reg x = load(left + u * kLanes), y = load(right + u * kLanes);
          sum[u] = add_lo(sum[u], x, y);
          high[u] = add_hi(high[u], x, y);
        });
      }
      unroll<kUnroll>([&](auto u) __attribute__((always_inline)) {
        const Reg carried = ifma::add(high[u], _mm512_srli_epi64(sum[u], 52));
        sum[u] = low52(m.reduce(low52(sum[u]), carried));
      });
    }
    unroll<kUnroll>([&](auto u) __attribute__((always_inline)) {
      store(&out[i + u * kLanes], m.canonical4(sum[u]));
    });
  }
}

/// Times 2^52, which the reduction of combine() divides by.
std::vector<u64> IfmaKernels::combine_factors(std::span<const u64> c) const {
  std::vector<u64> factors;
  for (const u64 w : c) factors.push_back(modulus().reduce(u128{w} << 52));
  return factors;
}

/// 8 kUnroll words of combine() from word i on, by Montgomery's reduction: with L and H the sums of low and
/// high halves and m = -L / q mod 2^52, (L + m q) / 2^52 + H = ceil(L / 2^52) + floor(m q / 2^52) + H. L is
/// kept 2^52 - 1 too large, so that the ceiling is a shift. 2 products for each row and 2 more; k rows below
/// 2^50 give less than (k / 4 + 1) q, at most 17 q.
template <int kUnroll>
[[gnu::always_inline]] inline void combine_words(u64* out, std::size_t i, Rows x, const u64* factors, u64 q,
                                                 u64 minus_inverse) {
  Reg low[kUnroll], high[kUnroll];
  unroll<kUnroll>([&](auto u) __attribute__((always_inline)) {
    low[u] = set1(kMask52);
    high[u] = _mm512_setzero_si512();
  });
  for (std::size_t r = 0; r < x.size(); ++r) {
    const Reg factor = set1(factors[r]);
    const u64* const row = x[r] + i;
    unroll<kUnroll>([&](auto u) __attribute__((always_inline)) {
      const Reg word = load(row + u * kLanes);
      low[u] = add_lo(low[u], word, factor);
      high[u] = add_hi(high[u], word, factor);
    });
  }
  unroll<kUnroll>([&](auto u) __attribute__((always_inline)) {
    const Reg m = add_lo(set1(minus_inverse), low[u], set1(minus_inverse));
    low[u] = ifma::add(add_hi(high[u], m, set1(q)), _mm512_srli_epi64(low[u], 52));
  });
  for (u64 multiple = q << (std::bit_width(x.size() / 4 + 1) - 1); multiple >= q; multiple /= 2) {
    unroll<kUnroll>([&](auto u)
                        __attribute__((always_inline)) { low[u] = subtract_once(low[u], set1(multiple)); });
  }
  unroll<kUnroll>([&](auto u) __attribute__((always_inline)) { store(out + i + u * kLanes, low[u]); });
}

void IfmaKernels::combine(Limb out, Rows x, std::span<const u64> factors) const noexcept {
  const u64 q = modulus().value(), minus_inverse = minus_inverse_;
  if (out.size() < kWideWords) {
    for (std::size_t i = 0; i < out.size(); i += kLanes)
      combine_words<1>(out.data(), i, x, factors.data(), q, minus_inverse);
    return;
  }
  for (std::size_t i = 0; i < out.size(); i += kWideWords) {
    combine_words<kWideWords / kLanes>(out.data(), i, x, factors.data(), q, minus_inverse);
  }
}

void IfmaKernels::reduce(Limb out, ConstLimb x) const noexcept {
  const LaneModulus m = lanes_;
  for (std::size_t i = 0; i < out.size(); i += kLanes) {
    store(&out[i], m.canonical2(m.reduce(load(&x[i]))));
  }
}

void IfmaKernels::round_quotient(Limb out, Rows x, std::span<const u64> tau, int shift) const noexcept {
  if (shift != 52 || out.size() < kWideWords) return PortableKernels::round_quotient(out, x, tau, shift);
  constexpr int kUnroll = 8;  // one chain of additions alone would wait for each of them
  for (std::size_t i = 0; i < out.size(); i += kUnroll * kLanes) {
    Reg sum[kUnroll];
    unroll<kUnroll>([&](auto u)
                        __attribute__((always_inline)) { sum[u] = set1(u64{1} << (kQuotientBits - 1)); });
    for (std::size_t r = 0; r < x.size(); ++r) {
      const Reg factor = set1(tau[r]);
      const u64* const row = x[r] + i;
      unroll<kUnroll>([&](auto u) __attribute__((always_inline)) {
        sum[u] = add_hi(sum[u], load(row + u * kLanes), factor);
      });
    }
    unroll<kUnroll>([&](auto u) __attribute__((always_inline)) {
      store(&out[i + u * kLanes], _mm512_srli_epi64(sum[u], kQuotientBits));
    });
  }
}

/// Blocks of a page stay together under an automorphism but change places, which hardware prefetchers do not
/// follow: asking for them two pages ahead saves a third of the time of a cold limb of N = 2^16 (33 to 20 us,
/// Zen 5). Smaller limbs are in L2, where asking costs 5 %.
template <bool kPrefetch>
inline void permute_blocks(u64* out, const u64* in, const Automorphism& sigma) noexcept {
  constexpr int kUnroll = 4;
  constexpr std::size_t kAhead = 128;  // blocks
  const std::uint32_t* const blocks = sigma.blocks().data();
  const Automorphism::Pattern* const patterns = sigma.patterns().data();
  const std::size_t count = sigma.blocks().size();
  for (std::size_t b = 0; b < count; b += kUnroll) {
    unroll<kUnroll>([&](auto u) __attribute__((always_inline)) {
      if constexpr (kPrefetch) {
        _mm_prefetch(reinterpret_cast<const char*>(in + blocks[(b + u + kAhead) & (count - 1)]), _MM_HINT_T0);
      }
      const std::size_t first = blocks[b + u], pattern = first % kLanes;
      const Reg order = load(patterns[pattern].source.data());
      store(out + (b + u) * kLanes, _mm512_permutexvar_epi64(order, load(in + (first - pattern))));
    });
  }
}

void IfmaKernels::permute(Limb out, ConstLimb in, const Automorphism& sigma) const noexcept {
  constexpr std::size_t kLargeLimb = std::size_t{1} << 16;  // words: two do not fit L2
  if (sigma.n() < kWideWords) return PortableKernels::permute(out, in, sigma);
  sigma.n() < kLargeLimb ? permute_blocks<false>(out.data(), in.data(), sigma)
                         : permute_blocks<true>(out.data(), in.data(), sigma);
}

}  // namespace sotto::ntt::ifma
