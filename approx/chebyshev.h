// Chebyshev interpolation: the polynomial through f at the zeros of T_{degree+1}. Near to the best one of its
// degree (within a factor 2 + (2/π) ln(degree + 1)) and needs nothing but values of f.
#pragma once

#include "approx/function.h"
#include "approx/polynomial.h"

namespace sotto::approx {

/// Throws Error when the interval or the degree is out of range, or when f is not finite at a point.
Polynomial interpolate(const Function& function, const Interval& interval, int degree);

/// cos(π (2j + 1) / 2n) for j = 0 … n-1: the zeros of T_n.
std::vector<double> chebyshev_points(int n);

/// Coefficients of the polynomial of degree n - 1 that has these values at the zeros of T_n; sums in long
/// double.
std::vector<double> chebyshev_coefficients(const std::vector<long double>& values);

}  // namespace sotto::approx
