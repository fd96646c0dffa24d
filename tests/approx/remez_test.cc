#include "approx/remez.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "approx/chebyshev.h"
#include "approx/range.h"
#include "base/error.h"
#include "tests/support/refusal.h"

namespace sotto::approx {
namespace {

using test::refusal;
using testing::HasSubstr;

const Function& named(std::string_view name) {
  return find_function(name);
}

const Domain kGap{{-1, -0.01}, {0.01, 1}};

TEST(Minimax, OfAPowerIsWhatChebyshevLeavesOfIt) {
  // x^8 minus its best polynomial of degree 7 is T_8 / 2^7.
  const Function power{.name = "x^8", .evaluate = [](double x) { return std::pow(x, 8); }};
  const Minimax best = minimax(power, {{-1, 1}}, 7);
  EXPECT_NEAR(best.certificate.achieved, 0x1p-7, 1e-15);
  EXPECT_EQ(best.certificate.points.size(), 9u);
  for (int i = 0; i <= 8; ++i)
    EXPECT_NEAR(best.certificate.points[static_cast<std::size_t>(i)], -std::cos(std::numbers::pi * i / 8),
                1e-6);
}

TEST(Minimax, OfOneDegreeIsTheClassicalLine) {
  // The best line for exp on [0, 1] has the slope e - 1; its error is by calculus.
  const double slope = std::numbers::e - 1;
  const Minimax best = minimax(named("exp"), {{0, 1}}, 1);
  EXPECT_NEAR(best.polynomial(1) - best.polynomial(0), slope, 1e-12);
  EXPECT_NEAR(best.certificate.achieved, (1 - slope + slope * std::log(slope)) / 2, 1e-12);
}

TEST(Minimax, LevelsTheErrorToABillionth) {
  for (const auto& [name, domain, degree] :
       std::vector<std::tuple<const char*, Domain, int>>{{"exp", {{-1, 1}}, 9},
                                                         {"relu", {{-40, 40}}, 15},
                                                         {"gelu", {{-8, 8}}, 31},
                                                         {"sqrt", {{0, 1}}, 12},
                                                         {"inverse", {{0.1, 4}}, 20},
                                                         {"softplus", {{-6, 9}}, 17},
                                                         {"sign", kGap, 33},
                                                         {"exp", {{-1, 1}}, 20}}) {
    const Certificate certificate = minimax(named(name), domain, degree).certificate;
    EXPECT_LT(certificate.levelling(), 1e-9) << name;
    EXPECT_GE(certificate.achieved, certificate.lower_bound) << name;
    EXPECT_EQ(certificate.points.size(), static_cast<std::size_t>(degree + 2));
  }
}

TEST(Minimax, TheErrorAlternatesAtThePointsOfTheCertificate) {
  const Minimax best = minimax(named("gelu"), {{-4, 4}}, 11);
  double before = 0;
  for (const double x : best.certificate.points) {
    const double error = best.polynomial(x) - named("gelu")(x);
    EXPECT_NEAR(std::abs(error), best.certificate.lower_bound, 1e-9 * best.certificate.lower_bound + 1e-14);
    EXPECT_LT(error * before, 1e-300) << "signs alternate";
    before = error;
  }
}

TEST(Minimax, WorksOnTwoIntervalsUpToDegree127) {
  const Minimax free = minimax(named("sign"), kGap, 127);
  const Minimax odd = minimax(named("sign"), kGap, 127, {.parity = Parity::kOdd});
  EXPECT_LT(free.certificate.levelling(), 1e-9);
  EXPECT_NEAR(free.certificate.achieved, odd.certificate.achieved, 1e-9) << "the best polynomial is odd";
  EXPECT_NEAR(odd.polynomial.max_error, odd.certificate.achieved, 1e-9);
  EXPECT_EQ(odd.polynomial.parity(), Parity::kOdd);
}

TEST(Minimax, ReluHasHalfOfBernsteinsConstant) {
  EXPECT_NEAR(minimax(named("relu"), {{-1, 1}}, 100).certificate.achieved * 100, 0.2801694990 / 2, 2e-4);
}

TEST(Minimax, RelativeErrorIsLevelledToo) {
  const Minimax best = minimax(named("exp"), {{-2, 1}}, 7, {.error = ErrorKind::kRelative});
  double worst = 0;
  for (double x = -2; x <= 1; x += 1e-3)
    worst = std::max(worst, std::abs(best.polynomial(x) / std::exp(x) - 1));
  EXPECT_NEAR(worst, best.certificate.achieved, 1e-4 * worst);
  EXPECT_LT(best.certificate.levelling(), 1e-9);
}

TEST(Minimax, ServesTheModularReductionOfBootstrapping) {
  const Minimax best = minimax(named("modular"), around_integers(3, 0.01), 31, {.parity = Parity::kOdd});
  EXPECT_LT(best.certificate.achieved, 1e-3);
  EXPECT_LT(best.certificate.levelling(), 1e-9);
  EXPECT_NEAR(best.polynomial(2.005), 0.005, 1.001 * best.certificate.achieved);
}

TEST(Minimax, NeverLosesToInterpolation) {
  for (const char* name : {"tanh", "silu", "sigmoid"}) {
    EXPECT_LE(minimax(named(name), {{-6, 6}}, 12).polynomial.max_error,
              interpolate(named(name), {-6, 6}, 12).max_error);
  }
}

TEST(Minimax, APolynomialIsFoundExactly) {
  const Minimax best = minimax(named("relu"), {{1, 3}}, 4);
  EXPECT_LT(best.polynomial.max_error, 1e-15);
  EXPECT_EQ(best.certificate.lower_bound, 0);
}

TEST(Minimax, SamplesOfAUserLevelAsFarAsTheirDoublesAllow) {
  std::vector<double> x, y;
  for (int i = -200; i <= 200; ++i) x.push_back(i / 100.0), y.push_back(std::sin(x.back()));
  const Minimax best = minimax(sampled_function("mine", x, y), {{-2, 2}}, 5);
  EXPECT_NEAR(
      best.certificate.achieved,
      minimax(Function{.name = "sin", .evaluate = [](double at) { return std::sin(at); }}, {{-2, 2}}, 5)
          .certificate.achieved,
      1.3e-5)
      << "a chord of length h lies within h² / 8 of the curve";
}

TEST(MinimaxForError, TakesTheLeastDegree) {
  const Minimax best = minimax_for_error(named("gelu"), {{-8, 8}}, 1e-2, 63);
  EXPECT_LE(best.certificate.achieved, 1e-2);
  EXPECT_GT(minimax(named("gelu"), {{-8, 8}}, best.polynomial.degree() - 1).certificate.achieved, 1e-2);
}

TEST(Minimax, RefusesWhatItCannotDo) {
  EXPECT_THAT(refusal([] {
                minimax(named("sign"), {{-1, 1}}, 3);
              }),
              HasSubstr("sign jumps at x = 0 inside of [-1, 1]"));
  EXPECT_THAT(refusal([] { minimax(named("inverse"), {{-1, 4}}, 3); }), HasSubstr("inverse is inf at x = 0"));
  EXPECT_THAT(refusal([] {
                minimax(named("sqrt"), {{-1, 4}}, 3);
              }),
              HasSubstr("choose an interval where it is finite"));
  EXPECT_THAT(refusal([] { minimax(named("relu"), {{1, -1}}, 3); }), HasSubstr("is reversed"));
  EXPECT_THAT(refusal([] { minimax(named("relu"), {}, 3); }), HasSubstr("there is no interval"));
  EXPECT_THAT(refusal([] { minimax(named("relu"), {{-1, 1}}, -3); }), HasSubstr("degree -3 is out of range"));
  EXPECT_THAT(refusal([] {
                minimax(named("relu"), {{-1, 1}}, 3, {.parity = Parity::kOdd});
              }),
              HasSubstr("is not odd; ask for no parity"));
  EXPECT_THAT(refusal([] {
                minimax(named("tanh"), {{-1, 1}}, 4, {.parity = Parity::kOdd});
              }),
              HasSubstr("take 5"));
  EXPECT_THAT(refusal([] {
                minimax(named("relu"), {{-1, 1}}, 3, {.error = ErrorKind::kRelative});
              }),
              HasSubstr("use the absolute one"));
  EXPECT_THAT(
      refusal([] {
        minimax_for_error(named("relu"), {{-1, 1}}, 1e-3, 31);
      }),
      HasSubstr("no polynomial of degree up to 31 stays within 0.001 of relu on [-1, 1]; the best one has"));
  EXPECT_THROW(minimax_for_error(named("relu"), {{-1, 1}}, std::nan(""), 31), Error);
}

TEST(Range, FindsTheWorstInputOfAWiderInterval) {
  const Polynomial square{{-1, 1}, {0.5, 0, 0.5}, 0, 0, "x²"};
  const WorstError worst = largest_error(square, named("abs"), {{-3, 2}});
  EXPECT_DOUBLE_EQ(worst.error, 6);
  EXPECT_EQ(worst.at, -3);
  EXPECT_NEAR(largest_error(square, named("abs"), {{0, 1}}).error, 0.25, 1e-15);
}

TEST(Range, TurningPointsAreThoseOfChebyshev) {
  Polynomial wave{{-1, 1}, std::vector<double>(13, 0.0), 0, 0, "T_12"};
  wave.coefficients.back() = 1;
  const std::vector<Extreme> turns = extremes(wave, {-1, 1});
  ASSERT_EQ(turns.size(), 13u);
  for (const Extreme& turn : turns) EXPECT_NEAR(std::abs(turn.value), 1, 1e-9);
  EXPECT_EQ(falling_parts(wave, {-1, 1}).size(), 6u);
  EXPECT_TRUE(falling_parts(Polynomial{{-1, 1}, {0, 1}, 0, 0, "x"}, {-2, 2}).empty());
}

TEST(Range, TheSafeIntervalEndsWhereTheErrorPassesTheLimit) {
  const Polynomial square{{-1, 1}, {0.5, 0, 0.5}, 0, 0, "x²"};  // x² - |x| = 2 at ±2
  const Interval safe = safe_interval(square, named("abs"), 2);
  EXPECT_NEAR(safe.low, -2, 1e-9);
  EXPECT_NEAR(safe.high, 2, 1e-9);
  EXPECT_EQ(safe_interval(square, named("abs"), 0.1).high, 1);
  EXPECT_THROW(safe_interval(square, named("abs"), 0), Error);
  EXPECT_NEAR(growth(square, named("abs")).back().largest_p, 4, 1e-12);
}

}  // namespace
}  // namespace sotto::approx
