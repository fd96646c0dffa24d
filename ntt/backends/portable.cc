// The transform as in Longa and Naehrig 2016 (twist merged into the twiddles) with Harvey's lazy butterflies
// (2014).
//
// Words stay below 4q inside the forward transform and below 2q inside the inverse, so q < 2^61 leaves room
// for every sum. No branch depends on a word.

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
  PortablePlan(const Modulus& q, int log_n) : PortableKernels(q, log_n) {
    const Roots roots(q, log_n);
    forward_.reserve(n());
    inverse_.reserve(n());
    for (std::size_t i = 0; i < n(); ++i) {
      forward_.push_back({roots.forward[i], q.shoup(roots.forward[i])});
      inverse_.push_back({roots.inverse[i], q.shoup(roots.inverse[i])});
    }
    n_inverse_ = {roots.n_inverse, q.shoup(roots.n_inverse)};
  }

  std::string_view backend() const noexcept override { return "portable"; }
  int input_bits() const noexcept override { return 61; }
  void forward(Limb x) const noexcept override;
  void inverse(Limb x) const noexcept override;
  u64 run_butterflies(Direction direction, std::size_t count) const noexcept override;

 private:
  std::vector<Twiddle> forward_, inverse_;  // [n], as Roots
  Twiddle n_inverse_;
};

/// [0, 4q) to [0, 4q).
[[gnu::always_inline]] inline void forward_butterfly(const Modulus& q, u64& left, u64& right,
                                                     const Twiddle& t) {
  const u64 u = reduce_once(left, 2 * q.value());
  const u64 v = q.multiply_shoup_lazy(right, t.w, t.w_shoup);
  left = u + v;
  right = u + 2 * q.value() - v;
}

/// [0, 2q) to [0, 2q).
[[gnu::always_inline]] inline void inverse_butterfly(const Modulus& q, u64& left, u64& right,
                                                     const Twiddle& t) {
  const u64 sum = left + right;
  const u64 difference = left + 2 * q.value() - right;
  left = reduce_once(sum, 2 * q.value());
  right = q.multiply_shoup_lazy(difference, t.w, t.w_shoup);
}

void PortablePlan::forward(Limb x) const noexcept {
  const Modulus q = modulus();
  for (std::size_t m = 1, t = n() / 2; m < n(); m *= 2, t /= 2) {
    for (std::size_t k = 0; k < m; ++k) {
      const Twiddle twiddle = forward_[m + k];
      u64* const left = &x[2 * k * t];
      u64* const right = left + t;
      for (std::size_t j = 0; j < t; ++j) forward_butterfly(q, left[j], right[j], twiddle);
    }
  }
  for (u64& word : x) word = reduce_once(reduce_once(word, 2 * q.value()), q.value());
}

void PortablePlan::inverse(Limb x) const noexcept {
  const Modulus q = modulus();
  for (std::size_t m = n() / 2, t = 1; m >= 1; m /= 2, t *= 2) {
    for (std::size_t k = 0; k < m; ++k) {
      const Twiddle twiddle = inverse_[m + k];
      u64* const left = &x[2 * k * t];
      u64* const right = left + t;
      for (std::size_t j = 0; j < t; ++j) inverse_butterfly(q, left[j], right[j], twiddle);
    }
  }
  for (u64& word : x) word = q.multiply_shoup(word, n_inverse_.w, n_inverse_.w_shoup);
}

u64 PortablePlan::run_butterflies(Direction direction, std::size_t count) const noexcept {
  const Modulus q = modulus();
  const Twiddle twiddle = forward_[1];
  u64 left[4] = {1, 2, 3, 4}, right[4] = {5, 6, 7, 8};
  for (std::size_t done = 0; done < count; done += 4) {
    for (int i = 0; i < 4; ++i) {
      direction == Direction::kForward ? forward_butterfly(q, left[i], right[i], twiddle)
                                       : inverse_butterfly(q, left[i], right[i], twiddle);
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
