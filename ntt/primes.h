// Primes q ≡ 1 (mod 2N) of a wanted size, and the 2N-th root of unity that fixes the transform.
#pragma once

#include <span>
#include <vector>

#include "ntt/modulus.h"

namespace sotto::ntt {

/// Deterministic Miller–Rabin for all 64-bit x.
bool is_prime(u64 x) noexcept;

/// The largest prime < 2^bits with q ≡ 1 (mod 2^(log_n+1)) that is not in `taken`; throws Error if there is
/// none ≥ 2^(bits-1).
u64 largest_prime_below(int bits, int log_n, std::span<const u64> taken = {});

/// The `count` largest primes < ceiling that are 1 mod 2^(log_n+1), descending; throws Error when there are
/// fewer.
std::vector<u64> primes_below(u64 ceiling, int log_n, std::size_t count);

/// The smallest psi in [2, q) of order exactly 2^(log_n+1) mod q (so every backend uses the same root).
u64 primitive_root(const Modulus& q, int log_n);

}  // namespace sotto::ntt
