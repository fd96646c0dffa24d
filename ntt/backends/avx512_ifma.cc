// AVX-512 IFMA: the transform on 8 lanes of 52-bit words (ifma_lanes.h), q < 2^50. Compiled with its own
// flags; the registry calls in only where the CPU has them. In a VERIFY build every step checks its claims.

#include <type_traits>

#include "ntt/backends/avx512_lanes.h"
#include "ntt/backends/ifma_kernels.h"
#include "ntt/backends/vector_plan.h"
#include "ntt/backends/verified.h"
#include "ntt/backends/word_arithmetic.h"

namespace sotto::ntt {
namespace {

/// As in ifma_lanes.h lo and hi are halves of a product.
struct IfmaLanes : Avx512Lanes {
  static constexpr int kWordBits = 52, kDerivesFrom = 16;

  static Reg add_lo(Reg acc, Reg a, Reg b) { return ifma::add_lo(acc, a, b); }
  static Reg hi(Reg a, Reg b) { return ifma::hi(a, b); }
  static Reg low(Reg x) { return ifma::low52(x); }
  static Reg minus_one_if_negative(Reg x) {
    return _mm512_srai_epi64(_mm512_slli_epi64(x, 64 - kWordBits), 63);
  }
};

#ifdef SOTTO_VERIFY
constexpr bool kVerify = true;
#else
constexpr bool kVerify = false;
#endif

template <int kHeadroom, class Fast = WordArithmetic<IfmaLanes, kHeadroom>>
using Ifma = std::conditional_t<kVerify, Verified<Fast, AbortOnBreach>, Fast>;

template <int kHeadroom>
class IfmaPlan final : public VectorPlan<ifma::IfmaKernels, Ifma<kHeadroom>> {
 public:
  using VectorPlan<ifma::IfmaKernels, Ifma<kHeadroom>>::VectorPlan;
  std::string_view kernel() const noexcept override {
    if constexpr (kHeadroom == 34) return "34q window, q < 2^46.9";
    if constexpr (kHeadroom == 16) return "16q window, q < 2^48";
    return kHeadroom == 8 ? "8q window, q < 2^49" : "4q window, q < 2^50";
  }
#ifdef SOTTO_VERIFY
  /// They would go on where words have long outgrown their bounds.
  u64 run_butterflies(Direction, std::size_t) const noexcept override {
    return 0;
  }
#endif
};

}  // namespace

PlanPtr make_avx512_ifma(const Modulus& q, int log_n) {
  if (Ifma<34>::fits(q)) return std::make_shared<IfmaPlan<34>>(q, log_n);
  if (Ifma<16>::fits(q)) return std::make_shared<IfmaPlan<16>>(q, log_n);
  if (Ifma<8>::fits(q)) return std::make_shared<IfmaPlan<8>>(q, log_n);
  return std::make_shared<IfmaPlan<4>>(q, log_n);
}

}  // namespace sotto::ntt
