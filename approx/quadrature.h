// Gauss-Legendre quadrature on panels: exact for polynomials between the breaks of a piecewise smooth
// function.
#pragma once

#include <vector>

#include "approx/interval.h"

namespace sotto::approx {

struct QuadratureNode {
  double x, weight;
};

/// The rule of `points` nodes on [-1, 1], exact to degree 2 points - 1; by Newton on the Legendre recurrence.
std::vector<QuadratureNode> gauss_legendre(int points);

/// 16-point rules on at least `panels` panels of the interval, cut at every break inside, from left to right.
std::vector<QuadratureNode> gauss_panels(const Interval& interval, const std::vector<double>& breaks,
                                         int panels);

}  // namespace sotto::approx
