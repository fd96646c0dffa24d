// The comparison that `sotto bench ntt` and the fuzz target trust: it must see one wrong word of any
// operation. And the arithmetic of the figures that the benchmarks print.

#include "ntt/compare.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "ntt/measure.h"
#include "ntt/primes.h"
#include "ntt/registry.h"

namespace sotto::ntt {
namespace {

constexpr int kLogN = 8;
const u64 kPrime = largest_prime_below(40, kLogN);

TEST(Compare, EveryUsableBackendAgreesWithPortable) {
  for (const BackendInfo& info : backends()) {
    if (!info.usable() || !info.supports(Modulus(kPrime), kLogN)) continue;
    EXPECT_EQ(compare_with_portable(*make_plan(Modulus(kPrime), kLogN, info.name)), "") << info.name;
  }
}

/// A plan of another prime computes other words in every operation that depends on q.
TEST(Compare, SeesAWrongPlanInEveryOperation) {
  const u64 other = largest_prime_below(39, kLogN);
  const PlanPtr plan = make_plan(Modulus(kPrime), kLogN, "portable"),
                wrong = make_plan(Modulus(other), kLogN, "portable");
  u64 state = 1;
  const Operands operands(Modulus(kPrime), kLogN, 3, 50,
                          [&](u64 bound) { return ((state = state * 0x5851f42d4c957f2d + 1) >> 8) % bound; });
  for (const Operation& operation : operations()) {
    if (operation.name == "round_quotient" || operation.name == "permute") continue;  // independent of q
    const std::string difference = find_difference(*wrong, *plan, operation, operands);
    EXPECT_THAT(difference, ::testing::StartsWith(std::string(operation.name) + ": word "));
    EXPECT_THAT(difference, ::testing::HasSubstr("q = " + std::to_string(other)));
  }
}

TEST(Compare, OperandsStayBelowTheirBounds) {
  const Operands operands(Modulus(kPrime), kLogN, 3, 50, [](u64 bound) { return bound - 1; });
  for (const auto* limbs : {&operands.a, &operands.b}) {
    ASSERT_EQ(limbs->size(), 3u);
    for (const AlignedWords& limb : *limbs)
      EXPECT_EQ(*std::max_element(limb.data(), limb.data() + limb.size()), kPrime - 1);
  }
  EXPECT_EQ(operands.wide.front()[0], (u64{1} << 50) - 1);
}

TEST(Measure, SizesAscendAndLieBelowTheirNames) {
  u64 last = 0;
  for (const PrimeSize& size : prime_sizes()) {
    EXPECT_GT(size.ceiling, last);
    last = size.ceiling;
    EXPECT_NEAR(std::log2(static_cast<double>(size.ceiling)), std::stod(std::string(size.name)), 1e-9);
  }
}

TEST(Measure, ColdLimbsHaveDifferentPrimes) {
  const Workload workload("portable", prime_sizes().front(), 4, kColdLimbs);
  ASSERT_EQ(workload.count(), kColdLimbs);
  std::vector<u64> primes;
  for (std::size_t i = 0; i < kColdLimbs; ++i) primes.push_back(workload.plan(i).modulus().value());
  std::sort(primes.begin(), primes.end());
  EXPECT_EQ(std::adjacent_find(primes.begin(), primes.end()), primes.end());
}

TEST(Measure, FiguresFollowFromTimeAndBound) {
  const TransformTime time{.log_n = 4, .ns = 64, .bound_ns = 32};
  EXPECT_EQ(time.butterflies(), 32);
  EXPECT_EQ(time.ns_per_butterfly(), 2);
  EXPECT_EQ(time.bound_ratio(), 2);
  EXPECT_EQ(time.gbytes_per_s(), 4);  // 16 words of 8 bytes, read and written, in 64 ns
  EXPECT_EQ((TransformTime{.log_n = 4, .ns = 64, .bound_ns = 0}.bound_ratio()), 0);
}

TEST(Measure, TimesWhatItRuns) {
  Workload workload("portable", prime_sizes().front(), 6, 2);
  const TransformTime time = time_transform(workload, Direction::kForward, 2, 1e-3);
  EXPECT_EQ(time.log_n, 6);
  EXPECT_GT(time.ns, 0);
  EXPECT_GT(time.bound_ns, 0) << "portable has a register-only loop";
  EXPECT_GT(thread_speedup(workload, Direction::kInverse, Threads{2}, 1e-3), 0);
}

}  // namespace
}  // namespace sotto::ntt
