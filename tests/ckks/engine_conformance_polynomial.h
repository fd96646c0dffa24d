// The part of the conformance suite on Engine::polynomial; included by tests/ckks/engine_conformance.h.
#pragma once

#include "ckks/polynomial.h"
#include "tests/ckks/engine_conformance.h"

namespace sotto::ckks {

inline double horner(const std::vector<double>& c, double x) {
  double value = 0;
  for (std::size_t k = c.size(); k-- > 0;) value = value * x + c[k];
  return value;
}

TEST_P(EngineConformance, PolynomialsOfEveryDegreeLandOnCanonicalScales) {
  const Slots x = random_slots();
  const Cipher a = encrypt(x, top());
  for (std::size_t degree = 1; degree <= 15; ++degree) {
    for (const std::string_view kind : {"dense", "odd", "even", "sparse", "monic", "monomial"}) {
      std::vector<double> c(degree + 1);
      for (std::size_t k = 0; k < degree; ++k) {
        const bool keep = kind == "dense" || kind == "monic" || (kind == "odd" && k % 2 == 1) ||
                          (kind == "even" && k % 2 == 0) || (kind == "sparse" && k % 5 == 1);
        if (keep) c[k] = random_.real(-1, 1);
      }
      c[degree] = kind == "monic" || kind == "monomial" ? 1.0 : random_.real(-1, 1);
      SCOPED_TRACE(std::string(kind) + " of degree " + std::to_string(degree));
      Slots want = x;
      for (double& v : want) v = horner(c, v);
      const int level = top() - polynomial_depth(c);
      const Cipher z = engine().polynomial(a, c);
      expect(z, want, level, params_->scale(level), 64);
      ASSERT_EQ(z.scale(), params_->scale(level)) << "to the bit";
    }
  }
}

TEST_P(EngineConformance, PolynomialsCostWhatTheyNeed) {
  const Cipher a = encrypt(random_slots(), top());
  const auto cost = [&](const std::vector<double>& c) {
    const OpCounts before = engine().counts();
    engine().polynomial(a, c);
    return engine().counts() - before;
  };
  EXPECT_EQ(cost({0, 0, 1}), (OpCounts{.multiply = 1, .relinearise = 1, .rescale = 1}));
  EXPECT_EQ(cost({0.5, 0, 1}), (OpCounts{.add = 1, .multiply = 1, .relinearise = 1, .rescale = 1}));
  EXPECT_EQ(cost({0.5, 1}), (OpCounts{.add = 1}));
  EXPECT_EQ(cost({0, 0.5}), (OpCounts{.multiply_plain = 1, .rescale = 1}));
  EXPECT_EQ(cost({0, 0, 0.5}),
            (OpCounts{.multiply_plain = 1, .multiply = 1, .relinearise = 1, .rescale = 2}));
  EXPECT_EQ(cost({0, 0, 0, 0, 0, 0, 0, 0, 1}), (OpCounts{.multiply = 3, .relinearise = 3, .rescale = 3}));
}

TEST_P(EngineConformance, PolynomialsRefuseWhatTheyCannotDo) {
  const Cipher shallow = encrypt(random_slots(), 1);
  const std::vector<double> cubic{0, 1, 0, 1};
  expect_refusal(ErrorCode::kOutOfLevels, [&] { engine().polynomial(shallow, cubic); });
  const Cipher off = session_.client->encrypt(random_slots(), 4, params_->scale(4) * 1.5);
  expect_refusal(ErrorCode::kScaleMismatch, [&] { engine().polynomial(off, cubic); });
  const Cipher near = session_.client->encrypt(random_slots(), 4, params_->scale(4) * (1 + 0x1p-36));
  expect_refusal(ErrorCode::kScaleMismatch, [&] { engine().polynomial(near, cubic); });
  const Cipher rounded = session_.client->encrypt(random_slots(), 4, params_->scale(4) * (1 + 0x1p-42));
  EXPECT_EQ(engine().polynomial(rounded, cubic).scale(), params_->scale(2));
  EXPECT_NO_THROW(engine().add(engine().polynomial(rounded, cubic), encrypt(random_slots(), 2)));
  const Cipher a = encrypt(random_slots(), 4);
  const std::vector<double> infinite{0, HUGE_VAL};
  expect_refusal(ErrorCode::kInvalidArgument, [&] { engine().polynomial(a, infinite); });
}

TEST_P(EngineConformance, ConstantPolynomialsKeepTheLevel) {
  const Cipher a = encrypt(random_slots(), 2);
  const std::vector<double> half{0.5};
  expect(engine().polynomial(a, half), Slots(slots(), 0.5), 2, params_->scale(2));
  expect(engine().polynomial(a, {}), Slots(slots(), 0.0), 2, params_->scale(2));
}

}  // namespace sotto::ckks
