// Polynomials as coefficient vectors, c[0] + c[1] x + …, and the operators that are one: what the importer
// and the passes use to join elementwise chains.
#pragma once

#include <optional>
#include <vector>

#include "nn/graph.h"

namespace sotto::nn {

using Coefficients = std::vector<double>;  // never empty; no trailing zeros except a lone {0}

Coefficients add(const Coefficients& p, const Coefficients& q);
Coefficients multiply(const Coefficients& p, const Coefficients& q);
/// outer(inner(x))
Coefficients compose(const Coefficients& outer, const Coefficients& inner);

inline int degree(const Coefficients& p) {
  return static_cast<int>(p.size()) - 1;
}

/// The polynomial that `op` applies to every element: a Polynomial's own, scale x + shift of an Affine that
/// treats all channels alike. Nothing for other operators.
std::optional<Coefficients> elementwise_polynomial(const Operator& op);

/// The operator for p on a value with `channels` channels: Affine below degree 2, so that it can be folded,
/// else Polynomial.
Operator elementwise_operator(const Coefficients& p, int channels);

}  // namespace sotto::nn
