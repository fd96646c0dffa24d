// Every pass keeps the function of the network: evaluate() before and after, on hand-made cases and on random
// graphs.
#include "nn/passes/passes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nn/elementwise.h"
#include "nn/rewrite.h"
#include "tests/nn/networks.h"

namespace sotto::nn {
namespace {

using ::testing::HasSubstr;
using namespace testing;

Conv2d padded(Conv2d conv) {
  conv.pads = {1, 1, 1, 1};
  return conv;
}

/// The folded graph has `left` Affine nodes and computes the same.
void expect_folds(const Graph& graph, int left, Rng& rng) {
  const Graph folded = fold_affine(graph);
  EXPECT_EQ(count<Affine>(folded), left);
  expect_equal_networks(folded, graph, rng);
}

TEST(FoldAffine, GoesIntoTheConvolutionBefore) {
  Rng rng;
  Network net({2, 5, 5});
  net.then("conv", padded(random_conv(rng, 4, 2, 3, 2)));
  net.then("norm", random_affine(rng, 4));
  expect_folds(net.graph, 0, rng);
}

TEST(FoldAffine, GoesIntoTheDenseLayerBefore) {
  Rng rng;
  Network net({6});
  net.then("dense", random_dense(rng, 4, 6));
  net.then("norm", random_affine(rng, 4));
  expect_folds(net.graph, 0, rng);
}

TEST(FoldAffine, GoesIntoTheGroupedConvolutionAfter) {
  Rng rng;
  Network net({4, 5, 5});
  net.then("norm", random_affine(rng, 4));
  net.then("conv", random_conv(rng, 6, 4, 3, 2));
  expect_folds(net.graph, 0, rng);
}

TEST(FoldAffine, ShiftStaysInFrontOfPadding) {
  Rng rng;
  Network net({4, 5, 5});
  net.then("norm", random_affine(rng, 4));
  net.then("conv", padded(random_conv(rng, 6, 4, 3)));
  expect_folds(net.graph, 1, rng);
  std::get<Affine>(net.graph.nodes[0].op).shift.assign(4, 0.0);
  expect_folds(net.graph, 0, rng);
}

TEST(FoldAffine, GoesThroughPoolAndReshapeIntoTheDenseLayerAfter) {
  Rng rng;
  Network net({3, 6, 6});
  net.then("square", Polynomial{{0, 0, 1}});
  net.then("norm", random_affine(rng, 3));
  net.then("pool", AveragePool{{3, 3}, {2, 2}, {1, 1, 1, 1}});
  net.then("flatten", Reshape{}, {27});
  net.then("dense", random_dense(rng, 5, 27));
  expect_folds(net.graph, 0, rng);
}

TEST(FoldAffine, GoesThroughPoolIntoTheConvolutionBefore) {
  Rng rng;
  Network net({3, 6, 6});
  net.then("conv", random_conv(rng, 4, 3, 3));
  net.then("pool", AveragePool{{2, 2}, {2, 2}});
  net.then("norm", random_affine(rng, 4));
  expect_folds(net.graph, 0, rng);
}

TEST(FoldAffine, DoesNotPassAPoolThatAveragesItsPadding) {
  Rng rng;
  Network net({3, 6, 6});
  net.then("conv", random_conv(rng, 4, 3, 3));
  net.then("pool", AveragePool{{2, 2}, {2, 2}, {1, 1, 1, 1}, true});
  net.then("norm", random_affine(rng, 4));
  expect_folds(net.graph, 1, rng);
}

TEST(FoldAffine, MergesTwoAffines) {
  Rng rng;
  Network net({3, 4, 4});
  net.then("square", Polynomial{{0, 0, 1}});
  net.then("one", random_affine(rng, 3));
  net.then("two", random_affine(rng, 3));
  expect_folds(net.graph, 1, rng);
}

TEST(FoldAffine, FanOutOfTheLayerBeforeBlocks) {
  Rng rng;
  Network net({2, 5, 5});
  const ValueId conv = net.then("conv", random_conv(rng, 3, 2, 3));
  net.then("norm", random_affine(rng, 3));
  net.add("sum", Add{}, {conv, net.last});
  expect_folds(net.graph, 1, rng);
}

TEST(FoldAffine, FanOutOfTheAffineBlocksFoldingForward) {
  Rng rng;
  Network net({2, 5, 5});
  const ValueId norm = net.then("norm", random_affine(rng, 2));
  const ValueId one = net.add("one", random_conv(rng, 3, 2, 3), {norm});
  const ValueId two = net.add("two", random_conv(rng, 3, 2, 3), {norm});
  net.add("sum", Add{}, {one, two});
  expect_folds(net.graph, 1, rng);
}

TEST(FoldAffine, TheGraphOutputCountsAsAReader) {
  Rng rng;
  Network net({2, 5, 5});
  const ValueId conv = net.then("conv", random_conv(rng, 3, 2, 3));
  net.then("norm", random_affine(rng, 3));
  net.graph.output = conv;
  const Graph folded = fold_affine(net.graph);
  EXPECT_EQ(folded.nodes.size(), 1u);  // the Affine is dead and must not be folded
  expect_equal_networks(folded, net.graph, rng);
}

std::vector<double> only_polynomial(const Graph& graph) {
  EXPECT_EQ(graph.nodes.size(), 1u);
  return std::get<Polynomial>(graph.nodes.front().op).coefficients;
}

TEST(FusePolynomials, JoinsAChain) {
  Rng rng;
  Network net({3, 2, 2});
  net.then("scale", uniform_affine(3, 2, 1));
  net.then("square", Polynomial{{0, 0, 1}});
  net.then("shift", uniform_affine(3, 1, -1));
  const Graph fused = fuse_polynomials(net.graph);
  EXPECT_EQ(only_polynomial(fused), (std::vector<double>{0, 4, 4}));
  expect_equal_networks(fused, net.graph, rng);
}

TEST(FusePolynomials, JoinsSumsOfOneTensor) {
  Rng rng;
  Network net({4});
  const ValueId cube = net.add("cube", Polynomial{{0, 0, 0, 0.25}}, {net.graph.input});
  const ValueId line = net.add("line", uniform_affine(4, -3, 2), {net.graph.input});
  const ValueId sum = net.add("sum", Add{}, {cube, line});
  net.add("skip", Add{}, {net.graph.input, sum});
  const Graph fused = fuse_polynomials(net.graph);
  EXPECT_EQ(only_polynomial(fused), (std::vector<double>{2, -2, 0, 0.25}));
  expect_equal_networks(fused, net.graph, rng);
}

TEST(FusePolynomials, DoublingBecomesAnAffine) {
  Rng rng;
  Network net({4});
  net.add("sum", Add{}, {net.last, net.last});
  const Graph fused = fuse_polynomials(net.graph);
  EXPECT_EQ(count<Affine>(fused), 1);
  expect_equal_networks(fused, net.graph, rng);
}

TEST(FusePolynomials, FanOutBlocks) {
  Rng rng;
  Network net({4});
  const ValueId square = net.then("square", Polynomial{{0, 0, 1}});
  const ValueId shifted = net.then("shift", uniform_affine(4, 1, 1));
  const ValueId other = net.add("other", random_dense(rng, 4, 4), {square});
  net.add("sum", Add{}, {shifted, other});
  const Graph fused = fuse_polynomials(net.graph);
  EXPECT_EQ(count<Polynomial>(fused), 1) << "the square must not be computed twice";
  expect_equal_networks(fused, net.graph, rng);
}

TEST(FusePolynomials, KeepsCompositionsOfHighDegreeApart) {
  Rng rng;
  Network net({4});
  net.then("inner", Polynomial{{0, 1.5, 0, -0.5}});
  net.then("outer", Polynomial{{0, 1.5, 0, -0.5}});
  EXPECT_EQ(fuse_polynomials(net.graph).nodes.size(), 2u);
}

TEST(FusePolynomials, LeavesAffinesThatDifferByChannel) {
  Rng rng;
  Network net({3, 2, 2});
  net.then("scale", random_affine(rng, 3));
  net.then("square", Polynomial{{0, 0, 1}});
  EXPECT_EQ(fuse_polynomials(net.graph).nodes.size(), 2u);
}

Graph relu_network(Rng& rng) {
  Network net({2, 4, 4});
  net.then("one", Relu{});
  net.then("conv", random_conv(rng, 2, 2, 3));
  net.then("two", Relu{});
  return net.graph;
}

TEST(ApproximateRelu, PrefersThePolynomialOfTheNode) {
  Rng rng;
  const Graph result = approximate_relu(relu_network(rng), {0, 0.5, 0.25}, {{"two", {0.1, 0.5, 0.2}}});
  EXPECT_EQ(std::get<Polynomial>(result.nodes[0].op).coefficients, (std::vector<double>{0, 0.5, 0.25}));
  EXPECT_EQ(std::get<Polynomial>(result.nodes[2].op).coefficients, (std::vector<double>{0.1, 0.5, 0.2}));
}

TEST(ApproximateRelu, WithoutFallbackKeepsTheRest) {
  Rng rng;
  EXPECT_EQ(count<Relu>(approximate_relu(relu_network(rng), {}, {{"two", {0, 0.5, 0.2}}})), 1);
}

TEST(ApproximateRelu, RefusesANodeThatIsNotThere) {
  Rng rng;
  const Graph graph = relu_network(rng);
  EXPECT_THAT(message_of(ErrorCode::kInvalidArgument,
                         [&] {
                           approximate_relu(graph, {}, {{"conv", {0, 1}}});
                         }),
              HasSubstr("no Relu node of that name"));
  EXPECT_THAT(message_of(ErrorCode::kInvalidArgument,
                         [&] {
                           approximate_relu(graph, {0, 1}, {{"one", {}}});
                         }),
              HasSubstr("no coefficients"));
}

TEST(Simplify, NormalisationAndSquareBecomeConvolutionAndSquare) {
  Rng rng;
  Network net({1, 8, 8});
  net.then("pixels", uniform_affine(1, 1.0 / 255, 0));
  net.then("conv", padded(random_conv(rng, 3, 1, 3)));
  net.then("norm", random_affine(rng, 3));
  net.then("square", Polynomial{{0, 0, 1}});
  net.then("half", uniform_affine(3, 0.5, 0.25));
  net.then("flat", Reshape{}, {192});
  net.then("flat again", Reshape{}, {192});
  net.then("dense", random_dense(rng, 4, 192));
  const Graph simple = simplify(net.graph);
  std::vector<std::string> operators;
  for (const Node& node : simple.nodes) operators.push_back(operator_name(node.op));
  EXPECT_EQ(operators, (std::vector<std::string>{"Conv2d", "Polynomial", "Reshape", "Dense"}));
  expect_equal_networks(simple, net.graph, rng);
}

TEST(Simplify, AnIdentityNetworkKeepsItsInput) {
  Rng rng;
  Network net({5});
  net.then("one", uniform_affine(5, 1, 0));
  net.then("two", Reshape{}, {5});
  const Graph simple = simplify(net.graph);
  EXPECT_TRUE(simple.nodes.empty());
  EXPECT_EQ(simple.output, simple.input);
}

/// A random network with fan-out: each node reads any earlier value that fits.
Graph random_network(Rng& rng) {
  Network net({2, 6, 6});
  std::vector<ValueId> pictures{net.last};
  for (int i = 0; i < 14; ++i) {
    const ValueId in = pictures[rng.below(pictures.size())];
    const Shape& shape = net.graph.value(in).shape;
    const std::string name = std::to_string(i);
    switch (rng.below(7)) {
      case 0:
        net.add(name, random_affine(rng, shape[0]), {in});
        break;
      case 1:
        net.add(name, uniform_affine(shape[0], 0.5, 0.25), {in});
        break;
      case 2:
        net.add(name, Polynomial{{0.1, 0.3, 0.2}}, {in});
        break;
      case 3:
        net.add(name, rng.below(2) == 0 ? padded(random_conv(rng, 2, 2, 3)) : random_conv(rng, 2, 2, 1),
                {in});
        break;
      case 4:
        net.add(name, AveragePool{{3, 3}, {1, 1}, {1, 1, 1, 1}, rng.below(2) == 0}, {in});
        break;
      case 5:
        net.add(name, Reshape{}, {in}, shape);
        break;
      default:
        net.add(name, Add{}, {in, pictures[rng.below(pictures.size())]});
        break;
    }
    pictures.push_back(net.last);
  }
  net.then("flatten", Reshape{}, {72});
  net.then("dense", random_dense(rng, 3, 72));
  return net.graph;
}

TEST(Passes, KeepTheFunctionOfRandomNetworks) {
  Rng rng;
  int removed = 0;
  for (int round = 0; round < 300; ++round) {
    const Graph graph = random_network(rng);
    expect_equal_networks(fold_affine(graph), graph, rng);
    expect_equal_networks(fuse_polynomials(graph), graph, rng);
    const Graph simple = simplify(graph), live = Rewriter(graph).finish();
    expect_equal_networks(simple, graph, rng);
    EXPECT_EQ(simplify(simple).nodes.size(), simple.nodes.size()) << "a second run finds more to do";
    removed += static_cast<int>(live.nodes.size() - simple.nodes.size());
  }
  EXPECT_GT(removed, 100) << "the random networks do not exercise the passes";
}

TEST(Elementwise, CompositionIsSubstitution) {
  EXPECT_EQ(compose({1, 2, 3}, {1, 1}), (Coefficients{6, 8, 3}));  // 1 + 2(x+1) + 3(x+1)²
  EXPECT_EQ(compose({5}, {1, 1}), (Coefficients{5}));
  EXPECT_EQ(multiply({1, 1}, {1, -1}), (Coefficients{1, 0, -1}));
  EXPECT_EQ(add({1, 1}, {1, -1}), (Coefficients{2}));
}

}  // namespace
}  // namespace sotto::nn
