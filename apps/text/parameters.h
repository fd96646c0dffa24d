// Parameters of the scheme in words.
#pragma once

#include <string>

#include "ckks/params.h"

namespace sotto::app {

/// "N = 2^13, log QP = 213.4, 128-bit secure".
std::string describe_parameters(const ckks::Params& params);

/// Sizes in bits, runs of equal ones counted: "33 + 5 x 28".
std::string prime_sizes(const std::vector<ntt::u64>& primes);

}  // namespace sotto::app
