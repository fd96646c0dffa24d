// That no lazy value outgrows its word, for all inputs: the transforms run on bounds in place of values, and
// the identities they rest on run on words so small that every input can be tried.

#include "ntt/backends/lazy_bounds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "ntt/backends/vector_transform.h"
#include "ntt/primes.h"

namespace sotto::ntt {
namespace {

/// What is known of a word: it lies in [low, high] q; or the word itself, while tables are made.
struct Interval {
  double low, high;
  u64 word;
  bool is_word;
};

/// An arithmetic whose words are intervals, for 52-bit words and for doubles.
template <class Bounds, int kLogLanesOfA, int kTail, int kInner, int kOuter>
class BoundArithmetic : public Bounds {
 public:
  using Reg = Interval;
  struct Twiddle {};
  static constexpr bool kSigned = !requires { Bounds::kLift; };
  static constexpr int kLogLanes = kLogLanesOfA, kLogTailRegisters = kTail;
  static constexpr int kInnerRadix = kInner, kOuterRadix = kOuter, kDerivesFrom = 99;
  static inline double lowest = 0, highest = 0;  // of all words and factors since a test set them to 0

  explicit BoundArithmetic(const Modulus&) {}

  static TwiddleWords twiddle_words(const Modulus&, u64) { return {0, 0}; }
  /// Bounds go through memory as multiples of 1/1024, rounded outwards, with bit 63 set.
  static Reg load(const u64* p) {
    if (*p >> 63 == 0) return {0, 0, *p, true};
    const auto half = [&](int shift) { return static_cast<double>(*p >> shift & 0x7fffffff) / 1024 - 1024; };
    return {half(32), half(0), 0, false};
  }
  static void store(u64* p, Reg x) {
    const auto half = [](double bound) { return static_cast<u64>((bound + 1024) * 1024) & 0x7fffffff; };
    const u64 packed = x.is_word ? x.word
                                 : u64{1} << 63 | half(std::floor(x.low * 1024) / 1024) << 32 |
                                       half(std::ceil(x.high * 1024) / 1024);
    std::fill_n(p, std::size_t{1} << kLogLanes, packed);
  }
  static Reg load_canonical(const u64*) { return {0, 1, 0, false}; }
  template <int kBound>
  void store_canonical(u64* p, Reg x) const {
    expect_below(x, kBound);
    store(p, {0, 1, 0, false});
  }
  static Twiddle broadcast(const u64*, std::size_t) { return {}; }
  static Twiddle load_twiddle(const u64*, std::size_t) { return {}; }

  /// After an exchange each register holds words of both.
  template <int>
  static void split(Reg& a, Reg& b) {
    if (a.is_word) return;
    a.low = b.low = std::min(a.low, b.low);
    a.high = b.high = std::max(a.high, b.high);
  }
  template <int kStep>
  static void join(Reg& a, Reg& b) {
    split<kStep>(a, b);
  }

  Reg lift(Reg x) const { return {x.low + kLift(), x.high + kLift(), 0, false}; }
  Reg product(Reg y, Twiddle) const {
    note(y);
    return {kSigned ? -spread(y) : 0, spread(y), 0, false};
  }
  Reg lifted_product(Reg y, Twiddle t) const { return lift(product(y, t)); }

  template <bool kReduce>
  void forward_butterfly(Reg& x, Reg& y, Twiddle t) const {
    if (kReduce) {
      note(x);
      if (!kSigned) {
        EXPECT_LE(x.high, 2 * Bounds::kForwardReduced);
      }
      x = {kSigned ? -double{Bounds::kForwardReduced} : 0, double{Bounds::kForwardReduced}, 0, false};
    }
    const Reg p = product(y, t);
    const double offset = kSigned || kLift() > 0 ? 0 : 2;  // keeps the difference positive
    y = {x.low - p.high + offset, x.high - p.low + offset, 0, false};
    x = {x.low + p.low, x.high + p.high, 0, false};
    note(x);
    note(y);
  }
  /// kBound is what the schedule believes of y; the difference of words is lifted by it.
  template <int kBound>
  void inverse_butterfly(Reg& x, Reg& y, Twiddle t) const {
    expect_below(y, kBound);
    const double offset = kSigned ? 0 : kBound;
    const Reg difference{x.low - y.high + offset, x.high - y.low + offset, 0, false};
    x = {x.low + y.low, x.high + y.high, 0, false};
    note(x);
    y = product(difference, t);
  }
  template <int kBound>
  Reg reduce(Reg x) const {
    expect_below(x, kBound);
    note(x);
    return {kSigned ? -double{Bounds::kReduced} : 0, double{Bounds::kReduced}, 0, false};
  }

 private:
  static constexpr double kLift() {
    if constexpr (kSigned) {
      return 0;
    } else {
      return Bounds::kLift;
    }
  }
  /// What w y stays below: (1 + y 2^-52) q for words, and kLimit q <= 2^52.
  static double spread(Reg y) { return kSigned ? Bounds::kProduct : 1 + y.high / Bounds::kLimit; }
  static void expect_below(Reg x, int bound) {
    EXPECT_LE(x.high, bound);
    EXPECT_GE(x.low, kSigned ? -bound : 0);
  }
  static void note(Reg x) {
    lowest = std::min(lowest, x.low);
    highest = std::max(highest, x.high);
  }
};

/// Any prime does: bounds are multiples of it.
u64 some_prime(int log_n) {
  return largest_prime_below(24, log_n);
}

template <class A>
void expect_within_bounds() {
  const double floor = A::kSigned ? -A::kLimit : 0;
  for (int log_n = A::kLogLanes + 1; log_n <= 17; ++log_n) {
    const VectorTransform<A> transform(Modulus(some_prime(log_n)), log_n);
    AlignedWords x(std::size_t{1} << log_n, 0);
    for (bool forward : {true, false}) {
      A::lowest = A::highest = 0;
      forward ? transform.forward(x.data()) : transform.inverse(x.data());
      EXPECT_LE(A::highest, A::kLimit) << (forward ? "forward" : "inverse") << ", N = 2^" << log_n;
      EXPECT_GE(A::lowest, floor) << (forward ? "forward" : "inverse") << ", N = 2^" << log_n;
      EXPECT_GT(A::highest, 1) << (forward ? "forward" : "inverse") << ", N = 2^" << log_n
                               << ": no arithmetic";
      for (u64 word : x.span()) ASSERT_EQ(A::load(&word).high, 1) << "a word that is not canonical";
    }
  }
}

TEST(LazyBounds, WordsOf52BitsHoldEverySumOfTheTransforms) {
  expect_within_bounds<BoundArithmetic<WordBounds<34>, 3, 4, 4, 3>>();
  expect_within_bounds<BoundArithmetic<WordBounds<4>, 3, 4, 4, 3>>();
  expect_within_bounds<BoundArithmetic<WordBounds<8>, 3, 4, 4, 3>>();
  expect_within_bounds<BoundArithmetic<WordBounds<16>, 3, 4, 4, 3>>();
}

TEST(LazyBounds, DoublesHoldEverySumOfTheTransforms) {
  expect_within_bounds<BoundArithmetic<DoubleBounds<2>, 2, 4, 2, 2>>();
  expect_within_bounds<BoundArithmetic<DoubleBounds<8>, 2, 4, 2, 2>>();
  expect_within_bounds<BoundArithmetic<DoubleBounds<32>, 2, 4, 2, 2>>();
}

TEST(LazyBounds, AnyRadixKeepsThem) {
  expect_within_bounds<BoundArithmetic<WordBounds<4>, 1, 2, 2, 2>>();
  expect_within_bounds<BoundArithmetic<DoubleBounds<8>, 3, 4, 4, 4>>();
}

TEST(LazyBounds, EveryPrimeBelow2To50HasAKernel) {
  const Modulus widest((u64{1} << 50) - 27);
  EXPECT_TRUE(WordBounds<4>::fits(widest));
  EXPECT_FALSE(WordBounds<8>::fits(widest));
  EXPECT_TRUE(DoubleBounds<2>::fits(widest));
  EXPECT_FALSE(DoubleBounds<8>::fits(widest));
  EXPECT_TRUE(WordBounds<34>::fits(Modulus(131306236361579)));  // 2^46.9
  EXPECT_TRUE(WordBounds<16>::fits(Modulus((u64{1} << 48) - 1)));
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
