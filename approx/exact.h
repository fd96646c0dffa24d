// The functions of function.h in multiple precision: absolute error about 2^-p · (1 + |y|) at the current
// precision p of NTL's RR. For sources only: NTL is not needed to use the library.
#pragma once

#include <NTL/RR.h>

namespace sotto::approx::exact {

using NTL::RR;

void relu(RR& y, const RR& x);
void sign(RR& y, const RR& x);
void absolute(RR& y, const RR& x);
void sigmoid(RR& y, const RR& x);
void tanh(RR& y, const RR& x);
void gelu(RR& y, const RR& x);
void silu(RR& y, const RR& x);
void softplus(RR& y, const RR& x);
void exponential(RR& y, const RR& x);
void inverse(RR& y, const RR& x);
void square_root(RR& y, const RR& x);
void modular(RR& y, const RR& x);
void sine(RR& y, const RR& x);

/// erf(x) = 2/√π · exp(-x²) Σ 2^k x^(2k+1) / (1·3·5…(2k+1)): all terms of one sign, so nothing cancels.
RR erf(const RR& x);

}  // namespace sotto::approx::exact
