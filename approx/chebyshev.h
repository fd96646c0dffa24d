// Chebyshev interpolation: the polynomial through f at the zeros of T_{degree+1}. Near to the best one of its
// degree (within a factor 2 + (2/π) ln(degree + 1)) and needs nothing but values of f.
#pragma once

#include <functional>
#include <string>

#include "approx/function.h"
#include "approx/polynomial.h"

namespace sotto::approx {

using RealFunction = std::function<double(double)>;

/// Throws Error when the interval or the degree is out of range, or when f is not finite at a point.
Polynomial interpolate(const RealFunction& f, const Interval& interval, int degree, const std::string& name);
Polynomial interpolate(const Function& function, const Interval& interval, int degree);

/// Largest |p - f| on a fine grid of the interval: points even in angle, 16 for each zero of T_{degree+1},
/// and 4097 even in x, ends and center included. A lower bound of the true maximum, and within a few percent
/// of it for p as above.
double measure_error(const Polynomial& polynomial, const RealFunction& f);

}  // namespace sotto::approx
