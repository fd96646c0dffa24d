#include "approx/function.h"

#include <NTL/RR.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "approx/interval.h"
#include "base/error.h"
#include "tests/support/refusal.h"

namespace sotto::approx {
namespace {

using test::refusal;
using testing::HasSubstr;

TEST(Function, ValuesAreTheKnownOnes) {
  EXPECT_EQ(find_function("relu")(-2), 0);
  EXPECT_EQ(find_function("relu")(3), 3);
  EXPECT_EQ(find_function("sign")(-0.1), -1);
  EXPECT_EQ(find_function("sign")(0), 0);
  EXPECT_EQ(find_function("abs")(-0.1), 0.1);
  EXPECT_DOUBLE_EQ(find_function("sigmoid")(1), 0.7310585786300049);
  EXPECT_DOUBLE_EQ(find_function("tanh")(1), 0.7615941559557649);
  EXPECT_DOUBLE_EQ(find_function("gelu")(1), 0.8413447460685429);
  EXPECT_DOUBLE_EQ(find_function("silu")(1), 0.7310585786300049);
  EXPECT_DOUBLE_EQ(find_function("exp")(1), 2.718281828459045);
}

TEST(Function, TailsNeitherOverflowNorCancel) {
  EXPECT_DOUBLE_EQ(find_function("sigmoid")(-40), std::exp(-40.0));
  EXPECT_EQ(find_function("sigmoid")(-1e6), 0);
  EXPECT_EQ(find_function("silu")(-1e6), 0);
  EXPECT_NEAR(find_function("gelu")(-10) / -7.619853024160527e-23, 1, 1e-12);  // -10 · Φ(-10)
}

TEST(Function, UnknownNamesAreAnsweredWithTheKnownOnes) {
  try {
    find_function("swish");
    FAIL() << "nothing was refused";
  } catch (const Error& error) {
    for (const Function& function : functions()) {
      EXPECT_NE(std::string(error.what()).find(function.name), std::string::npos) << error.what();
    }
  }
}

TEST(Function, TheExactFormsAreTheDoublesToTheirPrecision) {
  const NTL::RRPush keep_precision;
  NTL::RR::SetPrecision(120);
  for (const Function& function : functions()) {
    for (double x = 0.0625; x < 9; x += 0.4375) {
      for (const double at : {x, -x}) {
        // At a jump both values are right; a root has none below 0.
        if ((at < 0 && function.name == "sqrt") || (function.name == "modular" && at - std::floor(at) == 0.5))
          continue;
        NTL::RR y;
        function.exact(y, NTL::RR(at));
        EXPECT_NEAR(NTL::conv<double>(y), function(at), 4e-16 * std::max(1.0, std::abs(function(at))))
            << function.name << " at " << at;
      }
    }
  }
}

TEST(Function, ModularReductionAndItsSineAgreeNearIntegers) {
  const Function &modular = find_function("modular"), &sine = find_function("sine");
  EXPECT_DOUBLE_EQ(modular(3.125), 0.125);
  EXPECT_DOUBLE_EQ(modular(-2.75), 0.25);
  for (const double x : {-5.001, 0.002, 7.003}) EXPECT_NEAR(sine(x), modular(x), 2e-7);
  EXPECT_EQ(breaks_inside(modular, {-1, 1.6}), (std::vector<double>{-0.5, 0.5, 1.5}));
}

TEST(SampledFunction, IsStraightBetweenItsSamples) {
  const Function f = sampled_function("mine", {2, 0, 1, 1}, {5, 1, 2, 2});
  EXPECT_DOUBLE_EQ(f(0.5), 1.5);
  EXPECT_DOUBLE_EQ(f(1.5), 3.5);
  EXPECT_EQ(f(-1), 1);
  EXPECT_EQ(f(9), 5);
  EXPECT_EQ(f.breaks, (std::vector<double>{0, 1, 2}));
}

TEST(SampledFunction, RefusesWhatIsNoFunction) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(refusal([&] {
                sampled_function("mine", {0, 1}, {1, nan});
              }),
              HasSubstr("a number that is not finite in pair 2"));
  EXPECT_THAT(refusal([] { sampled_function("mine", {0, 0}, {1, 2}); }), HasSubstr("two values at x = 0"));
  EXPECT_THAT(refusal([] { sampled_function("mine", {0}, {1}); }), HasSubstr("at least two of each"));
}

TEST(Domain, IsDisjointAndAscending) {
  EXPECT_NO_THROW(validate(Domain{{-1, -0.5}, {0.5, 1}}));
  EXPECT_THAT(refusal([] { validate(Domain{}); }), HasSubstr("there is no interval"));
  EXPECT_THAT(refusal([] {
                validate(Domain{{0, 1}, {0.5, 2}});
              }),
              HasSubstr("the interval [0.5, 2] does not lie right of [0, 1]"));
  EXPECT_EQ(around_integers(1, 0.25).size(), 3u);
  EXPECT_THROW(around_integers(1, 0.5), Error);
  EXPECT_TRUE(is_symmetric(around_integers(3, 0.01)));
  EXPECT_FALSE(is_symmetric({{-1, 0.5}}));
}

TEST(Interval, MapsItsEndsToTheUnitInterval) {
  const Interval interval{-3, 5};
  EXPECT_EQ(interval.to_unit(-3), -1);
  EXPECT_EQ(interval.to_unit(5), 1);
  EXPECT_EQ(interval.from_unit(0), 1);
  EXPECT_TRUE(interval.contains(5));
  EXPECT_FALSE(interval.contains(5.001));
}

TEST(Interval, RefusesWhatIsNoInterval) {
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               infinity = std::numeric_limits<double>::infinity();
  for (const Interval& wrong : {Interval{1, 1}, Interval{2, 1}, Interval{nan, 1}, Interval{0, nan},
                                Interval{-infinity, 0}, Interval{1, 1 + 1e-15}, Interval{0, 1e-300}}) {
    EXPECT_THROW(validate(wrong), Error) << to_string(wrong);
  }
  EXPECT_NO_THROW(validate({-std::numeric_limits<double>::max(), std::numeric_limits<double>::max()}));
}

TEST(Interval, ARefusalShowsTheEnds) {
  try {
    validate({2, -1.5});
    FAIL() << "nothing was refused";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "the interval [2, -1.5] is reversed; low must be below high");
  }
}

}  // namespace
}  // namespace sotto::approx
