// Minimax errors beside those of an independent solver, Sollya's remez, on twenty functions. Skipped where
// the program sollya is not installed.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "approx/remez.h"

namespace sotto::approx {
namespace {

struct Case {
  const char* name;
  const char* sollya;  // the same function
  Interval interval;
  int degree;
};

// Sollya's supnorm wants differentiable functions: those with a kink are taken on one side of it.
constexpr Case kCases[] = {
    {"exp", "exp(x)", {-1, 1}, 5},
    {"exp", "exp(x)", {-2, 3}, 9},
    {"exp", "exp(x)", {0, 1}, 3},
    {"tanh", "tanh(x)", {-1, 2}, 6},
    {"tanh", "tanh(x)", {0.5, 4}, 9},
    {"tanh", "tanh(x)", {-2, 3}, 12},
    {"sigmoid", "1/(1+exp(-x))", {-4, 5}, 8},
    {"sigmoid", "1/(1+exp(-x))", {0, 6}, 7},
    {"sigmoid", "1/(1+exp(-x))", {-8, 1}, 11},
    {"silu", "x/(1+exp(-x))", {-4, 5}, 8},
    {"silu", "x/(1+exp(-x))", {-1, 6}, 10},
    {"gelu", "x*(1+erf(x/sqrt(2)))/2", {-3, 4}, 9},
    {"gelu", "x*(1+erf(x/sqrt(2)))/2", {-1, 2}, 6},
    {"softplus", "log1p(exp(x))", {-3, 5}, 7},
    {"softplus", "log1p(exp(x))", {0, 8}, 9},
    {"inverse", "1/x", {0.5, 2}, 7},
    {"inverse", "1/x", {0.1, 1}, 12},
    {"sqrt", "sqrt(x)", {0.25, 1}, 5},
    {"sqrt", "sqrt(x)", {0.1, 3}, 9},
    {"sine", "sin(2*pi*x)/(2*pi)", {-0.2, 0.5}, 7},
};

/// The error of Sollya's polynomial, or NaN when it says nothing that is a number.
double sollya_error(const Case& c) {
  char script[512];
  std::snprintf(script, sizeof script,
                "prec=200!; display=decimal!; f=%s; I=[%.17g;%.17g]; p=remez(f,%d,I,1,1e-12); "
                "print(dirtyinfnorm(p-f,I));",
                c.sollya, c.interval.low, c.interval.high, c.degree);
  const std::string command = "printf '%s\\n' '" + std::string(script) + "' | timeout 60 sollya 2>/dev/null";
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return NAN;
  char answer[512] = "";
  double error = NAN;
  while (std::fgets(answer, sizeof answer, pipe) != nullptr) {
    char* end = nullptr;
    const double value = std::strtod(answer, &end);
    if (end != answer) error = value;
  }
  pclose(pipe);
  return error;
}

TEST(Sollya, FindsTheSameMinimaxErrors) {
  if (std::system("command -v sollya >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "the program sollya is not installed";
  for (const Case& c : kCases) {
    const double theirs = sollya_error(c);
    const double ours = minimax(find_function(c.name), {c.interval}, c.degree).certificate.achieved;
    EXPECT_NEAR(ours / theirs, 1, 1e-6)
        << c.name << " on " << to_string(c.interval) << ", degree " << c.degree;
  }
}

}  // namespace
}  // namespace sotto::approx
