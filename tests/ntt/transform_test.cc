// The exported suite of transforms on every backend of the build, and what it lacks for outsiders: products
// by NTL, and all inputs that matter in the smallest ring.

#include <NTL/ZZ_pX.h>

#include "ntt/testing/transform_suite.h"

SOTTO_INSTANTIATE_TRANSFORM_SUITE(Backends, all_cases)

namespace sotto::ntt::test {
namespace {

NTL::ZZ_pX to_ntl(const AlignedWords& a) {
  NTL::ZZ_pX f;
  for (std::size_t i = 0; i < a.size(); ++i) {
    NTL::SetCoeff(f, static_cast<long>(i), NTL::to_ZZ_p(NTL::to_ZZ(static_cast<unsigned long>(a[i]))));
  }
  return f;
}

/// a b mod (X^N + 1, q) by NTL, which shares nothing with us.
std::vector<u64> ntl_product(const AlignedWords& a, const AlignedWords& b, u64 q) {
  NTL::ZZ_p::init(NTL::to_ZZ(static_cast<unsigned long>(q)));
  NTL::ZZ_pX ring;
  NTL::SetCoeff(ring, static_cast<long>(a.size()));
  NTL::SetCoeff(ring, 0);
  const NTL::ZZ_pX product = NTL::MulMod(to_ntl(a), to_ntl(b), ring);
  std::vector<u64> c(a.size());
  for (std::size_t i = 0; i < c.size(); ++i) {
    c[i] = NTL::to_ulong(NTL::rep(NTL::coeff(product, static_cast<long>(i))));
  }
  return c;
}

using ProductTest = TransformTest;

TEST_P(ProductTest, EqualsNtl) {
  const AlignedWords a = random_limb(q), b = random_limb(q), extreme(n, q - 1);
  EXPECT_EQ(product(a, b), ntl_product(a, b, q));
  EXPECT_EQ(product(a, extreme), ntl_product(a, extreme, q));
  EXPECT_EQ(product(extreme, extreme), ntl_product(extreme, extreme, q));
}

INSTANTIATE_TEST_SUITE_P(Backends, ProductTest, ::testing::ValuesIn(all_cases({8, 9, 12})), case_name);

/// A transform is linear, so its values on every multiple of every unit vector decide it: all 16 x 96 of them
/// in the smallest ring.
TEST(ExhaustiveTransform, SmallestRingOnAllMultiplesOfUnitVectors) {
  constexpr int kLogN = 4;
  constexpr u64 kPrime = 97;  // the smallest prime that is 1 mod 32
  const Modulus modulus(kPrime);
  const u64 psi = primitive_root(modulus, kLogN);
  const PlanPtr plan = make_plan(modulus, kLogN, "portable");
  for (std::size_t position = 0; position < plan->n(); ++position) {
    for (u64 value = 1; value < kPrime; ++value) {
      AlignedWords x(plan->n(), 0);
      x[position] = value;
      AlignedWords y = x;
      plan->forward(y.span());
      for (std::size_t i = 0; i < plan->n(); ++i) {
        const u64 exponent = (2 * bit_reverse(i, kLogN) + 1) * position;
        ASSERT_EQ(y[i], value * modulus.power(psi, exponent) % kPrime);
      }
      plan->inverse(y.span());
      ASSERT_TRUE(std::equal(x.data(), x.data() + x.size(), y.data()));
    }
  }
}

}  // namespace
}  // namespace sotto::ntt::test
