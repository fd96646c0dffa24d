// Layouts: packing and its inverse, the canonical form, periods, and refusal of maps that are none.
#include "nn/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "tests/nn/networks.h"

namespace sotto::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace testing;

/// A 1x4x4 image in four phases of 2x2, each phase twice.
Layout phases() {
  return {.shape = {1, 4, 4},
          .slots = 64,
          .base = 3,
          .axes = {{}, {{2, 32}, {2, 2}}, {{2, 16}, {2, 1}}},
          .copies = {{2, 4}}};
}

TEST(Layout, RowMajorNumbersElementsInOrder) {
  const Layout layout = row_major({2, 3, 4}, 32);
  for (std::size_t e = 0; e < 24; ++e) EXPECT_EQ(layout.slot(e), static_cast<int>(e));
}

TEST(Layout, DigitsSplitAnAxis) {
  const Layout layout = phases();
  validate(layout);
  const auto slot = [&](int y, int x, int copy) {
    return layout.slot(static_cast<std::size_t>(4 * y + x), copy);
  };
  EXPECT_EQ(slot(0, 0, 0), 3);
  EXPECT_EQ(slot(1, 0, 0), 3 + 32);
  EXPECT_EQ(slot(2, 3, 0), 3 + 2 + 16 + 1);
  EXPECT_EQ(slot(3, 2, 1), 3 + 32 + 2 + 1 + 4);
}

TEST(Layout, PackFillsEveryCopyAndUnpackReadsTheFirst) {
  Rng rng;
  const Tensor image = random_tensor(rng, {1, 4, 4});
  const Layout layout = phases();
  std::vector<double> slots = pack(layout, image);
  double sum = 0;
  for (const double v : slots) sum += v;
  EXPECT_NEAR(sum, 2 * std::accumulate(image.values.begin(), image.values.end(), 0.0), 1e-12);
  EXPECT_EQ(unpack(layout, slots).values, image.values);
  slots[static_cast<std::size_t>(layout.slot(5, 1))] = 99;  // the second copy
  EXPECT_EQ(unpack(layout, slots).values, image.values);
}

TEST(Layout, FitFindsTheCanonicalFormOfAnyMixedRadixMap) {
  Rng rng;
  for (int trial = 0; trial < 200; ++trial) {
    // Random extents of digits laid out in a random nesting: strides are products, so positions are distinct.
    const int c = 1 + static_cast<int>(rng.below(4)), h = 1 + static_cast<int>(rng.below(6)),
              w = 1 + static_cast<int>(rng.below(6)), split = 1 + static_cast<int>(rng.below(3));
    const Shape shape{c, h, w};
    const int width = (w + split - 1) / split, base = static_cast<int>(rng.below(2048));
    std::vector<int> at;
    for (int k = 0; k < c; ++k)
      for (int y = 0; y < h; ++y)
        for (int x = 0; x < w; ++x)
          at.push_back((base + k * 128 + y * width + x / split + 512 * (x % split)) % 2048);
    const auto layout = fit_layout(shape, 2048, at);
    ASSERT_TRUE(layout) << to_string(shape) << " split " << split;
    EXPECT_EQ(positions(*layout), at);
    EXPECT_EQ(fit_layout(shape, 2048, positions(*layout)), layout);
  }
}

TEST(Layout, FitRefusesWhatIsNoSuchMap) {
  EXPECT_FALSE(fit_layout({4}, 16, std::vector{0, 1, 3, 7}));
  EXPECT_FALSE(fit_layout({1, 2, 2}, 16, std::vector{0, 1, 2, 4}));
}

TEST(Layout, AVectorMayComeFromAPicture) {
  const std::vector<int> at = positions(phases());
  const auto flat = fit_layout({16}, 64, at);
  ASSERT_TRUE(flat);
  EXPECT_EQ(positions(*flat), at);
}

TEST(Layout, PeriodIsTheSmallestRepetition) {
  Layout layout = row_major({8}, 64);
  EXPECT_EQ(period(layout), 64);
  layout.copies = {{4, 16}};
  EXPECT_EQ(period(layout), 16);
  layout.copies = {{3, 16}};
  EXPECT_EQ(period(layout), 64);
  layout.copies = {{2, 8}, {4, 16}};
  EXPECT_EQ(period(layout), 16);
  EXPECT_THAT(copy_offsets(layout), ElementsAre(0, 8, 16, 24, 32, 40, 48, 56));
}

TEST(Layout, RefusesSharedSlots) {
  Layout layout = row_major({8}, 64);
  layout.copies = {{2, 4}};
  EXPECT_THAT(message_of(ErrorCode::kInvalidArgument, [&] { validate(layout); }), HasSubstr("share slot"));
}

TEST(Layout, RefusesWhatDoesNotFit) {
  EXPECT_THAT(message_of(ErrorCode::kInvalidArgument,
                         [] {
                           row_major({5, 4, 4}, 64);
                         }),
              HasSubstr("80 elements) does not fit 64 slots"));
  Layout layout = row_major({8}, 64);
  layout.copies = {{16, 8}};
  EXPECT_THAT(message_of(ErrorCode::kInvalidArgument, [&] { validate(layout); }),
              HasSubstr("exceed 64 slots"));
  layout = row_major({8}, 64);
  layout.axes[0][0].extent = 4;
  EXPECT_THAT(message_of(ErrorCode::kInvalidArgument, [&] { validate(layout); }), HasSubstr("digits for 4"));
  layout = row_major({8}, 64);
  layout.slots = 60;
  EXPECT_THAT(message_of(ErrorCode::kInvalidArgument, [&] { validate(layout); }), HasSubstr("power of two"));
}

TEST(Layout, RefusesAnImageOfAnotherSize) {
  EXPECT_THAT(message_of(ErrorCode::kInvalidArgument,
                         [] {
                           pack(phases(), Tensor({1, 5, 5}));
                         }),
              HasSubstr("1x5x5; this network takes 1x4x4"));
}

TEST(Layout, TextShowsStridesBaseAndCopies) {
  EXPECT_EQ(to_string(phases()), "1x4x4 @ 0,2x2/32x2,1x2/16x2 + 3, 2 copies @ 4");
  EXPECT_EQ(to_string(row_major({10}, 16)), "10 @ 1");
}

}  // namespace
}  // namespace sotto::nn
