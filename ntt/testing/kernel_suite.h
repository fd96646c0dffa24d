// Every limb kernel of a backend against 128-bit arithmetic with the operator %, on random and on extreme
// words. Part of the suite that docs/ntt-backends.md describes.
#pragma once

#include <functional>

#include "ntt/testing/cases.h"

namespace sotto::ntt::test {

class KernelTest : public PlanTest {
 protected:
  using Binary = std::function<u128(u64, u64)>;

  /// Checks kernel(out, a, b) against want(a[i], b[i]) mod q on all pairs of hard limbs, with out apart and
  /// with out = a and out = b.
  void expect_pointwise(const std::function<void(Limb, ConstLimb, ConstLimb)>& kernel, const Binary& want) {
    const std::vector<AlignedWords> limbs = hard_limbs(n, q, rng);
    for (const AlignedWords& a : limbs) {
      for (const AlignedWords& b : limbs) {
        std::vector<u64> expected(n);
        for (std::size_t i = 0; i < n; ++i) expected[i] = static_cast<u64>(want(a[i], b[i]) % q);
        AlignedWords out(n), left = a, right = b;
        kernel(out.span(), a.span(), b.span());
        ASSERT_EQ(words(out), expected);
        kernel(left.span(), left.span(), b.span());
        ASSERT_EQ(words(left), expected) << "out is the first operand";
        kernel(right.span(), a.span(), right.span());
        ASSERT_EQ(words(right), expected) << "out is the second operand";
      }
    }
  }

  /// k limbs of words below `bound`; the first is all bound - 1, so that sums come near their largest value
  /// when k is 1.
  std::vector<AlignedWords> rows_below(u64 bound, std::size_t k, bool extreme) {
    std::vector<AlignedWords> rows;
    for (std::size_t r = 0; r < k; ++r) {
      rows.push_back(extreme ? AlignedWords(n, bound - 1) : random_limb(bound));
    }
    return rows;
  }
  static std::vector<const u64*> pointers(const std::vector<AlignedWords>& rows) {
    std::vector<const u64*> p;
    for (const AlignedWords& row : rows) p.push_back(row.data());
    return p;
  }

  /// sigma_g on coefficients takes X^k to X^(g k), with X^N = -1.
  void expect_permutes() {
    const AlignedWords x = random_limb(q);
    AlignedWords transformed = x, expected(n), out(n);
    plan->forward(transformed.span());
    const std::size_t step = n <= 32 ? 2 : n / 8 - 2;  // all g, or a few in each class modulo 8
    for (u64 g = 1; g < 2 * n; g += step) {
      for (std::size_t k = 0; k < n; ++k) {
        const u64 exponent = g * k % (2 * n);
        expected[exponent % n] = exponent < n ? x[k] : (x[k] == 0 ? 0 : q - x[k]);
      }
      plan->forward(expected.span());
      plan->permute(out.span(), transformed.span(), Automorphism(plan->log_n(), g));
      ASSERT_EQ(words(out), words(expected)) << "g = " << g;
    }
  }
};

TEST_P(KernelTest, Add) {
  expect_pointwise([&](Limb out, ConstLimb a, ConstLimb b) { plan->add(out, a, b); },
                   [](u64 a, u64 b) { return u128{a} + b; });
}

TEST_P(KernelTest, Subtract) {
  expect_pointwise([&](Limb out, ConstLimb a, ConstLimb b) { plan->subtract(out, a, b); },
                   [&](u64 a, u64 b) { return u128{a} + q - b; });
}

TEST_P(KernelTest, Negate) {
  expect_pointwise([&](Limb out, ConstLimb a, ConstLimb) { plan->negate(out, a); },
                   [&](u64 a, u64) { return u128{q} - a; });
}

TEST_P(KernelTest, Multiply) {
  expect_pointwise([&](Limb out, ConstLimb a, ConstLimb b) { plan->multiply(out, a, b); },
                   [](u64 a, u64 b) { return u128{a} * b; });
}

TEST_P(KernelTest, MultiplyAdd) {
  for (const AlignedWords& acc : {AlignedWords(n, q - 1), AlignedWords(n, 0), random_limb(q)}) {
    for (const AlignedWords& a : hard_limbs(n, q, rng)) {
      for (const AlignedWords& b : {AlignedWords(n, q - 1), random_limb(q)}) {
        AlignedWords out = acc;
        plan->multiply_add(out.span(), a.span(), b.span());
        for (std::size_t i = 0; i < n; ++i) {
          ASSERT_EQ(out[i], static_cast<u64>((u128{a[i]} * b[i] + acc[i]) % q)) << "word " << i;
        }
      }
    }
  }
}

TEST_P(KernelTest, MultiplyScalar) {
  for (u64 c : {u64{0}, u64{1}, q - 1, rng.below(q)}) {
    expect_pointwise([&](Limb out, ConstLimb a, ConstLimb) { plan->multiply_scalar(out, a, c); },
                     [&](u64 a, u64) { return u128{a} * c; });
  }
}

TEST_P(KernelTest, AddScalar) {
  for (u64 c : {u64{0}, u64{1}, q - 1, rng.below(q)}) {
    expect_pointwise([&](Limb out, ConstLimb a, ConstLimb) { plan->add_scalar(out, a, c); },
                     [&](u64 a, u64) { return u128{a} + c; });
  }
}

TEST_P(KernelTest, SubtractMultiplyScalar) {
  for (u64 c : {u64{0}, u64{1}, q - 1, rng.below(q)}) {
    expect_pointwise(
        [&](Limb out, ConstLimb a, ConstLimb b) { plan->subtract_multiply_scalar(out, a, b, c); },
        [&](u64 a, u64 b) { return (u128{a} + q - b) * c; });
  }
}

TEST_P(KernelTest, InnerProduct) {
  for (std::size_t k : {1, 2, 3, 8, 15, 16, 17, 31, 32, 33, 64}) {
    for (bool extreme : {true, false}) {
      const std::vector<AlignedWords> a = rows_below(q, k, extreme), b = rows_below(q, k, extreme);
      const auto pa = pointers(a), pb = pointers(b);
      AlignedWords out(n);
      plan->inner_product(out.span(), pa, pb);
      for (std::size_t i = 0; i < n; ++i) {
        u128 sum = 0;
        for (std::size_t r = 0; r < k; ++r) sum = (sum + u128{a[r][i]} * b[r][i]) % q;
        ASSERT_EQ(out[i], static_cast<u64>(sum)) << k << " rows, word " << i;
      }
    }
  }
}

TEST_P(KernelTest, InnerProductIntoAnOperand) {
  std::vector<AlignedWords> a = rows_below(q, 3, false), b = rows_below(q, 3, false);
  const auto pa = pointers(a), pb = pointers(b);
  AlignedWords apart(n);
  plan->inner_product(apart.span(), pa, pb);
  plan->inner_product(a[1].span(), pa, pb);
  EXPECT_EQ(words(a[1]), words(apart));
}

TEST_P(KernelTest, CombineTakesRowsOfWiderPrimes) {
  const u64 bound = u64{1} << plan->input_bits();
  for (std::size_t k : {1, 2, 4, 11, 12, 16, 17, 28, 60, 64}) {
    for (bool extreme : {true, false}) {
      const std::vector<AlignedWords> x = rows_below(bound, k, extreme);
      std::vector<u64> c(k);
      for (u64& word : c) word = extreme ? q - 1 : rng.below(q);
      AlignedWords out(n);
      plan->combine(out.span(), pointers(x), plan->combine_factors(c));
      for (std::size_t i = 0; i < n; ++i) {
        u128 sum = 0;
        for (std::size_t r = 0; r < k; ++r) sum = (sum + u128{x[r][i]} * c[r]) % q;
        ASSERT_EQ(out[i], static_cast<u64>(sum)) << k << " rows, word " << i;
      }
    }
  }
}

TEST_P(KernelTest, ReduceTakesWordsOfWiderPrimes) {
  const u64 bound = u64{1} << plan->input_bits();
  AlignedWords near_multiples(n);  // k q - 1, k q, k q + 1, where a quotient estimate errs first
  for (std::size_t i = 0; i < n; ++i) {
    const u64 multiple = rng.below(bound / q + 1) * q;
    near_multiples[i] = std::min(multiple == 0 ? i % 2 : multiple - 1 + i % 3, bound - 1);
  }
  for (const AlignedWords& x : {AlignedWords(n, bound - 1), near_multiples, random_limb(bound)}) {
    AlignedWords out(n);
    plan->reduce(out.span(), x.span());
    for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(out[i], x[i] % q) << "word " << i << " = " << x[i];
  }
}

TEST_P(KernelTest, RoundQuotient) {
  for (int shift : {52, 64}) {
    if (shift == 64 && plan->input_bits() < 61) continue;
    const int row_bits = shift == 52 ? 50 : 61;
    for (std::size_t k : {1, 3, 8, 64}) {
      for (bool extreme : {true, false}) {
        const std::vector<AlignedWords> x = rows_below(u64{1} << row_bits, k, extreme);
        std::vector<u64> tau(k);
        for (u64& t : tau) t = extreme ? (u64{1} << 52) - 1 : rng.below(u64{1} << 52);
        AlignedWords out(n);
        plan->round_quotient(out.span(), pointers(x), tau, shift);
        for (std::size_t i = 0; i < n; ++i) {
          u128 sum = u64{1} << (kQuotientBits - 1);
          for (std::size_t r = 0; r < k; ++r) sum += (u128{x[r][i]} * tau[r]) >> shift;
          ASSERT_EQ(out[i], static_cast<u64>(sum >> kQuotientBits)) << k << " rows, word " << i;
        }
      }
    }
  }
}

/// Callers that work tile by tile hand over pieces of limbs; words beyond the piece must stay.
TEST_P(KernelTest, PiecesOfLimbs) {
  constexpr std::size_t kPiece = 64;
  if (n < 3 * kPiece) return;
  const AlignedWords a = random_limb(q), b = random_limb(q), before = random_limb(q);
  const auto piece = [](ConstLimb limb) { return limb.subspan(kPiece, kPiece); };
  const auto expect_piece = [&](const AlignedWords& got, const AlignedWords& whole) {
    for (std::size_t i = 0; i < n; ++i) {
      ASSERT_EQ(got[i], i / kPiece == 1 ? whole[i] : before[i]) << "word " << i;
    }
  };
  const std::vector<const u64*> left{a.data(), b.data()}, right{b.data(), before.data()};
  const std::vector<const u64*> left_piece{a.data() + kPiece, b.data() + kPiece},
      right_piece{b.data() + kPiece, before.data() + kPiece};
  const std::vector<u64> c{q - 1, q / 2};
  AlignedWords whole(n), got = before;
  plan->multiply(whole.span(), a.span(), b.span());
  plan->multiply(got.span().subspan(kPiece, kPiece), piece(a.span()), piece(b.span()));
  expect_piece(got, whole);
  got = before;
  plan->inner_product(whole.span(), left, right);
  plan->inner_product(got.span().subspan(kPiece, kPiece), left_piece, right_piece);
  expect_piece(got, whole);
  got = before;
  plan->combine(whole.span(), left, plan->combine_factors(c));
  plan->combine(got.span().subspan(kPiece, kPiece), left_piece, plan->combine_factors(c));
  expect_piece(got, whole);
  got = before;
  plan->round_quotient(whole.span(), left, c, 52);
  plan->round_quotient(got.span().subspan(kPiece, kPiece), left_piece, c, 52);
  expect_piece(got, whole);
}

TEST_P(KernelTest, PermuteIsAnAutomorphism) {
  expect_permutes();
}

/// A ring whose limbs and tables exceed the inner caches, where a backend may permute in another way.
class LargePermuteTest : public KernelTest {};

TEST_P(LargePermuteTest, PermuteIsAnAutomorphism) {
  expect_permutes();
}

/// One prime of each backend, for what does not depend on it.
inline std::vector<Case> one_of_each_backend(std::vector<Case> cases) {
  const auto same = [](const Case& a, const Case& b) { return a.backend == b.backend; };
  cases.erase(std::unique(cases.begin(), cases.end(), same), cases.end());
  return cases;
}

}  // namespace sotto::ntt::test

/// As SOTTO_INSTANTIATE_TRANSFORM_SUITE.
#define SOTTO_INSTANTIATE_KERNEL_SUITE(prefix, cases)                                                       \
  namespace sotto::ntt::test {                                                                              \
  INSTANTIATE_TEST_SUITE_P(prefix, KernelTest, ::testing::ValuesIn(cases({4, 5, 7, 10})), case_name);       \
  INSTANTIATE_TEST_SUITE_P(prefix, LargePermuteTest, ::testing::ValuesIn(one_of_each_backend(cases({16}))), \
                           case_name);                                                                      \
  }
