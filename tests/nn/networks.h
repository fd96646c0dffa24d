// Random tensors, layers and small networks for the tests of nn.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "nn/graph.h"
#include "nn/reference.h"
#include "tests/support/random.h"

namespace sotto::nn::testing {

using test::Rng;

inline std::vector<double> random_values(Rng& rng, std::size_t count, double low = -1, double high = 1) {
  std::vector<double> values(count);
  for (double& value : values) value = rng.real(low, high);
  return values;
}

inline Tensor random_tensor(Rng& rng, const Shape& shape) {
  return {shape, random_values(rng, element_count(shape))};
}

inline Conv2d random_conv(Rng& rng, int maps, int channels, int kernel, int groups = 1) {
  Conv2d conv;
  conv.weights = random_tensor(rng, {maps, channels / groups, kernel, kernel});
  conv.bias = random_values(rng, static_cast<std::size_t>(maps));
  conv.groups = groups;
  return conv;
}

inline Dense random_dense(Rng& rng, int outputs, int inputs) {
  return {random_tensor(rng, {outputs, inputs}), random_values(rng, static_cast<std::size_t>(outputs))};
}

inline Affine random_affine(Rng& rng, int channels) {
  return {random_values(rng, static_cast<std::size_t>(channels), 0.5, 2),
          random_values(rng, static_cast<std::size_t>(channels))};
}

inline Affine uniform_affine(int channels, double scale, double shift) {
  return {std::vector<double>(static_cast<std::size_t>(channels), scale),
          std::vector<double>(static_cast<std::size_t>(channels), shift)};
}

/// A graph with its input value; nodes are appended with add(), the last one is the output.
struct Network {
  Graph graph;
  ValueId last;

  explicit Network(const Shape& shape) {
    graph.name = "test";
    graph.input = graph.output = last = add_value(graph, "image", shape);
  }
  ValueId add(const std::string& name, Operator op, std::vector<ValueId> inputs,
              const Shape& reshape_to = {}) {
    return graph.output = last = add_node(graph, name, std::move(op), std::move(inputs), reshape_to);
  }
  ValueId then(const std::string& name, Operator op, const Shape& reshape_to = {}) {
    return add(name, std::move(op), {last}, reshape_to);
  }
};

inline void expect_near(const Tensor& got, const Tensor& want, double tolerance = 1e-11) {
  ASSERT_EQ(got.shape, want.shape);
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i], want[i], tolerance * std::max(1.0, std::abs(want[i]))) << "element " << i;
  }
}

/// Both graphs give the same outputs on a few random inputs.
inline void expect_equal_networks(const Graph& got, const Graph& want, Rng& rng) {
  ASSERT_EQ(got.value(got.input).shape, want.value(want.input).shape);
  for (int i = 0; i < 3; ++i) {
    const Tensor input = random_tensor(rng, want.value(want.input).shape);
    expect_near(evaluate(got, input), evaluate(want, input));
  }
}

/// How many nodes of one operator a graph has.
template <class Op>
int count(const Graph& graph) {
  return static_cast<int>(std::count_if(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) {
    return std::holds_alternative<Op>(node.op);
  }));
}

/// The message of the Error that `action` throws; the test fails when it throws none or one of another code.
template <class Action>
std::string message_of(ErrorCode code, Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error_code_name(error.code()), error_code_name(code)) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return "";
}

}  // namespace sotto::nn::testing
