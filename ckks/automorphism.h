// The maps X -> X^g of the ring, as permutations of a limb in the evaluation domain.
//
// Word i of a transformed limb is the value at psi^(2 brv(i) + 1), so sigma_g reads it where the polynomial
// takes the value at psi^(g (2 brv(i) + 1)). The same table serves every prime.
#pragma once

#include <cstdint>
#include <vector>

#include "base/aligned.h"

namespace sotto::ckks {

/// index with sigma_g(x)[i] = x[index[i]] for every limb x of 2^log_n words in the evaluation domain; g odd.
std::vector<std::uint32_t> automorphism_table(int log_n, u64 g);

/// g^-1 modulo 2^(log_n+1).
u64 inverse_galois_element(int log_n, u64 g) noexcept;

}  // namespace sotto::ckks
