// Every linear operator as a sparse matrix, against the reference; products of matrices; the stages of a
// graph.
#include "nn/linear_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nn/stages.h"
#include "tests/nn/networks.h"

namespace sotto::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace testing;
using TestNetwork = testing::Network;

std::vector<double> times(const LinearMap& map, const std::vector<double>& x) {
  std::vector<double> y(map.bias);
  for (std::size_t r = 0; r < map.rows(); ++r) {
    for (std::size_t e = map.row_begin[r]; e < map.row_begin[r + 1]; ++e)
      y[r] += map.value[e] * x[static_cast<std::size_t>(map.column[e])];
  }
  return y;
}

/// The matrix of the only node of a network does what the node does.
void expect_same(const TestNetwork& net, Rng& rng) {
  const Node& node = net.graph.nodes.at(0);
  const LinearMap map =
      linear_map(node.op, net.graph.value(node.inputs[0]).shape, net.graph.value(node.output).shape);
  const Tensor input = random_tensor(rng, map.in);
  expect_near({map.out, times(map, input.values)}, evaluate(net.graph, input));
}

TEST(LinearMap, ConvolutionsOfAllKinds) {
  Rng rng;
  for (int trial = 0; trial < 100; ++trial) {
    const int groups = 1 + static_cast<int>(rng.below(2)), kernel = 1 + static_cast<int>(rng.below(3));
    Conv2d conv = random_conv(rng, 2 * groups, 3 * groups, kernel, groups);
    for (int& stride : conv.stride) stride = 1 + static_cast<int>(rng.below(3));
    for (int& dilation : conv.dilation) dilation = 1 + static_cast<int>(rng.below(2));
    for (int& pad : conv.pads) pad = static_cast<int>(rng.below(3));
    TestNetwork net({3 * groups, 6, 7});
    net.then("conv", conv);
    expect_same(net, rng);
  }
}

TEST(LinearMap, DensePoolAndAffine) {
  Rng rng;
  TestNetwork dense({2, 3, 2});
  dense.then("dense", random_dense(rng, 5, 12));
  expect_same(dense, rng);
  for (const bool include : {false, true}) {
    TestNetwork pool({2, 5, 5});
    pool.then("pool", AveragePool{{2, 3}, {2, 1}, {1, 0, 0, 2}, include});
    expect_same(pool, rng);
  }
  TestNetwork affine({3, 2, 2});
  affine.then("affine", random_affine(rng, 3));
  expect_same(affine, rng);
}

TEST(LinearMap, ZeroWeightsAreNoEntries) {
  Conv2d conv;
  conv.weights = Tensor({1, 1, 2, 2}, {0, 1, 0, 2});
  conv.bias = {0};
  EXPECT_EQ(linear_map(conv, {1, 3, 3}, {1, 2, 2}).entries(), 8U);
}

TEST(LinearMap, ProductIsCompositionAndStridesMultiply) {
  Rng rng;
  TestNetwork net({2, 9, 9});
  Conv2d conv = random_conv(rng, 3, 2, 3);
  conv.stride = {2, 1};
  conv.pads = {1, 1, 1, 1};
  net.then("conv", conv);
  net.then("pool", AveragePool{{2, 2}, {1, 2}});
  const auto map_of = [&](const Node& node) {
    return linear_map(node.op, net.graph.value(node.inputs[0]).shape, net.graph.value(node.output).shape);
  };
  const auto product = compose(map_of(net.graph.nodes[1]), map_of(net.graph.nodes[0]), 1 << 20);
  ASSERT_TRUE(product);
  const Tensor input = random_tensor(rng, {2, 9, 9});
  expect_near({product->out, times(*product, input.values)}, evaluate(net.graph, input));
  EXPECT_THAT(*product->stride, ElementsAre(2, 2));
  EXPECT_FALSE(compose(map_of(net.graph.nodes[1]), map_of(net.graph.nodes[0]), 100));
}

std::vector<StepKind> kinds(const StagedGraph& staged) {
  std::vector<StepKind> list;
  for (const Stage& stage : staged.stages) list.push_back(stage.kind);
  return list;
}

TEST(Stages, LinearNeighboursMergeAndReshapeDisappears) {
  Rng rng;
  TestNetwork net({1, 6, 6});
  net.then("conv", random_conv(rng, 2, 1, 3));
  net.then("pool", AveragePool{{2, 2}, {2, 2}});
  net.then("flatten", Reshape{}, {8});
  net.then("dense", random_dense(rng, 3, 8));
  const StagedGraph staged = stage_graph(net.graph);
  ASSERT_EQ(staged.stages.size(), 1U);
  EXPECT_EQ(staged.stages[0].name, "conv+pool+flatten+dense");
  EXPECT_THAT(staged.merged, ElementsAre(1, 3));
  const Tensor input = random_tensor(rng, {1, 6, 6});
  expect_near({{3}, times(staged.stages[0].map, input.values)}, evaluate(net.graph, input));
}

TEST(Stages, CutsKeepMapsApart) {
  Rng rng;
  TestNetwork net({8});
  net.then("a", random_dense(rng, 8, 8));
  net.then("b", random_dense(rng, 8, 8));
  net.then("c", random_dense(rng, 8, 8));
  const StagedGraph staged = stage_graph(net.graph, {1});
  ASSERT_EQ(staged.stages.size(), 2U);
  EXPECT_EQ(staged.stages[0].name, "a");
  EXPECT_EQ(staged.stages[1].name, "b+c");
}

TEST(Stages, FanOutIsNotMerged) {
  Rng rng;
  TestNetwork net({8});
  const ValueId a = net.then("a", random_dense(rng, 8, 8));
  const ValueId b = net.add("b", random_dense(rng, 8, 8), {a});
  net.add("sum", Add{}, {a, b});
  const StagedGraph staged = stage_graph(net.graph);
  EXPECT_THAT(kinds(staged), ElementsAre(StepKind::kLinear, StepKind::kLinear, StepKind::kAdd));
  EXPECT_THAT(staged.merged, IsEmpty());
  EXPECT_THAT(staged.depths(), ElementsAre(0, 1, 2, 2));
}

TEST(Stages, AnOutputInTheMiddleIsNotMergedAway) {
  Rng rng;
  TestNetwork net({8});
  const ValueId a = net.then("a", random_dense(rng, 8, 8));
  net.then("b", random_dense(rng, 4, 8));
  net.graph.output = a;
  EXPECT_EQ(stage_graph(net.graph).output_tensor, 1);
}

TEST(Stages, LinearPolynomialsAreMaps) {
  Rng rng;
  TestNetwork net({8});
  net.then("a", random_dense(rng, 8, 8));
  net.then("twice", Polynomial{{1, 2, 0}});
  EXPECT_THAT(kinds(stage_graph(net.graph)), ElementsAre(StepKind::kLinear));
}

TEST(Stages, LeadingCoefficientsMoveIntoTheMapsAround) {
  Rng rng;
  for (const double leading : {0.25, -3.0}) {
    TestNetwork net({6});
    net.then("a", random_dense(rng, 6, 6));
    net.then("act", Polynomial{{0.5, -1, leading}});
    net.then("b", random_dense(rng, 4, 6));
    const StagedGraph staged = stage_graph(net.graph);
    ASSERT_EQ(staged.stages.size(), 3U);
    EXPECT_EQ(staged.stages[1].coefficients.back(), 1.0);
    EXPECT_EQ(staged.stages[1].depth, 1);
    const Tensor input = random_tensor(rng, {6});
    std::vector<double> x = times(staged.stages[0].map, input.values);
    const auto& c = staged.stages[1].coefficients;
    for (double& v : x) v = c[0] + v * (c[1] + v * c[2]);
    expect_near({{4}, times(staged.stages[2].map, x)}, evaluate(net.graph, input));
  }
}

TEST(Stages, ANegativeLeadingCoefficientStaysWhereNothingTakesItsSign) {
  Rng rng;
  TestNetwork net({6});
  net.then("a", random_dense(rng, 6, 6));
  net.then("act", Polynomial{{0, 0, -2}});
  const StagedGraph staged = stage_graph(net.graph);
  EXPECT_EQ(staged.stages[1].coefficients.back(), -2.0);
  EXPECT_EQ(staged.stages[1].depth, 2);
}

TEST(Stages, ReluIsRefusedByName) {
  TestNetwork net({6});
  net.then("act7", Relu{});
  EXPECT_THAT(message_of(ErrorCode::kUnsupported, [&] { stage_graph(net.graph); }),
              HasSubstr("'act7' (Relu)"));
}

}  // namespace
}  // namespace sotto::nn
