#include "ckks/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/error.h"

namespace sotto::ckks {
namespace {

Seed counting_seed(unsigned char first) {
  Seed seed;
  for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<unsigned char>(first + i);
  return seed;
}

Seed known_seed() {
  ParamsHash hash;
  for (std::size_t i = 0; i < hash.size(); ++i) hash[i] = static_cast<unsigned char>(100 + i);
  return derive_seed(counting_seed(0), "label", hash,
                     {.object = 0x0123456789abcdef, .digit = 7, .limb = 258});
}

/// Sum of (observed - expected)^2 / expected; cells are wide enough when every expectation is above 20.
template <class Key>
double chi_square(const std::map<Key, double>& observed, const std::map<Key, double>& expected) {
  double sum = 0;
  for (const auto& [key, want] : expected) {
    const auto found = observed.find(key);
    const double have = found == observed.end() ? 0 : found->second;
    sum += (have - want) * (have - want) / want;
  }
  return sum;
}
/// Mean of the distribution is `freedom`, variance twice that: 6 sigma is never reached by chance with a
/// fixed seed.
double chi_square_limit(double freedom) {
  return freedom + 6 * std::sqrt(2 * freedom);
}

// The next two were computed with Python's hashlib and the openssl command line from the specification in
// random.h alone.
TEST(Random, SubSeedIsTheSpecifiedOne) {
  static constexpr unsigned char kWant[] = {0x01, 0x5c, 0x17, 0xf0, 0x8a, 0x51, 0x04, 0xc1, 0x3d, 0x6c, 0x6c,
                                            0x19, 0x1a, 0x92, 0x35, 0x5b, 0x87, 0xc3, 0x03, 0xb1, 0x0f, 0x73,
                                            0x66, 0x7a, 0xe1, 0xb8, 0xd6, 0x01, 0xd4, 0xce, 0xf2, 0x44};
  EXPECT_THAT(known_seed(), ::testing::ElementsAreArray(kWant));
}

TEST(Random, StreamAndSamplersAreTheSpecifiedOnes) {
  AlignedWords words(1088);
  sample_uniform(known_seed(), ntt::Modulus(268582913), words.span());
  EXPECT_EQ(words[0], 0x5a0f739u);
  EXPECT_EQ(words[1], 0x39ea04au);
  EXPECT_EQ(words[511], 0x6ef310u);
  EXPECT_EQ(words[512], 0xb9b1c14u);
  EXPECT_EQ(words[1029], 0x7a234ecu);
  std::vector<std::int64_t> small(8);
  sample_ternary(known_seed(), small);
  EXPECT_THAT(small, ::testing::ElementsAre(-1, 0, 1, -1, 0, 1, 0, 1));
  sample_error(known_seed(), small);
  EXPECT_THAT(small, ::testing::ElementsAre(-1, -5, 0, 1, 1, 2, 0, 0));
}

TEST(Random, RejectedWordsAreSkipped) {
  // 2^64 mod q is large, so that about one word in 64 is rejected; the list comes from the same script.
  AlignedWords words(1024);
  sample_uniform(known_seed(), ntt::Modulus(0x1c00000000000001), words.span());
  EXPECT_EQ(words[0], 0x231403b79418ccfu);
  EXPECT_EQ(words[1], 0xe34c7ff96aa99a6u);
  EXPECT_EQ(words[100], 0x142caab46c2216deu);
  EXPECT_EQ(words[1023], 0x1521208b246b4e4cu);
}

TEST(Random, EveryPartOfTheIndexMatters) {
  const ParamsHash hash{};
  const Seed base = derive_seed(counting_seed(1), "a", hash);
  EXPECT_EQ(derive_seed(counting_seed(1), "a", hash), base);
  EXPECT_NE(derive_seed(counting_seed(2), "a", hash), base);
  EXPECT_NE(derive_seed(counting_seed(1), "b", hash), base);
  EXPECT_NE(derive_seed(counting_seed(1), "a", ParamsHash{1}), base);
  EXPECT_NE(derive_seed(counting_seed(1), "a", hash, {.object = 1}), base);
  EXPECT_NE(derive_seed(counting_seed(1), "a", hash, {.digit = 1}), base);
  EXPECT_NE(derive_seed(counting_seed(1), "a", hash, {.limb = 1}), base);
}

TEST(Random, OperatingSystemSeedsDiffer) {
  Rng rng;
  EXPECT_NE(rng.next_seed(), rng.next_seed());
  EXPECT_NE(Rng().next_seed(), Rng().next_seed());
}

TEST(Random, SeededRngRepeatsItself) {
  Rng a(counting_seed(3)), b(counting_seed(3)), c(counting_seed(4));
  const Seed first = a.next_seed(), second = a.next_seed();
  EXPECT_EQ(b.next_seed(), first);
  EXPECT_EQ(b.next_seed(), second);
  EXPECT_NE(first, second);
  EXPECT_NE(c.next_seed(), first);
}

TEST(Random, PublicSeedsAreOfAnotherFamily) {
  Rng a(counting_seed(3)), b(counting_seed(3)), c(counting_seed(3));
  const Seed published = a.next_public_seed();
  EXPECT_EQ(b.next_public_seed(), published);
  EXPECT_NE(c.next_seed(), published);
  Rng system;
  EXPECT_NE(system.next_public_seed(), system.next_public_seed());
}

TEST(Random, TernaryIsUniform) {
  std::vector<std::int64_t> values(3'000'000);
  sample_ternary(counting_seed(5), values);
  std::map<std::int64_t, double> observed, expected;
  for (std::int64_t x : values) ++observed[x];
  for (std::int64_t x : {-1, 0, 1}) expected[x] = static_cast<double>(values.size()) / 3;
  EXPECT_EQ(observed.size(), 3u);
  EXPECT_LT(chi_square(observed, expected), chi_square_limit(2));
}

TEST(Random, ErrorIsACentredBinomial) {
  std::vector<std::int64_t> values(4'000'000);
  sample_error(counting_seed(6), values);
  std::map<std::int64_t, double> observed, expected;
  for (std::int64_t x : values) ++observed[std::clamp<std::int64_t>(x, -13, 13)];
  for (int x = -21; x <= 21; ++x) {  // C(42, 21 + x) / 2^42
    const double p =
        std::exp(std::lgamma(43.0) - std::lgamma(22.0 + x) - std::lgamma(22.0 - x) - 42 * std::log(2.0));
    expected[std::clamp(x, -13, 13)] += p * static_cast<double>(values.size());
  }
  EXPECT_LT(chi_square(observed, expected), chi_square_limit(26));
}

TEST(Random, UniformFillsItsRange) {
  for (const u64 prime : {u64{786433}, u64{268582913}, u64{1125899906826241}, u64{2305843009213554689}}) {
    AlignedWords words(1 << 20);
    sample_uniform(counting_seed(7), ntt::Modulus(prime), words.span());
    std::map<u64, double> observed, expected;
    for (u64 x : words.span()) {
      ASSERT_LT(x, prime);
      ++observed[static_cast<u64>(ntt::u128{x} * 256 / prime)];
    }
    for (u64 cell = 0; cell < 256; ++cell) expected[cell] = static_cast<double>(words.size()) / 256;
    EXPECT_LT(chi_square(observed, expected), chi_square_limit(255)) << prime;
  }
}

TEST(Random, NeighbouringStreamsAreNotCorrelated) {
  constexpr std::size_t kCount = 1 << 18;
  std::vector<std::int64_t> a(kCount), b(kCount);
  sample_error(derive_seed(counting_seed(8), "error", ParamsHash{}, {.digit = 0}), a);
  sample_error(derive_seed(counting_seed(8), "error", ParamsHash{}, {.digit = 1}), b);
  double product = 0;
  for (std::size_t i = 0; i < kCount; ++i) product += static_cast<double>(a[i] * b[i]);
  EXPECT_LT(std::fabs(product), 6 * 10.5 * std::sqrt(static_cast<double>(kCount)));
}

TEST(Random, GaussianHasItsShapeAtTheBase) {  // log_sigma = 2: x_0 + 2 x_1 of sigma 3.2 each; the table
                                              // decides the cells
  std::vector<std::int64_t> values(2'000'000);
  double sigma = 0;
  sample_gaussian(counting_seed(9), 2, values, &sigma);
  EXPECT_NEAR(sigma, 3.2 * std::sqrt(5.0), 1e-12);
  std::map<std::int64_t, double> observed, expected;
  for (std::int64_t x : values) ++observed[std::clamp<std::int64_t>(x, -27, 27)];
  double total = 0;
  for (int x = -200; x <= 200; ++x) total += std::exp(-x * x / (2 * sigma * sigma));
  for (int x = -200; x <= 200; ++x) {
    expected[std::clamp(x, -27, 27)] +=
        std::exp(-x * x / (2 * sigma * sigma)) / total * static_cast<double>(values.size());
  }
  EXPECT_LT(chi_square(observed, expected), chi_square_limit(54));
}

TEST(Random, GaussianTableIsTheCumulativeDistribution) {
  std::vector<long double> weight;
  long double total = 0, sum = 0;
  for (int x = 0; x < 60; ++x) {
    weight.push_back((x == 0 ? 1 : 2) * std::exp(-static_cast<long double>(x) * x / (2 * 3.2L * 3.2L)));
    total += weight.back();
  }
  const std::span<const u64> table = detail::gaussian_table();
  for (std::size_t x = 0; x < table.size(); ++x) {
    sum += weight[x];
    EXPECT_NEAR(static_cast<double>(static_cast<long double>(table[x]) - std::ldexp(sum / total, 63)), 0, 16)
        << x;
  }
  EXPECT_LT(std::ldexp(1 - (sum + weight[table.size()]) / total, 63), 1) << "nothing is cut off";
}

TEST(Random, WideGaussianHasItsDeviation) {
  for (const int log_sigma : {10, 30, 52}) {
    std::vector<std::int64_t> values(200'000);
    double sigma = 0, squares = 0, mean = 0, beyond = 0;
    sample_gaussian(counting_seed(10), log_sigma, values, &sigma);
    EXPECT_GE(sigma, std::exp2(log_sigma));
    EXPECT_LE(sigma, std::exp2(log_sigma + 1));
    for (std::int64_t x : values) {
      const double z = static_cast<double>(x) / sigma;
      mean += z;
      squares += z * z;
      beyond += std::fabs(z) > 2;
    }
    const double count = static_cast<double>(values.size());
    EXPECT_LT(std::fabs(mean / count), 6 / std::sqrt(count));
    EXPECT_NEAR(std::sqrt(squares / count), 1, 6 / std::sqrt(2 * count));
    EXPECT_NEAR(beyond / count, 0.0455, 0.003);
  }
  std::vector<std::int64_t> one(1);
  EXPECT_THROW(sample_gaussian(counting_seed(1), 53, one), Error);
  EXPECT_THROW(sample_gaussian(counting_seed(1), 1, one), Error);
}

TEST(Random, ResiduesOfSmallValues) {
  const ntt::Modulus q(786433);
  const std::vector<std::int64_t> x{0, 1, -1, 786432, -786432};
  AlignedWords out(5);
  to_residues(q, x, out.span());
  EXPECT_THAT(std::vector<u64>(out.data(), out.data() + 5), ::testing::ElementsAre(0, 1, 786432, 786432, 1));
}

TEST(Random, ExpansionOfOneLimbIsThatOfThePolynomial) {
  const ParamsPtr params = Params::make({.name = "insecure_expand",
                                         .log_n = 6,
                                         .log_q = {40, 30, 30},
                                         .log_p = {45, 44},
                                         .q = {},
                                         .p = {},
                                         .log_scale = 30,
                                         .digits = 3});
  const EvalPoly whole = expand_uniform(*params, counting_seed(11), UniformPart::kSwitchingKey, 1,
                                        params->basis(2), 2, Threads{2});
  const EvalPoly cut =
      expand_uniform(*params, counting_seed(11), UniformPart::kSwitchingKey, 1, params->basis(1), 2);
  for (int i = 0; i < 2; ++i)
    EXPECT_TRUE(std::ranges::equal(whole.limb(i), cut.limb(i)))
        << "a key cut to a lower level is a part of it";
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(std::ranges::equal(whole.limb(3 + i), cut.limb(2 + i)));
  const EvalPoly other =
      expand_uniform(*params, counting_seed(11), UniformPart::kCiphertext, 1, params->basis(2), 0);
  EXPECT_FALSE(std::ranges::equal(whole.limb(0), other.limb(0)));
}

TEST(Random, WipeClears) {
  AlignedWords words(64, 7);
  { const WipeAtExit guard(words); }
  EXPECT_THAT(std::vector<u64>(words.data(), words.data() + 64), ::testing::Each(0));
}

}  // namespace
}  // namespace sotto::ckks
