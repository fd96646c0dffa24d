// A function of an encrypted vector, through a polynomial: the sigmoid on [-8, 8].
//
// Engines add and multiply, so a function becomes a polynomial first. approx/ finds the one whose largest
// error is the least and proves it; ckks/polynomial.h plans its evaluation before anything is encrypted: a
// degree d takes ceil(log2(d + 1)) levels. Next: examples/6_client_and_server.cc. docs/approximation.md.
#include <cmath>
#include <cstdio>
#include <vector>

#include "approx/remez.h"
#include "ckks/automatic.h"
#include "ckks/named_params.h"
#include "ckks/polynomial.h"

namespace approx = sotto::approx;
namespace ckks = sotto::ckks;

int main() {
  const approx::Function& sigmoid = approx::find_function("sigmoid");
  const approx::Interval interval{-8, 8};

  // Each further level doubles the degree. L13 has four, and scales that carry about 16 bits: degree 15.
  std::printf("degree  levels  products  largest error\n");
  approx::Polynomial p;
  for (const int degree : {3, 7, 15}) {
    p = approx::minimax(sigmoid, {interval}, degree).polynomial;
    std::printf("%6d  %6d  %8d  %13.6f\n", degree, p.depth(), p.products(), p.max_error);
  }

  // The engine evaluates sum_k c[k] T_k(u) for u in [-1, 1]. T_k stays within [-1, 1] there, so nothing grows
  // on the way; powers of x would reach 8^15.
  const ckks::ParamsPtr params = ckks::Params::make(ckks::params::find("L13").literal);
  const int top = params->max_level();
  const ckks::PolynomialPlan plan = ckks::make_polynomial_plan(
      params, {.polynomials = {{ckks::PolynomialBasis::kChebyshev, p.coefficients}}, .level = top});
  std::printf("plan: levels %d to %d, %lld products, %lld relinearisations, %lld rescales\n",
              plan.input_level, plan.output_level, static_cast<long long>(plan.counts.multiply),
              static_cast<long long>(plan.counts.relinearise), static_cast<long long>(plan.counts.rescale));

  auto [client, engine] =
      ckks::make_native_session(params, {.relin_level = top, .galois = {}}, sotto::Threads::all());

  // Who makes x maps it to u = x / 8: here the client before it encrypts, in a network the layer before.
  std::vector<double> x(params->slots()), u;
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = -8 + 16 * static_cast<double>(i) / static_cast<double>(x.size() - 1);
    u.push_back(interval.to_unit(x[i]));
  }
  const ckks::Cipher y = ckks::evaluate(*engine, plan, ckks::encrypt(*client, *params, u)).front();

  double noise = 0, error = 0;
  const std::vector<double> answer = client->decrypt(y);
  for (std::size_t i = 0; i < x.size(); ++i) {
    noise = std::fmax(noise, std::fabs(answer[i] - p(x[i])));
    error = std::fmax(error, std::fabs(answer[i] - sigmoid(x[i])));
  }
  std::printf("off by %.6f from the polynomial (noise), by %.6f from the sigmoid\n", noise, error);
  return error < p.max_error + 1e-4 ? 0 : 1;
}
