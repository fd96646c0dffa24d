// Levels that are no prefixes of the chain: two primes a level, and primes that come back.
#include <array>

#include "ckks/io/format.h"
#include "ckks/io/server_keys.h"
#include "ckks/linear.h"
#include "tests/ckks/scheme_fixture.h"

namespace sotto::ckks {
namespace {

using test::Big;

/// Scale 2^50 in words of 25 bits: a rescale drops two primes.
ParamsLiteral two_primes_a_level() {
  return {.name = "insecure_two",
          .log_n = 10,
          .log_q = {55, 25, 25, 25, 25, 25, 25},
          .log_p = {58, 58},
          .q = {},
          .p = {},
          .log_scale = 50,
          .digits = 4,
          .levels = {{0}, {0, 1, 2}, {0, 1, 2, 3, 4}, {0, 1, 2, 3, 4, 5, 6}}};
}

/// Scale 2^40 in words of 30 bits with two terminal primes of 20: 40 = 2 T, 80 = 2 q + T, 120 = 4 q.
ParamsLiteral rational() {
  return {.name = "insecure_rational",
          .log_n = 10,
          .log_q = {50, 30, 30, 30, 30, 20, 20},
          .log_p = {50, 50},
          .q = {},
          .p = {},
          .log_scale = 40,
          .digits = 4,
          .levels = {{0, 5, 6}, {0, 1, 2, 5}, {0, 1, 2, 3, 4}, {0, 1, 2, 3, 4, 5, 6}}};
}

class OddLevels : public ::testing::TestWithParam<ParamsLiteral (*)()> {
 protected:
  OddLevels() : scheme_(GetParam()(), request()) {}
  static KeyRequest request() {
    return {.relin_level = 3,
            .galois = {{{.step = 1, .conjugate = false}, 3},
                       {{.step = 2, .conjugate = false}, 2},
                       {{.step = 5, .conjugate = false}, 1}}};
  }
  const Params& params() const { return *scheme_.params; }
  Scheme scheme_;
};
INSTANTIATE_TEST_SUITE_P(Sets, OddLevels, ::testing::Values(&two_primes_a_level, &rational),
                         [](const auto& set) { return set.index == 0 ? "TwoPrimes" : "Rational"; });

TEST_P(OddLevels, ScalesStayNearTheNominalOne) {
  for (int level = 0; level <= params().max_level(); ++level)
    EXPECT_NEAR(std::log2(params().scale(level)), GetParam()().log_scale, 0.05)
        << level;  // few primes of 20 bits
}

TEST_P(OddLevels, RescaleIsTheRoundedQuotientOfTwoProducts) {
  test::Rng rng;
  for (int level = 1; level <= params().max_level(); ++level) {
    const Basis &from = params().basis(level), &to = params().basis(level - 1);
    const std::vector<u64> primes = test::primes_of(params(), from.size());
    CoeffPoly poly(params().n(), from.size());
    for (int i = 0; i < from.size(); ++i) {
      for (u64& x : poly.limb(i)) x = rng.below(primes[static_cast<std::size_t>(i)]);
    }
    const std::vector<Big> x = test::coefficients(params(), poly);
    const EvalPoly in = forward(params(), std::move(poly));
    EvalPoly out(params().n(), to.size());
    Division(params(), from, 0, to).apply(std::array{&in}, std::array{&out}, Threads{});
    const CoeffPoly got = inverse(params(), std::move(out));

    Big leaving(1), entering(1);
    for (const int prime : from.primes()) {
      if (to.limb_of(prime) < 0) leaving = leaving * Big(params().q(prime).modulus().value());
    }
    for (const int prime : to.primes()) {
      if (from.limb_of(prime) < 0) entering = entering * Big(params().q(prime).modulus().value());
    }
    for (std::size_t k = 0; k < params().n(); ++k) {
      const Big want = test::round_divide(x[k] * entering, leaving);
      int differing = 0;  // near a tie the neighbour is right as well, in all limbs alike
      for (int i = 0; i < to.size(); ++i)
        differing += got.limb(i)[k] != want.mod(params().q(to.prime(i)).modulus().value());
      if (differing == 0) continue;
      const Big rest = test::centred(x[k] * entering, leaving);
      const double part = std::fabs(rest.to_double() / leaving.to_double());
      ASSERT_GT(part, 0.499) << "coefficient " << k << " of level " << level;
    }
  }
}

TEST_P(OddLevels, ProductsReachTheBottomAtTheCanonicalScale) {
  const std::vector<double> x = scheme_.random_real();
  std::vector<double> want = x;
  Ciphertext a = scheme_.encrypt(x, 3);
  for (int level = 3; level > 0; --level) {
    a = scheme_.evaluator.multiply_rescale(a, a);
    for (double& v : want) v *= v;
    ASSERT_EQ(a.level(), level - 1);
    EXPECT_DOUBLE_EQ(a.scale, params().scale(level - 1));
    std::vector<double> got;
    for (const auto& z : scheme_.open(a)) got.push_back(z.real());
    EXPECT_BITS(got, want, 25);
  }
}

TEST_P(OddLevels, ProductAndRescaleApartAgreeWithTheFusedOne) {
  const std::vector<double> x = scheme_.random_real(), y = scheme_.random_real();
  const Ciphertext a = scheme_.encrypt(x, 3), b = scheme_.encrypt(y, 2);
  const Ciphertext fused = scheme_.evaluator.multiply_rescale(a, b);
  const Ciphertext apart = scheme_.evaluator.rescale(scheme_.evaluator.multiply(a, b));
  ASSERT_EQ(fused.level(), 1);
  EXPECT_EQ(fused.scale, apart.scale);
  EXPECT_BITS(scheme_.open(fused), scheme_.open(apart), 25);
}

TEST_P(OddLevels, KeysServeTheLevelsBelowTheirOwn) {
  const auto z = scheme_.random_complex();
  for (int level = 0; level <= 3; ++level) {
    const Ciphertext a = scheme_.encrypt(z, level);
    EXPECT_BITS(scheme_.open(scheme_.evaluator.rotate(a, 1)), rotated_left(z, 1), 20);
    for (const auto& [step, top] : {std::pair{2, 2}, std::pair{5, 1}}) {
      if (level > top) continue;
      EXPECT_BITS(scheme_.open(scheme_.evaluator.rotate(a, step)), rotated_left(z, step), 20);
    }
  }
  EXPECT_THROW(scheme_.evaluator.rotate(scheme_.encrypt(z, 2), 5), Error);
}

TEST_P(OddLevels, GoingDownKeepsTheMessageAndSaysTheScale) {
  const auto z = scheme_.random_complex();
  const Ciphertext top = scheme_.encrypt(z, 3);
  for (int from = 3; from >= 0; --from) {
    const Ciphertext a = scheme_.evaluator.drop_to_level(top, from);
    for (int to = from; to >= 0; --to) {
      const Ciphertext b = scheme_.evaluator.drop_to_level(a, to);
      ASSERT_EQ(b.level(), to);
      EXPECT_DOUBLE_EQ(b.scale, a.scale * params().drop_scale(from, to));
      EXPECT_NEAR(b.scale / top.scale, 1, 0x1p-35);
      EXPECT_BITS(scheme_.open(b), z, 20);
    }
  }
}

TEST_P(OddLevels, SumsMeetAtTheLowerLevel) {
  const auto z = scheme_.random_complex();
  const Ciphertext high = scheme_.encrypt(z, 3);
  const Ciphertext low = encrypt(*scheme_.secret, scheme_.encoder.encode(z, 1, high.scale), scheme_.rng);
  std::vector<std::complex<double>> twice = z;
  for (auto& v : twice) v *= 2;
  const Ciphertext sum = scheme_.evaluator.add(high, low);
  ASSERT_EQ(sum.level(), 1);
  EXPECT_BITS(scheme_.open(sum), twice, 20);
}

TEST_P(OddLevels, LinearMapsRunAtEveryLevel) {
  const std::vector<double> x = scheme_.random_real();
  const std::vector<double> ones(params().slots(), 0.5);
  const LinearTransform transform{.giant_step = 0, .blocks = {{{0, ones}, {1, ones}}}, .folds = {}};
  std::vector<double> want = rotated_left(x, 1);
  for (std::size_t i = 0; i < x.size(); ++i) want[i] = 0.5 * (want[i] + x[i]);
  for (int level = 1; level <= 3; ++level) {
    const EncodedTransform encoded = encode_transform(transform, scheme_.encoder, params(), level,
                                                      params().rescale_factor(level), Threads{});
    const Ciphertext a = apply_transform(scheme_.evaluator, encoded, scheme_.encrypt(x, level));
    ASSERT_EQ(a.level(), level - 1);
    std::vector<double> got;
    for (const auto& z : scheme_.open(a)) got.push_back(z.real());
    EXPECT_BITS(got, want, 20);
  }
}

TEST_P(OddLevels, FilesCarryTheLevels) {
  const io::FileBytes file = io::serialize(params());
  const ParamsPtr again = io::parse_params(file);
  EXPECT_EQ(again->hash(), params().hash());
  EXPECT_EQ(again->literal().levels, params().literal().levels);
  EXPECT_EQ(io::serialize(*again), file);
  EXPECT_EQ(Params::make(literal_from_json(to_json(params().literal())))->hash(), params().hash());

  const io::FileBytes keys = io::serialize(make_server_keys(*scheme_.secret, request(), scheme_.rng));
  EXPECT_EQ(keys.size(), io::server_keys_file_bytes(params(), request()));
  const Evaluator restored(resident(io::parse_server_keys(keys)));
  const auto z = scheme_.random_complex();
  const Ciphertext a = scheme_.encrypt(z, 2);
  const io::FileBytes bytes = io::serialize(a);
  EXPECT_EQ(io::serialize(io::parse_ciphertext(bytes, scheme_.params, a.key_id)), bytes);
  EXPECT_BITS(scheme_.open(restored.rotate(a, 2)), rotated_left(z, 2), 20);
}

TEST(Levels, APlainChainNeedsNoNames) {
  const Levels levels(5, 2, {});
  ASSERT_EQ(levels.max_level(), 4);
  for (int level = 0; level <= 4; ++level) {
    EXPECT_EQ(levels.at(level).size(), level + 1);
    EXPECT_EQ(levels.of(level + 1), level);
    EXPECT_EQ(levels.at(level).digit_count(), (level + 2) / 2);
  }
  EXPECT_EQ(levels.of(0), -1);
  EXPECT_EQ(levels.of(6), -1);
}

TEST(Levels, AKeyCoversEveryLevelBelow) {
  const Levels levels(7, 2, rational().levels);
  EXPECT_THAT(levels.key(1).primes(), ::testing::ElementsAre(0, 1, 2, 5, 6));
  EXPECT_THAT(levels.key(2).primes(), ::testing::ElementsAre(0, 1, 2, 3, 4, 5, 6));
  ASSERT_EQ(levels.at(1).digit_count(), 3);
  EXPECT_EQ(levels.at(1).digits()[2].group, 2);
  EXPECT_EQ(levels.at(1).digits()[2].first, 3);
  EXPECT_EQ(levels.key(1).digit_of_group(3), 3);
}

TEST(Levels, EachDefectIsNamed) {
  EXPECT_EQ(Levels::defect(3, {{0}, {0, 1, 2}}), "");
  EXPECT_EQ(Levels::defect(3, {{0}, {}}), "levels[1] has no prime");
  EXPECT_EQ(Levels::defect(3, {{0}, {2, 1, 0}}), "levels[1] must be distinct indices from 0 to 2, ascending");
  EXPECT_EQ(Levels::defect(3, {{0}, {0, 1, 3}}), "levels[1] must be distinct indices from 0 to 2, ascending");
  EXPECT_EQ(Levels::defect(3, {{0, 1}, {0, 2}, {0, 1, 2}}),
            "levels[1] has 2 primes, not more than the 2 of the level below");
  EXPECT_EQ(Levels::defect(3, {{0}, {0, 1}}), "the top level must hold all 3 chain primes, not 2");
}

TEST(Levels, ScalesMayChangeAlongTheChain) {
  ParamsLiteral literal{.name = "insecure_steps",
                        .log_n = 10,
                        .log_q = {50, 40, 40, 48, 48},
                        .log_p = {55, 55},
                        .q = {},
                        .p = {},
                        .log_scale = 40,
                        .digits = 3,
                        .levels = {},
                        .log_scales = {40, 40, 40, 48, 48}};
  const ParamsPtr params = Params::make(literal);
  EXPECT_EQ(params->scale(4), 0x1p48);
  EXPECT_NEAR(std::log2(params->scale(3)), 48, 0.01);
  EXPECT_EQ(params->scale(2), 0x1p40);
  EXPECT_EQ(Params::make(literal_from_json(to_json(literal)))->hash(), params->hash());
  literal.log_scales.pop_back();
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, [&] { Params::make(literal); }),
              ::testing::HasSubstr("4 scales for 5 levels"));
}

}  // namespace
}  // namespace sotto::ckks
