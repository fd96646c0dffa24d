// Linear maps with double hoisting against their definition in doubles.
#include "ckks/linear.h"

#include "tests/ckks/scheme_fixture.h"

namespace sotto::ckks {
namespace {

using ::testing::HasSubstr;

std::vector<double> reference(const LinearTransform& t, const std::vector<double>& x) {
  std::vector<double> z(x.size());
  for (std::size_t k = 0; k < t.blocks.size(); ++k) {
    std::vector<double> block(x.size());
    for (const auto& term : t.blocks[k]) {
      const std::vector<double> moved = rotated_left(x, term.baby);
      for (std::size_t i = 0; i < x.size(); ++i) block[i] += term.values[i] * moved[i];
    }
    block = rotated_left(block, static_cast<int>(k) * t.giant_step);
    for (std::size_t i = 0; i < x.size(); ++i) z[i] += block[i];
  }
  for (int fold : t.folds) {
    const std::vector<double> moved = rotated_left(z, fold);
    for (std::size_t i = 0; i < x.size(); ++i) z[i] += moved[i];
  }
  return z;
}

class Linear : public ::testing::Test {
 protected:
  static constexpr int kLevel = 3;
  static Scheme& scheme() {
    static Scheme scheme = [] {
      KeyRequest keys;
      for (int step = 1; step < 128; ++step)
        keys.galois.push_back({{.step = step, .conjugate = false}, kLevel});
      return Scheme({.name = "insecure_linear",
                     .log_n = 8,
                     .log_q = {48, 38, 38, 38, 38},
                     .log_p = {46, 46},
                     .q = {},
                     .p = {},
                     .log_scale = 38,
                     .digits = 3},
                    keys);
    }();
    return scheme;
  }
  static LinearTransform::Term term(int baby) {
    static test::Rng random("linear");
    LinearTransform::Term t{.baby = baby, .values = std::vector<double>(scheme().params->slots())};
    for (double& v : t.values) v = random.real(-0.25, 0.25);
    return t;
  }
  static double plaintext_scale() { return 0x1p38; }

  void expect_map(const LinearTransform& t, double bits = 20) {
    const std::vector<double> x = scheme().random_real();
    const Ciphertext a = scheme().encrypt(x, kLevel);
    const EncodedTransform encoded =
        encode_transform(t, scheme().encoder, *scheme().params, kLevel, plaintext_scale(), Threads{2});
    const Ciphertext z = apply_transform(scheme().evaluator, encoded, a);
    EXPECT_EQ(z.level(), kLevel - 1);
    EXPECT_EQ(z.scale, a.scale * plaintext_scale() /
                           static_cast<double>(scheme().params->q(kLevel).modulus().value()));
    EXPECT_BITS(scheme().decryptor.decode_private(scheme().decryptor.decrypt(z)), reference(t, x), bits);
    const Evaluator two(scheme().evaluator.keys(), Threads{2});
    const Ciphertext again = apply_transform(two, encoded, a);
    for (std::size_t part = 0; part < 2; ++part) {
      EXPECT_TRUE(std::ranges::equal(z.c[part].words().span(), again.c[part].words().span()))
          << "threads change the result";
    }
  }
};

TEST_F(Linear, OneDiagonal) {
  expect_map({.giant_step = 0, .blocks = {{term(0)}}, .folds = {}});
}
TEST_F(Linear, OneRotatedDiagonal) {
  expect_map({.giant_step = 0, .blocks = {{term(77)}}, .folds = {}});
}
TEST_F(Linear, BabiesOnly) {
  expect_map({.giant_step = 0, .blocks = {{term(0), term(3), term(9), term(127)}}, .folds = {}});
}
TEST_F(Linear, TheSameBabyTwice) {
  expect_map({.giant_step = 0, .blocks = {{term(5), term(5)}}, .folds = {}});
}
TEST_F(Linear, GiantsByHorner) {
  expect_map({.giant_step = 4,
              .blocks = {{term(0), term(1)}, {term(2)}, {term(3), term(0)}, {term(1), term(2), term(3)}},
              .folds = {}});
}
TEST_F(Linear, EmptyBlocksAnywhere) {
  expect_map({.giant_step = 7, .blocks = {{}, {term(2)}, {}, {}, {term(0)}, {}}, .folds = {}});
}
TEST_F(Linear, Folds) {
  expect_map({.giant_step = 16, .blocks = {{term(0), term(1)}, {term(1)}}, .folds = {64, 32, 1}}, 17);
}
TEST_F(Linear, FoldOfStepZeroDoubles) {
  expect_map({.giant_step = 0, .blocks = {{term(1)}}, .folds = {0, 3}});
}
TEST_F(Linear, MoreTermsThanRowsOfAnInnerProduct) {
  LinearTransform t{.giant_step = 0, .blocks = {{}}, .folds = {}};
  for (int baby = 0; baby < 128; ++baby) t.blocks[0].push_back(term(baby));
  t.blocks[0].push_back(term(64));
  expect_map(t, 17);
}

TEST_F(Linear, NoiseIsThatOfOneRounding) {  // double hoisting: babies carry no ModDown error of their own
  LinearTransform t{.giant_step = 0, .blocks = {{}}, .folds = {}};
  for (int baby = 1; baby < 17; ++baby) t.blocks[0].push_back(term(baby));
  const std::vector<double> zero(scheme().params->slots());
  const Ciphertext a = scheme().encrypt(zero, kLevel);
  const EncodedTransform encoded =
      encode_transform(t, scheme().encoder, *scheme().params, kLevel, plaintext_scale(), {});
  const std::vector<test::Big> noise =
      phase(*scheme().secret, apply_transform(scheme().evaluator, encoded, a));
  const double n = static_cast<double>(scheme().params->n());
  const double rounding = std::sqrt((1 + 2 * n / 3) / 12);
  // Fresh noise (3.24 each) through 16 diagonals of size 1/4: 16 slots' worth of 10.5/48.
  const double fresh = std::sqrt(10.5 * 16 * 0.0625 / 3);
  EXPECT_LT(deviation(noise, std::vector<test::Big>(noise.size())), 1.3 * std::hypot(rounding, fresh));
}

TEST_F(Linear, RefusesBeforeAnyWork) {
  const LinearTransform t{.giant_step = 4, .blocks = {{term(1)}, {term(0)}}, .folds = {2}};
  const auto encoded = [&](int level, double scale) {
    return encode_transform(t, scheme().encoder, *scheme().params, level, scale, {});
  };
  const auto apply = [&](const EncodedTransform& e, int level, const Evaluator& evaluator) {
    return
        [&, level] { (void)apply_transform(evaluator, e, scheme().encrypt(scheme().random_real(), level)); };
  };
  const EncodedTransform high = encoded(4, 0x1p38), good = encoded(3, 0x1p38), bottom = encoded(0, 0x1p8),
                         wide = encoded(2, 0x1p87);
  EXPECT_THAT(
      refusal_of(ErrorCode::kMissingKey, apply(high, 4, scheme().evaluator)),
      HasSubstr(
          "rotation by 1 (its key reaches level 3), rotation by 4 (its key reaches level 3), rotation by 2"));
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, apply(good, 2, scheme().evaluator)),
              HasSubstr("prepared for level 3"));
  EXPECT_THAT(refusal_of(ErrorCode::kOutOfLevels, apply(bottom, 0, scheme().evaluator)),
              HasSubstr("level 0"));
  EXPECT_THAT(refusal_of(ErrorCode::kOutOfLevels, apply(wide, 2, scheme().evaluator)),
              HasSubstr("exceeds the modulus of level 2"));
}

}  // namespace
}  // namespace sotto::ckks
