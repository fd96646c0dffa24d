#include "nn/tensor.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace sotto::nn {
namespace {

TEST(Tensor, HasOneValueForEachElement) {
  const Tensor tensor({2, 3, 4}, 1.5);
  EXPECT_EQ(tensor.size(), 24u);
  EXPECT_EQ(tensor[23], 1.5);
}

TEST(Tensor, ShapesPrintLikeTheyAreSpoken) {
  EXPECT_EQ(to_string(Shape{5, 13, 13}), "5x13x13");
  EXPECT_EQ(to_string(Shape{10}), "10");
  EXPECT_EQ(to_string(Shape{}), "()");
}

TEST(Argmax, IsTheFirstAmongEquals) {
  EXPECT_EQ(argmax({-3, 7, 2, 7}), 1);
  EXPECT_EQ(argmax({-3}), 0);
}

TEST(Argmax, RefusesNothing) {
  EXPECT_THROW(argmax({}), Error);
}

}  // namespace
}  // namespace sotto::nn
