// Base conversion against 128-bit arithmetic, and every backend against portable. tests/ckks/basis_test.cc
// checks it with big integers on the chains of a scheme.

#include "ntt/base_conversion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "ntt/primes.h"
#include "ntt/registry.h"
#include "tests/support/random.h"

namespace sotto::ntt::test {
namespace {

constexpr std::size_t kTargets = 3;

/// `sources` primes below 2^bits and three more, their plans on one backend.
struct Chain {
  Chain(std::string_view backend, int log_n, int bits, std::size_t sources)
      : primes(primes_below(u64{1} << bits, log_n, sources + kTargets)),
        plans(make_plans(primes, log_n, backend)),
        n(std::size_t{1} << log_n) {}

  BaseConversion conversion() const {
    std::vector<const Plan*> from, to;
    for (std::size_t i = 0; i < plans.size(); ++i) {
      (i + kTargets < plans.size() ? from : to).push_back(plans[i].get());
    }
    return BaseConversion(from, to);
  }
  /// All targets of `x`, [source][n], in one call.
  std::vector<AlignedWords> convert(std::span<const u64> x) const {
    const BaseConversion c = conversion();
    AlignedWords scratch(n * static_cast<std::size_t>(c.rows()));
    std::ranges::copy(x, scratch.data());
    for (int tile = c.tiles(); tile-- > 0;) c.prepare(scratch.span(), tile);
    std::vector<AlignedWords> out;
    for (std::size_t j = 0; j < kTargets; ++j) out.emplace_back(n);
    std::vector<BaseConversion::Target> targets;
    for (std::size_t j = kTargets; j-- > 0;) targets.push_back({static_cast<int>(j), out[j].span()});
    c.convert(targets, scratch.span());
    return out;
  }

  std::vector<u64> primes;
  std::vector<PlanPtr> plans;
  std::size_t n;
};

class BaseConversionTest : public ::testing::TestWithParam<const BackendInfo*> {
 protected:
  void SetUp() override {
    if (!GetParam()->usable()) GTEST_SKIP() << "this CPU cannot run " << GetParam()->name;
  }
  sotto::test::Rng rng;
};

/// Two primes below 2^50: their product and every representative fit 128 bits.
TEST_P(BaseConversionTest, IsTheCentredLift) {
  for (int log_n : {7, 10, 12}) {  // less than a tile, two, eight
    const Chain chain(GetParam()->name, log_n, 50, 2);
    const u64 m0 = chain.primes[0], m1 = chain.primes[1];
    const u128 m = u128{m0} * m1;
    std::vector<u128> values{0, 1, m - 1, m / 2 - m / 1000, m / 2 + m / 1000};  // a tie may go either way
    while (values.size() < chain.n) values.push_back(u128{rng.below(m0)} * m1 + rng.below(m1));
    std::vector<u64> x(2 * chain.n);
    for (std::size_t k = 0; k < chain.n; ++k) {
      x[k] = static_cast<u64>(values[k] % m0);
      x[chain.n + k] = static_cast<u64>(values[k] % m1);
    }
    const std::vector<AlignedWords> out = chain.convert(x);
    for (std::size_t j = 0; j < kTargets; ++j) {
      const u64 t = chain.primes[2 + j];
      for (std::size_t k = 0; k < chain.n; ++k) {
        const u128 v = values[k], distance = v < m / 2 ? m / 2 - v : v - m / 2;
        if (distance < m >> 13) continue;
        const u64 want = v <= m / 2 ? static_cast<u64>(v % t) : (t - static_cast<u64>((m - v) % t)) % t;
        ASSERT_EQ(out[j][k], want) << "N = 2^" << log_n << ", target " << j << ", word " << k;
      }
    }
  }
}

TEST_P(BaseConversionTest, EqualsPortableOnExtremesAndManyPrimes) {
  for (int bits : {30, 47, 50}) {
    for (std::size_t sources : {1, 2, 4, 8, 16, 63}) {
      const Chain chain(GetParam()->name, 10, bits, sources), portable("portable", 10, bits, sources);
      std::vector<u64> x(sources * chain.n);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const u64 m = chain.primes[i / chain.n];
        const std::size_t k = i % chain.n;
        x[i] = k < 64 ? m - 1 : k < 128 ? 0 : k < 192 ? m / 2 : rng.below(m);
      }
      const std::vector<AlignedWords> got = chain.convert(x), want = portable.convert(x);
      for (std::size_t j = 0; j < kTargets; ++j) {
        ASSERT_TRUE(std::ranges::equal(got[j].span(), want[j].span()))
            << sources << " primes of " << bits << " bits, target " << j;
      }
    }
  }
}

TEST(BaseConversionErrors, RefusesNoneAndTooManySources) {
  const Chain chain("portable", 4, 50, kMaxRows);
  std::vector<const Plan*> all;
  for (const PlanPtr& plan : chain.plans) all.push_back(plan.get());
  EXPECT_THROW(BaseConversion({}, all), Error);
  EXPECT_THROW(BaseConversion({all.begin(), all.begin() + kMaxRows}, {all.back()}), Error);
}

TEST(BaseConversionErrors, RefusesSourcesWhoseReciprocalExceedsAWord) {
  const std::vector<PlanPtr> plans = make_plans(std::vector<u64>{12289, 40961, 65537}, 10, "portable");
  try {
    BaseConversion({plans[0].get(), plans[1].get()}, {plans[2].get()});
    FAIL() << "12289 was taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("source prime 12289 is below 2^16"));
  }
  EXPECT_THROW(BaseConversion({plans[1].get()}, {plans[2].get()}), Error);
  EXPECT_NO_THROW(BaseConversion({plans[2].get()}, {plans[0].get(), plans[1].get()}));
}

std::vector<const BackendInfo*> all_backends() {
  std::vector<const BackendInfo*> all;
  for (const BackendInfo& backend : backends()) all.push_back(&backend);
  return all;
}
INSTANTIATE_TEST_SUITE_P(Backends, BaseConversionTest, ::testing::ValuesIn(all_backends()),
                         [](const auto& test) { return std::string(test.param->name); });

}  // namespace
}  // namespace sotto::ntt::test
