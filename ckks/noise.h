// The noise formula: how large an error each operation adds, as a standard deviation.
//
// A prediction for honest ciphertexts and independent errors, not a bound; tests hold measured noise to it
// within one bit. Deviations are of coefficients, in units of one; slot_deviation() turns them into errors of
// values. h = 2N/3 is the weight of a ternary secret, sigma that of CBD(21). docs/precision.md derives each
// line.
#pragma once

#include "ckks/params.h"

namespace sotto::ckks::noise {

/// Deviation of one error coefficient: sqrt(10.5).
double error() noexcept;

/// Fresh under the secret key: the error, and the rounding of the encoding. sqrt(sigma² + 1/12).
double fresh(const Params& params) noexcept;
/// Fresh under the public key: e0 + e1 s + e u, sigma sqrt(1 + 4N/3), and the rounding.
double fresh_public(const Params& params) noexcept;

/// Rounding of both parts, what every rescale and every division by P adds: sqrt((1 + h) / 12).
double rounding(const Params& params) noexcept;
/// A switched key before its division by P, in units after it: sigma sqrt(N sum_j D_j² / 12) / P over the
/// digits D_j of the level.
double switching(const Params& params, int level) noexcept;
/// A rotation, conjugation or relinearisation: both of the above.
double key_switch(const Params& params, int level) noexcept;
/// A product relinearised and rescaled at `level` in one division, beside what its factors bring along.
double multiply_rescale(const Params& params, int level) noexcept;

/// Root mean square error of the real part of a slot when every coefficient of a polynomial at this scale has
/// this deviation: sqrt(N/2) coefficient / scale.
double slot_deviation(const Params& params, double coefficient, double scale) noexcept;

}  // namespace sotto::ckks::noise
