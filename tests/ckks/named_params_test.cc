// Named sets and the choice of a set for a depth, against the numbers of their tables.
#include "ckks/named_params.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/error.h"
#include "ckks/security.h"

namespace sotto::ckks::params {
namespace {

using ::testing::HasSubstr;

int total(const ParamsLiteral& literal) {
  return std::accumulate(literal.log_q.begin(), literal.log_q.end(), 0) +
         std::accumulate(literal.log_p.begin(), literal.log_p.end(), 0);
}

std::string refusal(ErrorCode code, const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "not refused";
}

struct Row {
  const char* name;
  int log_n, log_qp, depth, digits;
};
class Named : public ::testing::TestWithParam<Row> {};
INSTANTIATE_TEST_SUITE_P(Sets, Named,
                         ::testing::Values(Row{"L13", 13, 211, 4, 5}, Row{"L14", 14, 424, 7, 4},
                                           Row{"L15", 15, 840, 15, 4}, Row{"L16", 16, 1672, 31, 4},
                                           Row{"L17", 17, 3425, 67, 4}, Row{"B15", 15, 829, 15, 8},
                                           Row{"B16-fast", 16, 1737, 30, 4}, Row{"B16-hp", 16, 1738, 26, 4}));

TEST_P(Named, IsWhatTheTableSaysAndSecure) {
  const NamedSet& set = find(GetParam().name);
  EXPECT_EQ(total(set.literal), GetParam().log_qp);
  const ParamsPtr params = Params::make(set.literal);
  EXPECT_EQ(params->log_n(), GetParam().log_n);
  EXPECT_EQ(params->max_level(), GetParam().depth);
  EXPECT_EQ(params->digits(), GetParam().digits);
  EXPECT_EQ(params->security_bits(), 128);
  EXPECT_LE(std::ceil(params->log_qp()), GetParam().log_qp);
}

TEST_P(Named, SpecialPrimesExceedTheLargestDigit) {
  const ParamsPtr params = Params::make(find(GetParam().name).literal);
  double log_p = 0, largest = 0;
  for (int i = 0; i < params->special_count(); ++i)
    log_p += std::log2(static_cast<double>(params->p(i).modulus().value()));
  const Basis& all = params->basis(params->max_level());
  for (const Digit& digit : all.digits()) {
    double bits = 0;
    for (int i = digit.first; i < digit.first + digit.count; ++i)
      bits += std::log2(static_cast<double>(params->q(all.prime(i)).modulus().value()));
    largest = std::max(largest, bits);
  }
  EXPECT_GE(log_p - largest, std::string(GetParam().name) == "B15" ? 3.95 : 4.95);
}

TEST_P(Named, KeepsEveryScaleNearItsNominalOne) {
  const ParamsPtr params = Params::make(find(GetParam().name).literal);
  for (int level = 0; level <= params->max_level(); ++level)
    EXPECT_NEAR(std::log2(params->scale(level)), params->literal().nominal_log_scale(level), 0.1) << level;
}

TEST(NamedSets, BootstrappingSetsSpendTheirLevelsOnTheParts) {
  int found = 0;
  for (const NamedSet& set : named()) {
    if (!set.bootstrap) continue;
    ++found;
    const BootstrapLevels& b = *set.bootstrap;
    const ParamsPtr params = Params::make(set.literal);
    EXPECT_EQ(b.slot_to_coeff + b.user + b.eval_mod + b.coeff_to_slot, params->max_level()) << params->name();
    EXPECT_EQ(b.sparse_weight, 32);
    EXPECT_LE(params->log_q(0) + b.log_sparse_p, 120) << "what a secret of weight 32 may live under";
  }
  EXPECT_EQ(found, 3);
}

TEST(NamedSets, AnUnknownNameIsAnsweredWithTheList) {
  EXPECT_THAT(refusal(ErrorCode::kInvalidArgument, [] { find("L12"); }), HasSubstr("there are L13, L14"));
}

TEST(ForDepth, TakesTheSmallestRingThatHoldsTheLevels) {
  for (const auto& [depth, scale, log_n] :
       {std::tuple{1, 25, 12}, std::tuple{4, 30, 13}, std::tuple{7, 40, 14}, std::tuple{15, 40, 15},
        std::tuple{31, 40, 16}, std::tuple{60, 40, 17}}) {
    const Chosen chosen = for_depth(depth, scale, 1);
    EXPECT_EQ(chosen.params->log_n(), log_n) << depth << " levels at 2^" << scale;
    EXPECT_EQ(chosen.params->max_level(), depth);
    EXPECT_GE(chosen.params->security_bits(), 128);
    if (log_n == 10) continue;
    EXPECT_THAT(chosen.reason, HasSubstr("N = 2^" + std::to_string(log_n - 1) + " is too small"));
  }
}

TEST(ForDepth, NoOtherDigitsTakeFewerTransforms) {
  const Chosen chosen = for_depth(15, 40, 1);
  const Params& params = *chosen.params;
  const int limbs = params.chain_count();
  const int mine = (params.digits() + 2) * (limbs + params.special_count());
  EXPECT_THAT(chosen.reason, HasSubstr(std::to_string(mine) + " transforms"));
  for (int digits = 1; digits <= limbs; ++digits) {
    const int alpha = (limbs + digits - 1) / digits;
    const int p_bits = 48 + (alpha - 1) * 40 + 6, specials = (p_bits + 47) / 48;
    const int log_qp = 48 + 15 * 40 + specials * ((p_bits + specials - 1) / specials);
    if (log_qp > max_log_qp(15, 128)) continue;
    EXPECT_GE((digits + 2) * (limbs + specials), mine) << digits << " digits";
  }
}

TEST(ForDepth, AnswersEveryRequestInItsRanges) {
  for (int depth = 0; depth <= 60; depth += 10) {
    for (int scale = 20; scale <= 60; scale += 4) {
      for (const int security : {128, 256}) {
        try {
          EXPECT_EQ(for_depth(depth, scale, 1, security).params->max_level(), depth);
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), ErrorCode::kOutOfLevels)
              << depth << " levels at 2^" << scale << ": " << error.what();
        }
      }
    }
  }
}

TEST(ForDepth, KnowsHowManyDigitsAndPrimesThereMayBe) {
  const Chosen chosen = for_depth(60, 48, 1);
  EXPECT_LE(chosen.params->digits(), 64);
  EXPECT_LE(chosen.params->chain_count() + chosen.params->special_count(), 128);
}

TEST(ForDepth, RespectsSlotsAndSecurity) {
  EXPECT_EQ(for_depth(1, 30, 8192).params->log_n(), 14);
  const Chosen strong = for_depth(4, 30, 1, 256);
  EXPECT_EQ(strong.params->security_bits(), 256);
  EXPECT_EQ(strong.params->log_n(), 14);
}

TEST(ForDepth, WideScalesTakeTwoPrimesALevel) {
  const Chosen chosen = for_depth(5, 55, 1);
  EXPECT_EQ(chosen.params->max_level(), 5);
  EXPECT_EQ(chosen.params->chain_count(), 12);
  for (int level = 0; level <= 5; ++level) EXPECT_NEAR(std::log2(chosen.params->scale(level)), 55, 0.05);
  EXPECT_THAT(chosen.reason, HasSubstr("two a level"));
}

TEST(ForDepth, SaysWhatWouldFit) {
  EXPECT_THAT(refusal(ErrorCode::kOutOfLevels, [] { for_depth(60, 60, 1); }),
              ::testing::ContainsRegex("at most [0-9]+ do"));
  EXPECT_THAT(refusal(ErrorCode::kInvalidArgument, [] { for_depth(61, 40, 1); }), HasSubstr("0…60"));
  EXPECT_THAT(refusal(ErrorCode::kInvalidArgument, [] { for_depth(5, 61, 1); }), HasSubstr("20…60"));
  EXPECT_THAT(refusal(ErrorCode::kInvalidArgument, [] { for_depth(5, 40, 0); }), HasSubstr("slots"));
  EXPECT_THAT(refusal(ErrorCode::kInvalidArgument, [] { for_depth(5, 40, 1, 100); }),
              HasSubstr("128, 192 or 256"));
}

}  // namespace
}  // namespace sotto::ckks::params
