// Written so that no intermediate overflows or cancels: every value is right to a few units in the last place
// for all finite x.
#include "approx/function.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "base/error.h"

namespace sotto::approx {
namespace {

double relu(double x) {
  return std::max(x, 0.0);
}
double sign(double x) {
  return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0;
}
double absolute(double x) {
  return std::abs(x);
}
double sigmoid(double x) {
  const double e = std::exp(-std::abs(x));
  return (x >= 0 ? 1.0 : e) / (1.0 + e);
}
double hyperbolic_tangent(double x) {
  return std::tanh(x);
}
double gelu(double x) {
  return 0.5 * x * std::erfc(-x / std::numbers::sqrt2);
}
double silu(double x) {
  return x * sigmoid(x);
}
double exponential(double x) {
  return std::exp(x);
}

constexpr Function kFunctions[] = {
    {"relu", relu, "max(x, 0)"},
    {"sign", sign, "-1, 0 or 1"},
    {"abs", absolute, "|x|"},
    {"sigmoid", sigmoid, "1 / (1 + exp(-x))"},
    {"tanh", hyperbolic_tangent, "tanh(x)"},
    {"gelu", gelu, "x (1 + erf(x / sqrt 2)) / 2"},
    {"silu", silu, "x / (1 + exp(-x))"},
    {"exp", exponential, "exp(x)"},
};

}  // namespace

std::span<const Function> functions() {
  return kFunctions;
}

const Function& find_function(std::string_view name) {
  std::string known;
  for (const Function& function : kFunctions) {
    if (function.name == name) return function;
    if (!known.empty()) known += ", ";
    known += function.name;
  }
  throw Error(ErrorCode::kInvalidArgument,
              "there is no function '" + std::string(name) + "'; known are " + known);
}

}  // namespace sotto::approx
