#include "ckks/noise.h"

#include <cmath>

namespace sotto::ckks::noise {
namespace {

double n_of(const Params& params) noexcept {
  return static_cast<double>(params.n());
}

double root_of_squares(double a, double b) noexcept {
  return std::hypot(a, b);
}

}  // namespace

double error() noexcept {
  return std::sqrt(10.5);  // 42 coins, each of variance 1/4
}

double fresh(const Params&) noexcept {
  return root_of_squares(error(), std::sqrt(1.0 / 12));
}

double fresh_public(const Params& params) noexcept {
  // s and u have coefficients of variance 2/3.
  return root_of_squares(error() * std::sqrt(1 + 4 * n_of(params) / 3), std::sqrt(1.0 / 12));
}

double rounding(const Params& params) noexcept {
  return std::sqrt((1 + 2 * n_of(params) / 3) / 12);
}

double switching(const Params& params, int level) noexcept {
  const Basis& basis = params.basis(level);
  double log_p = 0;
  for (int i = 0; i < params.special_count(); ++i)
    log_p += std::log2(static_cast<double>(params.p(i).modulus().value()));
  double squares = 0;  // sum of (D_j / P)²
  for (const Digit& digit : basis.digits()) {
    double log_digit = 0;
    for (int i = digit.first; i < digit.first + digit.count; ++i)
      log_digit += std::log2(static_cast<double>(params.q(basis.prime(i)).modulus().value()));
    squares += std::exp2(2 * (log_digit - log_p));
  }
  return error() * std::sqrt(n_of(params) * squares / 12);
}

double key_switch(const Params& params, int level) noexcept {
  return root_of_squares(switching(params, level), rounding(params));
}

double multiply_rescale(const Params& params, int level) noexcept {
  return root_of_squares(switching(params, level) / params.rescale_factor(level), rounding(params));
}

double slot_deviation(const Params& params, double coefficient, double scale) noexcept {
  return std::sqrt(n_of(params) / 2) * coefficient / scale;
}

}  // namespace sotto::ckks::noise
