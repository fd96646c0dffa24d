#include "approx/least_squares.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "approx/range.h"
#include "approx/remez.h"
#include "base/error.h"
#include "tests/support/random.h"
#include "tests/support/refusal.h"

namespace sotto::approx {
namespace {

using test::refusal;
using testing::HasSubstr;

const Function& relu() {
  return find_function("relu");
}

/// E(d) of ReLU under N(m, 1), from its Hermite coefficients: E[f He_n] = E[f'' He_{n-2}], and relu'' is a
/// point mass.
double closed_form(int degree, long double m) {
  const long double phi = std::exp(-m * m / 2) / std::sqrt(2 * std::numbers::pi_v<long double>);
  const long double Phi = std::erfc(-m / std::numbers::sqrt2_v<long double>) / 2;
  std::vector<long double> h{1, -m};  // normalised He_n(-m)
  for (int n = 1; n < degree; ++n) {
    const auto i = static_cast<std::size_t>(n);
    h.push_back((-m * h[i] - std::sqrt(static_cast<long double>(n)) * h[i - 1]) / std::sqrt(n + 1.0L));
  }
  long double left = (1 + m * m) * Phi + m * phi;
  for (int n = 0; n <= degree; ++n) {
    const long double c = n == 0   ? phi + m * Phi
                          : n == 1 ? Phi
                                   : phi * h[static_cast<std::size_t>(n - 2)] / std::sqrt(n * (n - 1.0L));
    left -= c * c;
  }
  return static_cast<double>(left);
}

TEST(LeastSquares, OfReluUnderANormalLawIsTheClosedForm) {
  for (const double mean : {0.0, -1.0, 0.7}) {
    const LeastSquares fits(relu(), normal(mean, 1), 128);
    for (int degree = 2; degree <= 128; ++degree) {
      const double want = closed_form(degree, mean);
      EXPECT_NEAR(fits.mse(degree), want, 1e-9 * want) << degree << " at mean " << mean;
    }
  }
}

TEST(LeastSquares, HasTheValuesOfTheLiterature) {
  const LeastSquares fits(relu(), normal(0, 1), 128);
  EXPECT_NEAR(fits.mse(2), 1.127e-2, 5e-6);
  EXPECT_NEAR(fits.mse(14), 7.81e-4, 5e-7);
  EXPECT_NEAR(fits.mse(128), 2.91e-5, 5e-8);
  EXPECT_NEAR(fits.mse(15), fits.mse(14), 1e-15) << "odd degrees gain nothing at mean 0";
  EXPECT_NEAR(LeastSquares(relu(), normal(0, 3), 14).mse(14), 9 * fits.mse(14), 1e-12)
      << "scales with the variance";
}

TEST(LeastSquares, ThePolynomialHasTheErrorThatIsPromised) {
  const LeastSquares fits(relu(), normal(-0.5, 1.5), 20);
  for (const int degree : {0, 1, 2, 7, 20}) {
    const Polynomial p = fits.polynomial(degree, {-10, 10});
    EXPECT_NEAR(mean_square_error(p, 40, relu(), normal(-0.5, 1.5)), p.mse, 1e-9 * p.mse) << degree;
  }
}

TEST(LeastSquares, NoOtherPolynomialIsBetter) {
  const Distribution law = histogram({-3, -1, 0, 2, 5}, {1, 4, 2, 0.5});
  const LeastSquares fits(find_function("gelu"), law, 6);
  const Polynomial best = fits.polynomial(6, {-3, 5});
  for (std::size_t k = 0; k <= 6; ++k) {
    for (const double change : {-1e-3, 1e-3}) {
      Polynomial other = best;
      other.coefficients[k] += change;
      EXPECT_GT(mean_square_error(other, 12, find_function("gelu"), law), best.mse);
    }
  }
}

TEST(LeastSquares, OneGaussianPassBeatsMinimaxOnItsOwnGround) {
  // The reason of the method: degree 15, inputs N(0, 1), range 40.
  const double rms = std::sqrt(LeastSquares(relu(), normal(0, 1), 15).mse(15));
  EXPECT_GT(minimax(relu(), {{-40, 40}}, 15).certificate.achieved / rms, 10);
}

TEST(LeastSquares, ReproducesPolynomialsAndInterpolatesFewPoints) {
  const Function cubic{.name = "cubic", .evaluate = [](double x) { return 1 + x * (2 - x * x); }};
  EXPECT_LT(LeastSquares(cubic, normal(1, 2), 3).mse(3), 1e-24);
  const LeastSquares through(relu(), samples({-2, -1, 0.5, 3}), 3);
  EXPECT_LT(through.mse(3), 1e-24);
  EXPECT_NEAR(through.polynomial(3, {-2, 3})(0.5), 0.5, 1e-12);
}

TEST(LeastSquares, DoesNotDependOnTheNumberOfThreads) {
  test::Rng rng;
  std::vector<double> x;
  for (int i = 0; i < 50000; ++i) x.push_back(rng.real(-3, 4));
  const LeastSquares one(relu(), samples(x), 40, Threads{1}), three(relu(), samples(x), 40, Threads{3});
  for (int degree = 0; degree <= 40; ++degree) EXPECT_EQ(one.mse(degree), three.mse(degree));
}

TEST(LeastSquares, AnUnconstrainedFitExplodesOutsideOfItsWeight) {
  const Polynomial p = LeastSquares(relu(), normal(0, 1), 14).polynomial(14, {-10, 10});
  EXPECT_NEAR(std::abs(p(6) - 6), 31, 0.5);
  EXPECT_GT(p.max_error, 1e6);
}

TEST(LeastSquares, ACapHoldsEverywhereAndCostsLittle) {
  const LeastSquares fits(relu(), normal(0, 1), 30);
  double before = fits.mse(14);
  for (const double cap : {5.0, 1.0, 0.3, 0.11}) {
    const Polynomial p = fits.capped(14, {-10, 10}, cap);
    EXPECT_LE(p.max_error, cap);
    EXPECT_GE(p.max_error, 0.98 * cap) << "the cap binds";
    EXPECT_GE(p.mse, before) << "a lower cap cannot make the mean square smaller";
    before = p.mse;
    EXPECT_NEAR(mean_square_error(p, 30, relu(), normal(0, 1)), p.mse, 1e-12);
  }
  EXPECT_LT(before, 0.006) << "and even near the minimax cap it is far below that polynomial's 0.1²";
  EXPECT_EQ(fits.capped(14, {-10, 10}, 1e7).mse, fits.mse(14)) << "a cap that does not bind changes nothing";
}

TEST(LeastSquares, AUniformShareTamesTheTail) {
  const Distribution mixed = mix(normal(0, 1), uniform({-10, 10}), 1e-3);
  const Polynomial p = LeastSquares(relu(), mixed, 14).polynomial(14, {-10, 10});
  EXPECT_LT(p.max_error, 3);
  EXPECT_LT(mean_square_error(p, 30, relu(), normal(0, 1)), 5e-3);
}

TEST(LeastSquares, NoiseMakesCoefficientsSmall) {
  const LeastSquares fits(relu(), normal(0, 1), 14);
  const auto squares = [](const Polynomial& p) {
    double sum = 0;
    for (const double c : p.coefficients) sum += c * c;
    return sum;
  };
  const double noise = 1e-6;
  const Polynomial free = fits.polynomial(14, {-10, 10}), careful = fits.with_noise(14, {-10, 10}, {noise});
  EXPECT_LT(careful.mse + noise * squares(careful), free.mse + noise * squares(free));
  EXPECT_NEAR(fits.with_noise(14, {-10, 10}, {0}).mse, free.mse, 1e-12);
  for (std::size_t k = 0; k <= 14; ++k) {  // a minimum: the sum rises whichever way a coefficient moves
    for (const double change : {-1e-3, 1e-3}) {
      Polynomial other = careful;
      other.coefficients[k] += change;
      EXPECT_GT(mean_square_error(other, 28, relu(), normal(0, 1)) + noise * squares(other),
                careful.mse + noise * squares(careful));
    }
  }
}

TEST(Distribution, SharesAreAProbability) {
  const Distribution law = mix(mix(normal(1, 2), uniform({-5, 5}), 0.25), samples({1, 2, 3}, {1, 1, 2}), 0.5);
  const WeightedSample sample = discretize(law, relu(), 10);
  double mass = 0, mean = 0;
  for (std::size_t i = 0; i < sample.x.size(); ++i)
    mass += sample.weight[i], mean += sample.weight[i] * sample.x[i];
  EXPECT_NEAR(mass, 1, 1e-12);
  EXPECT_NEAR(mean, 0.5 * 0.75 * 1 + 0.5 * (1 + 2 + 6) / 4.0, 1e-12);
  EXPECT_NEAR(density(uniform({0, 4}), 1), 0.25, 1e-15);
}

TEST(LeastSquares, RefusesWhatItCannotDo) {
  const double nan = std::nan("");
  EXPECT_THAT(refusal([] {
                LeastSquares(relu(), samples({1, 2, 2, 3}), 5);
              }),
              HasSubstr("the system is singular: under 4 samples degrees up to 2 are determined, not 5"));
  EXPECT_THAT(refusal([&] { samples({1, nan}); }), HasSubstr("sample 2 is nan; remove it"));
  EXPECT_THAT(refusal([] { samples({}); }), HasSubstr("there is no sample"));
  EXPECT_THAT(refusal([] { samples({1, 2}, {0, 0}); }), HasSubstr("has a mass of 0 in all"));
  EXPECT_THAT(refusal([] { histogram({0, 1, 2}, {0, 0}); }), HasSubstr("has a mass of 0 in all"));
  EXPECT_THAT(refusal([] { histogram({0, 1, 1}, {1, 1}); }), HasSubstr("is empty"));
  EXPECT_THAT(refusal([] { histogram({0, 1, 2}, {1, -1}); }), HasSubstr("mass 2 of the histogram is -1"));
  EXPECT_THAT(refusal([] { histogram({0, 1}, {1, 1}); }), HasSubstr("one more than bins"));
  EXPECT_THAT(refusal([] { normal(0, 0); }), HasSubstr("a deviation above 0"));
  EXPECT_THAT(refusal([] { mix(normal(0, 1), uniform({0, 1}), 1); }), HasSubstr("it lies between 0 and 1"));
  EXPECT_THAT(refusal([] {
                LeastSquares(find_function("inverse"), samples({0, 1}), 1);
              }),
              HasSubstr("inverse is inf at x = 0"));
  const LeastSquares fits(relu(), normal(0, 1), 14);
  EXPECT_THAT(refusal([&] {
                fits.capped(6, {-10, 10}, 0.05);
              }),
              HasSubstr("no polynomial of degree 6 stays within 0.05"));
  EXPECT_THAT(refusal([&] { fits.capped(6, {-10, 10}, -1); }), HasSubstr("a number above 0 is needed"));
  EXPECT_THAT(refusal([&] { fits.degree_for(1e-9); }), HasSubstr("the best one has 0.000781"));
  EXPECT_THAT(refusal([&] { fits.polynomial(15, {-1, 1}); }), HasSubstr("up to 14 were"));
  EXPECT_THAT(refusal([&] { fits.with_noise(3, {-1, 1}, {1, 2}); }), HasSubstr("2 noise variances"));
}

}  // namespace
}  // namespace sotto::approx
