#include "approx/chebyshev.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"

namespace sotto::approx {
namespace {

double finite_value(const RealFunction& f, double x) {
  const double y = f(x);
  if (!std::isfinite(y)) {
    throw Error(ErrorCode::kInvalidArgument, "the function is " + std::to_string(y) +
                                                 " at x = " + std::to_string(x) +
                                                 "; choose an interval where it is finite");
  }
  return y;
}

/// cos(π m / 2n) for 0 ≤ m < 4n.
std::vector<double> cosine_table(int n) {
  std::vector<double> table(static_cast<std::size_t>(4 * n));
  for (std::size_t m = 0; m < table.size(); ++m)
    table[m] = std::cos(std::numbers::pi * static_cast<double>(m) / (2.0 * n));
  return table;
}

}  // namespace

Polynomial interpolate(const RealFunction& f, const Interval& interval, int degree, const std::string& name) {
  validate(interval);
  if (degree < 0 || degree > kMaxDegree) {
    throw Error(ErrorCode::kInvalidArgument, "degree " + std::to_string(degree) + " is out of range; 0 to " +
                                                 std::to_string(kMaxDegree) + " is supported");
  }
  const int n = degree + 1;  // zeros of T_n: t_j = cos(π (2j+1) / 2n)
  const std::vector<double> cosine = cosine_table(n);
  std::vector<double> values;
  for (int j = 0; j < n; ++j)
    values.push_back(finite_value(f, interval.from_unit(cosine[static_cast<std::size_t>(2 * j + 1)])));

  Polynomial polynomial;
  polynomial.interval = interval;
  polynomial.source = name + ", Chebyshev interpolation";
  for (int k = 0; k < n; ++k) {
    double sum = 0;  // the zeros are orthogonal points: c_k = (2/n) Σ f(t_j) T_k(t_j)
    for (int j = 0; j < n; ++j) {
      sum +=
          values[static_cast<std::size_t>(j)] * cosine[static_cast<std::size_t>(k * (2 * j + 1) % (4 * n))];
    }
    polynomial.coefficients.push_back((k == 0 ? 1.0 : 2.0) / n * sum);
  }
  polynomial.max_error = measure_error(polynomial, f);
  return polynomial;
}

Polynomial interpolate(const Function& function, const Interval& interval, int degree) {
  return interpolate(function.evaluate, interval, degree, std::string(function.name));
}

double measure_error(const Polynomial& polynomial, const RealFunction& f) {
  validate(polynomial);
  double worst = 0;
  const auto visit = [&](double t) {
    const double x =
        std::clamp(polynomial.interval.from_unit(t), polynomial.interval.low, polynomial.interval.high);
    worst = std::max(worst, std::abs(polynomial(x) - finite_value(f, x)));
  };
  const int angles = 16 * (polynomial.degree() + 1), steps = 4096;
  for (int i = 0; i <= angles; ++i) visit(std::cos(std::numbers::pi * i / angles));
  for (int i = 0; i <= steps; ++i) visit(2.0 * i / steps - 1);
  return worst;
}

}  // namespace sotto::approx
