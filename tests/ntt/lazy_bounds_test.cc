// That no lazy value outgrows its word, for all inputs: the transforms run on bounds in place of values, and
// the identities they rest on run on words so small that every input can be tried.

#include "ntt/backends/lazy_bounds.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ntt/backends/vector_transform.h"
#include "ntt/primes.h"

namespace sotto::ntt {
namespace {

/// An arithmetic whose words are bounds, as multiples of q.
template <class Bounds, int kLogLanesOfA, int kInner, int kOuter>
class BoundArithmetic : public Bounds {
 public:
  struct Reg {
    int bound;
  };
  struct Twiddle {};
  static constexpr int kLogLanes = kLogLanesOfA, kInnerRadix = kInner, kOuterRadix = kOuter;
  static inline int largest = 0;  // of all words and factors since a test set it to 0

  explicit BoundArithmetic(const Modulus&) {}

  static TwiddleWords twiddle_words(const Modulus&, u64) { return {0, 0}; }
  static Reg load(const u64* p) { return {static_cast<int>(*p)}; }
  static Reg load_canonical(const u64*) { return {1}; }
  static void store(u64* p, Reg x) { std::fill_n(p, std::size_t{1} << kLogLanes, static_cast<u64>(x.bound)); }
  static void store_words(u64* p, Reg x) { store(p, x); }
  void store_canonical(u64* p, Reg x) const {
    note(x.bound);
    store(p, {1});
  }
  static Twiddle broadcast(const u64*) { return {}; }
  static Twiddle load_twiddle(const u64*) { return {}; }

  /// After a transposition each register holds words of all the others.
  static void transpose(Reg* r) {
    Reg worst{0};
    for (int i = 0; i < 1 << kLogLanes; ++i) worst.bound = std::max(worst.bound, r[i].bound);
    std::fill_n(r, 1 << kLogLanes, worst);
  }
  template <bool kReduce>
  void forward_butterfly(Reg& x, Reg& y, Twiddle) const {
    note(x.bound);
    note(y.bound);
    if (kReduce) x.bound = std::min(x.bound, Bounds::kForwardReduced);
    x.bound += Bounds::kProduct;
    y = x;
    note(x.bound);
  }
  /// kBound is what the schedule believes of y; the difference is lifted by it.
  template <int kBound>
  void inverse_butterfly(Reg& x, Reg& y, Twiddle) const {
    EXPECT_LE(y.bound, kBound);
    note(x.bound + kBound);
    x.bound += y.bound;
    y.bound = Bounds::kProduct;
  }
  template <int kBound>
  void last_butterfly(Reg& x, Reg& y, Twiddle t, Twiddle) const {
    inverse_butterfly<kBound>(x, y, t);
    x.bound = y.bound = 1;
  }
  template <int kBound>
  Reg reduce(Reg x) const {
    EXPECT_LE(x.bound, kBound);
    note(x.bound);
    return {Bounds::kReduced};
  }

 private:
  static void note(int bound) { largest = std::max(largest, bound); }
};

/// Any prime does: bounds are multiples of it.
u64 some_prime(int log_n) {
  return largest_prime_below(24, log_n);
}

template <class A>
void expect_within_bounds() {
  for (int log_n = 2 * A::kLogLanes + 1; log_n <= 17; ++log_n) {
    const VectorTransform<A> transform(Modulus(some_prime(log_n)), log_n);
    AlignedWords x(std::size_t{1} << log_n, 1);
    A::largest = 0;
    transform.forward(x.data());
    EXPECT_LE(A::largest, A::forward_limit(log_n)) << "forward, N = 2^" << log_n;
    EXPECT_GT(A::largest, 1) << "forward, N = 2^" << log_n << " did no arithmetic";
    A::largest = 0;
    transform.inverse(x.data());
    EXPECT_LE(A::largest, A::kLimit) << "inverse, N = 2^" << log_n;
    EXPECT_GT(A::largest, 1) << "inverse, N = 2^" << log_n << " did no arithmetic";
    for (u64 word : x.span()) ASSERT_EQ(word, 1u) << "inverse left a word that is not canonical";
  }
}

TEST(LazyBounds, WordsOf52BitsHoldEverySumOfTheTransforms) {
  expect_within_bounds<BoundArithmetic<WordBounds<0>, 3, 4, 3>>();
  expect_within_bounds<BoundArithmetic<WordBounds<1>, 3, 4, 3>>();
  expect_within_bounds<BoundArithmetic<WordBounds<2>, 3, 4, 3>>();
  expect_within_bounds<BoundArithmetic<WordBounds<4>, 3, 4, 3>>();
}

TEST(LazyBounds, DoublesHoldEverySumOfTheTransforms) {
  expect_within_bounds<BoundArithmetic<DoubleBounds<2>, 2, 2, 2>>();
  expect_within_bounds<BoundArithmetic<DoubleBounds<8>, 2, 2, 2>>();
  expect_within_bounds<BoundArithmetic<DoubleBounds<32>, 2, 2, 2>>();
}

TEST(LazyBounds, AnyRadixKeepsThem) {
  expect_within_bounds<BoundArithmetic<WordBounds<1>, 1, 2, 2>>();
  expect_within_bounds<BoundArithmetic<DoubleBounds<8>, 3, 4, 4>>();
}

TEST(LazyBounds, EveryPrimeBelow2To50HasAKernel) {
  const Modulus widest((u64{1} << 50) - 27);
  EXPECT_TRUE(WordBounds<1>::fits(widest, 17));
  EXPECT_FALSE(WordBounds<2>::fits(widest, 17));
  EXPECT_TRUE(DoubleBounds<2>::fits(widest, 17));
  EXPECT_FALSE(DoubleBounds<8>::fits(widest, 17));
  EXPECT_TRUE(WordBounds<0>::fits(Modulus((u64{1} << 46) - 1), 17));
}

// The same products as in avx512_ifma.cc with words of 8 bits in place of 52, hence q < 2^6 in place of 2^50.
constexpr int kWord = 8;
constexpr u64 kWordEnd = u64{1} << kWord;

TEST(MiniatureWords, ShoupProductIsBelowTwoQ) {
  for (u64 q = 3; q < kWordEnd / 4; q += 2) {
    for (u64 w = 0; w < q; ++w) {
      const u64 w_shoup = (w << kWord) / q;
      for (u64 y = 0; y < kWordEnd; ++y) {
        const u64 r = (w * y - ((w_shoup * y) >> kWord) * q) % kWordEnd;
        ASSERT_LT(r, 2 * q);
        ASSERT_EQ(r % q, w * y % q);
      }
    }
  }
}

TEST(MiniatureWords, BarrettReductionIsBelowTwoQ) {
  for (u64 q = 3; q < kWordEnd / 4; q += 2) {
    const u64 reciprocal = kWordEnd / q;
    for (u64 x = 0; x < kWordEnd; ++x) {
      const u64 r = x - ((x * reciprocal) >> kWord) * q;
      ASSERT_LT(r, 2 * q);
      ASSERT_EQ(r % q, x % q);
    }
  }
}

TEST(MiniatureWords, ProductOfTwoVariablesIsBelowThreeQ) {
  for (u64 q = 3; q < kWordEnd / 4; q += 2) {
    const int bits = Modulus(q).bits();
    const u64 reciprocal = (u64{1} << (bits + kWord - 1)) / q;
    ASSERT_LT(reciprocal, kWordEnd);
    for (u64 a = 0; a < q; ++a) {
      for (u64 b = 0; b < q; ++b) {
        ASSERT_LT(a << (kWord - bits), kWordEnd);
        const u64 u = ((a << (kWord - bits)) * (2 * b)) >> kWord;
        const u64 r = (a * b - ((u * reciprocal) >> kWord) * q) % kWordEnd;
        ASSERT_LT(r, 3 * q);
        ASSERT_EQ(r % q, a * b % q);
      }
    }
  }
}

}  // namespace
}  // namespace sotto::ntt
