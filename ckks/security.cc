#include "ckks/security.h"

#include <array>
#include <cmath>

#include "base/error.h"

namespace sotto::ckks {
namespace {

struct Row {
  int log_n;
  std::array<int, 3> max_log_qp;  // at 128, 192, 256 bits; 0 = none
};
constexpr std::array kTable = {
    Row{10, {26, 0, 0}},        Row{11, {53, 36, 27}},       Row{12, {106, 73, 56}},
    Row{13, {214, 147, 114}},   Row{14, {430, 297, 230}},    Row{15, {868, 597, 462}},
    Row{16, {1747, 1199, 929}}, Row{17, {3523, 2411, 1866}},
};

}  // namespace

int max_log_qp(int log_n, int security_bits) noexcept {
  const int column = security_bits == 128 ? 0 : security_bits == 192 ? 1 : security_bits == 256 ? 2 : -1;
  for (const Row& row : kTable) {
    if (row.log_n == log_n && column >= 0) return row.max_log_qp[static_cast<std::size_t>(column)];
  }
  return 0;
}

int security_bits(int log_n, double log_qp) noexcept {
  for (int bits : {256, 192, 128}) {
    if (std::ceil(log_qp) <= max_log_qp(log_n, bits)) return bits;
  }
  return 0;
}

void require_secure(const std::string& name, int log_n, double log_qp) {
  if (security_bits(log_n, log_qp) != 0) return;
  const int limit = max_log_qp(log_n, 128);
  const int rounded = static_cast<int>(std::ceil(log_qp));
  std::string text = "params \"" + name + "\": log QP = " + std::to_string(rounded) + " bits exceeds " +
                     std::to_string(limit) + ", the limit for 128-bit security at N = 2^" +
                     std::to_string(log_n) +
                     " (uniform ternary secret, eprint 2024/463 table 5.2); take away " +
                     std::to_string(rounded - limit) + " bits of primes";
  for (const Row& row : kTable) {
    if (row.max_log_qp[0] >= rounded) {
      text += " or raise log_n to " + std::to_string(row.log_n) + " (limit " +
              std::to_string(row.max_log_qp[0]) + ")";
      break;
    }
  }
  throw Error(ErrorCode::kInsecure, text + "; a set for tests only must be named insecure_…");
}

}  // namespace sotto::ckks
