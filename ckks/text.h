// How numbers are written in the sentences of errors.
#pragma once

#include <span>
#include <string>

namespace sotto::ckks {

/// "27.98".
std::string two_decimals(double x);
/// "2^27.98".
std::string power_of_two(double log2_value);
/// "1f00a9c3…": the first four bytes of a hash or a key id.
std::string short_hex(std::span<const unsigned char> bytes);

}  // namespace sotto::ckks
