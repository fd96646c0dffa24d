// The functions that networks and bootstrapping need, by name, and functions that a user brings.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "approx/interval.h"

namespace NTL {
class RR;
}

namespace sotto::approx {

using RealFunction = std::function<double(double)>;
/// y <- f(x) to the current precision of NTL's RR.
using ExactFunction = void (*)(NTL::RR& y, const NTL::RR& x);

struct Function {
  std::string name{};
  std::string formula{};
  RealFunction evaluate{};
  std::vector<double> breaks{};   // ascending; kinks, jumps and poles, where a search must look
  double period = 0;              // above 0: the breaks repeat with it, and so on for ever
  std::vector<double> jumps{};    // those of the breaks where the values on the two sides differ
  ExactFunction exact = nullptr;  // none: the doubles of evaluate are taken for the truth

  double operator()(double x) const { return evaluate(x); }
};

/// relu, sign, abs, sigmoid, tanh, gelu, silu, softplus, exp, inverse, sqrt, modular (x - round(x)) and sine
/// (sin(2πx) / 2π), its stand-in in bootstrapping.
const std::vector<Function>& functions();

/// Throws Error with the list of names.
const Function& find_function(std::string_view name);

/// The function through the points (x[i], y[i]), straight between them and constant outside; x in any order.
/// Throws Error for fewer than two points, numbers that are not finite, or two values at one x.
Function sampled_function(const std::string& name, const std::vector<double>& x,
                          const std::vector<double>& y);

/// f(x). Throws Error with the place when it is not finite there.
double finite_value(const Function& f, double x);

/// The breaks strictly inside of an interval.
std::vector<double> breaks_inside(const Function& f, const Interval& interval);

/// Throws Error when f is not finite at an end or a break of the domain: it is unbounded there.
void require_bounded(const Function& f, const Domain& domain);

}  // namespace sotto::approx
