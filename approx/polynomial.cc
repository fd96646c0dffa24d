#include "approx/polynomial.h"

#include <NTL/RR.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace sotto::approx {
namespace {

[[noreturn]] void refuse(const std::string& sentence) {
  throw Error(ErrorCode::kInvalidArgument, sentence);
}

using Powers = std::vector<NTL::RR>;  // coefficients of 1, u, u², …

/// c + 2 (u + shift) · b1 - b2: one step of Clenshaw's recurrence on polynomials in u.
Powers clenshaw_step(double c, const NTL::RR& shift, const Powers& b1, const Powers& b2) {
  Powers next(b1.size() + 1);
  next[0] = c;
  for (std::size_t i = 0; i < b1.size(); ++i) {
    next[i] += 2 * shift * b1[i];
    next[i + 1] += 2 * b1[i];
  }
  for (std::size_t i = 0; i < b2.size(); ++i) next[i] -= b2[i];
  return next;
}

/// Σ c[k] T_k(u + shift) in powers of u.
Powers expand(const std::vector<double>& c, const NTL::RR& shift) {
  Powers b1, b2;
  for (std::size_t k = c.size() - 1; k > 0; --k) {
    Powers next = clenshaw_step(c[k], shift, b1, b2);
    b2 = std::move(b1);
    b1 = std::move(next);
  }
  Powers result = clenshaw_step(c[0], shift, b1, b2);  // has (u + shift) · b1 once too often
  for (std::size_t i = 0; i < b1.size(); ++i) {
    result[i] -= shift * b1[i];
    result[i + 1] -= b1[i];
  }
  return result;
}

struct Terms {
  int degree = 0;
  Parity parity = Parity::kEven;
};
/// Of the coefficients that are not zero, beside the constant.
Terms terms_of(const std::vector<double>& c) {
  int last_odd = 0, last_even = 0;
  for (std::size_t k = 1; k < c.size(); ++k) {
    if (c[k] != 0) (k % 2 == 0 ? last_even : last_odd) = static_cast<int>(k);
  }
  return {.degree = std::max(last_odd, last_even),
          .parity = last_odd == 0    ? Parity::kEven
                    : last_even == 0 ? Parity::kOdd
                                     : Parity::kNone};
}

}  // namespace

double Polynomial::operator()(double x) const {
  const double t = interval.to_unit(x);
  double b1 = 0, b2 = 0;
  for (std::size_t k = coefficients.size() - 1; k > 0; --k) {
    const double next = coefficients[k] + 2 * t * b1 - b2;
    b2 = b1;
    b1 = next;
  }
  return coefficients[0] + t * b1 - b2;
}

Parity Polynomial::parity() const {
  if (interval.low != -interval.high) return Parity::kNone;
  bool odd = true, even = true;
  for (std::size_t k = 0; k < coefficients.size(); ++k) {
    if (coefficients[k] == 0) continue;
    (k % 2 == 0 ? odd : even) = false;
  }
  return even ? Parity::kEven : odd ? Parity::kOdd : Parity::kNone;  // a constant is even
}

int Polynomial::depth() const {
  return depth_of_degree(terms_of(coefficients).degree);
}

int Polynomial::products() const {
  const Terms terms = terms_of(coefficients);
  return products_of_degree(terms.degree, terms.parity);
}

Polynomial derivative(const Polynomial& polynomial) {
  validate(polynomial);
  const std::vector<double>& c = polynomial.coefficients;
  const std::size_t n = c.size();
  std::vector<double> d(n + 1, 0.0);  // d[k-1] = d[k+1] + 2k c[k], d[0] halved
  for (std::size_t k = n - 1; k > 0; --k) d[k - 1] = d[k + 1] + 2.0 * static_cast<double>(k) * c[k];
  d[0] /= 2;
  d.resize(std::max<std::size_t>(n - 1, 1));
  for (double& value : d) value /= polynomial.interval.half_width();
  return {polynomial.interval, d, 0, 0, "derivative of " + polynomial.source};
}

void require_degree(int degree) {
  if (degree < 0 || degree > kMaxDegree) {
    refuse("degree " + std::to_string(degree) + " is out of range; 0 to " + std::to_string(kMaxDegree) +
           " is supported");
  }
}

void validate(const Polynomial& polynomial) {
  validate(polynomial.interval);
  require_degree(polynomial.degree());
  for (std::size_t k = 0; k < polynomial.coefficients.size(); ++k) {
    if (!std::isfinite(polynomial.coefficients[k]))
      refuse("coefficient " + std::to_string(k) + " of a polynomial is not finite");
  }
  for (const double error : {polynomial.max_error, polynomial.mse}) {
    if (std::isfinite(error) && error >= 0) continue;
    refuse("the error of a polynomial is " + std::to_string(error) + "; a finite number from 0 up is needed");
  }
}

std::vector<double> to_power_basis(const Polynomial& polynomial) {
  validate(polynomial);
  const int degree = polynomial.degree();
  if (degree > kMaxPowerDegree) {
    refuse("a polynomial of degree " + std::to_string(degree) +
           " cannot be written in powers of x with doubles; " + std::to_string(kMaxPowerDegree) +
           " is the limit, the Chebyshev basis has none");
  }
  // With u = x / half_width, t = u + shift, no coefficient on the way exceeds (3 + 2|shift|)^degree · Σ|c|;
  // the bits beyond that growth are the 53 of the result, 100 of guard and 16 for the rounding of degree²
  // steps.
  const double growth =
      std::log2(3 + 2 * std::abs(polynomial.interval.center() / polynomial.interval.half_width()));
  const NTL::RRPush keep_precision;
  NTL::RR::SetPrecision(170 + static_cast<long>(std::ceil(growth * degree)));
  const NTL::RR low(polynomial.interval.low), high(polynomial.interval.high);
  const NTL::RR half_width = (high - low) / 2;
  const Powers powers = expand(polynomial.coefficients, -(high + low) / (high - low));

  std::vector<double> result;
  NTL::RR scale(1);
  for (const NTL::RR& power : powers) {
    result.push_back(NTL::conv<double>(power / scale));
    if (!std::isfinite(result.back())) {
      refuse("the coefficient of x^" + std::to_string(result.size() - 1) +
             " is too large for a double; the interval " + to_string(polynomial.interval) +
             " is too narrow for powers of x");
    }
    scale *= half_width;
  }
  return result;
}

}  // namespace sotto::approx
