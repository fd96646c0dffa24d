#include "ntt/roots.h"

#include "ntt/primes.h"

namespace sotto::ntt {
namespace {

AlignedWords bit_reversed_powers(const Modulus& q, u64 root, int log_n) {
  AlignedWords powers(std::size_t{1} << log_n);
  // powers[2^s + k] = powers[k] root^(N / 2^(s+1)), because the new leading bit of the index is worth that
  // exponent when reversed.
  powers[0] = 1;
  for (int s = 0; s < log_n; ++s) {
    const std::size_t m = std::size_t{1} << s;
    const u64 w = q.power(root, u64{1} << (log_n - 1 - s));
    for (std::size_t k = 0; k < m; ++k) powers[m + k] = q.multiply(powers[k], w);
  }
  return powers;
}

}  // namespace

Roots::Roots(const Modulus& q, int log_n) : n_inverse(q.inverse((u64{1} << log_n) % q.value())) {
  const u64 psi = primitive_root(q, log_n);
  forward = bit_reversed_powers(q, psi, log_n);
  inverse = bit_reversed_powers(q, q.inverse(psi), log_n);
}

Roots::~Roots() = default;

}  // namespace sotto::ntt
