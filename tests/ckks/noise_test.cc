// Measured noise against the formula of ckks/noise.h, within half a bit, on a ring that is used (N = 2^14).
#include "ckks/noise.h"

#include "ckks/named_params.h"
#include "tests/ckks/scheme_fixture.h"

namespace sotto::ckks {
namespace {

constexpr double kHalfBit = 1.415;  // the promise is one bit

/// L14: 8192 slots, 7 levels at 2^40.
Scheme& scheme() {
  static Scheme& made =
      *new Scheme(params::find("L14").literal,
                  {.relin_level = 7,
                   .galois = {{{.step = 1, .conjugate = false}, 7}, {{.step = 0, .conjugate = true}, 7}}});
  return made;
}
const Params& set() {
  return *scheme().params;
}

/// Root mean square of the errors of real parts.
double rms(const Ciphertext& a, const std::vector<double>& want) {
  const auto got = scheme().open(a);
  double squares = 0;
  for (std::size_t i = 0; i < want.size(); ++i) squares += std::pow(got[i].real() - want[i], 2);
  return std::sqrt(squares / static_cast<double>(want.size()));
}

void expect_predicted(double measured, double predicted) {
  EXPECT_LE(measured, predicted * kHalfBit)
      << "2^" << std::log2(measured) << " for 2^" << std::log2(predicted);
  EXPECT_GE(measured, predicted / kHalfBit)
      << "2^" << std::log2(measured) << " for 2^" << std::log2(predicted);
}

double slot(double coefficient, const Ciphertext& a) {
  return noise::slot_deviation(set(), coefficient, a.scale);
}

TEST(NoiseFormula, FreshUnderTheSecretKey) {
  const std::vector<double> x = scheme().random_real();
  const Ciphertext a = scheme().encrypt(x, 7);
  expect_predicted(rms(a, x), slot(noise::fresh(set()), a));
}

TEST(NoiseFormula, FreshUnderThePublicKey) {
  const std::vector<double> x = scheme().random_real();
  const PublicKey key = make_public_key(*scheme().secret, scheme().rng);
  const Ciphertext a = encrypt(key, scheme().encoder.encode(x, 7, set().scale(7)), scheme().rng);
  expect_predicted(rms(a, x), slot(noise::fresh_public(set()), a));
}

TEST(NoiseFormula, OfARescaleIsTheRoundingOfBothParts) {
  const std::vector<double> x = scheme().random_real();
  const Ciphertext a =
      encrypt(*scheme().secret, scheme().encoder.encode(x, 7, set().scale(6) * set().rescale_factor(7)),
              scheme().rng);
  const Ciphertext b = scheme().evaluator.rescale(a);
  expect_predicted(rms(b, x), slot(noise::rounding(set()), b));
}

TEST(NoiseFormula, OfARotationAtEveryLevel) {
  const std::vector<double> x = scheme().random_real();
  for (int level = 0; level <= 7; ++level) {
    const Ciphertext a = scheme().encrypt(x, level);
    const Ciphertext b = scheme().evaluator.rotate(a, 1);
    expect_predicted(rms(b, rotated_left(x, 1)),
                     slot(std::hypot(noise::fresh(set()), noise::key_switch(set(), level)), b));
  }
}

TEST(NoiseFormula, OfAHundredRotationsGrowsWithTheirRoot) {
  std::vector<double> x = scheme().random_real();
  Ciphertext a = scheme().encrypt(x, 7);
  for (int i = 0; i < 100; ++i) a = scheme().evaluator.rotate(a, 1);
  expect_predicted(rms(a, rotated_left(x, 100)),
                   slot(std::hypot(noise::fresh(set()), 10 * noise::key_switch(set(), 7)), a));
}

TEST(NoiseFormula, OfSevenSquaringsFollowsTheDerivative) {
  std::vector<double> x = scheme().random_real();
  Ciphertext a = scheme().encrypt(x, 7);
  std::vector<double> variance(x.size(), std::pow(slot(noise::fresh(set()), a), 2));  // of each slot
  for (int level = 7; level > 0; --level) {
    a = scheme().evaluator.multiply_rescale(a, a);
    const double added = slot(noise::multiply_rescale(set(), level), a);
    double mean = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      variance[i] = 4 * x[i] * x[i] * variance[i] + added * added;
      x[i] *= x[i];
      mean += variance[i] / static_cast<double>(x.size());
    }
    expect_predicted(rms(a, x), std::sqrt(mean));
  }
}

TEST(NoiseFormula, OfAConjugationIsThatOfARotation) {
  const auto z = scheme().random_complex();
  std::vector<double> re;
  for (const auto& v : z) re.push_back(v.real());
  const Ciphertext a = scheme().encrypt(z, 7);
  expect_predicted(rms(scheme().evaluator.conjugate(a), re),
                   slot(std::hypot(noise::fresh(set()), noise::key_switch(set(), 7)), a));
}

TEST(NoiseFormula, OfSwitchingIsSmallBesideRoundingInEveryNamedSet) {
  for (const params::NamedSet& named : params::named()) {
    const ParamsPtr params = Params::make(named.literal);
    const double share = noise::switching(*params, params->max_level()) / noise::rounding(*params);
    EXPECT_LT(share, named.literal.name == "B15" ? 0.7 : 0.5) << named.literal.name;
  }
}

}  // namespace
}  // namespace sotto::ckks
