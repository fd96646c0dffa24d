// The transforms of a backend against direct evaluation, schoolbook products, and the portable backend word
// by word. Part of the suite that docs/ntt-backends.md describes.
#pragma once

#include <array>
#include <thread>

#include "ntt/testing/cases.h"

namespace sotto::ntt::test {

inline u64 multiply_mod(u64 a, u64 b, u64 q) {
  return static_cast<u64>(u128{a} * b % q);
}

inline std::size_t bit_reverse(std::size_t i, int bits) {
  std::size_t r = 0;
  for (int b = 0; b < bits; ++b) r |= ((i >> b) & 1) << (bits - 1 - b);
  return r;
}

/// x(z) mod q by Horner's rule.
inline u64 evaluate(const AlignedWords& x, u64 z, u64 q) {
  u64 value = 0;
  for (std::size_t i = x.size(); i-- > 0;) value = static_cast<u64>((u128{value} * z + x[i]) % q);
  return value;
}

/// a b mod (X^N + 1, q), term by term.
inline std::vector<u64> schoolbook(const AlignedWords& a, const AlignedWords& b, u64 q) {
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

TEST_P(LargeTransformTest, PlanTellsWhatItIs) {
  EXPECT_EQ(plan->backend(), GetParam().backend->name);
  EXPECT_EQ(plan->modulus().value(), q);
  EXPECT_EQ(plan->log_n(), GetParam().log_n);
}

TEST_P(LargeTransformTest, ThreadsShareAPlan) {
  const AlignedWords x = random_limb(q);
  AlignedWords want = x;
  reference->forward(want.span());
  std::array<AlignedWords, 4> results{x, x, x, x};
  std::vector<std::thread> threads;
  for (AlignedWords& result : results) threads.emplace_back([&] { plan->forward(result.span()); });
  for (std::thread& thread : threads) thread.join();
  for (const AlignedWords& result : results) EXPECT_EQ(words(result), words(want));
}

}  // namespace sotto::ntt::test

/// At namespace scope of one source file; `cases` is all_cases or a function that calls cases_of().
#define SOTTO_INSTANTIATE_TRANSFORM_SUITE(prefix, cases)                                                    \
  namespace sotto::ntt::test {                                                                              \
  INSTANTIATE_TEST_SUITE_P(prefix, TinyTransformTest, ::testing::ValuesIn(cases({4, 5, 6, 7})), case_name); \
  INSTANTIATE_TEST_SUITE_P(prefix, LargeTransformTest,                                                      \
                           ::testing::ValuesIn(cases({4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17})),  \
                           case_name);                                                                      \
  }
