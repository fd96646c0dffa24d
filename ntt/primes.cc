// Searches primes of an NTT-friendly residue class and the root of unity of each.

#include "ntt/primes.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/error.h"

namespace sotto::ntt {
namespace {

u64 multiply_mod(u64 a, u64 b, u64 m) {
  return static_cast<u64>(u128{a} * b % m);
}

u64 power_mod(u64 base, u64 exponent, u64 m) {
  u64 result = 1;
  for (base %= m; exponent != 0; exponent >>= 1, base = multiply_mod(base, base, m)) {
    if (exponent & 1) result = multiply_mod(result, base, m);
  }
  return result;
}

/// True when `a` does not prove x = d 2^s + 1 composite.
bool passes_miller_rabin(u64 x, u64 a, u64 d, int s) {
  u64 y = power_mod(a, d, x);
  if (y == 1 || y == x - 1) return true;
  for (int i = 1; i < s; ++i) {
    y = multiply_mod(y, y, x);
    if (y == x - 1) return true;
  }
  return false;
}

bool is_free_prime(u64 q, std::span<const u64> taken) {
  return std::find(taken.begin(), taken.end(), q) == taken.end() && is_prime(q);
}

}  // namespace

bool is_prime(u64 x) noexcept {
  // The first twelve primes as bases decide every x < 3.18e23 (Sorenson and Webster 2015).
  constexpr std::array<u64, 12> kBases{2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};
  if (x < 2) return false;
  for (u64 p : kBases) {
    if (x % p == 0) return x == p;
  }
  const int s = std::countr_zero(x - 1);
  const u64 d = (x - 1) >> s;
  return std::all_of(kBases.begin(), kBases.end(), [&](u64 a) { return passes_miller_rabin(x, a, d, s); });
}

u64 largest_prime_below(int bits, int log_n, std::span<const u64> taken) {
  if (bits < 2 || bits > 61) {
    throw Error(ErrorCode::kInvalidArgument,
                "largest_prime_below: primes of " + std::to_string(bits) + " bits; choose 2 to 61");
  }
  const u64 step = u64{1} << (log_n + 1);
  const u64 top = u64{1} << bits;
  for (u64 q = top + 1; q > step;) {
    q -= step;
    if (q < top / 2) break;
    if (is_free_prime(q, taken)) return q;
  }
  throw Error(ErrorCode::kInvalidArgument,
              "largest_prime_below: no further prime of " + std::to_string(bits) + " bits is 1 mod 2^" +
                  std::to_string(log_n + 1) + "; choose more bits or a smaller ring");
}

std::vector<u64> primes_below(u64 ceiling, int log_n, std::size_t count) {
  const u64 step = u64{1} << (log_n + 1);
  std::vector<u64> primes;
  if (ceiling < 2) ceiling = 2;
  for (u64 q = (ceiling - 2) / step * step + 1; primes.size() < count && q > 1; q -= step) {
    if (is_prime(q)) primes.push_back(q);
  }
  if (primes.size() == count) return primes;
  throw Error(ErrorCode::kInvalidArgument, "primes_below: only " + std::to_string(primes.size()) +
                                               " primes below " + std::to_string(ceiling) + " are 1 mod 2^" +
                                               std::to_string(log_n + 1) +
                                               "; choose a higher ceiling or a smaller ring");
}

u64 primitive_root(const Modulus& q, int log_n) {
  const u64 order = u64{1} << (log_n + 1);
  if ((q.value() - 1) % order != 0) {
    throw Error(ErrorCode::kInvalidArgument, "primitive_root: " + std::to_string(q.value()) +
                                                 " is not 1 mod 2^" + std::to_string(log_n + 1));
  }
  u64 root = 0;
  for (u64 g = 2; root == 0; ++g) {
    const u64 candidate = q.power(g, (q.value() - 1) / order);
    if (q.power(candidate, order / 2) == q.value() - 1) root = candidate;
  }
  // The roots of this order are the odd powers of any one of them.
  const u64 square = q.multiply(root, root);
  u64 smallest = root;
  for (u64 i = 1; i < order / 2; ++i) {
    root = q.multiply(root, square);
    smallest = std::min(smallest, root);
  }
  return smallest;
}

}  // namespace sotto::ntt
