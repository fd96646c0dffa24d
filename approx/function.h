// The functions that networks need, by name.
#pragma once

#include <span>
#include <string_view>

namespace sotto::approx {

struct Function {
  std::string_view name;
  double (*evaluate)(double);
  std::string_view formula;

  double operator()(double x) const { return evaluate(x); }
};

/// relu, sign, abs, sigmoid, tanh, gelu, silu, exp.
std::span<const Function> functions();

/// Throws Error with the list of names.
const Function& find_function(std::string_view name);

}  // namespace sotto::approx
