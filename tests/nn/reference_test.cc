// The reference against the formulas themselves, element by element.
#include "nn/reference.h"

#include <gtest/gtest.h>

#include "tests/nn/networks.h"

namespace sotto::nn {
namespace {

using namespace testing;

/// Element (c, y, x) of a picture; 0 in its padding.
double pixel(const Tensor& t, int c, int y, int x) {
  if (y < 0 || x < 0 || y >= t.shape[1] || x >= t.shape[2]) return 0;
  return t[static_cast<std::size_t>((c * t.shape[1] + y) * t.shape[2] + x)];
}

/// The definition of convolution, one output element at a time.
Tensor convolve(const Conv2d& conv, const Tensor& in) {
  const Shape& w = conv.weights.shape;
  Tensor out(output_shape(conv, {in.shape}));
  std::size_t at = 0;
  for (int map = 0; map < w[0]; ++map) {
    for (int y = 0; y < out.shape[1]; ++y) {
      for (int x = 0; x < out.shape[2]; ++x, ++at) {
        out[at] = conv.bias[static_cast<std::size_t>(map)];
        for (int tap = 0; tap < w[1] * w[2] * w[3]; ++tap) {
          const int c = tap / (w[2] * w[3]), i = tap / w[3] % w[2], j = tap % w[3];
          const int group = map / (w[0] / conv.groups);
          out[at] += conv.weights[static_cast<std::size_t>(map * w[1] * w[2] * w[3] + tap)] *
                     pixel(in, group * w[1] + c, y * conv.stride[0] + i * conv.dilation[0] - conv.pads[0],
                           x * conv.stride[1] + j * conv.dilation[1] - conv.pads[1]);
        }
      }
    }
  }
  return out;
}

Tensor run(const Operator& op, const Tensor& input) {
  Network net(input.shape);
  net.then("op", op);
  return evaluate(net.graph, input);
}

TEST(Evaluate, ConvolutionIsItsDefinitionForAllSmallWindows) {
  Rng rng;
  const Tensor image = random_tensor(rng, {4, 7, 6});
  int tried = 0;
  for (int code = 0; code < 3 * 3 * 3 * 3 * 2 * 2 * 3; ++code) {
    int rest = code;
    const auto digit = [&](int base) { return std::exchange(rest, rest / base) % base; };
    Conv2d conv = random_conv(rng, 6, 4, 1 + digit(3), std::array{1, 2}[static_cast<std::size_t>(digit(2))]);
    conv.stride = {1 + digit(3), 1 + digit(3)};
    conv.dilation = {1 + digit(2), 2};
    conv.pads = {digit(3), 1, 2 - conv.stride[0] / 2, digit(3)};
    expect_near(run(conv, image), convolve(conv, image));
    ++tried;
  }
  EXPECT_EQ(tried, 972);
}

TEST(Evaluate, DepthwiseConvolutionKeepsChannelsApart) {
  Rng rng;
  const Tensor image = random_tensor(rng, {4, 5, 5});
  const Conv2d conv = random_conv(rng, 4, 4, 3, 4);
  expect_near(run(conv, image), convolve(conv, image));
}

TEST(Evaluate, DenseMultipliesInCOrder) {
  const Dense dense{Tensor({2, 4}, {1, 10, 100, 1000, 0, 0, 0, 1}), {0.5, -1}};
  expect_near(run(dense, Tensor({1, 2, 2}, {1, 2, 3, 4})), Tensor({2}, {4321.5, 3}));
}

TEST(Evaluate, PoolDividesByTheWindowOrByWhatLiesInside) {
  const Tensor image({1, 2, 3}, {1, 2, 3, 4, 5, 6});
  AveragePool pool{{2, 2}, {2, 2}, {1, 1, 1, 0}};
  expect_near(run(pool, image), Tensor({1, 2, 2}, {1, 2.5, 4, 5.5}));
  pool.count_include_pad = true;
  expect_near(run(pool, image), Tensor({1, 2, 2}, {0.25, 1.25, 1, 2.75}));
}

TEST(Evaluate, ElementwiseOperatorsWorkByChannel) {
  const Tensor image({2, 1, 2}, {-1, 2, -3, 4});
  expect_near(run(Relu{}, image), Tensor({2, 1, 2}, {0, 2, 0, 4}));
  expect_near(run(Affine{{2, -1}, {10, 20}}, image), Tensor({2, 1, 2}, {8, 14, 23, 16}));
  expect_near(run(Polynomial{{1, 0, 2, -1}}, image), Tensor({2, 1, 2}, {4, 1, 46, -31}));
  expect_near(run(Polynomial{{7}}, image), Tensor({2, 1, 2}, 7.0));
}

TEST(Evaluate, AddAndReshapeFollowTheGraph) {
  Network net({2, 1, 2});
  const ValueId flat = net.then("flatten", Reshape{}, {4});
  const ValueId square = net.add("square", Polynomial{{0, 0, 1}}, {flat});
  net.add("sum", Add{}, {square, flat});
  expect_near(evaluate(net.graph, Tensor({2, 1, 2}, {1, 2, 3, -4})), Tensor({4}, {2, 6, 12, 12}));
}

TEST(Evaluate, ShowsEveryNodeToTheObserver) {
  Network net({3});
  net.then("double", uniform_affine(3, 2, 0));
  net.then("square", Polynomial{{0, 0, 1}});
  std::vector<std::string> seen;
  evaluate(net.graph, Tensor({3}, {1, 2, 3}), [&](const Node& node, const Tensor& out) {
    seen.push_back(node.name + " " + std::to_string(static_cast<int>(out[2])));
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"double 6", "square 36"}));
}

TEST(Evaluate, RefusesAnInputOfAnotherShape) {
  Network net({3});
  net.then("relu", Relu{});
  const std::string message =
      message_of(ErrorCode::kInvalidArgument, [&] { evaluate(net.graph, Tensor({4})); });
  EXPECT_NE(message.find("shape 4 and 4 values; model 'test' takes 3"), std::string::npos) << message;
}

}  // namespace
}  // namespace sotto::nn
