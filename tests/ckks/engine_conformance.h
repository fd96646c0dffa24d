// The rules of ckks/engine.h as one suite, run on every engine. An adapter of another library includes this
// header in one test file and writes
//
//   INSTANTIATE_TEST_SUITE_P(Mine, EngineConformance, ::testing::Values(EngineUnderTest{"mine",
//   make_my_session, true, 1e-6}));
//
// Engines that compute nothing (trace) are held to levels, scales, refusals and counts.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

#include "base/error.h"
#include "ckks/engine.h"
#include "tests/ckks/engine_program.h"
#include "tests/support/random.h"

namespace sotto::ckks {

struct EngineUnderTest {
  std::string name;
  std::function<Session(const ParamsPtr&, const KeyRequest&)> make_session;
  bool computes = true;
  double tolerance =
      0;  // largest |error| of a slot for values of size 1 after a few operations on insecure_conformance
};
inline void PrintTo(const EngineUnderTest& engine, std::ostream* out) {
  *out << engine.name;
}

/// 64 slots, 6 levels at 2^40, two special primes and two primes in a digit.
inline ParamsPtr conformance_params() {
  static const ParamsPtr params = Params::make({.name = "insecure_conformance",
                                                .log_n = 7,
                                                .log_q = {50, 40, 40, 40, 40, 40, 40},
                                                .log_p = {49, 49},
                                                .q = {},
                                                .p = {},
                                                .log_scale = 40,
                                                .digits = 4});
  return params;
}

/// A relinearisation key and rotation keys for `steps`, all at the top level, and the conjugation.
inline KeyRequest keys_for(const Params& params, std::span<const int> steps) {
  KeyRequest request{.relin_level = params.max_level(), .galois = {{{0, true}, params.max_level()}}};
  for (const int step : steps) request.galois.push_back({{step, false}, params.max_level()});
  return request;
}

class EngineConformance : public ::testing::TestWithParam<EngineUnderTest> {
 protected:
  using Slots = std::vector<double>;
  using ComplexSlots = std::vector<std::complex<double>>;

  EngineConformance() { use_steps({1, 2, 3, 8, 16, 63}); }
  void use_steps(const std::vector<int>& steps) {
    session_ = GetParam().make_session(params_, keys_for(*params_, steps));
  }

  Engine& engine() { return *session_.engine; }
  std::size_t slots() const { return params_->slots(); }
  int top() const { return params_->max_level(); }
  double q(int level) const { return static_cast<double>(params_->q(level).modulus().value()); }

  Slots random_slots(double bound = 1.0) {
    Slots values(slots());
    for (double& v : values) v = random_.real(-bound, bound);
    return values;
  }
  ComplexSlots random_complex() {
    ComplexSlots values(slots());
    for (auto& z : values) z = {random_.real(-0.7, 0.7), random_.real(-0.7, 0.7)};
    return values;
  }
  Cipher encrypt(const Slots& values, int level) {
    return session_.client->encrypt(values, level, params_->scale(level));
  }
  Cipher encrypt(const ComplexSlots& values, int level) {
    return session_.client->encrypt_complex(values, level, params_->scale(level));
  }
  /// Checks every slot where the engine computes any, and always where the result stands.
  void expect(const Cipher& got, const Slots& want, int level, double scale, double loosen = 1.0) {
    EXPECT_EQ(got.level(), level);
    EXPECT_NEAR(got.scale() / scale, 1.0, 1e-14);
    if (!GetParam().computes) return;
    const Slots have = session_.client->decrypt(got);
    ASSERT_EQ(have.size(), slots());
    std::size_t worst = 0;
    const auto error = [&](std::size_t i) { return std::abs(have[i] - (i < want.size() ? want[i] : 0.0)); };
    for (std::size_t i = 0; i < slots(); ++i) {
      if (!(error(i) <= error(worst))) worst = i;
    }
    EXPECT_LE(error(worst), GetParam().tolerance * loosen) << "worst slot " << worst << " of " << slots();
  }
  void expect(const Cipher& got, const ComplexSlots& want, int level, double scale, double loosen = 1.0) {
    EXPECT_EQ(got.level(), level);
    EXPECT_NEAR(got.scale() / scale, 1.0, 1e-14);
    if (!GetParam().computes) return;
    const ComplexSlots have = session_.client->decrypt_complex(got);
    const Slots real = session_.client->decrypt(got);
    ASSERT_EQ(have.size(), slots());
    for (std::size_t i = 0; i < slots(); ++i) {
      const double error = std::abs(have[i] - (i < want.size() ? want[i] : 0.0));
      ASSERT_LE(error, GetParam().tolerance * loosen) << "slot " << i;
      ASSERT_EQ(have[i].real(), real[i]) << "slot " << i;
    }
  }
  template <class F>
  void expect_refusal(ErrorCode code, F&& f) {
    try {
      f();
      ADD_FAILURE() << "not refused; expected " << error_code_name(code);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_GE(std::string(error.what()).size(), 20u) << "a refusal is a sentence: " << error.what();
    }
  }

  ParamsPtr params_ = conformance_params();
  Session session_;
  test::Rng random_;
};

template <class T, class F>
std::vector<T> slotwise(const std::vector<T>& a, const std::vector<T>& b, F f) {
  std::vector<T> result(a.size());
  std::transform(a.begin(), a.end(), b.begin(), result.begin(), f);
  return result;
}
template <class T>
std::vector<T> rotated(const std::vector<T>& a, int step) {
  const int n = static_cast<int>(a.size());
  std::vector<T> result(a.size());
  std::rotate_copy(a.begin(), a.begin() + (step % n + n) % n, a.end(), result.begin());
  return result;
}
/// The definition of a LinearTransform, in doubles.
inline std::vector<double> reference_apply(const LinearTransform& t, const std::vector<double>& x) {
  std::vector<double> z(x.size());
  for (std::size_t k = 0; k < t.blocks.size(); ++k) {
    std::vector<double> inner(x.size());
    for (const auto& term : t.blocks[k]) {
      const auto product = slotwise(term.values, rotated(x, term.baby), std::multiplies<>());
      inner = slotwise(inner, product, std::plus<>());
    }
    z = slotwise(z, rotated(inner, static_cast<int>(k) * t.giant_step), std::plus<>());
  }
  for (const int fold : t.folds) z = slotwise(z, rotated(z, fold), std::plus<>());
  return z;
}

/// Some diagonals with babies {0, 2, 3}, an empty block, two giant steps and a fold.
inline LinearTransform sample_transform(test::Rng& random, std::size_t slots) {
  LinearTransform t{
      .giant_step = 8, .blocks = std::vector<std::vector<LinearTransform::Term>>(5), .folds = {16}};
  for (const auto& [block, baby] : {std::pair{0, 0}, {0, 3}, {1, 2}, {1, 3}, {3, 2}}) {
    std::vector<double> values(slots);
    for (double& v : values) v = random.real(-1, 1);
    t.blocks[static_cast<std::size_t>(block)].push_back({baby, std::move(values)});
  }
  return t;
}

TEST_P(EngineConformance, EncryptionKeepsSlotsAndPadsWithZeros) {
  const Slots full = random_slots(), few(full.begin(), full.begin() + 5);
  for (int level = 0; level <= top(); ++level) {
    expect(encrypt(full, level), full, level, params_->scale(level));
    expect(encrypt(few, level), few, level, params_->scale(level));
  }
}

TEST_P(EngineConformance, SumsAndDifferences) {
  const Slots x = random_slots(), y = random_slots();
  const Cipher a = encrypt(x, 3), b = encrypt(y, 3);
  expect(engine().add(a, b), slotwise(x, y, std::plus<>()), 3, params_->scale(3));
  expect(engine().subtract(a, b), slotwise(x, y, std::minus<>()), 3, params_->scale(3));
  expect(engine().negate(a), slotwise(Slots(slots()), x, std::minus<>()), 3, params_->scale(3));
}

TEST_P(EngineConformance, OperandsMeetAtTheLowerLevel) {
  const Slots x = random_slots(), y = random_slots();
  const double scale = params_->scale(2);
  const Cipher high = session_.client->encrypt(x, 5, scale), low = encrypt(y, 2);
  expect(engine().add(high, low), slotwise(x, y, std::plus<>()), 2, scale);
  expect(engine().subtract(low, high), slotwise(y, x, std::minus<>()), 2, scale);
  expect(engine().multiply(high, low), slotwise(x, y, std::multiplies<>()), 2, scale * scale);
}

TEST_P(EngineConformance, DifferentScalesAreNotMixed) {
  const double scale = params_->scale(3);
  const Cipher a = session_.client->encrypt(random_slots(), 3, scale);
  const Cipher near = session_.client->encrypt(random_slots(), 3, scale * (1 + std::ldexp(1, -31)));
  const Cipher far = session_.client->encrypt(random_slots(), 3, scale * (1 + std::ldexp(1, -29)));
  EXPECT_NO_THROW(engine().add(a, near));
  expect_refusal(ErrorCode::kScaleMismatch, [&] { engine().add(a, far); });
  expect_refusal(ErrorCode::kScaleMismatch, [&] { engine().subtract(far, a); });
  const Plain plain = engine().encode(random_slots(), 3, 2 * scale);
  expect_refusal(ErrorCode::kScaleMismatch, [&] { engine().add_plain(a, plain); });
}

TEST_P(EngineConformance, ProductsMultiplyScalesAndStayAtTheirLevel) {
  const Slots x = random_slots(), y = random_slots();
  const Slots product = slotwise(x, y, std::multiplies<>()), square = slotwise(x, x, std::multiplies<>());
  for (int level = 1; level <= top(); ++level) {
    const Cipher a = encrypt(x, level), b = encrypt(y, level);
    const double scale = params_->scale(level);
    expect(engine().multiply(a, b), product, level, scale * scale);
    expect(engine().square(a), square, level, scale * scale);
    // Canonical times canonical, rescaled, is canonical one level below.
    expect(engine().rescale(engine().multiply(a, b)), product, level - 1, params_->scale(level - 1));
    EXPECT_EQ(engine().rescale(engine().square(a)).scale(), params_->scale(level - 1));
  }
}

TEST_P(EngineConformance, PlaintextsOfTheLevelOrAboveAreAccepted) {
  const Slots x = random_slots(), y = random_slots();
  const Cipher a = encrypt(x, 2);
  for (int level = 2; level <= top(); ++level) {
    const Plain p = engine().encode(y, level, params_->scale(2));
    EXPECT_EQ(p.level(), level);
    EXPECT_EQ(p.scale(), params_->scale(2));
    expect(engine().add_plain(a, p), slotwise(x, y, std::plus<>()), 2, params_->scale(2));
    expect(engine().multiply_plain(a, p), slotwise(x, y, std::multiplies<>()), 2,
           params_->scale(2) * params_->scale(2));
  }
  const Plain low = engine().encode(y, 1, params_->scale(2));
  expect_refusal(ErrorCode::kInvalidArgument, [&] { engine().add_plain(a, low); });
  expect_refusal(ErrorCode::kInvalidArgument, [&] { engine().multiply_plain(a, low); });
}

TEST_P(EngineConformance, Constants) {
  const Slots x = random_slots();
  const Cipher a = encrypt(x, 4);
  const double scale = params_->scale(4);
  for (const double c : {0.0, 1.0, -2.75, 1e-3}) {
    Slots sum = x, product = x;
    for (double& v : sum) v += c;
    for (double& v : product) v *= c;
    expect(engine().add_constant(a, c), sum, 4, scale);
    expect(engine().multiply_constant(a, c, scale), product, 4, scale * scale, 4);
  }
  // A small scale makes an exact integer of the constant and spends no level.
  Slots tripled = x;
  for (double& v : tripled) v *= -3;
  expect(engine().multiply_constant(a, -3.0, 1.0), tripled, 4, scale, 4);
  const double nan = std::nan("");
  expect_refusal(ErrorCode::kInvalidArgument, [&] { engine().add_constant(a, nan); });
  expect_refusal(ErrorCode::kInvalidArgument, [&] { engine().multiply_constant(a, nan, scale); });
}

TEST_P(EngineConformance, RescalingDividesByThePrimeOfTheLevel) {
  const Slots x = random_slots();
  for (int level = 1; level <= top(); ++level) {
    const double scale = params_->scale(level) * q(level);
    expect(engine().rescale(session_.client->encrypt(x, level, scale)), x, level - 1, scale / q(level));
  }
  const Cipher bottom = encrypt(x, 0);
  expect_refusal(ErrorCode::kOutOfLevels, [&] { engine().rescale(bottom); });
}

TEST_P(EngineConformance, AScaleBelowOneIsRefused) {
  const Cipher small = session_.client->encrypt(random_slots(), 2, 0x1p10);
  const OpCounts before = engine().counts();
  expect_refusal(ErrorCode::kOutOfLevels, [&] { engine().rescale(small); });
  EXPECT_EQ(engine().counts() - before, OpCounts{});
  const LinearTransform t{.giant_step = 0, .blocks = {{{0, random_slots()}}}, .folds = {}};
  expect_refusal(ErrorCode::kOutOfLevels,
                 [&] { engine().apply(*engine().prepare(t, 2, q(2) * 0x1p-11), small); });
  EXPECT_NO_THROW(engine().apply(*engine().prepare(t, 2, q(2) * 0x1p-9), small));
}

TEST_P(EngineConformance, AProductThatItsModulusCannotHoldIsRefused) {
  const Cipher a = encrypt(random_slots(), 0);
  const double scale = params_->scale(0);
  const Plain p = engine().encode(random_slots(), 0, scale);
  expect_refusal(ErrorCode::kOutOfLevels, [&] { engine().multiply(a, a); });
  expect_refusal(ErrorCode::kOutOfLevels, [&] { engine().square(a); });
  expect_refusal(ErrorCode::kOutOfLevels, [&] { engine().multiply_plain(a, p); });
  expect_refusal(ErrorCode::kOutOfLevels, [&] { engine().multiply_constant(a, 0.5, scale); });
}

TEST_P(EngineConformance, DroppingKeepsMessageAndScale) {
  const Slots x = random_slots();
  const Cipher a = encrypt(x, 4);
  for (int level = 0; level <= 4; ++level) {
    expect(engine().drop_to_level(a, level), x, level, params_->scale(4));
  }
  expect_refusal(ErrorCode::kInvalidArgument, [&] { engine().drop_to_level(a, 5); });
  expect_refusal(ErrorCode::kInvalidArgument, [&] { engine().drop_to_level(a, -1); });
}

TEST_P(EngineConformance, RotationMovesSlotsToTheLeft) {
  const Slots x = random_slots();
  for (const int level : {top(), 1, 0}) {
    const Cipher a = encrypt(x, level);
    for (const int step : {1, 2, 3, 8, 16, 63, -1, -63, 65}) {
      expect(engine().rotate(a, step), rotated(x, step), level, params_->scale(level));
    }
  }
}

TEST_P(EngineConformance, ARotationByNothingIsFree) {
  const Slots x = random_slots();
  const Cipher a = encrypt(x, 2);
  const OpCounts before = engine().counts();
  expect(engine().rotate(a, 0), x, 2, params_->scale(2));
  expect(engine().rotate(a, 64), x, 2, params_->scale(2));
  EXPECT_EQ(engine().counts().rotate, before.rotate);
}

TEST_P(EngineConformance, ManyRotationsAreThoseOfRotate) {
  const Slots x = random_slots();
  const Cipher a = encrypt(x, 3);
  const std::vector<int> steps{2, 0, 63, 1, 16};
  const OpCounts before = engine().counts();
  const std::vector<Cipher> many = engine().rotate_many(a, steps);
  ASSERT_EQ(many.size(), steps.size());
  EXPECT_EQ((engine().counts() - before), (OpCounts{.rotate = 4}));
  for (std::size_t i = 0; i < steps.size(); ++i) {
    expect(many[i], rotated(x, steps[i]), 3, params_->scale(3));
  }
  EXPECT_TRUE(engine().rotate_many(a, {}).empty());
}

TEST_P(EngineConformance, ConjugationKeepsRealSlots) {
  const Slots x = random_slots();
  expect(engine().conjugate(encrypt(x, 3)), x, 3, params_->scale(3));
}

TEST_P(EngineConformance, EncodingRefusesWhatDoesNotFit) {
  const double scale = params_->scale(1);
  const auto refused = [&](const Slots& values, int level, double s) {
    expect_refusal(ErrorCode::kInvalidArgument, [&] { engine().encode(values, level, s); });
    expect_refusal(ErrorCode::kInvalidArgument, [&] { session_.client->encrypt(values, level, s); });
    ComplexSlots imaginary(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) imaginary[i].imag(values[i]);
    expect_refusal(ErrorCode::kInvalidArgument, [&] { engine().encode_complex(imaginary, level, s); });
    expect_refusal(ErrorCode::kInvalidArgument,
                   [&] { session_.client->encrypt_complex(imaginary, level, s); });
  };
  refused(Slots(slots() + 1), 1, scale);
  refused({0.0, std::nan("")}, 1, scale);
  refused({-HUGE_VAL}, 1, scale);
  refused({1.0}, -1, scale);
  refused({1.0}, top() + 1, scale);
  refused({1.0}, 1, 0.0);
  refused({1.0}, 1, -scale);
  refused({1.0}, 1, HUGE_VAL);
  refused(Slots(slots(), 1 << 12), 0, scale);  // 2^52 of the 50 bits of q[0]
  EXPECT_NO_THROW(engine().encode(Slots(slots(), 1 << 8), 0, scale));
}

TEST_P(EngineConformance, LinearTransformsFollowTheirDefinition) {
  const LinearTransform t = sample_transform(random_, slots());
  const Slots x = random_slots();
  const double plaintext_scale = q(4) * params_->scale(3) / params_->scale(4);
  const OpCounts start = engine().counts();
  const PreparedLinearPtr prepared = engine().prepare(t, 4, plaintext_scale);
  EXPECT_EQ(engine().counts() - start, (OpCounts{.encode = 5}));
  const Cipher a = encrypt(x, 4);
  const OpCounts before = engine().counts();
  const Cipher z = engine().apply(*prepared, a);
  // Rotations: babies 2 and 3, Horner over blocks 3, 2, 1, one fold.
  EXPECT_EQ(engine().counts() - before, (OpCounts{.add = 5, .multiply_plain = 5, .rotate = 6, .rescale = 1}));
  EXPECT_EQ(engine().counts() - before, t.apply_counts());
  expect(z, reference_apply(t, x), 3, params_->scale(3), 16);
}

TEST_P(EngineConformance, SeparateGiantStepsLeaveOutEmptyBlocks) {
  LinearTransform t = sample_transform(random_, slots());
  t.giants = GiantSteps::kSeparate;
  EXPECT_EQ(t.rotation_steps(), (std::vector<int>{2, 3, 8, 16, 24}));
  use_steps(t.rotation_steps());
  const Slots x = random_slots();
  const Cipher a = encrypt(x, 4);
  const PreparedLinearPtr own = engine().prepare(t, 4, params_->scale(4)),
                          basic = engine().Engine::prepare(t, 4, params_->scale(4));
  for (const bool overridden : {true, false}) {
    const OpCounts before = engine().counts();
    const Cipher z = overridden ? engine().apply(*own, a) : engine().Engine::apply(*basic, a);
    // Rotations: babies 2 and 3, blocks 1 and 3, one fold.
    EXPECT_EQ(engine().counts() - before,
              (OpCounts{.add = 5, .multiply_plain = 5, .rotate = 5, .rescale = 1}));
    EXPECT_EQ(engine().counts() - before, t.apply_counts());
    expect(z, reference_apply(t, x), 3, params_->scale(4) * params_->scale(4) / q(4), 16);
  }
}

TEST_P(EngineConformance, AnEngineMayNotDifferFromTheDefaultComposites) {
  const LinearTransform t = sample_transform(random_, slots());
  const Slots x = random_slots();
  const Cipher a = encrypt(x, 4);
  const PreparedLinearPtr prepared = engine().Engine::prepare(t, 4, params_->scale(4));
  const OpCounts before = engine().counts();
  const Cipher z = engine().Engine::apply(*prepared, a);
  EXPECT_EQ(engine().counts() - before, t.apply_counts());
  expect(z, reference_apply(t, x), 3, params_->scale(4) * params_->scale(4) / q(4), 16);
  expect(engine().Engine::square(a), slotwise(x, x, std::multiplies<>()), 4,
         params_->scale(4) * params_->scale(4));
  expect(engine().Engine::rotate_many(a, std::vector<int>{3})[0], rotated(x, 3), 4, params_->scale(4));
}

TEST_P(EngineConformance, OneDiagonalNeedsNoRotation) {
  const Slots x = random_slots(), v = random_slots();
  const LinearTransform t{.giant_step = 0, .blocks = {{{0, v}}}, .folds = {}};
  const Cipher a = encrypt(x, 1);
  const Cipher z = engine().apply(*engine().prepare(t, 1, params_->scale(1)), a);
  expect(z, slotwise(x, v, std::multiplies<>()), 0, params_->scale(0));
  EXPECT_EQ(engine().counts().rotate, 0);
}

TEST_P(EngineConformance, LinearTransformsRefuseOtherLevels) {
  const LinearTransform t = sample_transform(random_, slots());
  const PreparedLinearPtr prepared = engine().prepare(t, 4, params_->scale(4));
  const Cipher above = encrypt(random_slots(), 5), below = encrypt(random_slots(), 3);
  expect_refusal(ErrorCode::kInvalidArgument, [&] { engine().apply(*prepared, above); });
  expect_refusal(ErrorCode::kInvalidArgument, [&] { engine().apply(*prepared, below); });
  LinearTransform short_values = t;
  short_values.blocks[0][0].values.pop_back();
  expect_refusal(ErrorCode::kInvalidArgument, [&] { engine().prepare(short_values, 4, params_->scale(4)); });
  struct Foreign final : PreparedLinear {
  } foreign;
  const Cipher a = encrypt(random_slots(), 4);
  expect_refusal(ErrorCode::kInvalidArgument, [&] { engine().apply(foreign, a); });
}

TEST_P(EngineConformance, LinearTransformsNeedALevel) {
  const LinearTransform t{.giant_step = 0, .blocks = {{{0, random_slots()}}}, .folds = {}};
  const Cipher a = encrypt(random_slots(), 0);
  expect_refusal(ErrorCode::kOutOfLevels, [&] { engine().apply(*engine().prepare(t, 0, 32.0), a); });
}

TEST_P(EngineConformance, EmptyHandlesAreRefused) {
  if (!GetParam().computes) GTEST_SKIP() << "an engine without slots cannot tell";
  const Cipher a = encrypt(random_slots(), 2), empty(nullptr, 2, params_->scale(2));
  expect_refusal(ErrorCode::kInvalidArgument, [&] { engine().add(a, empty); });
}

// Random programs on the engine, its cleartext twin and the trace, step by step: same refusals, levels,
// scales, counts; slots within the noise that the operations can make.
TEST_P(EngineConformance, RandomProgramsAgreeWithTheCleartextTwin) {
  const std::vector<int> steps = program_rotation_steps(slots());
  const KeyRequest keys = keys_for(*params_, steps);
  for (int round = 0; round < 150; ++round) {
    std::vector<unsigned char> program(96);
    for (auto& byte : program) byte = static_cast<unsigned char>(random_.below(256));
    const Session session = GetParam().make_session(params_, keys);
    const std::string divergence = run_program(session, params_, GetParam().computes, program);
    ASSERT_EQ(divergence, "") << "round " << round;
  }
}

}  // namespace sotto::ckks

#include "tests/ckks/engine_conformance_complex.h"
#include "tests/ckks/engine_conformance_polynomial.h"
