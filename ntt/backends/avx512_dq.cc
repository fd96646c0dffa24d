// AVX-512 without 52-bit products, or for primes too wide for them: the transform on 8 lanes of 64-bit words,
// q < 2^61. Compiled with its own flags; the registry calls in only where the CPU has them.
//
// Four 32-bit products make the high half of a 64-bit one, so a butterfly takes about three times as long as
// by IFMA. The limb kernels are those of portable.

#include "ntt/backends/avx512_lanes.h"
#include "ntt/backends/portable.h"
#include "ntt/backends/vector_plan.h"
#include "ntt/backends/word_arithmetic.h"

namespace sotto::ntt {
namespace {

struct WideLanes : Avx512Lanes {
  static constexpr int kWordBits = 64;
  static constexpr int kDerivesFrom =
      99;  // never: these transforms wait for their products and not for memory

  static Reg add_lo(Reg acc, Reg a, Reg b) { return add(acc, _mm512_mullo_epi64(a, b)); }
  static Reg low(Reg x) { return x; }
  static Reg minus_one_if_negative(Reg x) { return _mm512_srai_epi64(x, 63); }

  /// With digits of 32 bits. No sum passes 64 bits: (2^32 - 1)^2 + 2^32 - 1 < 2^64.
  [[gnu::always_inline]] static Reg hi(Reg a, Reg b) {
    const Reg a1 = _mm512_srli_epi64(a, 32), b1 = _mm512_srli_epi64(b, 32);
    const Reg low = _mm512_mul_epu32(a, b);
    const Reg middle = add(_mm512_mul_epu32(a1, b), _mm512_srli_epi64(low, 32));
    const Reg other = add(_mm512_mul_epu32(a, b1), _mm512_and_si512(middle, set1(0xffffffff)));
    return add(add(_mm512_mul_epu32(a1, b1), _mm512_srli_epi64(middle, 32)), _mm512_srli_epi64(other, 32));
  }
};

template <int kHeadroom>
using Wide = WordArithmetic<WideLanes, kHeadroom>;

template <int kHeadroom>
class WidePlan final : public VectorPlan<PortableKernels, Wide<kHeadroom>> {
 public:
  using VectorPlan<PortableKernels, Wide<kHeadroom>>::VectorPlan;
  std::string_view backend() const noexcept override { return "avx512dq"; }
  std::string_view kernel() const noexcept override {
    if constexpr (kHeadroom == 34) return "34q window, q < 2^58.9";
    return kHeadroom == 16 ? "16q window, q < 2^60" : "8q window, q < 2^61";
  }
  int input_bits() const noexcept override { return 61; }
};

}  // namespace

PlanPtr make_avx512_dq(const Modulus& q, int log_n) {
  if (Wide<34>::fits(q)) return std::make_shared<WidePlan<34>>(q, log_n);
  if (Wide<16>::fits(q)) return std::make_shared<WidePlan<16>>(q, log_n);
  return std::make_shared<WidePlan<8>>(q, log_n);
}

}  // namespace sotto::ntt
