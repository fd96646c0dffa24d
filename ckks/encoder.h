// Between vectors of slots and polynomials: the canonical embedding of CKKS.
//
// Slot j is the value of the polynomial at zeta^(5^j), zeta = exp(i pi / N), j < N/2; so X -> X^5 rotates the
// slots to the left by one. The transform is the "special" FFT of [CKKS17]: coefficients c[k] + i c[k + N/2]
// in, slots out. It runs in double with one fixed order of operations and without contraction, so that an
// encoding is the same to the bit wherever the roots are; another libm can round a few of those differently.
#pragma once

#include <complex>
#include <span>
#include <vector>

#include "ckks/ciphertext.h"

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
  /// exact up to the final rounding of each coefficient to double.
  std::vector<double> decode(const CoeffPoly& poly, double scale) const;
  std::vector<std::complex<double>> decode_complex(const CoeffPoly& poly, double scale) const;

 private:
  struct Embedded;  // N coefficients before rounding, and their largest magnitude

  /// `im` is empty for real slots, else as long as `re`.
  Embedded embed(std::span<const double> re, std::span<const double> im, int level, double scale) const;
  EvalPoly round(const Embedded& embedded, int level, bool extended, Threads threads) const;
  std::vector<double> lift(const CoeffPoly& poly) const;     // [N] centred coefficients
  void to_slots(std::span<double> values) const noexcept;    // [N]: real parts, then imaginary parts
  void from_slots(std::span<double> values) const noexcept;  // inverse, times N/2
  void bit_reverse(std::span<double> values) const noexcept;

  ParamsPtr params_;
  std::vector<double> root_re_,
      root_im_;  // [h + j] = exp(2 pi i (5^j mod 8h) / 8h) for h = 1, 2, 4 … < N/2, j < h
  std::vector<std::uint32_t> reversed_;            // [N/2]
  std::vector<u64> one_;                           // [i] Shoup companion of 1 mod q[i]: reduces any word
  std::vector<std::vector<u64>> inverse_, shoup_;  // [i][j] = q[j]^-1 mod q[i], j < i
};

}  // namespace sotto::ckks
