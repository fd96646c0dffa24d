// What an outside program does with an installed Sotto: one encrypted square, and a plan for a network of one
// layer.
#include <sotto/approx/chebyshev.h>
#include <sotto/ckks/engine.h>
#include <sotto/nn/plan.h>

#include <cmath>
#include <cstdio>
#include <vector>

namespace ckks = sotto::ckks;
namespace nn = sotto::nn;

static bool square_is_right() {
  ckks::ParamsLiteral literal;
  literal.name = "insecure_consumer";
  literal.log_n = 10;
  literal.log_q = {40, 30};
  literal.log_p = {45};
  literal.log_scale = 30;
  literal.digits = 2;
  const auto params = ckks::Params::make(literal);
  ckks::KeyRequest keys;
  keys.relin_level = 1;
  auto session = ckks::make_native_session(params, keys, sotto::Threads{1});
  const std::vector<double> x{0.5, -1.5};
  const auto encrypted = session.client->encrypt(x, 1, params->scale(1));
  const auto y = session.client->decrypt(session.engine->rescale(session.engine->square(encrypted)));
  return std::abs(y[0] - 0.25) < 1e-3 && std::abs(y[1] - 2.25) < 1e-3;
}

static bool sigmoid_is_near() {
  const auto sigmoid = sotto::approx::interpolate(sotto::approx::find_function("sigmoid"), {-4, 4}, 7);
  return sotto::approx::to_power_basis(sigmoid).size() == 8 && std::abs(sigmoid(0) - 0.5) < 1e-6;
}

static bool plan_has_one_step() {
  nn::Graph graph;
  graph.name = "halves";
  graph.values = {{"x", {4}}, {"y", {2}}};
  graph.input = 0;
  graph.output = 1;
  graph.nodes.push_back({"sum", nn::Dense{nn::Tensor({2, 4}, 0.5), {0, 0}}, {0}, 1});
  return nn::make_plan(graph).steps.size() == 1;
}

int main() {
  const bool good = square_is_right() && sigmoid_is_near() && plan_has_one_step();
  std::puts(good ? "consumer: all right" : "consumer: wrong result");
  return good ? 0 : 1;
}
