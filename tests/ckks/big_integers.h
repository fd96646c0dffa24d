// GMP as the oracle of residue arithmetic: values by CRT, centred representatives, rounding. Shares no code
// with ckks/.
#pragma once

#include <gmp.h>

#include <memory>
#include <utility>
#include <vector>

#include "ckks/rns_poly.h"

namespace sotto::test {

class Big {
 public:
  Big() { mpz_init(value_); }
  Big(u64 x) { mpz_init_set_ui(value_, x); }  // NOLINT: a number is a number
  Big(const Big& other) { mpz_init_set(value_, other.value_); }
  Big(Big&& other) noexcept {
    mpz_init(value_);
    mpz_swap(value_, other.value_);
  }
  Big& operator=(Big other) noexcept {
    mpz_swap(value_, other.value_);
    return *this;
  }
  ~Big() { mpz_clear(value_); }

  friend Big operator+(Big a, const Big& b) { return mpz_add(a.value_, a.value_, b.value_), a; }
  friend Big operator-(Big a, const Big& b) { return mpz_sub(a.value_, a.value_, b.value_), a; }
  friend Big operator*(Big a, const Big& b) { return mpz_mul(a.value_, a.value_, b.value_), a; }
  /// Floor division and its remainder.
  friend Big operator/(Big a, const Big& b) { return mpz_fdiv_q(a.value_, a.value_, b.value_), a; }
  friend Big operator%(Big a, const Big& b) { return mpz_fdiv_r(a.value_, a.value_, b.value_), a; }
  friend bool operator==(const Big& a, const Big& b) { return mpz_cmp(a.value_, b.value_) == 0; }
  friend bool operator<(const Big& a, const Big& b) { return mpz_cmp(a.value_, b.value_) < 0; }

  Big inverse(const Big& modulus) const {
    Big r;
    mpz_invert(r.value_, value_, modulus.value_);
    return r;
  }
  /// x mod p in [0, p), also for negative x.
  u64 mod(u64 p) const { return mpz_fdiv_ui(value_, p); }
  double to_double() const { return mpz_get_d(value_); }
  static Big from_double(double x) {
    Big r;
    mpz_set_d(r.value_, x);
    return r;
  }

 private:
  mpz_t value_;
};

inline Big product(const std::vector<u64>& primes) {
  Big m(1);
  for (u64 p : primes) m = m * Big(p);
  return m;
}

/// x - M round-to-centre: the representative in (-M/2, M/2] of x modulo M, M odd.
inline Big centred(const Big& x, const Big& m) {
  const Big r = x % m;
  return m < r * Big(2) ? r - m : r;
}

/// The integer in [0, M) with these residues.
inline Big from_residues(const std::vector<u64>& residues, const std::vector<u64>& primes) {
  const Big m = product(primes);
  Big sum(0);
  for (std::size_t i = 0; i < primes.size(); ++i) {
    const Big rest = m / Big(primes[i]);
    sum = sum + Big(residues[i]) * rest * rest.inverse(Big(primes[i]));
  }
  return sum % m;
}

/// floor(x / d + 1/2), d odd: round to nearest.
inline Big round_divide(const Big& x, const Big& d) {
  return (x * Big(2) + d) / (d * Big(2));
}

/// The primes of a polynomial's limbs.
inline std::vector<u64> primes_of(const ckks::Params& params, int q_limbs, int p_limbs = 0) {
  std::vector<u64> primes;
  for (int i = 0; i < q_limbs + p_limbs; ++i) primes.push_back(params.limb(i, q_limbs).modulus().value());
  return primes;
}

/// Centred coefficients.
inline std::vector<Big> coefficients(const ckks::Params& params, const ckks::CoeffPoly& poly) {
  const std::vector<u64> primes = primes_of(params, poly.q_limbs(), poly.p_limbs());
  const Big m = product(primes);
  std::vector<Big> out;
  for (std::size_t k = 0; k < poly.n(); ++k) {
    std::vector<u64> residues;
    for (int i = 0; i < poly.limbs(); ++i) residues.push_back(poly.limb(i)[k]);
    out.push_back(centred(from_residues(residues, primes), m));
  }
  return out;
}
inline std::vector<Big> coefficients(const ckks::Params& params, ckks::EvalPoly poly) {
  return coefficients(params, ckks::inverse(params, std::move(poly)));
}

}  // namespace sotto::test
