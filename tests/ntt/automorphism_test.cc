// The block table of an automorphism against its definition word by word, for every ring degree.

#include "ntt/automorphism.h"

#include <gtest/gtest.h>

#include "tests/support/random.h"

namespace sotto::ntt::test {
namespace {

u64 brv(u64 x, int bits) {
  u64 r = 0;
  for (int b = 0; b < bits; ++b) r = 2 * r + ((x >> b) & 1);
  return r;
}

/// Where word i comes from, as the kernels read it from the table.
u64 source(const Automorphism& sigma, u64 i) {
  const u64 first = sigma.blocks()[i / 8];
  return first / 8 * 8 + sigma.patterns()[first % 8].source[i % 8];
}

TEST(Automorphism, TableFollowsTheDefinition) {
  sotto::test::Rng rng;
  for (int log_n = 3; log_n <= 17; ++log_n) {
    const u64 n = u64{1} << log_n;
    std::vector<u64> elements{1, 3, 5, 7, 25, n - 1, n + 1, 2 * n - 1, 2 * n - 5, 2 * rng.below(n) + 1};
    if (log_n <= 6) {
      for (u64 g = 1; g < 2 * n; g += 2) elements.push_back(g);
    }
    for (u64 g : elements) {
      const Automorphism sigma(log_n, g);
      ASSERT_EQ(sigma.n(), n);
      for (u64 i = 0; i < n; ++i) {
        const u64 exponent = g * (2 * brv(i, log_n) + 1) % (2 * n);
        ASSERT_EQ(source(sigma, i), brv(exponent / 2, log_n))
            << "N = 2^" << log_n << ", g = " << g << ", word " << i;
      }
    }
  }
}

TEST(Automorphism, InverseElement) {
  sotto::test::Rng rng;
  for (int log_n = 3; log_n <= 17; ++log_n) {
    const u64 n = u64{1} << log_n, g = 2 * rng.below(n) + 1, inverse = inverse_galois_element(log_n, g);
    EXPECT_LT(inverse, 2 * n);
    EXPECT_EQ(g * inverse % (2 * n), 1u);
    const Automorphism forth(log_n, g), back(log_n, inverse);
    for (u64 i = 0; i < n; ++i) ASSERT_EQ(source(forth, source(back, i)), i);
  }
}

}  // namespace
}  // namespace sotto::ntt::test
