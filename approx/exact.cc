#include "approx/exact.h"

namespace sotto::approx::exact {
namespace {

/// exp(-|x|), which never overflows.
RR decay(const RR& x) {
  return NTL::exp(-NTL::abs(x));
}

RR logistic(const RR& x) {
  const RR e = decay(x);
  return (x >= 0 ? RR(1) : e) / (1 + e);
}

}  // namespace

void relu(RR& y, const RR& x) {
  y = x > 0 ? x : RR(0);
}
void sign(RR& y, const RR& x) {
  y = static_cast<double>(NTL::sign(x));
}
void absolute(RR& y, const RR& x) {
  y = NTL::abs(x);
}
void sigmoid(RR& y, const RR& x) {
  y = logistic(x);
}
void tanh(RR& y, const RR& x) {
  const RR e = NTL::expm1(-2 * NTL::abs(x));
  y = -e / (2 + e);
  if (x < 0) y = -y;
}
void gelu(RR& y, const RR& x) {
  y = x * (1 + erf(x / NTL::SqrRoot(RR(2)))) / 2;
}
void silu(RR& y, const RR& x) {
  y = x * logistic(x);
}
void softplus(RR& y, const RR& x) {
  y = (x > 0 ? x : RR(0)) + NTL::log1p(decay(x));
}
void exponential(RR& y, const RR& x) {
  y = NTL::exp(x);
}
void inverse(RR& y, const RR& x) {
  y = 1 / x;
}
void square_root(RR& y, const RR& x) {
  y = NTL::SqrRoot(x);
}
void modular(RR& y, const RR& x) {
  y = x - NTL::round(x);
}
void sine(RR& y, const RR& x) {
  const RR two_pi = 2 * NTL::ComputePi_RR();
  y = NTL::sin(two_pi * (x - NTL::round(x))) / two_pi;
}

RR erf(const RR& x) {
  const long precision = RR::precision();
  const RR square = x * x;
  if (square > 0.7 * static_cast<double>(precision)) return x > 0 ? RR(1) : RR(-1);  // 1 - erf(x) < exp(-x²)
  RR term = x, sum = x;
  for (int k = 1; NTL::abs(term) > NTL::power2_RR(-precision) * NTL::abs(sum); ++k) {
    term *= 2 * square / (2.0 * k + 1);
    sum += term;
  }
  return 2 * sum * NTL::exp(-square) / NTL::SqrRoot(NTL::ComputePi_RR());
}

}  // namespace sotto::approx::exact
