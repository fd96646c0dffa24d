// The worked example of docs/ntt-backends.md: a complete NTT backend. It multiplies by Montgomery's reduction
// (1985), so that a twiddle is one word, and walks the tree of butterflies depth first, so that every block
// that fits a cache is finished there.

#include "ntt/backends/portable.h"
#include "ntt/roots.h"
#include "ntt/testing/backend_suite.h"

namespace sotto::ntt {
namespace {

class MontgomeryPlan final : public PortableKernels {  // the limb kernels are inherited
 public:
  MontgomeryPlan(const Modulus& q, int log_n) : PortableKernels(q, log_n), roots_(q, log_n) {
    for (int bits = 3; bits < 64; bits *= 2) inverse_of_q_ *= 2 - q.value() * inverse_of_q_;  // Newton
    const auto to_montgomery = [&](u64 w) { return q.reduce(u128{w} << 64); };
    for (u64& w : roots_.forward.span()) w = to_montgomery(w);
    for (u64& w : roots_.inverse.span()) w = to_montgomery(w);
    roots_.n_inverse = to_montgomery(roots_.n_inverse);
  }
  std::string_view backend() const noexcept override { return "montgomery"; }
  int input_bits() const noexcept override { return 61; }
  void forward(Limb x) const noexcept override { split(x, 1); }
  void inverse(Limb x) const noexcept override {
    merge(x, 1);
    for (u64& word : x) word = product(word, roots_.n_inverse);
  }

 private:
  /// y w / 2^64 mod q for y and w below q: with m = y w / q mod 2^64, the low words of y w and m q agree, so
  /// their high words differ by the quotient, which lies in (-q, q).
  u64 product(u64 y, u64 w) const noexcept {
    const u128 x = u128{y} * w;
    const u64 m = static_cast<u64>(x) * inverse_of_q_;
    const u64 high = static_cast<u64>((u128{m} * modulus().value()) >> 64);
    return modulus().subtract(static_cast<u64>(x >> 64), high);
  }
  /// The butterflies of `node` over x, then those below it: children of node i are 2i and 2i + 1.
  void split(Limb x, std::size_t node) const noexcept {
    const std::size_t half = x.size() / 2;
    for (std::size_t j = 0; j < half; ++j) {
      const u64 u = x[j], v = product(x[half + j], roots_.forward[node]);
      x[j] = modulus().add(u, v);
      x[half + j] = modulus().subtract(u, v);
    }
    if (half == 1) return;
    split(x.first(half), 2 * node);
    split(x.last(half), 2 * node + 1);
  }
  /// The same backwards.
  void merge(Limb x, std::size_t node) const noexcept {
    const std::size_t half = x.size() / 2;
    if (half > 1) {
      merge(x.first(half), 2 * node);
      merge(x.last(half), 2 * node + 1);
    }
    for (std::size_t j = 0; j < half; ++j) {
      const u64 u = x[j], v = x[half + j];
      x[j] = modulus().add(u, v);
      x[half + j] = product(modulus().subtract(u, v), roots_.inverse[node]);
    }
  }

  Roots roots_;                           // in Montgomery's form: w 2^64 mod q
  u64 inverse_of_q_ = modulus().value();  // modulo 2^64; q itself is right modulo 2^3
};

const BackendInfo kMontgomery{
    "montgomery", "one word for a twiddle, q < 2^61; any CPU", nullptr,
    [](const Modulus&, int) noexcept { return true; },
    [](const Modulus& q, int log_n) -> PlanPtr { return std::make_shared<MontgomeryPlan>(q, log_n); }};
}  // namespace
}  // namespace sotto::ntt

SOTTO_TEST_BACKEND(Montgomery, sotto::ntt::kMontgomery)
