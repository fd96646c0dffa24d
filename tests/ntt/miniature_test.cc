// The lazy transform of 52-bit words in miniature: VectorTransform and WordArithmetic, the templates of
// avx512ifma, on words of 12 bits, where every step can be tried on every input, and where each step checks
// on real values what its bounds claim.
//
// Words behave as there: 64-bit lanes of which products read the low 12 bits, with garbage above. A value
// that outgrew its word would be off by 2^12, which is no multiple of q, so that the congruences checked here
// notice it.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/testing/random.h"
#include "ntt/backends/vector_transform.h"
#include "ntt/backends/verified.h"
#include "ntt/backends/word_arithmetic.h"
#include "ntt/primes.h"

namespace sotto::ntt {
namespace {

/// Two lanes and the instructions that avx512ifma has for eight.
struct MiniatureLanes {
  using Reg = std::array<u64, 2>;
  static constexpr int kWordBits = 12, kLogLanes = 1, kLogTailRegisters = 2;
  static constexpr int kInnerRadix = 2, kOuterRadix = 2, kDerivesFrom = 5;
  static constexpr u64 kWordEnd = u64{1} << kWordBits;

  static Reg set1(u64 x) { return {x, x}; }
  static Reg load(const u64* p) { return {p[0], p[1]}; }
  static void store(u64* p, Reg x) { std::copy(x.begin(), x.end(), p); }
  static Reg add(Reg a, Reg b) { return {a[0] + b[0], a[1] + b[1]}; }
  static Reg subtract(Reg a, Reg b) { return {a[0] - b[0], a[1] - b[1]}; }
  static Reg add_lo(Reg acc, Reg a, Reg b) {
    const Reg p = product(a, b);
    return add(acc, {p[0] % kWordEnd, p[1] % kWordEnd});
  }
  static Reg hi(Reg a, Reg b) {
    const Reg p = product(a, b);
    return {p[0] / kWordEnd, p[1] / kWordEnd};
  }
  static Reg low(Reg a) { return {a[0] % kWordEnd, a[1] % kWordEnd}; }
  static Reg subtract_once(Reg a, Reg m) {
    const Reg less = subtract(a, m);
    return {std::min(a[0], less[0]), std::min(a[1], less[1])};
  }
  static Reg shift_left(Reg a, int bits) { return {a[0] << bits, a[1] << bits}; }
  static Reg minus_one_if_negative(Reg a) {
    const Reg sign{low(a)[0] / (kWordEnd / 2), low(a)[1] / (kWordEnd / 2)};
    return subtract({0, 0}, sign);
  }
  static void keep_order(Reg&) {}
  template <int>
  static void split(Reg& a, Reg& b) {
    std::swap(a[1], b[0]);
  }
  template <int>
  static void join(Reg& a, Reg& b) {
    std::swap(a[1], b[0]);
  }

 private:
  static Reg product(Reg a, Reg b) {
    const Reg x = low(a), y = low(b);
    return {x[0] * y[0], x[1] * y[1]};
  }
};

using Reg = MiniatureLanes::Reg;
constexpr int kBits = MiniatureLanes::kWordBits;
constexpr u64 kWordEnd = MiniatureLanes::kWordEnd;

/// What was broken first since a test cleared it, and how many claims were checked.
std::string broken;
std::size_t claims = 0;

struct Recorder {
  static void check(bool holds, const Breach& b) {
    ++claims;
    if (holds || !broken.empty()) return;
    broken = std::string(b.claim) + ": q " + std::to_string(b.q) + ", x " + std::to_string(b.x) + ", y " +
             std::to_string(b.y) + ", w " + std::to_string(b.w);
  }
};

template <int kHeadroom>
using Checked = Verified<WordArithmetic<MiniatureLanes, kHeadroom>, Recorder>;

class Miniature : public ::testing::Test {
 protected:
  void SetUp() override {
    broken.clear();
    claims = 0;
  }
  void TearDown() override {
    EXPECT_EQ(broken, "");
    EXPECT_GT(claims, 0u) << "nothing was checked";
  }
};

/// A factor w with its companion in both lanes, as VectorTransform loads it.
template <class A>
typename A::Twiddle factor(u64 w, u64 q) {
  const TwiddleWords words = A::twiddle_words(Modulus(q), w);
  return {A::set1(words.w), A::set1(words.companion)};
}

/// Odd q at the top of what kHeadroom allows and well below; steps need no prime.
template <int kHeadroom>
std::vector<u64> moduli() {
  const u64 top = kWordEnd / kHeadroom;
  return {(top - 1) | 1, (top - 2) | 1, (top * 3 / 4) | 1, top / 3 | 1, 17};
}

template <int kHeadroom>
void try_every_product_and_butterfly() {
  using A = Checked<kHeadroom>;
  for (u64 q : moduli<kHeadroom>()) {
    ASSERT_LE(kHeadroom * q, kWordEnd);
    const A a{Modulus(q)};
    // The left operands that the schedule lets in: anything below the limit when they are reduced first.
    const u64 top = A::kLift == 0 ? (kHeadroom - 2) * q - 1 : (kHeadroom - 2) * q;
    const u64 lowest = A::kLift == 0 ? 0 : 2 * q;
    for (u64 w = 0; w < q; ++w) {
      const auto t = factor<A>(w, q);
      for (u64 y = 0; y < kWordEnd; ++y) {
        const u64 garbage = (y * 0x9e3779b97f4a7c15) << kBits;
        a.product({y, y + garbage}, t);
        Reg left{lowest, top + garbage}, right{y, y};
        a.template forward_butterfly<false>(left, right, t);
        if constexpr (A::kLift == 0) {
          left = {kHeadroom * q - 1, y % (kHeadroom * q)};
          right = {y, y};
          a.template forward_butterfly<true>(left, right, t);
        }
      }
    }
  }
}

TEST_F(Miniature, EveryProductAndForwardButterflyOfFourQ) {
  try_every_product_and_butterfly<4>();
}
TEST_F(Miniature, EveryProductAndForwardButterflyOfEightQ) {
  try_every_product_and_butterfly<8>();
}
TEST_F(Miniature, EveryProductAndForwardButterflyOfSixteenQ) {
  try_every_product_and_butterfly<16>();
}
TEST_F(Miniature, EveryProductAndForwardButterflyWithoutReductions) {
  try_every_product_and_butterfly<34>();
}

/// All pairs of twiddles; a VERIFY build checks the companions on primes of 50 bits as well.
TEST_F(Miniature, EveryProductOfTwiddles) {
  for (u64 q : {u64{17}, u64{113}, u64{241}, u64{509}, u64{511}, u64{513}, u64{769}, u64{1021}}) {
    const Checked<4> a{Modulus(q)};
    for (u64 v = 1; v < q; ++v) {
      for (u64 d = 1; d < q; ++d) {
        if (v * d % q != 0) a.twiddle_product({v, q - v}, factor<Checked<4>>(d, q));
      }
    }
  }
}

template <int kHeadroom, int kBound>
void try_every_reduction() {
  for (u64 q : moduli<kHeadroom>()) {
    const Checked<kHeadroom> a{Modulus(q)};
    for (u64 x = 0; x < kBound * q; ++x) {
      const u64 garbage = (x * 0x9e3779b97f4a7c15) << kBits;
      a.template reduce<kBound>({x, x + garbage});
      u64 words[2];
      a.template store_canonical<kBound>(words, {x, x + garbage});
    }
  }
}

TEST_F(Miniature, EveryReduction) {
  try_every_reduction<4, 2>();
  try_every_reduction<4, 4>();
  try_every_reduction<8, 8>();
  try_every_reduction<16, 4>();
  try_every_reduction<16, 16>();
  try_every_reduction<34, 34>();
}

/// All pairs below kBound q, with the twiddles at both ends: the difference takes every word there is.
template <int kHeadroom, int kBound>
void try_every_inverse_butterfly() {
  const u64 q = moduli<kHeadroom>().front();
  using A = Checked<kHeadroom>;
  const A a{Modulus(q)};
  for (u64 w : {u64{1}, q / 2, q - 1}) {
    for (u64 x = 0; x < kBound * q; ++x) {
      for (u64 y = 0; y < kBound * q; ++y) {
        Reg left{x, x + (y << kBits)}, right{y, y + (x << kBits)};
        a.template inverse_butterfly<kBound>(left, right, factor<A>(w, q));
      }
    }
  }
}

TEST_F(Miniature, EveryInverseButterfly) {
  try_every_inverse_butterfly<4, 2>();
  try_every_inverse_butterfly<8, 4>();
  try_every_inverse_butterfly<16, 8>();
  try_every_inverse_butterfly<34, 16>();
}

/// The definition of the transform, with its matrix made once.
class Definition {
 public:
  Definition(u64 q, int log_n) : q_(q), n_(std::size_t{1} << log_n), powers_(n_ * n_) {
    const u64 psi = primitive_root(Modulus(q), log_n);
    for (std::size_t i = 0; i < n_; ++i) {
      std::size_t reversed = 0;
      for (int b = 0; b < log_n; ++b) reversed |= (i >> b & 1) << (log_n - 1 - b);
      for (std::size_t j = 0; j < n_; ++j)
        powers_[i * n_ + j] = Modulus(q).power(psi, (2 * reversed + 1) * j % (2 * n_));
    }
  }
  u64 word(const AlignedWords& x, std::size_t i) const {
    u64 sum = 0;
    for (std::size_t j = 0; j < n_; ++j) sum += powers_[i * n_ + j] * x[j];
    return sum % q_;
  }

 private:
  u64 q_;
  std::size_t n_;
  std::vector<u64> powers_;  // [i][j] psi^((2 brv(i) + 1) j)
};

template <int kHeadroom>
class Ring {
 public:
  Ring(u64 q, int log_n) : transform_(Modulus(q), log_n), definition_(q, log_n) {
    EXPECT_LE(kHeadroom * q, kWordEnd);
  }
  void expect_right(const AlignedWords& x) const {
    AlignedWords y = x;
    transform_.forward(y.data());
    for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(y[i], definition_.word(x, i)) << "word " << i;
    transform_.inverse(y.data());
    for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(y[i], x[i]) << "word " << i << " after the inverse";
  }

 private:
  VectorTransform<Checked<kHeadroom>> transform_;
  Definition definition_;
};

/// Digits of `code` in base `choices.size()` as words.
void expect_right_on_all_words_of(const auto& ring, int log_n, const std::vector<u64>& choices) {
  AlignedWords x(std::size_t{1} << log_n, choices.front());
  for (;;) {
    ASSERT_NO_FATAL_FAILURE(ring.expect_right(x));
    std::size_t i = 0;
    for (; i < x.size(); ++i) {  // counts up
      const auto next = std::find(choices.begin(), choices.end(), x[i]) + 1;
      x[i] = next == choices.end() ? choices.front() : *next;
      if (next != choices.end()) break;
    }
    if (i == x.size()) return;
  }
}

std::vector<u64> all_words(u64 q) {
  std::vector<u64> words(q);
  for (u64 i = 0; i < q; ++i) words[i] = i;
  return words;
}

TEST_F(Miniature, EveryInputOfTheSmallestRing) {
  expect_right_on_all_words_of(Ring<4>(17, 2), 2, all_words(17));
  expect_right_on_all_words_of(Ring<34>(17, 2), 2, all_words(17));
}

TEST_F(Miniature, EveryExtremeInputOfTheRingsOf8And16) {
  expect_right_on_all_words_of(Ring<4>(977, 3), 3, {0, 976, 488});
  expect_right_on_all_words_of(Ring<8>(433, 3), 3, {0, 432, 216});
  expect_right_on_all_words_of(Ring<16>(241, 3), 3, {0, 240, 120});
  expect_right_on_all_words_of(Ring<34>(113, 3), 3, {0, 112, 56});
  expect_right_on_all_words_of(Ring<4>(929, 4), 4, {0, 928});
  expect_right_on_all_words_of(Ring<34>(97, 4), 4, {0, 96});
}

template <int kHeadroom>
void expect_right_on_mixtures(u64 q, int log_n) {
  const Ring<kHeadroom> ring(q, log_n);
  test::Rng rng;
  const u64 choices[] = {0, 1, q / 2, q - 1, q - 1};
  for (int round = 0; round < 400; ++round) {
    AlignedWords x(std::size_t{1} << log_n, q - 1);
    if (round > 0) {
      for (u64& word : x.span())
        word = rng.below(4) == 0 ? rng.below(q) : choices[rng.below(std::size(choices))];
    }
    ASSERT_NO_FATAL_FAILURE(ring.expect_right(x)) << "q " << q << ", N = 2^" << log_n;
  }
}

TEST_F(Miniature, ExtremesMixedWithOthersInLargerRings) {
  for (const auto& [log_n, q] : std::vector<std::pair<int, u64>>{{4, 929}, {5, 769}, {6, 769}, {7, 769}})
    expect_right_on_mixtures<4>(q, log_n);
  for (const auto& [log_n, q] : std::vector<std::pair<int, u64>>{{4, 449}, {5, 449}, {6, 257}, {7, 257}})
    expect_right_on_mixtures<8>(q, log_n);
  expect_right_on_mixtures<16>(193, 4);
  expect_right_on_mixtures<16>(193, 5);
  expect_right_on_mixtures<34>(97, 4);
}

/// The claims must be able to fail: a prime too wide for its words breaks them.
TEST(MiniatureClaims, AreBrokenByAPrimeThatIsTooWide) {
  broken.clear();
  const VectorTransform<Checked<16>> transform(Modulus(769), 5);  // 16 q > 2^12
  AlignedWords x(32, 768);
  transform.inverse(x.data());
  EXPECT_NE(broken, "");
}

}  // namespace
}  // namespace sotto::ntt
