// Largest modulus that a ring degree may carry at 128, 192 and 256 bits of classical security.
//
// Source: Bossuat et al., "Security Guidelines for Implementing Homomorphic Encryption", eprint 2024/463 (CiC
// 1(4)), table 5.2: uniform ternary secret, error of standard deviation 3.19, all special primes counted. The
// CBD(21) error of ckks/random.h is slightly wider.
#pragma once

#include <string>

namespace sotto::ckks {

/// Largest log2(QP), a whole number of bits, for N = 2^log_n at `security_bits` (128, 192 or 256); 0 when the
/// table has no entry.
int max_log_qp(int log_n, int security_bits) noexcept;

/// 256, 192 or 128: the highest level of the table that (N, log QP) reaches, log QP rounded up; 0 when it
/// reaches none.
int security_bits(int log_n, double log_qp) noexcept;

/// Throws Error (kInsecure) below 128 bits: log QP, the limit for this N, and what to change.
void require_secure(const std::string& name, int log_n, double log_qp);

}  // namespace sotto::ckks
