#include "approx/chebyshev.h"

#include <cmath>
#include <numbers>

#include "approx/range.h"
#include "base/error.h"

namespace sotto::approx {
namespace {

/// cos(π m / 2n) for 0 ≤ m < 4n.
std::vector<long double> cosine_table(int n) {
  std::vector<long double> table(static_cast<std::size_t>(4 * n));
  for (std::size_t m = 0; m < table.size(); ++m)
    table[m] = std::cos(std::numbers::pi_v<long double> * static_cast<long double>(m) / (2 * n));
  return table;
}

}  // namespace

std::vector<double> chebyshev_points(int n) {
  std::vector<double> points;
  for (int j = 0; j < n; ++j) points.push_back(std::cos(std::numbers::pi * (2 * j + 1) / (2.0 * n)));
  return points;
}

std::vector<double> chebyshev_coefficients(const std::vector<long double>& values) {
  const int n = static_cast<int>(values.size());
  const std::vector<long double> cosine = cosine_table(n);
  std::vector<double> coefficients;
  for (int k = 0; k < n; ++k) {
    long double sum = 0;  // the zeros are orthogonal points: c_k = (2/n) Σ f(t_j) T_k(t_j)
    for (int j = 0; j < n; ++j) {
      sum +=
          values[static_cast<std::size_t>(j)] * cosine[static_cast<std::size_t>(k * (2 * j + 1) % (4 * n))];
    }
    coefficients.push_back(static_cast<double>((k == 0 ? 1.0L : 2.0L) / n * sum));
  }
  return coefficients;
}

Polynomial interpolate(const Function& function, const Interval& interval, int degree) {
  validate(interval);
  require_degree(degree);
  std::vector<long double> values;
  for (const double t : chebyshev_points(degree + 1))
    values.push_back(finite_value(function, interval.from_unit(t)));
  Polynomial polynomial{interval, chebyshev_coefficients(values), 0, 0,
                        function.name + ", Chebyshev interpolation"};
  polynomial.max_error = largest_error(polynomial, function, {interval}).error;
  return polynomial;
}

}  // namespace sotto::approx
