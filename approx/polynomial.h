// A polynomial on an interval, in the Chebyshev basis: p(x) = Σ c[k] T_k(t), t = (2x - low - high) / (high -
// low).
//
// The basis in which approximations are computed and evaluated: |T_k| ≤ 1 on the interval, so the
// coefficients say what each degree contributes. Powers of x are for networks of low degree; the conversion
// is done in multiple precision and rounded once.
#pragma once

#include <string>
#include <vector>

#include "approx/evaluation_cost.h"
#include "approx/interval.h"

namespace sotto::approx {

inline constexpr int kMaxDegree = 1023;
inline constexpr int kMaxPowerDegree = 127;  // beyond it powers of x in doubles have no digit left

struct Polynomial {
  Interval interval;
  std::vector<double> coefficients;  // [degree + 1], Chebyshev basis
  double max_error = 0;              // largest error that was found where the approximation holds
  double mse = 0;                    // mean squared error under the weight of the fit; 0 where there is none
  std::string source;                // "relu, Chebyshev interpolation"

  int degree() const { return static_cast<int>(coefficients.size()) - 1; }
  /// Odd or even when every other coefficient is zero and the interval is centred on 0.
  Parity parity() const;
  /// Levels and products of two ciphertexts for the terms that there are, evaluation_cost.h. A constant costs
  /// nothing, so that 1/2 and odd terms cost what the odd terms do.
  int depth() const;
  int products() const;
  /// Clenshaw's recurrence. Outside of the interval it is still this polynomial, which grows like x^degree
  /// there.
  double operator()(double x) const;
};

/// Throws Error unless 0 <= degree <= kMaxDegree.
void require_degree(int degree);

/// Throws Error unless the interval is valid, the degree 0 to kMaxDegree, and every number finite.
void validate(const Polynomial& polynomial);

/// Coefficients of 1, x, x², … of the same polynomial, each the double nearest to the exact one (up to 2^-100
/// of Σ|c|, measured where |x - center| is the half-width). Throws Error beyond kMaxPowerDegree, or when one
/// is too large for a double.
std::vector<double> to_power_basis(const Polynomial& polynomial);

/// The derivative, on the same interval.
Polynomial derivative(const Polynomial& polynomial);

/// JSON "sotto-polynomial-2", with every double exact: coefficients in decimal for people and in hex for
/// programs that do not trust decimals. Parsed as a hostile file; the two forms must agree.
std::string to_json(const Polynomial& polynomial);
Polynomial polynomial_from_json(const std::string& text);

}  // namespace sotto::approx
