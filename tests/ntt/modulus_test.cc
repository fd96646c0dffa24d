// Scalar arithmetic modulo one prime: exhaustive for small primes, against 128-bit division for large ones.

#include "ntt/modulus.h"

#include "tests/support/random.h"

namespace sotto::ntt {
namespace {

constexpr u64 kWidest = (u64{1} << 61) - 1;

TEST(Modulus, SmallPrimesExhaustively) {
  for (u64 q : {3, 5, 17, 97, 113}) {
    const Modulus m(q);
    for (u64 a = 0; a < q; ++a) {
      EXPECT_EQ(m.negate(a), (q - a) % q);
      if (a != 0) {
        EXPECT_EQ(m.inverse(a) * a % q, 1u);
      }
      for (u64 b = 0; b < q; ++b) {
        ASSERT_EQ(m.add(a, b), (a + b) % q);
        ASSERT_EQ(m.subtract(a, b), (a + q - b) % q);
        ASSERT_EQ(m.multiply(a, b), a * b % q);
        ASSERT_EQ(m.multiply_shoup(a, b, m.shoup(b)), a * b % q);
      }
    }
  }
}

TEST(Modulus, ReducesEvery128BitWord) {
  test::Rng rng;
  for (u64 q : {u64{3}, u64{97}, (u64{1} << 30) - 35, (u64{1} << 50) - 27, kWidest}) {
    const Modulus m(q);
    for (u128 x : {u128{0}, u128{q} - 1, u128{q}, u128{q} * q, ~u128{0}, ~u128{0} - q, (~u128{0} / q) * q,
                   (~u128{0} / q) * q - 1}) {
      EXPECT_EQ(m.reduce(x), static_cast<u64>(x % q));
    }
    for (int i = 0; i < 20000; ++i) {
      const u128 x = (u128{rng.word()} << 64 | rng.word()) >> rng.below(128);
      ASSERT_EQ(m.reduce(x), static_cast<u64>(x % q));
    }
  }
}

TEST(Modulus, LazyShoupProductStaysBelowTwoQForAnyWord) {
  test::Rng rng;
  for (u64 q : {u64{97}, (u64{1} << 50) - 27, kWidest}) {
    const Modulus m(q);
    for (int i = 0; i < 20000; ++i) {
      const u64 y = i == 0 ? ~u64{0} : rng.word(), w = i % 2 == 0 ? q - 1 : rng.below(q);
      const u64 r = m.multiply_shoup_lazy(y, w, m.shoup(w));
      ASSERT_LT(r, 2 * q);
      ASSERT_EQ(r % q, static_cast<u64>(u128{y} * w % q));
    }
  }
}

TEST(Modulus, MaskedReductionsAreRightAtTheEdges) {
  EXPECT_EQ(reduce_once(0, kWidest), 0u);
  EXPECT_EQ(reduce_once(kWidest - 1, kWidest), kWidest - 1);
  EXPECT_EQ(reduce_once(kWidest, kWidest), 0u);
  EXPECT_EQ(reduce_once(4 * kWidest - 1, 2 * kWidest), 2 * kWidest - 1);
  for (u64 q : {u64{97}, kWidest}) {
    const Modulus m(q);
    for (u64 a : {u64{0}, u64{1}, q - 1}) {
      EXPECT_EQ(m.negate(a), a == 0 ? 0 : q - a);
      EXPECT_EQ(m.add(a, m.negate(a)), 0u);
      for (u64 b : {u64{0}, u64{1}, q - 1}) EXPECT_EQ(m.add(m.subtract(a, b), b), a);
    }
    EXPECT_EQ(m.reduce(~u64{0}), ~u64{0} % q);
  }
}

TEST(Modulus, PowersFollowFermat) {
  test::Rng rng;
  const Modulus m(kWidest);
  EXPECT_EQ(m.power(0, 0), 1u);
  for (int i = 0; i < 100; ++i) {
    const u64 a = 1 + rng.below(kWidest - 1), e = rng.below(1000);
    EXPECT_EQ(m.power(a, kWidest - 1), 1u);
    EXPECT_EQ(m.multiply(m.power(a, e), m.power(a, e + 1)), m.power(a, 2 * e + 1));
    EXPECT_EQ(m.multiply(a, m.inverse(a)), 1u);
  }
}

}  // namespace
}  // namespace sotto::ntt
