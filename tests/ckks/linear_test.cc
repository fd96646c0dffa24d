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
  /// Values that repeat after `period` slots.
  static LinearTransform::Term periodic(int baby, std::size_t period) {
    LinearTransform::Term t = term(baby);
    for (std::size_t i = period; i < t.values.size(); ++i) t.values[i] = t.values[i - period];
    return t;
  }
  static double plaintext_scale() { return 0x1p38; }

  static EncodedTransform encoded(const LinearTransform& t) {
    return encode_transform(t, scheme().encoder, *scheme().params, kLevel, plaintext_scale(), Threads{2});
  }

  void expect_map(const LinearTransform& t, double bits = 20) {
    const std::vector<double> x = scheme().random_real();
    const Ciphertext a = scheme().encrypt(x, kLevel);
    const EncodedTransform map = encoded(t);
    const Ciphertext z = apply_transform(scheme().evaluator, map, a);
    EXPECT_EQ(z.level(), kLevel - 1);
    EXPECT_EQ(z.scale, a.scale * plaintext_scale() /
                           static_cast<double>(scheme().params->q(kLevel).modulus().value()));
    EXPECT_BITS(scheme().decryptor.decode_private(scheme().decryptor.decrypt(z)), reference(t, x), bits);
    const Evaluator two(scheme().evaluator.keys(), Threads{2});
    const Ciphertext again = apply_transform(two, map, a);
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
TEST_F(Linear, SeparateGiants) {
  expect_map({.giant_step = 4,
              .blocks = {{term(0), term(1)}, {term(2)}, {term(3), term(0)}, {term(1), term(2), term(3)}},
              .folds = {},
              .giants = GiantSteps::kSeparate});
}
TEST_F(Linear, EmptyBlocksAnywhere) {
  for (const GiantSteps giants : {GiantSteps::kHorner, GiantSteps::kSeparate}) {
    expect_map(
        {.giant_step = 7, .blocks = {{}, {term(2)}, {}, {}, {term(0)}, {}}, .folds = {}, .giants = giants});
    expect_map({.giant_step = 7, .blocks = {{term(1)}, {}}, .folds = {}, .giants = giants});
  }
}
TEST_F(Linear, Folds) {
  for (const GiantSteps giants : {GiantSteps::kHorner, GiantSteps::kSeparate}) {
    expect_map(
        {.giant_step = 16, .blocks = {{term(0), term(1)}, {term(1)}}, .folds = {64, 32, 1}, .giants = giants},
        17);
  }
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
  const std::vector<test::Big> noise =
      phase(*scheme().secret, apply_transform(scheme().evaluator, encoded(t), a));
  const double n = static_cast<double>(scheme().params->n());
  const double rounding = std::sqrt((1 + 2 * n / 3) / 12);
  // Fresh noise (3.24 each) through 16 diagonals of size 1/4: 16 slots' worth of 10.5/48.
  const double fresh = std::sqrt(10.5 * 16 * 0.0625 / 3);
  EXPECT_LT(deviation(noise, std::vector<test::Big>(noise.size())), 1.3 * std::hypot(rounding, fresh));
}

TEST_F(Linear, BothGiantStepsAddTheSameNoise) {
  LinearTransform t{.giant_step = 8, .blocks = {}, .folds = {}};
  for (int k = 0; k < 16; ++k) t.blocks.push_back({{0, std::vector<double>(scheme().params->slots(), 1e-3)}});
  const Ciphertext zero = scheme().encrypt(std::vector<double>(scheme().params->slots()), kLevel);
  const auto noise = [&](GiantSteps giants) {
    t.giants = giants;
    const auto errors = phase(*scheme().secret, apply_transform(scheme().evaluator, encoded(t), zero));
    return deviation(errors, std::vector<test::Big>(errors.size()));
  };
  EXPECT_NEAR(noise(GiantSteps::kSeparate) / noise(GiantSteps::kHorner), 1, 0.25);
}

TEST_F(Linear, PeriodicDiagonalsAreRuns) {
  const std::size_t n = scheme().params->n(), slots = scheme().params->slots();
  const auto limbs = static_cast<std::size_t>(kLevel + 1 + scheme().params->special_count());
  for (std::size_t p = 1; p <= slots; p *= 2) {
    const LinearTransform::Term term = periodic(1, p);
    const EvalPoly full =
        scheme().encoder.encode_extended(term.values, kLevel, plaintext_scale(), Threads{1});
    const EncodedTransform map = encoded({.giant_step = 0, .blocks = {{term}}, .folds = {}});
    EXPECT_EQ(map.bytes(), limbs * 2 * p * sizeof(u64)) << "period " << p;
    const EvalPoly& runs = map.blocks[0][0].plain;
    ASSERT_EQ(runs.n(), 2 * p);
    for (int i = 0; i < full.limbs(); ++i) {
      for (std::size_t j = 0; j < n; ++j)
        ASSERT_EQ(runs.limb(i)[j / (n / (2 * p))], full.limb(i)[j]) << "period " << p << ", word " << j;
    }
  }
}

TEST_F(Linear, RunsChangeNoBitOfTheResult) {
  static Scheme large(
      {.name = "insecure_linear_runs",  // runs of 1 to 2048 words around pieces of 1024
       .log_n = 12,
       .log_q = {44, 38},
       .log_p = {49},
       .q = {},
       .p = {},
       .log_scale = 38,
       .digits = 2},
      {.galois = {{{.step = 1, .conjugate = false}, 1}, {{.step = 2, .conjugate = false}, 1}}});
  test::Rng random("runs");
  const std::size_t slots = large.params->slots();
  LinearTransform t{.giant_step = 2, .blocks = {{}, {}}, .folds = {}};
  for (std::size_t p = 1; p <= slots; p *= 2) {
    std::vector<double> values(slots);
    for (std::size_t i = 0; i < slots; ++i) values[i] = i < p ? random.real(-0.1, 0.1) : values[i - p];
    for (const int baby : {0, 1}) t.blocks[static_cast<std::size_t>(baby)].push_back({baby, values});
  }
  const EncodedTransform runs = encode_transform(t, large.encoder, *large.params, 1, 0x1p38, Threads{1});
  EncodedTransform full = runs;
  for (std::size_t k = 0; k < 2; ++k) {
    for (std::size_t i = 0; i < full.blocks[k].size(); ++i)
      full.blocks[k][i].plain = large.encoder.encode_extended(t.blocks[k][i].values, 1, 0x1p38);
  }
  EXPECT_LT(runs.bytes(), full.bytes() / 5);
  const std::vector<double> x = large.random_real();
  const Ciphertext a = large.encrypt(x, 1);
  const Ciphertext z = apply_transform(large.evaluator, runs, a),
                   w = apply_transform(large.evaluator, full, a);
  for (std::size_t part = 0; part < 2; ++part)
    EXPECT_TRUE(std::ranges::equal(z.c[part].words().span(), w.c[part].words().span())) << part;
  EXPECT_BITS(large.decryptor.decode_private(large.decryptor.decrypt(z)), reference(t, x), 17);
}

TEST_F(Linear, RefusesBeforeAnyWork) {
  LinearTransform t{.giant_step = 4, .blocks = {{term(1)}, {}, {term(0)}}, .folds = {2}};
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
  t.giants = GiantSteps::kSeparate;
  EXPECT_THAT(refusal_of(ErrorCode::kMissingKey, apply(encoded(4, 0x1p38), 4, scheme().evaluator)),
              HasSubstr("rotation by 1 (its key reaches level 3), rotation by 8 (its key reaches level 3)"));
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, apply(good, 2, scheme().evaluator)),
              HasSubstr("prepared for level 3"));
  EXPECT_THAT(refusal_of(ErrorCode::kOutOfLevels, apply(bottom, 0, scheme().evaluator)),
              HasSubstr("level 0"));
  EXPECT_THAT(refusal_of(ErrorCode::kOutOfLevels, apply(wide, 2, scheme().evaluator)),
              HasSubstr("exceeds the modulus of level 2"));
}

}  // namespace
}  // namespace sotto::ckks
