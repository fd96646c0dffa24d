#include "approx/chebyshev.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "tests/support/random.h"

namespace sotto::approx {
namespace {

const Function& named(std::string_view name) {
  return find_function(name);
}

TEST(Interpolate, ExpHasTheCoefficientsOfItsSeries) {
  const Polynomial polynomial = interpolate(named("exp"), {-1, 1}, 24);
  for (int k = 0; k <= 20; ++k) {  // exp(x) = I_0(1) + 2 Σ I_k(1) T_k(x)
    const double series = (k == 0 ? 1 : 2) * std::cyl_bessel_i(k, 1.0);
    EXPECT_NEAR(polynomial.coefficients[static_cast<std::size_t>(k)], series, 1e-15);
  }
  EXPECT_LT(polynomial.max_error, 4e-15);
}

TEST(Interpolate, ReproducesPolynomialsOfItsDegree) {
  const Function cubic{.name = "cubic", .evaluate = [](double x) { return 1 - 2 * x + 0.5 * x * x * x; }};
  const Polynomial polynomial = interpolate(cubic, {-2, 3}, 3);
  EXPECT_LT(polynomial.max_error, 1e-14);
  const std::vector<double> powers = to_power_basis(polynomial), want{1, -2, 0, 0.5};
  for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(powers[k], want[k], 1e-14);
}

TEST(Interpolate, PassesThroughTheFunctionAtItsPoints) {
  const Polynomial polynomial = interpolate(named("gelu"), {-8, 8}, 9);
  for (int j = 0; j < 10; ++j) {
    const double x = 8 * std::cos(std::acos(-1.0) * (2 * j + 1) / 20);
    EXPECT_NEAR(polynomial(x), named("gelu")(x), 1e-14);
  }
}

TEST(Interpolate, OddFunctionsHaveNoEvenTerms) {
  const Polynomial polynomial = interpolate(named("tanh"), {-5, 5}, 31);
  for (std::size_t k = 0; k <= 31; k += 2) EXPECT_NEAR(polynomial.coefficients[k], 0, 1e-15);
}

TEST(Interpolate, ErrorOfReluFallsLikeOneOverTheDegree) {
  // The best polynomial of degree d has error 0.140 B / d on [-B, B] (half of Bernstein's constant for |x|),
  // and interpolation is at most 2 + (2/π) ln(d + 1) times worse.
  for (const int degree : {15, 63, 255}) {
    const double best = 0.1401 * 40 / degree, error = interpolate(named("relu"), {-40, 40}, degree).max_error;
    EXPECT_GT(error, 0.95 * best);
    EXPECT_LT(error, (2 + 0.637 * std::log(degree + 1)) * best);
  }
}

TEST(Interpolate, SmoothFunctionsConvergeFast) {
  EXPECT_LT(interpolate(named("sigmoid"), {-4, 4}, 31).max_error, 1e-9);
  EXPECT_LT(interpolate(named("silu"), {-4, 4}, 31).max_error, 1e-9);
}

TEST(Interpolate, DegreeZeroAndTheLargest) {
  EXPECT_EQ(interpolate(named("exp"), {-1, 1}, 0).coefficients, (std::vector<double>{1}));
  EXPECT_LT(interpolate(named("abs"), {-1, 1}, kMaxDegree).max_error, 1e-3);
}

TEST(Interpolate, RefusesWhatItCannotDo) {
  EXPECT_THROW(interpolate(named("exp"), {-1, 1}, -1), Error);
  EXPECT_THROW(interpolate(named("exp"), {-1, 1}, kMaxDegree + 1), Error);
  EXPECT_THROW(interpolate(named("exp"), {1, -1}, 3), Error);
  EXPECT_THROW(interpolate(named("exp"), {0, std::numeric_limits<double>::quiet_NaN()}, 3), Error);
  EXPECT_THROW(interpolate(named("exp"), {700, 800}, 3), Error);  // overflows inside
  EXPECT_THROW(
      interpolate(Function{.name = "log", .evaluate = [](double x) { return std::log(x); }}, {-1, 1}, 3),
      Error);
}

TEST(Interpolate, RecordsWhereItCameFrom) {
  EXPECT_EQ(interpolate(named("relu"), {-1, 1}, 4).source, "relu, Chebyshev interpolation");
}

}  // namespace
}  // namespace sotto::approx
