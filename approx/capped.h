// Least squares with a cap on the error: the nearest point of a polytope, by cutting planes. For sources
// only.
#pragma once

#include <functional>
#include <vector>

#include "approx/function.h"

namespace sotto::approx {

/// The coefficients a nearest to `wanted` with |Σ a_k basis(x)_k - f(x)| <= cap on the interval; none when
/// there are no such coefficients, or when they cannot be told from none in doubles. The cap is kept to 10^-6
/// of itself from below.
std::vector<double> cap_error(const std::function<std::vector<double>(double)>& basis,
                              const std::vector<double>& wanted, const Function& f, const Interval& interval,
                              double cap);

}  // namespace sotto::approx
