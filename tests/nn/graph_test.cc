#include "nn/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/nn/networks.h"

namespace sotto::nn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace testing;

std::string refusal(const Operator& op, const std::vector<Shape>& inputs, const Shape& reshape_to = {}) {
  return message_of(ErrorCode::kInvalidArgument, [&] { output_shape(op, inputs, reshape_to); });
}

Network small_network(Rng& rng) {
  Network net({2, 6, 6});
  net.then("conv", random_conv(rng, 3, 2, 3));
  net.then("square", Polynomial{{0, 0, 1}});
  net.then("flatten", Reshape{}, {48});
  net.then("dense", random_dense(rng, 4, 48));
  return net;
}

TEST(OutputShape, OfConvolutionFollowsStridePaddingAndDilation) {
  Rng rng;
  Conv2d conv = random_conv(rng, 5, 1, 5);
  conv.stride = {2, 2};
  conv.pads = {1, 1, 1, 1};
  EXPECT_EQ(output_shape(conv, {{1, 28, 28}}), (Shape{5, 13, 13}));
  conv.pads = {0, 3, 2, 1};
  EXPECT_EQ(output_shape(conv, {{1, 28, 28}}), (Shape{5, 13, 14}));
  conv.dilation = {3, 1};
  EXPECT_EQ(output_shape(conv, {{1, 28, 28}}), (Shape{5, 9, 14}));
}

TEST(OutputShape, OfOtherOperators) {
  Rng rng;
  EXPECT_EQ(output_shape(random_dense(rng, 7, 24), {{2, 3, 4}}), (Shape{7}));
  EXPECT_EQ(output_shape(AveragePool{{2, 3}, {2, 3}}, {{4, 6, 9}}), (Shape{4, 3, 3}));
  EXPECT_EQ(output_shape(Reshape{}, {{2, 3, 4}}, {24}), (Shape{24}));
  EXPECT_EQ(output_shape(Add{}, {{5}, {5}}), (Shape{5}));
  EXPECT_EQ(output_shape(Relu{}, {{2, 3, 4}}), (Shape{2, 3, 4}));
}

TEST(OutputShape, SaysWhatAnOperatorExpects) {
  Rng rng;
  EXPECT_THAT(refusal(random_conv(rng, 3, 4, 3), {{2, 6, 6}}),
              AllOf(HasSubstr("3x4x3x3"), HasSubstr("2x6x6"), HasSubstr("needs 2")));
  EXPECT_THAT(refusal(random_conv(rng, 3, 2, 7), {{2, 6, 6}}),
              HasSubstr("a window of 7 does not fit the padded height of 6"));
  EXPECT_THAT(refusal(random_conv(rng, 3, 2, 3), {{72}}), HasSubstr("channels x height x width"));
  EXPECT_THAT(refusal(random_dense(rng, 3, 71), {{2, 6, 6}}), HasSubstr("needs 72 columns"));
  EXPECT_THAT(refusal(random_affine(rng, 3), {{2, 6, 6}}), HasSubstr("needs 2"));
  EXPECT_THAT(refusal(Add{}, {{5}, {6}}), HasSubstr("shapes 5 and 6"));
  EXPECT_THAT(refusal(Add{}, {{5}}), HasSubstr("2 are needed"));
  EXPECT_THAT(refusal(Reshape{}, {{2, 3}}, {7}), HasSubstr("neither"));
  EXPECT_THAT(refusal(Reshape{}, {{2, 3, 1}}, {7}), HasSubstr("cannot reshape 2x3x1 (6 elements) to 7 (7)"));
  EXPECT_THAT(refusal(Polynomial{}, {{5}}), HasSubstr("at least one coefficient"));
  EXPECT_THAT(refusal(AveragePool{{2, 2}, {2, 2}, {2, 0, 0, 0}}, {{1, 4, 4}}),
              HasSubstr("smaller than the window"));
  EXPECT_THAT(refusal(AveragePool{{2, 2}, {0, 2}}, {{1, 4, 4}}), HasSubstr("the stride is 0"));
}

TEST(OutputShape, RefusesGroupsThatDoNotDivide) {
  Rng rng;
  Conv2d conv = random_conv(rng, 4, 4, 3, 2);
  conv.groups = 3;
  EXPECT_THAT(refusal(conv, {{4, 6, 6}}), HasSubstr("3 groups"));
  conv.groups = 0;
  EXPECT_THAT(refusal(conv, {{4, 6, 6}}), HasSubstr("0 groups"));
}

TEST(OutputShape, SurvivesEveryExtreme) {
  Rng rng;
  for (const int extreme :
       {std::numeric_limits<int>::min(), -1, 0, 1 << 15, std::numeric_limits<int>::max()}) {
    for (int field = 0; field < 4; ++field) {
      Conv2d conv = random_conv(rng, 1, 1, 2);
      (field == 0   ? conv.stride[0]
       : field == 1 ? conv.pads[1]
       : field == 2 ? conv.dilation[1]
                    : conv.groups) = extreme;
      try {
        EXPECT_LE(element_count(output_shape(conv, {{1, 4, 4}})), kMaxElements);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      }
    }
  }
}

TEST(OutputShape, LimitsWhatATensorMayHold) {
  EXPECT_NO_THROW(validate(Shape{64, 512, 512}));
  EXPECT_THAT(refusal(Relu{}, {{64, 512, 513}}), HasSubstr("too large"));
  EXPECT_THAT(refusal(Relu{}, {{1 << 30, 1 << 30, 1 << 30}}), HasSubstr("too large"));
}

TEST(Graph, ConsumersNameEachReaderOnce) {
  Rng rng;
  Network net({3});
  const ValueId square = net.then("square", Polynomial{{0, 0, 1}});
  net.add("double", Add{}, {square, square});
  net.add("sum", Add{}, {square, net.last});
  EXPECT_EQ(net.graph.consumers(square), (std::vector<int>{1, 2}));
  EXPECT_TRUE(net.graph.consumers(net.last).empty());
}

TEST(Validate, AcceptsASoundNetwork) {
  Rng rng;
  EXPECT_NO_THROW(validate(small_network(rng).graph));
}

TEST(Validate, NamesTheNodeThatDoesNotFit) {
  Rng rng;
  Graph graph = small_network(rng).graph;
  graph.nodes[3].op = random_dense(rng, 4, 47);
  const std::string message = message_of(ErrorCode::kInvalidArgument, [&] { validate(graph); });
  EXPECT_THAT(message,
              AllOf(HasSubstr("node 'dense' (Dense)"), HasSubstr("4x47"), HasSubstr("needs 48 columns")));
}

TEST(Validate, RefusesAnOutputOfAnotherShape) {
  Rng rng;
  Graph graph = small_network(rng).graph;
  graph.values[1].shape = {3, 4, 5};
  EXPECT_THAT(message_of(ErrorCode::kInvalidArgument, [&] { validate(graph); }),
              AllOf(HasSubstr("node 'conv'"), HasSubstr("3x4x5"), HasSubstr("3x4x4")));
}

TEST(Validate, RefusesNodesOutOfOrder) {
  Rng rng;
  Graph graph = small_network(rng).graph;
  std::swap(graph.nodes[0], graph.nodes[1]);
  EXPECT_THAT(message_of(ErrorCode::kInvalidArgument, [&] { validate(graph); }),
              AllOf(HasSubstr("node 'square'"), HasSubstr("topological order")));
}

TEST(Validate, RefusesTwoProducersOfOneValue) {
  Rng rng;
  Graph graph = small_network(rng).graph;
  graph.nodes[2].output = graph.nodes[1].output;
  EXPECT_THAT(message_of(ErrorCode::kInvalidArgument, [&] { validate(graph); }),
              HasSubstr("already has a producer"));
}

TEST(Validate, RefusesValuesThatDoNotExist) {
  Rng rng;
  for (const ValueId wrong : {-1, 100}) {
    Graph graph = small_network(rng).graph;
    graph.nodes[1].inputs = {wrong};
    EXPECT_THAT(message_of(ErrorCode::kInvalidArgument, [&] { validate(graph); }),
                HasSubstr("does not exist"));
    graph = small_network(rng).graph;
    graph.output = wrong;
    EXPECT_THAT(message_of(ErrorCode::kInvalidArgument, [&] { validate(graph); }), HasSubstr("no output"));
  }
}

TEST(Validate, RefusesWeightsThatAreNotFinite) {
  Rng rng;
  Graph graph = small_network(rng).graph;
  std::get<Conv2d>(graph.nodes[0].op).bias[2] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(message_of(ErrorCode::kInvalidArgument, [&] { validate(graph); }),
              AllOf(HasSubstr("'conv'"), HasSubstr("entry 2 of the bias")));
}

}  // namespace
}  // namespace sotto::nn
