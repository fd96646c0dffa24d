// The distributions of the samplers against the ones that random.h declares. Each program instantiates the
// suite with its number of samples; seeds are fixed, so that a failure comes back.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "ckks/random.h"
#include "tests/support/statistics.h"

namespace sotto::ckks {

/// The parameter is the number of samples.
class Samplers : public ::testing::TestWithParam<std::size_t> {
 protected:
  static constexpr std::size_t kBatch = 1'000'000;
  using Counts = std::map<std::int64_t, double>;

  static Seed seed(u64 number, std::uint32_t digit = 0) {
    return derive_seed(Seed{}, "sampler suite", ParamsHash{}, {.object = number, .digit = digit});
  }
  /// Calls sample(seed, batch) until there are as many samples as asked for, and use(batch) on each.
  template <class Sample, class Use>
  void each_batch(u64 object, Sample&& sample, Use&& use) const {
    std::vector<std::int64_t> batch(kBatch);
    for (std::uint32_t digit = 0; digit < samples_ / kBatch; ++digit) {
      sample(seed(object, digit), std::span(batch));
      use(batch);
    }
  }
  double count() const { return static_cast<double>(samples_ / kBatch * kBatch); }

  /// Probabilities of all outcomes against counts; outcomes expected fewer than 50 times share the two tails.
  void expect_distribution(const Counts& observed, const Counts& probability) const {
    std::int64_t edge = 0;
    while (probability.contains(edge) && probability.at(edge) * count() >= 50) ++edge;
    Counts cells, expected;
    for (const auto& [x, times] : observed) {
      ASSERT_TRUE(probability.contains(x)) << x << " cannot occur";
      cells[std::clamp(x, -edge, edge)] += times;
    }
    for (const auto& [x, p] : probability) expected[std::clamp(x, -edge, edge)] += p * count();
    EXPECT_LT(test::chi_square(cells, expected),
              test::chi_square_limit(static_cast<double>(expected.size()) - 1));
  }
  static void tally(Counts& counts, std::span<const std::int64_t> batch) {
    std::array<u64, 512> cells{};
    for (const std::int64_t x : batch) ++cells.at(static_cast<std::size_t>(x + 256));
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (cells[i] != 0) counts[static_cast<std::int64_t>(i) - 256] += static_cast<double>(cells[i]);
    }
  }

  std::size_t samples_ = GetParam();
};

TEST_P(Samplers, TernaryIsUniform) {
  Counts observed;
  each_batch(1, sample_ternary, [&](const auto& batch) { tally(observed, batch); });
  expect_distribution(observed, {{-1, 1 / 3.0}, {0, 1 / 3.0}, {1, 1 / 3.0}});
}

TEST_P(Samplers, ErrorIsACentredBinomialOf42Coins) {
  Counts observed, probability;
  each_batch(2, sample_error, [&](const auto& batch) { tally(observed, batch); });
  for (int x = -21; x <= 21; ++x) {  // C(42, 21 + x) / 2^42
    probability[x] =
        std::exp(std::lgamma(43.0) - std::lgamma(22.0 + x) - std::lgamma(22.0 - x) - 42 * std::log(2.0));
  }
  expect_distribution(observed, probability);
}

TEST_P(Samplers, UniformWordsHaveUniformBytesAndReachBothEnds) {
  // A small prime, for the ends; 7 2^58 + 1, where one word in 64 is rejected; and two sizes of a chain.
  for (const u64 prime : {u64{12289}, u64{268582913}, u64{1125899906826241}, u64{0x1c00000000000001}}) {
    Counts top, low;
    double first = 0, last = 0;
    AlignedWords words(kBatch);
    for (std::uint32_t digit = 0; digit < samples_ / kBatch; ++digit) {
      sample_uniform(seed(3, digit), ntt::Modulus(prime), words.span());
      std::vector<std::int64_t> high_byte(kBatch), low_byte(kBatch);
      for (std::size_t i = 0; i < kBatch; ++i) {
        ASSERT_LT(words[i], prime);
        high_byte[i] = static_cast<std::int64_t>(ntt::u128{words[i]} * 256 / prime);
        low_byte[i] = static_cast<std::int64_t>(words[i] & 255);
        first += words[i] == 0;
        last += words[i] == prime - 1;
      }
      tally(top, high_byte);
      tally(low, low_byte);
    }
    const double q = static_cast<double>(prime);
    Counts want_top, want_low;
    for (u64 cell = 0; cell < 256; ++cell) {
      const auto begin = [&](u64 c) { return (ntt::u128{prime} * c + 255) / 256; };
      want_top[static_cast<std::int64_t>(cell)] =
          static_cast<double>(static_cast<u64>(begin(cell + 1) - begin(cell))) / q * count();
      want_low[static_cast<std::int64_t>(cell)] =
          static_cast<double>((prime - cell + 255) / 256) / q * count();
    }
    EXPECT_LT(test::chi_square(top, want_top), test::chi_square_limit(255)) << prime;
    EXPECT_LT(test::chi_square(low, want_low), test::chi_square_limit(255)) << prime;
    const double ends = count() / q;  // Poisson: ends is also the variance
    if (ends < 20) continue;
    EXPECT_NEAR(first, ends, 6 * std::sqrt(ends)) << "zeros of " << prime;
    EXPECT_NEAR(last, ends, 6 * std::sqrt(ends)) << "q - 1 of " << prime;
  }
}

TEST_P(Samplers, NeighbouringLabelsAndIndicesAreNotCorrelated) {
  const Seed root = seed(4);
  const std::vector<Seed> neighbours{derive_seed(root, "error", ParamsHash{}),
                                     derive_seed(root, "errors", ParamsHash{}),
                                     derive_seed(root, "error", ParamsHash{}, {.object = 1}),
                                     derive_seed(root, "error", ParamsHash{}, {.digit = 1}),
                                     derive_seed(root, "error", ParamsHash{}, {.limb = 1}),
                                     derive_seed(root, "error", ParamsHash{1})};
  std::vector<std::vector<std::int64_t>> streams;
  for (const Seed& s : neighbours) sample_error(s, streams.emplace_back(kBatch));
  for (std::size_t i = 0; i < streams.size(); ++i) {
    for (std::size_t j = 0; j < streams.size(); ++j) {
      for (const std::size_t lag : {0, 1}) {
        if (i == j && lag == 0) continue;
        double product = 0;
        for (std::size_t k = 0; k + lag < kBatch; ++k)
          product += static_cast<double>(streams[i][k] * streams[j][k + lag]);
        EXPECT_LT(std::fabs(product), 6 * 10.5 * std::sqrt(static_cast<double>(kBatch)))
            << "streams " << i << " and " << j << " at distance " << lag;
      }
    }
  }
}

TEST_P(Samplers, NarrowGaussianHasTheShapeOfItsTable) {  // m = 2: x_0 + 2 x_1, where single values show
  Counts observed, probability;
  each_batch(
      5, [](const Seed& s, std::span<std::int64_t> out) { sample_gaussian(s, 2, out); },
      [&](const auto& batch) { tally(observed, batch); });
  const double sigma = gaussian_deviation(2);
  EXPECT_NEAR(sigma, 3.2 * std::sqrt(5.0), 1e-12);
  double total = 0;
  for (int x = -200; x <= 200; ++x) total += probability[x] = std::exp(-x * x / (2 * sigma * sigma));
  for (auto& [x, p] : probability) p /= total;
  expect_distribution(observed, probability);
}

TEST_P(Samplers, WideGaussianIsNormalWithItsDeviation) {
  samples_ = std::min<std::size_t>(samples_, 10'000'000);  // up to 51 draws each
  for (const double log_sigma : {10.0, 20.5, 30.0, 41.7, 52.0}) {
    const double sigma = gaussian_deviation(log_sigma);
    EXPECT_GE(sigma, std::exp2(log_sigma));
    EXPECT_LE(sigma, std::exp2(log_sigma + 1.04));
    double mean = 0, squares = 0, fourth = 0;
    std::vector<double> z(kBatch);
    each_batch(
        6, [&](const Seed& s, std::span<std::int64_t> out) { sample_gaussian(s, log_sigma, out); },
        [&](const auto& batch) {
          for (std::size_t i = 0; i < kBatch; ++i) {
            z[i] = static_cast<double>(batch[i]) / sigma;
            mean += z[i] / count();
            squares += z[i] * z[i] / count();
            fourth += z[i] * z[i] * z[i] * z[i] / count();
          }
          EXPECT_LT(test::normal_chi_square(z), test::chi_square_limit(test::kNormalCells - 1)) << log_sigma;
        });
    EXPECT_NEAR(mean, 0, 6 / std::sqrt(count())) << log_sigma;
    EXPECT_NEAR(squares, 1, 6 * std::sqrt(2 / count())) << log_sigma;
    EXPECT_NEAR(fourth, 3, 6 * std::sqrt(96 / count())) << log_sigma;  // variance of z^4: 105 - 9
  }
}

}  // namespace sotto::ckks
