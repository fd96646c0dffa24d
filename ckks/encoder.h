// Between vectors of slots and polynomials: the canonical embedding (ckks/embedding.h), scaled and rounded to
// residues, and back through the centred representative (ckks/mixed_radix.h).
#pragma once

#include <complex>
#include <span>
#include <vector>

#include "ckks/ciphertext.h"
#include "ckks/embedding.h"
#include "ckks/mixed_radix.h"

namespace sotto::ckks {

/// round(x) mod q for any finite x.
u64 rounded_residue(double x, const ntt::Modulus& q);

class Encoder {
 public:
  explicit Encoder(ParamsPtr params);

  /// round(scale · embedding^-1(slots)) on the limbs of `level`; missing slots are 0. Throws Error
  /// (kInvalidArgument) when there are more than N/2 values, one is not finite, the scale is not positive and
  /// finite, or |value| scale reaches half the modulus of the level or 2^1020.
  Plaintext encode(std::span<const double> slots, int level, double scale, Threads threads = {}) const;
  Plaintext encode(std::span<const std::complex<double>> slots, int level, double scale,
                   Threads threads = {}) const;

  /// The same polynomial on the special limbs too: a factor for sums that are still modulo QP.
  EvalPoly encode_extended(std::span<const double> slots, int level, double scale,
                           Threads threads = {}) const;

  /// Slots of a polynomial whose coefficients are the centred representatives modulo the primes of its level;
  /// each coefficient is rounded to double as MixedRadix::lift() says.
  std::vector<double> decode(const CoeffPoly& poly, double scale, Threads threads = {}) const;
  std::vector<std::complex<double>> decode_complex(const CoeffPoly& poly, double scale,
                                                   Threads threads = {}) const;

 private:
  struct Embedded;  // N coefficients before rounding, and their largest magnitude

  /// `im` is empty for real slots, else as long as `re`.
  Embedded embed(std::span<const double> re, std::span<const double> im, int level, double scale,
                 Threads threads) const;
  EvalPoly round(const Embedded& embedded, int level, bool extended, Threads threads) const;
  /// [N] real parts of the slots, then imaginary parts.
  std::vector<double> values(const CoeffPoly& poly, double scale, Threads threads) const;

  ParamsPtr params_;
  Embedding embedding_;
  std::vector<MixedRadix> lifts_;  // [level]
};

}  // namespace sotto::ckks
