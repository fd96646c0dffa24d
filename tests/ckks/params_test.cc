#include "ckks/params.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/error.h"
#include "ckks/security.h"
#include "ntt/primes.h"

namespace sotto::ckks {
namespace {

using ::testing::HasSubstr;

ParamsLiteral digits13() {
  return literal_from_json(
      R"({"format":"sotto-params-1","name":"digits-13","log_n":13,"log_q":[33,28,28,28,28,28],"log_p":[41],"log_scale":28,"digits":6})");
}

/// The sentence of the refusal, with its code checked.
template <class F>
std::string refusal(ErrorCode code, F&& f) {
  try {
    f();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "not refused";
  return "";
}
std::string make_refusal(const ParamsLiteral& literal, ErrorCode code = ErrorCode::kInvalidArgument) {
  return refusal(code, [&] { Params::make(literal); });
}
std::string json_refusal(const std::string& text) {
  return refusal(ErrorCode::kInvalidArgument, [&] { literal_from_json(text); });
}

TEST(Params, PrimesOfTheDigitsSetDoNotChange) {  // files name them
  const ParamsPtr params = Params::make(digits13());
  EXPECT_EQ(params->literal().q,
            (std::vector<ntt::u64>{8589852673, 267550721, 268664833, 268369921, 268189697, 268582913}));
  EXPECT_EQ(params->literal().p, (std::vector<ntt::u64>{2199023190017}));
  std::string hex;
  for (unsigned char byte : params->hash()) {
    hex.push_back("0123456789abcdef"[byte >> 4]);
    hex.push_back("0123456789abcdef"[byte & 15]);
  }
  EXPECT_EQ(hex, "5b746a76bacec8cb7b03710fe3b19f1bcac0b7f18fe9e913abfb2559ddcf1474");
}

TEST(Params, PrimesAreDistinctAndFriendly) {
  for (const int log_n : {10, 13, 16}) {
    ParamsLiteral literal{.name = "insecure_primes",
                          .log_n = log_n,
                          .log_q = {45},
                          .log_p = {50, 50},
                          .q = {},
                          .p = {},
                          .log_scale = 45,
                          .digits = 13};
    literal.log_q.assign(26, 45);
    literal.log_q[0] = 50;
    const ParamsPtr params = Params::make(literal);
    std::set<ntt::u64> seen;
    for (const auto* primes : {&params->literal().q, &params->literal().p}) {
      for (const ntt::u64 prime : *primes) {
        EXPECT_TRUE(ntt::is_prime(prime));
        EXPECT_EQ(prime % (ntt::u64{2} << log_n), 1u);
        EXPECT_TRUE(seen.insert(prime).second) << prime;
      }
    }
  }
}

TEST(Params, ScalesStayNearTheNominalOneOverFortyLevels) {
  for (const double log_scale : {30.0, 39.5, 45.0}) {
    ParamsLiteral literal{.name = "insecure_deep",
                          .log_n = 16,
                          .log_q = {},
                          .log_p = {60, 60},
                          .q = {},
                          .p = {},
                          .log_scale = log_scale,
                          .digits = 41};
    literal.log_q.assign(41, static_cast<int>(std::ceil(log_scale)));
    literal.log_q[0] = 50;
    const ParamsPtr params = Params::make(literal);
    double product_bits = 0;
    for (int level = 0; level <= params->max_level(); ++level) {
      EXPECT_NEAR(std::log2(params->scale(level)), log_scale, 0.06) << "level " << level;
      if (level > 0) {
        const double q = static_cast<double>(params->q(level).modulus().value());
        EXPECT_EQ(params->scale(level - 1), params->scale(level) * params->scale(level) / q);
        product_bits += std::log2(q);
      }
    }
    EXPECT_LE(product_bits, 40 * log_scale + 1e-9) << "a literal never costs more bits than it says";
  }
}

TEST(Params, SizesMayAddUpToTheVeryLimit) {
  const ParamsPtr params = Params::make(digits13());  // 33 + 5·28 + 41 = 214, the limit of N = 2^13
  EXPECT_LE(params->log_qp(), 214);
  EXPECT_GT(params->log_qp(), 213.9);
  EXPECT_EQ(params->security_bits(), 128);
}

TEST(Params, HashCoversWhatChangesACiphertextAndNotTheName) {
  const ParamsPtr params = Params::make(digits13());
  ParamsLiteral exact = params->literal();
  exact.name = "same-primes";
  EXPECT_EQ(Params::make(exact)->hash(), params->hash());
  EXPECT_EQ(Params::make(literal_from_json(to_json(params->literal())))->hash(), params->hash());
  EXPECT_EQ(Params::make(digits13(), "portable")->hash(), params->hash());
  ParamsLiteral other = digits13();
  other.digits = 3;
  other.log_p = {41, 30};
  other.log_q = {33, 28, 28, 28};
  other.digits = 4;
  EXPECT_NE(Params::make(other)->hash(), params->hash());
  exact.log_scale = 28.001;
  EXPECT_NE(Params::make(exact)->hash(), params->hash());
}

TEST(Params, DigitsFollowTheLevel) {
  const ParamsPtr params = Params::make({.name = "insecure_digits",
                                         .log_n = 5,
                                         .log_q = {40, 30, 30, 30, 30, 30, 30},
                                         .log_p = {50, 50, 40},
                                         .q = {},
                                         .p = {},
                                         .log_scale = 30,
                                         .digits = 3});
  EXPECT_EQ(params->alpha(), 3);
  const std::vector<int> want{1, 1, 1, 2, 2, 2, 3};
  for (int level = 0; level <= 6; ++level)
    EXPECT_EQ(params->digits_at(level), want[static_cast<std::size_t>(level)]);
  EXPECT_EQ(&params->limb(2, 3), &params->q(2));
  EXPECT_EQ(&params->limb(3, 3), &params->p(0));
}

TEST(Params, RefusalsNameTheFieldAndItsLimits) {
  const auto with = [](auto change) {
    ParamsLiteral literal = digits13();
    change(literal);
    return literal;
  };
  EXPECT_THAT(make_refusal(with([](auto& l) { l.log_n = 9; })), HasSubstr("log_n = 9 is outside 10…17"));
  EXPECT_THAT(make_refusal(with([](auto& l) { l.log_n = 18; })), HasSubstr("log_n"));
  EXPECT_THAT(make_refusal(with([](auto& l) { l.name = ""; })), HasSubstr("name"));
  EXPECT_THAT(make_refusal(with([](auto& l) { l.name = "a\nb"; })), HasSubstr("name"));
  EXPECT_THAT(make_refusal(with([](auto& l) { l.log_q[0] = 61; })),
              HasSubstr("log_q[0] = 61 is outside 20…60"));
  EXPECT_THAT(make_refusal(with([](auto& l) { l.log_p[0] = 19; })), HasSubstr("log_p[0] = 19"));
  EXPECT_THAT(make_refusal(with([](auto& l) { l.log_p.clear(); })), HasSubstr("0 special primes"));
  EXPECT_THAT(make_refusal(with([](auto& l) { l.log_q.assign(128, 28); })), HasSubstr("at most 128"));
  EXPECT_THAT(make_refusal(with([](auto& l) { l.digits = 0; })), HasSubstr("digits = 0 is outside 1…6"));
  EXPECT_THAT(make_refusal(with([](auto& l) { l.digits = 4; })), HasSubstr("write digits = 3"));
  EXPECT_THAT(make_refusal(with([](auto& l) { l.log_scale = std::nan(""); })), HasSubstr("log_scale"));
  EXPECT_THAT(make_refusal(with([](auto& l) { l.log_q[3] = 30; })),
              HasSubstr("log_q[3] = 30 does not go with log_scale = 28.00"));
  EXPECT_THAT(make_refusal(with([](auto& l) { l.log_q[0] = 28; })),
              HasSubstr("q[0] of 28.00 bits cannot hold"));
  EXPECT_THAT(make_refusal(with([](auto& l) { l.log_p = {36}; })), HasSubstr("add 1.00 bits to log_p"));
  EXPECT_THAT(make_refusal(with([](auto& l) {
                l.q = {8589852673, 267550721, 267550721};
                l.digits = 3;
              })),
              HasSubstr("appears twice"));
  EXPECT_THAT(make_refusal(with([](auto& l) {
                l.q = {8589852673, 267550723};
                l.digits = 2;
              })),
              HasSubstr("q[1] = 267550723 is not a prime"));
  EXPECT_THAT(make_refusal(with([](auto& l) {
                l.q = {8589852673, 1073692673};
                l.digits = 2;
              })),
              HasSubstr("scale drifts"));
}

TEST(Params, JsonIsStrict) {
  const std::string good = to_json(digits13());
  EXPECT_EQ(Params::make(literal_from_json(good))->hash(), Params::make(digits13())->hash());
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  EXPECT_THAT(json_refusal("{"), HasSubstr("params JSON"));
  EXPECT_THAT(json_refusal("[1]"), HasSubstr("must be an object"));
  EXPECT_THAT(json_refusal(replaced("\"digits\"", "\"dnum\"")), HasSubstr("unknown field \"dnum\""));
  EXPECT_THAT(json_refusal(replaced("params-1", "params-2")), HasSubstr("another kind or version"));
  EXPECT_THAT(json_refusal(replaced("\"log_n\":13", "\"log_n\":13.5")),
              HasSubstr("\"log_n\" must be a whole number"));
  EXPECT_THAT(json_refusal(replaced("\"log_n\":13", "\"log_n\":99999999999")), HasSubstr("out of range"));
  EXPECT_THAT(json_refusal(replaced("\"log_p\":[41]", "\"log_p\":41")),
              HasSubstr("\"log_p\" must be a list"));
  EXPECT_THAT(json_refusal(replaced("\"log_p\":[41]", "\"log_p\":[41],\"p\":[7]")), HasSubstr("either"));
  EXPECT_THAT(json_refusal(replaced("\"log_p\":[41],", "")), HasSubstr("either"));
  EXPECT_THAT(json_refusal(replaced("\"name\":\"digits-13\",", "")), HasSubstr("\"name\" is missing"));
  EXPECT_THAT(json_refusal(std::string(70000, ' ') + good), HasSubstr("64 KiB"));
}

TEST(Params, OtherParametersAreNotMixed) {
  const ParamsPtr a = Params::make(digits13());
  ParamsLiteral literal = digits13();
  literal.log_q[0] = 32;
  const ParamsPtr b = Params::make(literal);
  EXPECT_NO_THROW(require_same_params(*a, *Params::make(digits13()), "test"));
  EXPECT_THAT(refusal(ErrorCode::kInvalidArgument, [&] { require_same_params(*a, *b, "add"); }),
              HasSubstr("add: made for other parameters"));
}

TEST(Security, TableOfTheGuidelines) {
  EXPECT_EQ(max_log_qp(13, 128), 214);
  EXPECT_EQ(max_log_qp(14, 192), 297);
  EXPECT_EQ(max_log_qp(17, 256), 1866);
  EXPECT_EQ(max_log_qp(10, 192), 0);
  EXPECT_EQ(max_log_qp(9, 128), 0);
  EXPECT_EQ(max_log_qp(13, 100), 0);
}

TEST(Security, LevelsRoundLogQpUp) {
  EXPECT_EQ(security_bits(13, 214.0), 128);
  EXPECT_EQ(security_bits(13, 214.001), 0);
  EXPECT_EQ(security_bits(13, 146.5), 192);
  EXPECT_EQ(security_bits(13, 113.5), 256);
  EXPECT_EQ(security_bits(9, 10), 0);
}

TEST(Security, RefusalTellsWhatToChange) {
  ParamsLiteral literal = digits13();
  literal.log_q[0] = 35;
  const std::string text = make_refusal(literal, ErrorCode::kInsecure);
  EXPECT_THAT(text, HasSubstr("log QP = 216 bits exceeds 214"));
  EXPECT_THAT(text, HasSubstr("take away 2 bits"));
  EXPECT_THAT(text, HasSubstr("raise log_n to 14 (limit 430)"));
  EXPECT_THAT(text, HasSubstr("insecure_"));
  literal.name = "insecure_too_wide";
  EXPECT_EQ(Params::make(literal)->security_bits(), 0);
}

}  // namespace
}  // namespace sotto::ckks
