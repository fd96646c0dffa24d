#include "ckks/mixed_radix.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/ckks/big_integers.h"
#include "tests/support/random.h"

namespace sotto::ckks {
namespace {

using test::Big;

ParamsPtr chain(std::string_view backend) {
  return Params::make({.name = "insecure_mixed_radix",
                       .log_n = 9,
                       .log_q = {48, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40},
                       .log_p = {48, 48},
                       .q = {},
                       .p = {},
                       .log_scale = 40,
                       .digits = 12},
                      backend);
}

/// Coefficients of every size: random words times random prefixes of the modulus, both signs, and the values
/// next to 0 and to half the modulus.
std::vector<Big> values(const std::vector<u64>& primes, std::size_t n) {
  const Big m = test::product(primes), half = m / Big(2);
  std::vector<Big> out{Big(0), Big(1), m - Big(1), half, half + Big(1), half - Big(1)};
  test::Rng rng;
  while (out.size() < n) {
    Big x(rng.word() >> 8);
    for (std::size_t i = 0; i < out.size() % (primes.size() + 1); ++i)
      x = x * Big(primes[i]) + Big(rng.word());
    out.push_back((out.size() % 2 == 0 ? x : m * Big(primes[0]) - x) % m);
  }
  return out;
}

TEST(MixedRadix, LiftsEveryCoefficientOfEveryTileOnEveryBackend) {
  for (const ntt::BackendInfo& backend : ntt::backends()) {
    if (!backend.usable()) continue;
    const ParamsPtr params = chain(backend.name);
    for (const int count : {1, 2, 7, 12}) {
      const std::vector<u64> primes = test::primes_of(*params, count);
      const std::vector<Big> want = values(primes, params->n());
      CoeffPoly poly(params->n(), count);
      std::vector<const ntt::Plan*> plans;
      std::vector<ntt::ConstLimb> limbs;
      for (int i = 0; i < count; ++i) {
        plans.push_back(&params->q(i));
        limbs.push_back(poly.limb(i));
        for (std::size_t k = 0; k < params->n(); ++k)
          poly.limb(i)[k] = want[k].mod(primes[static_cast<std::size_t>(i)]);
      }
      const MixedRadix lift(plans);
      ASSERT_GT(lift.tiles(), 1);
      std::vector<double> got(params->n(), std::nan(""));
      for (int tile = 0; tile < lift.tiles(); ++tile) lift.lift(limbs, tile, got);
      const Big m = test::product(primes);
      for (std::size_t k = 0; k < params->n(); ++k) {
        const double exact = test::centred(want[k], m).to_double();
        const double roundings = 2 * count + 2;  // of Horner's rule; and GMP cuts what it converts
        ASSERT_LE(std::fabs(got[k] - exact), std::fabs(exact) * roundings * 0x1p-53)
            << backend.name << ", word " << k;
      }
    }
  }
}

}  // namespace
}  // namespace sotto::ckks
