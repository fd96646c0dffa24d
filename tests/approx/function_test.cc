#include "approx/function.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "approx/interval.h"
#include "base/error.h"

namespace sotto::approx {
namespace {

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
