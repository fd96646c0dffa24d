// The grid that every backend is tested on: ring degrees, primes on both sides of every threshold of a
// kernel, and hard inputs. Part of the suite that docs/ntt-backends.md describes; needs GoogleTest.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <string>
#include <vector>

#include "base/testing/random.h"
#include "ntt/primes.h"
#include "ntt/registry.h"

namespace sotto::ntt::test {

struct Case {
  const BackendInfo* backend;
  int log_n;
  u64 q;
};

inline std::ostream& operator<<(std::ostream& os, const Case& c) {
  return os << c.backend->name << " N=2^" << c.log_n << " q=" << c.q << " (2^"
            << std::log2(static_cast<double>(c.q)) << ")";
}

inline std::string case_name(const ::testing::TestParamInfo<Case>& info) {
  const Case& c = info.param;
  return std::string(c.backend->name) + "_n" + std::to_string(c.log_n) + "_q" + std::to_string(c.q);
}

/// The smallest prime >= bound that is 1 mod 2N.
inline u64 first_prime_from(u64 bound, int log_n) {
  const u64 step = u64{2} << log_n;
  u64 q = (bound + step - 2) / step * step + 1;
  while (!is_prime(q)) q += step;
  return q;
}

/// The largest prime < bound that is 1 mod 2N.
inline u64 last_prime_below(u64 bound, int log_n) {
  return primes_below(bound, log_n, 1).front();
}

/// The smallest prime there is, common sizes, both sides of each bound at which some backend changes its
/// kernel, and the widest.
inline std::vector<u64> primes_to_test(int log_n) {
  const u64 widest_of_34q = (u64{1} << 52) / 34, wide_34q = ~u64{0} / 34;  // avx512ifma, avx512dq
  const u64 portable_forward = ~u64{0} / static_cast<u64>(1 + 2 * log_n) + 1;
  const u64 portable_inverse = u64{1} << (64 - log_n);
  std::vector<u64> primes;
  if (log_n <= 13) {
    primes = {first_prime_from(3, log_n), last_prime_below(u64{1} << 30, log_n),
              last_prime_below(u64{1} << 40, log_n)};
    if (log_n <= 11) primes.push_back(last_prime_below(u64{1} << 20, log_n));
  }
  for (u64 bound : {u64{1} << 46, widest_of_34q + 1, u64{1} << 47, u64{1} << 48, u64{1} << 49, u64{1} << 50,
                    portable_inverse, portable_forward, wide_34q + 1, u64{1} << 60}) {
    primes.push_back(last_prime_below(bound, log_n));
    if (log_n <= 13) primes.push_back(first_prime_from(bound, log_n));
  }
  primes.push_back(last_prime_below(u64{1} << 61, log_n));
  std::sort(primes.begin(), primes.end());
  primes.erase(std::unique(primes.begin(), primes.end()), primes.end());
  return primes;
}

/// Every combination that the backends support, whether or not this CPU can run it: what it cannot run is
/// skipped by name.
inline std::vector<Case> cases_of(std::span<const BackendInfo> backends, const std::vector<int>& log_ns) {
  std::vector<Case> cases;
  for (const BackendInfo& backend : backends) {
    for (int log_n : log_ns) {
      for (u64 q : primes_to_test(log_n)) {
        if (backend.supports(Modulus(q), log_n)) cases.push_back({&backend, log_n, q});
      }
    }
  }
  return cases;
}
/// A backend on its own, registered or not; it must live as long as the program.
inline std::vector<Case> cases_of(const BackendInfo& backend, const std::vector<int>& log_ns) {
  return cases_of(std::span(&backend, 1), log_ns);
}
inline std::vector<Case> all_cases(const std::vector<int>& log_ns) {
  return cases_of(backends(), log_ns);
}

/// Limbs that break what random ones do not: all 0, all 1, all q-1, alternating, spikes at both ends, ramps,
/// and one random limb.
inline std::vector<AlignedWords> hard_limbs(std::size_t n, u64 q, sotto::test::Rng& rng) {
  std::vector<AlignedWords> limbs;
  for (u64 fill : {u64{0}, u64{1}, q - 1, q / 2}) limbs.emplace_back(n, fill);
  AlignedWords alternating(n, 0), first(n, 0), last(n, 0), ramp(n), random(n);
  for (std::size_t i = 0; i < n; ++i) {
    if (i % 2 == 1) alternating[i] = q - 1;
    ramp[i] = (q - 1 - i % q);
    random[i] = rng.below(q);
  }
  first[0] = q - 1;
  last[n - 1] = q - 1;
  for (AlignedWords* limb : {&alternating, &first, &last, &ramp, &random}) limbs.push_back(std::move(*limb));
  return limbs;
}

/// A test over one case; skipped with the reason where the CPU lacks the backend.
class PlanTest : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const Case& c = GetParam();
    if (!c.backend->usable()) GTEST_SKIP() << c.backend->name << " needs " << c.backend->missing();
    plan = c.backend->make(Modulus(c.q), c.log_n);
    reference = make_plan(Modulus(c.q), c.log_n, "portable");
    n = plan->n();
    q = c.q;
  }

  AlignedWords random_limb(u64 bound) {
    AlignedWords limb(n);
    for (std::size_t i = 0; i < n; ++i) limb[i] = rng.below(bound);
    return limb;
  }
  static std::vector<u64> words(const AlignedWords& limb) { return {limb.data(), limb.data() + limb.size()}; }

  sotto::test::Rng rng;
  PlanPtr plan, reference;
  std::size_t n = 0;
  u64 q = 0;
};

}  // namespace sotto::ntt::test
