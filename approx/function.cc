// Written so that no intermediate overflows or cancels: every value is right to a few units in the last place
// for all finite x.
#include "approx/function.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <numeric>

#include "approx/exact.h"
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
double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}
double exponential(double x) {
  return std::exp(x);
}
double inverse(double x) {
  return 1 / x;
}
double square_root(double x) {
  return std::sqrt(x);
}
double modular(double x) {
  return x - std::round(x);
}
double sine(double x) {
  return std::sin(2 * std::numbers::pi * (x - std::round(x))) / (2 * std::numbers::pi);
}

std::vector<Function> make_functions() {
  return {
      {"relu", "max(x, 0)", relu, {0}, 0, {}, exact::relu},
      {"sign", "-1, 0 or 1", sign, {0}, 0, {0}, exact::sign},
      {"abs", "|x|", absolute, {0}, 0, {}, exact::absolute},
      {"sigmoid", "1 / (1 + exp(-x))", sigmoid, {}, 0, {}, exact::sigmoid},
      {"tanh", "tanh(x)", hyperbolic_tangent, {}, 0, {}, exact::tanh},
      {"gelu", "x (1 + erf(x / sqrt 2)) / 2", gelu, {}, 0, {}, exact::gelu},
      {"silu", "x / (1 + exp(-x))", silu, {}, 0, {}, exact::silu},
      {"softplus", "log(1 + exp(x))", softplus, {}, 0, {}, exact::softplus},
      {"exp", "exp(x)", exponential, {}, 0, {}, exact::exponential},
      {"inverse", "1 / x", inverse, {0}, 0, {}, exact::inverse},
      {"sqrt", "sqrt(x)", square_root, {0}, 0, {}, exact::square_root},
      {"modular", "x - round(x)", modular, {0.5}, 1, {0.5}, exact::modular},
      {"sine", "sin(2 pi x) / (2 pi)", sine, {}, 0, {}, exact::sine},
  };
}

std::string shortest(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", x);
  return text;
}

}  // namespace

const std::vector<Function>& functions() {
  static const std::vector<Function> all = make_functions();
  return all;
}

const Function& find_function(std::string_view name) {
  std::string known;
  for (const Function& function : functions()) {
    if (function.name == name) return function;
    known += (known.empty() ? "" : ", ") + function.name;
  }
  throw Error(ErrorCode::kInvalidArgument,
              "there is no function '" + std::string(name) + "'; known are " + known);
}

Function sampled_function(const std::string& name, const std::vector<double>& x,
                          const std::vector<double>& y) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCode::kInvalidArgument, "the samples of " + name + " " + why);
  };
  if (x.size() != y.size() || x.size() < 2) {
    refuse("are " + std::to_string(x.size()) + " places and " + std::to_string(y.size()) +
           " values; at least two of each are needed");
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i]) || !std::isfinite(y[i]))
      refuse("have a number that is not finite in pair " + std::to_string(i + 1) + "; remove it");
  }
  std::vector<std::size_t> order(x.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return x[a] < x[b]; });
  std::vector<double> places, values;
  for (const std::size_t i : order) {
    if (!places.empty() && places.back() == x[i]) {
      if (values.back() != y[i]) refuse("give two values at x = " + shortest(x[i]) + "; keep one");
      continue;
    }
    places.push_back(x[i]);
    values.push_back(y[i]);
  }
  if (places.size() < 2) refuse("lie all at one place; at least two are needed");
  const auto evaluate = [places, values](double at) {
    if (at <= places.front()) return values.front();
    if (at >= places.back()) return values.back();
    const auto right =
        static_cast<std::size_t>(std::upper_bound(places.begin(), places.end(), at) - places.begin());
    const double t = (at - places[right - 1]) / (places[right] - places[right - 1]);
    return std::lerp(values[right - 1], values[right], t);
  };
  return {name, "straight between samples", evaluate, places, 0, {}, nullptr};
}

double finite_value(const Function& f, double x) {
  const double y = f(x);
  if (std::isfinite(y)) return y;
  throw Error(ErrorCode::kInvalidArgument, f.name + " is " + shortest(y) + " at x = " + shortest(x) +
                                               "; choose an interval where it is finite");
}

std::vector<double> breaks_inside(const Function& f, const Interval& interval) {
  std::vector<double> inside;
  for (const double at : f.breaks) {
    if (f.period <= 0) {
      if (interval.low < at && at < interval.high) inside.push_back(at);
      continue;
    }
    for (double k = std::floor((interval.low - at) / f.period) + 1; at + k * f.period < interval.high; ++k)
      inside.push_back(at + k * f.period);
  }
  std::sort(inside.begin(), inside.end());
  return inside;
}

void require_bounded(const Function& f, const Domain& domain) {
  for (const Interval& interval : domain) {
    finite_value(f, interval.low);
    finite_value(f, interval.high);
    finite_value(f, interval.center());
    for (const double at : breaks_inside(f, interval)) finite_value(f, at);
  }
}

}  // namespace sotto::approx
