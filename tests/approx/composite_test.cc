#include "approx/composite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "tests/support/refusal.h"

namespace sotto::approx {
namespace {

using test::refusal;
using testing::HasSubstr;

TEST(Composite, Of15And15And27ReachesAlpha13) {
  const Composite sign = compose_relu({15, 15, 27});
  EXPECT_LE(sign.relu_error, 0x1p-13);
  EXPECT_EQ(sign.depth(), 13);
  EXPECT_EQ(sign.products(), 26);
  double worst = 0;
  for (int i = -200000; i <= 200000; ++i) {  // dense near 0, where the sign turns
    const double t = i / 200000.0, x = t * t * t;
    worst = std::max(worst, std::abs(composite_relu(sign, x, 1) - std::max(x, 0.0)));
  }
  EXPECT_LE(worst, sign.relu_error * (1 + 1e-9) + 1e-12);
  EXPECT_GE(worst, 0.9 * sign.relu_error) << "the bound is not idle";
}

TEST(Composite, SignStaysWithinItsErrorBeyondTheGap) {
  const Composite sign = compose_sign({7, 7}, 0.02);
  double worst = 0;
  for (double x = 0.02; x <= 1; x += 1e-5) worst = std::max(worst, std::abs(sign(x) - 1));
  EXPECT_LE(worst, sign.sign_error);
  EXPECT_GE(worst, 0.99 * sign.sign_error);
  EXPECT_DOUBLE_EQ(sign(-0.3), -sign(0.3));
}

TEST(Composite, MaximumAndComparisonFollowFromTheSign) {
  const Composite sign = compose_relu({7, 7, 13});
  EXPECT_NEAR(composite_max(sign, 3, -5, 40), 3, 40 * sign.relu_error);
  EXPECT_NEAR(composite_max(sign, -7, 1, 40), 1, 40 * sign.relu_error);
  EXPECT_NEAR(composite_greater(sign, 9, 1, 40), 1, sign.sign_error);
  EXPECT_NEAR(composite_greater(sign, 1, 9, 40), 0, sign.sign_error);
}

TEST(Composite, EveryPublishedSetReachesItsAlpha) {
  ASSERT_EQ(published_composites().size(), 11u);
  for (const PublishedComposite& row : published_composites())
    EXPECT_LE(relu_error_of(row.degrees), std::ldexp(1.0, -row.alpha)) << "alpha " << row.alpha;
}

TEST(CompositeSearch, IsAtLeastAsCheapAsEveryPublishedRow) {
  for (const PublishedComposite& row : published_composites()) {
    int depth = 0, products = 0;
    for (const int degree : row.degrees) {
      depth += depth_of_degree(degree);
      products += products_of_degree(degree, Parity::kOdd);
    }
    const auto found = search_composites({.alpha = row.alpha, .max_depth = depth});
    ASSERT_FALSE(found.empty());
    EXPECT_LE(found.back().products, products) << "alpha " << row.alpha << ", depth " << depth;
    // From 6 on the published set is the cheapest of its depth; below, one of less depth or products is
    // found.
    if (row.alpha >= 6) {
      EXPECT_EQ(found.back().degrees, row.degrees) << "alpha " << row.alpha;
    }
    for (const CompositeChoice& choice : found)
      EXPECT_LE(compose_relu(choice.degrees).relu_error, std::ldexp(1.0, -row.alpha) * (1 + 1e-6));
  }
}

TEST(CompositeSearch, ALevelMoreSavesProducts) {
  const auto found = search_composites({.alpha = 10, .max_depth = 11});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].products, 17);
  EXPECT_EQ(found[1].products, 15);
}

TEST(CompositeSearch, MinimisesAMeasuredTimeToo) {
  // Products at a level cost its square: those made late, at few levels, are cheap.
  const auto time = [](int degree, int before) {
    return products_of_degree(degree, Parity::kOdd) * std::pow(20.0 - before, 2);
  };
  const auto found = search_composites({.alpha = 7, .max_depth = 8, .cost = time});
  double seconds = 0;
  int before = 0;
  for (const int degree : found.back().degrees) {
    seconds += time(degree, before);
    before += depth_of_degree(degree);
  }
  EXPECT_DOUBLE_EQ(seconds, found.back().cost);
  EXPECT_LE(found.back().cost, time(7, 0) + time(7, 3)) << "the published set";
}

TEST(CompositeJson, KeepsEveryBitAndRefusesDamage) {
  const Composite sign = compose_relu({3, 7});
  const std::string text = to_json(sign);
  const Composite read = composite_from_json(text);
  EXPECT_EQ(read.gap, sign.gap);
  EXPECT_EQ(read.relu_error, sign.relu_error);
  ASSERT_EQ(read.stages.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(read.stages[i].coefficients, sign.stages[i].coefficients);
  for (const std::string& damaged : {std::string("{}"), text.substr(0, text.size() / 2), std::string("[]")})
    EXPECT_THROW(composite_from_json(damaged), Error);
}

TEST(Composite, RefusesWhatItCannotDo) {
  EXPECT_THAT(refusal([] { compose_sign({4}, 0.1); }), HasSubstr("degree 4 of a stage is not an odd number"));
  EXPECT_THAT(refusal([] { compose_sign({}, 0.1); }), HasSubstr("a composite of 0 stages"));
  EXPECT_THAT(refusal([] { compose_sign({3}, 0); }), HasSubstr("the gap of a sign is"));
  EXPECT_THAT(refusal([] { search_composites({.alpha = 40}); }), HasSubstr("no search for alpha 40"));
  EXPECT_THAT(refusal([] { search_composites({.alpha = 9, .max_depth = 6}); }),
              HasSubstr("reaches alpha 9; alpha 7 is reached"));
}

}  // namespace
}  // namespace sotto::approx
