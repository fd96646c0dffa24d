// The transforms of every backend against direct evaluation, schoolbook and NTL products, and the portable
// backend word by word.

#include <NTL/ZZ_pX.h>

#include "tests/ntt/cases.h"

namespace sotto::ntt::test {
namespace {

u64 multiply_mod(u64 a, u64 b, u64 q) {
  return static_cast<u64>(u128{a} * b % q);
}

std::size_t bit_reverse(std::size_t i, int bits) {
  std::size_t r = 0;
  for (int b = 0; b < bits; ++b) r |= ((i >> b) & 1) << (bits - 1 - b);
  return r;
}

/// x(z) mod q by Horner's rule.
u64 evaluate(const AlignedWords& x, u64 z, u64 q) {
  u64 value = 0;
  for (std::size_t i = x.size(); i-- > 0;) value = static_cast<u64>((u128{value} * z + x[i]) % q);
  return value;
}

/// a b mod (X^N + 1, q), term by term.
std::vector<u64> schoolbook(const AlignedWords& a, const AlignedWords& b, u64 q) {
  const std::size_t n = a.size();
  std::vector<u64> c(n, 0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      const u64 term = multiply_mod(a[i], b[j], q);
      u64& word = c[(i + j) % n];
      word = i + j < n ? (word + term) % q : (word + q - term) % q;
    }
  }
  return c;
}

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

class TransformTest : public PlanTest {
 protected:
  std::vector<u64> product(const AlignedWords& a, const AlignedWords& b) {
    AlignedWords x = a, y = b;
    plan->forward(x.span());
    plan->forward(y.span());
    plan->multiply(x.span(), x.span(), y.span());
    plan->inverse(x.span());
    return words(x);
  }
};

using TinyTransformTest = TransformTest;
using ProductTest = TransformTest;
using LargeTransformTest = TransformTest;

TEST_P(TinyTransformTest, ForwardEvaluatesAtOddPowersInBitReversedOrder) {
  const u64 psi = primitive_root(Modulus(q), plan->log_n());
  for (const AlignedWords& x : hard_limbs(n, q, rng)) {
    AlignedWords y = x;
    plan->forward(y.span());
    for (std::size_t i = 0; i < n; ++i) {
      const u64 point = Modulus(q).power(psi, 2 * bit_reverse(i, plan->log_n()) + 1);
      ASSERT_EQ(y[i], evaluate(x, point, q)) << "word " << i;
    }
  }
}

TEST_P(TinyTransformTest, ProductEqualsSchoolbook) {
  const std::vector<AlignedWords> limbs = hard_limbs(n, q, rng);
  for (const AlignedWords& a : limbs) {
    for (const AlignedWords& b : limbs) ASSERT_EQ(product(a, b), schoolbook(a, b, q));
  }
}

TEST_P(ProductTest, EqualsNtl) {
  const AlignedWords a = random_limb(q), b = random_limb(q), extreme(n, q - 1);
  EXPECT_EQ(product(a, b), ntl_product(a, b, q));
  EXPECT_EQ(product(a, extreme), ntl_product(a, extreme, q));
  EXPECT_EQ(product(extreme, extreme), ntl_product(extreme, extreme, q));
}

TEST_P(LargeTransformTest, ForwardAgreesWithPortable) {
  for (const AlignedWords& x : hard_limbs(n, q, rng)) {
    AlignedWords got = x, want = x;
    plan->forward(got.span());
    reference->forward(want.span());
    ASSERT_EQ(words(got), words(want));
  }
}

TEST_P(LargeTransformTest, InverseAgreesWithPortable) {
  for (const AlignedWords& x : hard_limbs(n, q, rng)) {
    AlignedWords got = x, want = x;
    plan->inverse(got.span());
    reference->inverse(want.span());
    ASSERT_EQ(words(got), words(want));
  }
}

TEST_P(LargeTransformTest, InverseUndoesForward) {
  for (const AlignedWords& x : hard_limbs(n, q, rng)) {
    AlignedWords y = x;
    plan->forward(y.span());
    plan->inverse(y.span());
    ASSERT_EQ(words(y), words(x));
  }
}

TEST_P(LargeTransformTest, ForwardEvaluatesAtSampledPoints) {
  const Modulus modulus(q);
  const u64 psi = primitive_root(modulus, plan->log_n());
  const AlignedWords x = random_limb(q);
  AlignedWords y = x;
  plan->forward(y.span());
  for (std::size_t i :
       {std::size_t{0}, std::size_t{1}, n / 2, n - 1, static_cast<std::size_t>(rng.below(n))}) {
    const u64 point = modulus.power(psi, 2 * bit_reverse(i, plan->log_n()) + 1);
    EXPECT_EQ(y[i], evaluate(x, point, q)) << "word " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, TinyTransformTest, ::testing::ValuesIn(all_cases({4, 5, 6, 7})),
                         case_name);
INSTANTIATE_TEST_SUITE_P(Backends, ProductTest, ::testing::ValuesIn(all_cases({8, 9, 12})), case_name);
INSTANTIATE_TEST_SUITE_P(Backends, LargeTransformTest,
                         ::testing::ValuesIn(all_cases({4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17})),
                         case_name);

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
