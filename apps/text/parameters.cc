#include "apps/text/parameters.h"

#include <fmt/format.h>

#include <cmath>

namespace sotto::app {

std::string describe_parameters(const ckks::Params& params) {
  const std::string security = params.security_bits() == 0
                                   ? "INSECURE: for tests only"
                                   : fmt::format("{}-bit secure", params.security_bits());
  return fmt::format("N = 2^{}, log QP = {:.1f}, {}", params.log_n(), params.log_qp(), security);
}

std::string prime_sizes(const std::vector<ntt::u64>& primes) {
  const auto bits = [&](std::size_t i) { return std::lround(std::log2(static_cast<double>(primes[i]))); };
  std::string text;
  for (std::size_t i = 0, end = 0; i < primes.size(); i = end) {
    while (end < primes.size() && bits(end) == bits(i)) ++end;
    text += text.empty() ? "" : " + ";
    text += end - i == 1 ? fmt::format("{}", bits(i)) : fmt::format("{} x {}", end - i, bits(i));
  }
  return text;
}

}  // namespace sotto::app
