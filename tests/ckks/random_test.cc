#include "ckks/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

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

// Distributions: sampler_suite.h.

TEST(Random, GaussianRefusesDeviationsOutOfRange) {
  std::vector<std::int64_t> one(1);
  for (const double log_sigma : {1.9, 52.1, std::nan("")}) {
    EXPECT_THROW(sample_gaussian(counting_seed(1), log_sigma, one), Error);
    EXPECT_THROW((void)gaussian_deviation(log_sigma), Error);
  }
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
