// Costs: what must be monotone is, sizes are those of the files, and measured constants are sane.
#include "nn/cost.h"

#include <gtest/gtest.h>

#include "tests/nn/plans.h"

namespace sotto::nn {
namespace {

using namespace testing;

TEST(Cost, MoreWorkCostsMore) {
  const CostModel model;
  const ChainShape chain{13, 1, 1};
  const LinearShape base{4, 4, 20, 2};
  const double price = linear_seconds(model, chain, 3, base);
  EXPECT_GT(linear_seconds(model, chain, 4, base), price);
  EXPECT_GT(linear_seconds(model, chain, 3, {5, 4, 20, 2}), price);
  EXPECT_GT(linear_seconds(model, chain, 3, {4, 5, 20, 2}), price);
  EXPECT_GT(linear_seconds(model, chain, 3, {4, 4, 21, 2}), price);
  EXPECT_GT(linear_seconds(model, chain, 3, {4, 4, 20, 3}), price);
  EXPECT_GT(linear_seconds(model, {14, 1, 1}, 3, base), 2 * price);
}

TEST(Cost, AGiantCostsMoreThanABabyAndABabyMoreThanAProduct) {
  const CostModel model;
  const ChainShape chain{14, 2, 2};
  const auto price = [&](LinearShape shape) { return linear_seconds(model, chain, 5, shape); };
  const double base = price({4, 4, 20, 2});
  EXPECT_GT(price({4, 5, 20, 2}), price({5, 4, 20, 2}));
  EXPECT_GT(price({5, 4, 20, 2}) - base, 2 * (price({4, 4, 21, 2}) - base));
  EXPECT_EQ(price({4, 5, 20, 2}), price({4, 4, 20, 3}));
}

TEST(Cost, ThreadsDivideWithTheirEfficiency) {
  CostModel one, two;
  two.threads = 2;
  two.parallel_efficiency = 0.5;
  const ChainShape chain{13, 1, 1};
  EXPECT_DOUBLE_EQ(rotation_seconds(one, chain, 4), 1.5 * rotation_seconds(two, chain, 4));
}

TEST(Cost, KeySizesFollowTheirLevel) {
  const auto params = ckks::Params::make(toy_params(5));
  // Level 1: two digits, two parts, two limbs of the chain and two special ones.
  EXPECT_EQ(key_bytes_memory(*params, 1), 2U * 2 * 1024 * 8 * 4);
}

TEST(Cost, MeasuredConstantsAreSane) {
  const auto params = ckks::Params::make(toy_params(3, 12));
  for (const int threads : {1, 2}) {
    const CostModel model = CostModel::measure(params, threads);
    for (const double ns : {model.ntt_ns_per_butterfly, model.key_product_ns, model.plain_product_ns,
                            model.pass_ns, model.convert_ns}) {
      EXPECT_GT(ns, 0.001);
      EXPECT_LT(ns, 1000);
    }
    EXPECT_EQ(model.threads, threads);
    EXPECT_GE(model.parallel_efficiency, 0.0);
    EXPECT_LE(model.parallel_efficiency, 1.0);
  }
}

}  // namespace
}  // namespace sotto::nn
