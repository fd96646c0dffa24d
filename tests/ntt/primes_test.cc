// The prime search against trial division and brute force over all roots.

#include "ntt/primes.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "tests/support/random.h"

namespace sotto::ntt {
namespace {

bool is_prime_by_trial(u64 x) {
  if (x < 2) return false;
  for (u64 d = 2; d * d <= x; ++d) {
    if (x % d == 0) return false;
  }
  return true;
}

TEST(IsPrime, AgreesWithTrialDivisionBelow20000) {
  for (u64 x = 0; x < 20000; ++x) ASSERT_EQ(is_prime(x), is_prime_by_trial(x)) << x;
}

TEST(IsPrime, RefusesPseudoprimes) {
  // Carmichael numbers, the smallest strong pseudoprimes to the first 4, 7 and 9 prime bases (OEIS A014233),
  // and a square.
  for (u64 x : {u64{561}, u64{41041}, u64{3215031751}, u64{341550071728321}, u64{3825123056546413051},
                u64{4294967291} * 4294967291}) {
    EXPECT_FALSE(is_prime(x)) << x;
  }
}

TEST(IsPrime, KnowsTheLargestPrimesOf61And64Bits) {
  EXPECT_TRUE(is_prime((u64{1} << 61) - 1));
  EXPECT_TRUE(is_prime(18446744073709551557u));
  for (u64 x = 18446744073709551558u; x != 0; ++x) EXPECT_FALSE(is_prime(x)) << x;
}

TEST(LargestPrimeBelow, SkipsTakenPrimesAndFindsNoLargerOne) {
  const u64 first = largest_prime_below(30, 13);
  const u64 second = largest_prime_below(30, 13, std::vector<u64>{first});
  EXPECT_LT(second, first);
  for (u64 x = first + 1; x < u64{1} << 30; ++x)
    EXPECT_FALSE(x % (u64{1} << 14) == 1 && is_prime_by_trial(x)) << x;
  for (u64 x = second + (u64{1} << 14); x < first; x += u64{1} << 14) EXPECT_FALSE(is_prime_by_trial(x)) << x;
  EXPECT_EQ(first % (u64{1} << 14), 1u);
  EXPECT_EQ(second % (u64{1} << 14), 1u);
}

TEST(LargestPrimeBelow, SaysWhenThereIsNone) {
  try {
    largest_prime_below(13, 13);
    FAIL() << "no prime of 13 bits is 1 mod 2^14";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_STREQ(
        error.what(),
        "largest_prime_below: no further prime of 13 bits is 1 mod 2^14; choose more bits or a smaller ring");
  }
}

TEST(LargestPrimeBelow, RefusesSizesThatNoBackendTakes) {
  EXPECT_THROW(largest_prime_below(62, 13), Error);
  EXPECT_THROW(largest_prime_below(1, 13), Error);
}

TEST(PrimesBelow, AreTheLargestInOrderAndSayWhenTheyRunOut) {
  EXPECT_EQ(primes_below(200, 4, 2), (std::vector<u64>{193, 97}));
  EXPECT_EQ(primes_below(193, 4, 1), (std::vector<u64>{97})) << "the ceiling itself is not below";
  EXPECT_EQ(primes_below(194, 4, 1), (std::vector<u64>{193}));
  EXPECT_THROW(primes_below(200, 4, 3), Error);
  EXPECT_THROW(primes_below(0, 4, 1), Error);
  const u64 top = u64{1} << 30;
  EXPECT_EQ(primes_below(top, 13, 1).front(), largest_prime_below(30, 13));
}

/// Every prime that is 1 mod 2N below the ceiling, to search by hand.
std::vector<u64> all_primes(int log_n, u64 ceiling) {
  std::vector<u64> primes;
  for (u64 q = (u64{2} << log_n) + 1; q < ceiling; q += u64{2} << log_n) {
    if (is_prime_by_trial(q)) primes.push_back(q);
  }
  return primes;
}

TEST(PrimitiveRoot, IsTheSmallestOfItsOrder) {
  for (int log_n : {3, 4, 5, 7}) {
    for (u64 q : all_primes(log_n, 3000)) {
      const u64 order = u64{2} << log_n;
      u64 want = 0;
      for (u64 x = 2; want == 0; ++x) {
        u64 power = 1;
        u64 k = 0;
        do {
          power = power * x % q;
          ++k;
        } while (power != 1);
        if (k == order) want = x;
      }
      EXPECT_EQ(primitive_root(Modulus(q), log_n), want) << "q " << q << " N 2^" << log_n;
    }
  }
}

TEST(PrimitiveRoot, RefusesAPrimeOfAnotherRing) {
  try {
    primitive_root(Modulus(97), 5);
    FAIL() << "97 is not 1 mod 64";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "primitive_root: 97 is not 1 mod 2^6");
  }
}

}  // namespace
}  // namespace sotto::ntt
