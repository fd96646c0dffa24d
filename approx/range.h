// What a polynomial does where it is used: its error on any domain, its worst input, where it rises and
// falls, and how fast it leaves the function behind outside of its interval.
#pragma once

#include <vector>

#include "approx/distribution.h"
#include "approx/function.h"
#include "approx/polynomial.h"

namespace sotto::approx {

struct WorstError {
  double error = 0;  // |p(x) - f(x)|
  double at = 0;     // x
};

/// The largest |p - f| on a domain, wider than the polynomial's interval or not. Local maxima are bracketed
/// on a grid (16 points for each zero that T_degree has on the domain, 4097 even ones, all breaks of f and
/// points next to them) and refined until the bracket is 2^-40 of the interval; a maximum is missed only when
/// p - f wiggles faster than the grid. Throws Error when f is not finite at a point.
WorstError largest_error(const Polynomial& polynomial, const Function& f, const Domain& domain);

/// E[(p - f)²] under a distribution, p a polynomial of about the degree.
double mean_square_error(const RealFunction& p, int degree, const Function& f,
                         const Distribution& distribution);

struct Extreme {
  double at, value;
};
/// Ends and turning points of the polynomial on an interval, from left to right. Turning points are the real
/// eigenvalues of the colleague matrix of p', so none is missed however narrow it is.
std::vector<Extreme> extremes(const Polynomial& polynomial, const Interval& interval);

/// The parts of an interval where the polynomial falls; none for one that rises throughout.
std::vector<Interval> falling_parts(const Polynomial& polynomial, const Interval& interval);

/// The widest interval around the polynomial's own, at most `limit` times as wide, where |p - f| stays below
/// max_error: how far an input may stray. The polynomial's own interval when the error is larger even there.
Interval safe_interval(const Polynomial& polynomial, const Function& f, double max_error, double limit = 4);

struct Growth {
  double factor;     // of the interval's width
  double largest_p;  // max |p| there
  WorstError worst;
};
/// The error and the size on intervals 1, 1.1, 1.25, 1.5 and 2 times as wide.
std::vector<Growth> growth(const Polynomial& polynomial, const Function& f);

}  // namespace sotto::approx
