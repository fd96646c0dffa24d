#include "ckks/text.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

namespace sotto::ckks {

std::string two_decimals(double x) {
  char text[330];  // the largest double has 309 digits
  std::snprintf(text, sizeof text, "%.2f", x);
  return text;
}

std::string power_of_two(double log2_value) {
  return "2^" + two_decimals(log2_value);
}

std::string short_hex(std::span<const unsigned char> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes.first(std::min<std::size_t>(bytes.size(), 4))) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text + "…";
}

}  // namespace sotto::ckks
