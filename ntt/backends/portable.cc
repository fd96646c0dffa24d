// The transform as in Longa and Naehrig 2016 (twist merged into the twiddles) with Harvey's lazy butterflies
// (2014), two levels at a time, so that words are loaded and stored half as often.
//
// A product by a twiddle is below 2q for every 64-bit word. So nothing is reduced before the end while the
// words have room to grow; plans of wide primes reduce in every pass. No branch depends on a word.

#include "ntt/backends/portable.h"

#include <algorithm>

#include "ntt/roots.h"

namespace sotto::ntt {
namespace {

struct Twiddle {
  u64 w, w_shoup;
};

class PortablePlan final : public PortableKernels {
 public:
  /// log_n >= 2.
  PortablePlan(const Modulus& q, int log_n);

  std::string_view backend() const noexcept override { return "portable"; }
  int input_bits() const noexcept override { return 61; }
  void forward(Limb x) const noexcept override;
  void inverse(Limb x) const noexcept override;
  u64 run_butterflies(Direction direction, std::size_t count) const noexcept override;

 private:
  template <bool kReduce>
  void forward_levels(u64* x) const noexcept;
  template <bool kReduce, bool kLast>
  void forward_pass(u64* x, std::size_t m) const noexcept;
  template <bool kReduce>
  void inverse_levels(u64* x) const noexcept;
  template <bool kReduce, bool kFirst>
  void inverse_pass(u64* x, std::size_t m, u64 bound) const noexcept;

  std::vector<Twiddle> forward_, inverse_;  // [n], as Roots
  Twiddle one_, n_inverse_;
  bool forward_fits_, inverse_fits_;  // into 64 bits without a reduction
};

/// A level adds 2q to the bound of all words in the forward transform, and doubles it in the inverse.
PortablePlan::PortablePlan(const Modulus& q, int log_n)
    : PortableKernels(q, log_n),
      forward_fits_((u128{q.value()} * static_cast<u64>(1 + 2 * log_n)) >> 64 == 0),
      inverse_fits_((u128{q.value()} << log_n) >> 64 == 0) {
  const Roots roots(q, log_n);
  const auto twiddle = [&](u64 w) { return Twiddle{w, q.shoup(w)}; };
  forward_.reserve(n());
  inverse_.reserve(n());
  for (std::size_t i = 0; i < n(); ++i) {
    forward_.push_back(twiddle(roots.forward[i]));
    inverse_.push_back(twiddle(roots.inverse[i]));
  }
  one_ = twiddle(1);
  n_inverse_ = twiddle(roots.n_inverse);
  inverse_[1] = twiddle(q.multiply(roots.inverse[1], roots.n_inverse));
}

/// w y mod q in [0, 2q) for any y, as Modulus::multiply_shoup_lazy().
[[gnu::always_inline]] inline u64 product(u64 q, const Twiddle& t, u64 y) {
  return t.w * y - static_cast<u64>((u128{t.w_shoup} * y) >> 64) * q;
}

/// (x, y) to (x + w y, x - w y), both at most 2q above x.
[[gnu::always_inline]] inline void forward_butterfly(u64 q, u64& x, u64& y, const Twiddle& t) {
  const u64 p = product(q, t, y);
  y = x + 2 * q - p;
  x = x + p;
}

/// (x, y) to (x + y, w (x - y)), y at most `bound`, a multiple of q; the product is below 2q.
[[gnu::always_inline]] inline void inverse_butterfly(u64 q, u64 bound, u64& x, u64& y, const Twiddle& t) {
  const u64 difference = x + bound - y;
  x = x + y;
  y = product(q, t, difference);
}

/// The m nodes m .. 2m-1 of one level and their children: each takes four neighbouring streams of t words.
/// With kReduce, words are below 8q before and after; 8q may pass 2^63, its distance to 4q does not. Not
/// inline, for it needs all registers.
template <bool kReduce, bool kLast>
[[gnu::noinline]] void PortablePlan::forward_pass(u64* x, std::size_t m) const noexcept {
  const u64 q = modulus().value();
  const std::size_t t = kLast ? 1 : n() / (4 * m);
  for (std::size_t node = m; node < 2 * m; ++node, x += 4 * t) {
    const Twiddle parent = forward_[node], left = forward_[2 * node], right = forward_[2 * node + 1];
    for (u64* p = x; p != x + t; ++p) {
      u64 a = p[0], b = p[t], c = p[2 * t], d = p[3 * t];
      if constexpr (kReduce) {
        a = reduce_once(a, 4 * q);
        b = reduce_once(b, 4 * q);
      }
      forward_butterfly(q, a, c, parent);
      forward_butterfly(q, b, d, parent);
      forward_butterfly(q, a, b, left);
      forward_butterfly(q, c, d, right);
      p[0] = a, p[t] = b, p[2 * t] = c, p[3 * t] = d;
    }
  }
}

/// The way back from forward_pass(). Words below `bound` grow to 4 bound; with kReduce both are 2q.
template <bool kReduce, bool kFirst>
[[gnu::noinline]] void PortablePlan::inverse_pass(u64* x, std::size_t m, u64 bound) const noexcept {
  const u64 q = modulus().value();
  const std::size_t t = kFirst ? 1 : n() / (4 * m);
  for (std::size_t node = m; node < 2 * m; ++node, x += 4 * t) {
    const Twiddle parent = inverse_[node], left = inverse_[2 * node], right = inverse_[2 * node + 1];
    for (u64* p = x; p != x + t; ++p) {
      u64 a = p[0], b = p[t], c = p[2 * t], d = p[3 * t];
      inverse_butterfly(q, bound, a, b, left);
      inverse_butterfly(q, bound, c, d, right);
      inverse_butterfly(q, 2 * bound, a, c, parent);
      inverse_butterfly(q, 2 * bound, b, d, parent);
      if constexpr (kReduce) {
        a = reduce_once(reduce_once(a, 4 * q), 2 * q);
        b = reduce_once(b, 2 * q);
      }
      p[0] = a, p[t] = b, p[2 * t] = c, p[3 * t] = d;
    }
  }
}

/// The first level alone if their number is odd.
template <bool kReduce>
void PortablePlan::forward_levels(u64* x) const noexcept {
  const u64 q = modulus().value();
  const std::size_t half = n() / 2, odd = static_cast<std::size_t>(log_n() % 2);
  for (std::size_t j = 0; j < odd * half; ++j) forward_butterfly(q, x[j], x[half + j], forward_[1]);
  std::size_t m = 1 + odd;
  for (; m < n() / 4; m *= 4) forward_pass<kReduce, false>(x, m);
  forward_pass<kReduce, true>(x, m);
}

template <bool kReduce>
void PortablePlan::inverse_levels(u64* x) const noexcept {
  const u64 q = modulus().value();
  const std::size_t half = n() / 2, odd = static_cast<std::size_t>(log_n() % 2);
  u64 bound = kReduce ? 2 * q : q;
  const u64 growth = kReduce ? 1 : 4;
  std::size_t m = n() / 4;
  inverse_pass<kReduce, true>(x, m, bound);
  for (m /= 4, bound *= growth; m >= 1; m /= 4, bound *= growth) inverse_pass<kReduce, false>(x, m, bound);
  for (std::size_t j = 0; j < odd * half; ++j) inverse_butterfly(q, bound, x[j], x[half + j], inverse_[1]);
}

void PortablePlan::forward(Limb x) const noexcept {
  forward_fits_ ? forward_levels<false>(x.data()) : forward_levels<true>(x.data());
  const u64 q = modulus().value();
  for (u64& word : x) word = reduce_once(product(q, one_, word), q);
}

/// The twiddle of the last level holds N^-1 for the right half.
void PortablePlan::inverse(Limb x) const noexcept {
  inverse_fits_ ? inverse_levels<false>(x.data()) : inverse_levels<true>(x.data());
  const u64 q = modulus().value();
  for (u64& word : x.first(n() / 2)) word = reduce_once(product(q, n_inverse_, word), q);
  for (u64& word : x.last(n() / 2)) word = reduce_once(word, q);
}

u64 PortablePlan::run_butterflies(Direction direction, std::size_t count) const noexcept {
  const u64 q = modulus().value();
  const Twiddle twiddle = forward_[1];
  u64 left[4] = {1, 2, 3, 4}, right[4] = {5, 6, 7, 8};
  for (std::size_t done = 0; done < count; done += 4) {
    for (int i = 0; i < 4; ++i) {
      direction == Direction::kForward ? forward_butterfly(q, left[i], right[i], twiddle)
                                       : inverse_butterfly(q, 2 * q, left[i], right[i], twiddle);
    }
  }
  return (left[0] ^ left[1] ^ left[2] ^ left[3] ^ right[0] ^ right[1] ^ right[2] ^ right[3]) | 1;
}

}  // namespace

void PortableKernels::add(Limb out, ConstLimb a, ConstLimb b) const noexcept {
  const Modulus q = modulus();
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = q.add(a[i], b[i]);
}

void PortableKernels::subtract(Limb out, ConstLimb a, ConstLimb b) const noexcept {
  const Modulus q = modulus();
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = q.subtract(a[i], b[i]);
}

void PortableKernels::negate(Limb out, ConstLimb a) const noexcept {
  const Modulus q = modulus();
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = q.negate(a[i]);
}

void PortableKernels::multiply(Limb out, ConstLimb a, ConstLimb b) const noexcept {
  const Modulus q = modulus();
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = q.multiply(a[i], b[i]);
}

void PortableKernels::multiply_add(Limb acc, ConstLimb a, ConstLimb b) const noexcept {
  const Modulus q = modulus();
  for (std::size_t i = 0; i < acc.size(); ++i) acc[i] = q.reduce(u128{a[i]} * b[i] + acc[i]);
}

void PortableKernels::multiply_scalar(Limb out, ConstLimb a, u64 c) const noexcept {
  const Modulus q = modulus();
  const u64 c_shoup = q.shoup(c);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = q.multiply_shoup(a[i], c, c_shoup);
}

void PortableKernels::add_scalar(Limb out, ConstLimb a, u64 c) const noexcept {
  const Modulus q = modulus();
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = q.add(a[i], c);
}

void PortableKernels::subtract_multiply_scalar(Limb out, ConstLimb a, ConstLimb b, u64 c) const noexcept {
  const Modulus q = modulus();
  const u64 c_shoup = q.shoup(c);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = q.multiply_shoup(a[i] + q.value() - b[i], c, c_shoup);
}

// 64 products of words below 2^61 stay below 2^128, here and in combine().
void PortableKernels::inner_product(Limb out, Rows a, Rows b) const noexcept {
  const Modulus q = modulus();
  for (std::size_t i = 0; i < out.size(); ++i) {
    u128 sum = 0;
    for (std::size_t d = 0; d < a.size(); ++d) sum += u128{a[d][i]} * b[d][i];
    out[i] = q.reduce(sum);
  }
}

void PortableKernels::combine(Limb out, Rows x, std::span<const u64> factors) const noexcept {
  const Modulus q = modulus();
  for (std::size_t i = 0; i < out.size(); ++i) {
    u128 sum = 0;
    for (std::size_t r = 0; r < x.size(); ++r) sum += u128{x[r][i]} * factors[r];
    out[i] = q.reduce(sum);
  }
}

void PortableKernels::reduce(Limb out, ConstLimb x) const noexcept {
  const Modulus q = modulus();
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = q.reduce(x[i]);
}

void PortableKernels::round_quotient(Limb out, Rows x, std::span<const u64> tau, int shift) const noexcept {
  for (std::size_t i = 0; i < out.size(); ++i) {
    u64 sum = u64{1} << (kQuotientBits - 1);
    for (std::size_t r = 0; r < x.size(); ++r) sum += static_cast<u64>((u128{x[r][i]} * tau[r]) >> shift);
    out[i] = sum >> kQuotientBits;
  }
}

void PortableKernels::permute(Limb out, ConstLimb in, const Automorphism& sigma) const noexcept {
  u64* target = out.data();
  for (const std::uint32_t first : sigma.blocks()) {
    const u64* const block = in.data() + first / Automorphism::kBlock * Automorphism::kBlock;
    const auto& source = sigma.patterns()[first % Automorphism::kBlock].source;
    for (std::size_t k = 0; k < Automorphism::kBlock; ++k) target[k] = block[source[k]];
    target += Automorphism::kBlock;
  }
}

PlanPtr make_portable(const Modulus& q, int log_n) {
  return std::make_shared<PortablePlan>(q, log_n);
}

}  // namespace sotto::ntt
