// Random small networks that can be planned, parameters for them, and the shipped model.
#pragma once

#include <filesystem>

#include "nn/executor.h"
#include "nn/onnx.h"
#include "nn/passes/passes.h"
#include "nn/plan.h"
#include "tests/nn/networks.h"

namespace sotto::nn::testing {

/// 512 slots, `depth` levels of 40 bits, an answer up to 2^12; no security.
inline ckks::ParamsLiteral toy_params(int depth, int log_n = 10) {
  ckks::ParamsLiteral literal;
  literal.name = "insecure_plan_test";
  literal.log_n = log_n;
  literal.log_q.assign(static_cast<std::size_t>(depth) + 1, 36);
  literal.log_q[0] = 49;
  literal.log_p = {30, 30};
  literal.log_scale = 36;
  literal.digits = depth + 1;
  return literal;
}

inline PlanOptions toy_options(int depth) {
  PlanOptions options;
  options.params = toy_params(depth);
  options.max_logit = 1024;
  options.min_bits = 0;
  return options;
}

/// Weights small enough for activations to stay near 1.
inline Conv2d tame(Conv2d conv) {
  const double fan_in = static_cast<double>(conv.weights.size()) / static_cast<double>(conv.bias.size());
  for (double& w : conv.weights.values) w /= std::sqrt(fan_in);
  return conv;
}
inline Dense tame(Dense dense) {
  for (double& w : dense.weights.values) w /= std::sqrt(static_cast<double>(dense.weights.shape[1]));
  return dense;
}

inline Polynomial random_activation(Rng& rng) {
  switch (rng.below(4)) {
    case 0:
      return {{0, 0, 1}};
    case 1:
      return {{0.1, 0.5, 0.25}};
    case 2:
      return {{0.2, 1, -0.3}};
    default:
      return {{0, 0.8, 0.1, -0.2}};
  }
}

/// Appends a convolution with random stride, padding and groups.
inline void add_random_conv(Rng& rng, Network& net, const std::string& name) {
  const Shape& in = net.graph.value(net.last).shape;
  const int groups = in[0] % 2 == 0 ? 1 + static_cast<int>(rng.below(2)) : 1;
  const int kernel = std::min({2 + static_cast<int>(rng.below(2)), in[1], in[2]});
  Conv2d conv = tame(random_conv(rng, groups * (1 + static_cast<int>(rng.below(3))), in[0], kernel, groups));
  const int stride = 1 + static_cast<int>(rng.below(2));
  conv.stride = {stride, stride};
  for (int& pad : conv.pads) pad = static_cast<int>(rng.below(2));
  net.then(name, conv);
}

/// y + act(conv(y)), a residual block that keeps the shape.
inline void add_residual(Rng& rng, Network& net) {
  const ValueId from = net.last;
  const int channels = net.graph.value(from).shape[0];
  Conv2d conv = tame(random_conv(rng, channels, channels, 3));
  conv.pads = {1, 1, 1, 1};
  net.then("residual.conv", conv);
  if (rng.below(2) == 0) net.then("residual.act", random_activation(rng));
  net.add("residual.sum", Add{}, {from, net.last});
}

/// Image, convolutions, activations, pooling, a residual block, dense layers: each by chance.
inline Graph random_network(Rng& rng) {
  Network net({1 + static_cast<int>(rng.below(3)), 6, 7});
  if (rng.below(4) == 0) net.then("norm", random_affine(rng, net.graph.value(net.last).shape[0]));
  add_random_conv(rng, net, "conv1");
  net.then("act1", random_activation(rng));
  if (rng.below(2) == 0) add_residual(rng, net);
  if (rng.below(2) == 0) add_random_conv(rng, net, "conv2");
  const Shape shape = net.graph.value(net.last).shape;
  if (rng.below(2) == 0 && shape[1] > 1 && shape[2] > 1) net.then("pool", AveragePool{{2, 2}, {1, 2}});
  const int features = static_cast<int>(element_count(net.graph.value(net.last).shape));
  if (rng.below(3) == 0) net.then("flatten", Reshape{}, {features});
  net.then("fc1", tame(random_dense(rng, 2 + static_cast<int>(rng.below(20)), features)));
  if (rng.below(2) == 0) {
    net.then("act2", random_activation(rng));
    net.then("fc2", tame(random_dense(rng, 3, net.graph.value(net.last).shape[0])));
  }
  return net.graph;
}

/// models/mnist-cryptonets.onnx as the program sees it; nullopt where ONNX is not built in.
inline std::optional<Graph> mnist_model() {
  const auto path = std::filesystem::path(SOTTO_SOURCE_DIR) / "models" / "mnist-cryptonets.onnx";
  try {
    return simplify(import_onnx(path.string()));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kUnsupported) return std::nullopt;
    throw;
  }
}

/// Encrypts, runs, decrypts.
inline Tensor infer(const Program& program, ckks::Session& session, const Tensor& image,
                    const StepObserver& observer = {}) {
  const Plan& plan = program.plan();
  const ckks::Cipher input =
      session.client->encrypt(pack(plan.input, image), plan.input_level, plan.input_scale);
  return unpack(plan.output, session.client->decrypt(program.run(input, observer)));
}

}  // namespace sotto::nn::testing
