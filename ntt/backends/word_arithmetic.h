// The arithmetic of VectorTransform on unsigned words: Shoup products and lazy sums.
//
// A word is the low kWordBits of a 64-bit lane: products read no more of it, so garbage above it is masked
// only before a comparison. `Lanes` brings the instructions: 8 lanes of 52 bits in avx512_ifma.cc, of 64 in
// avx512_dq.cc; 2 lanes of 12 bits, where every step can be tried on every input, in
// tests/ntt/miniature_test.cc.
//
// How many reductions a butterfly needs falls with the prime: 2^kWordBits / q is the room that lazy sums
// have, kHeadroom what they use of it (lazy_bounds.h). verified.h checks the claims made here.
#pragma once

#include "ntt/backends/lazy_bounds.h"
#include "ntt/backends/vector_tables.h"
#include "ntt/modulus.h"

namespace sotto::ntt {

/// Lanes: Reg, kWordBits, the constants and exchanges that VectorTransform wants, set1, load, store, add,
/// subtract; add_lo(acc, a, b) and hi(a, b), the halves of a product of words; low(x), without garbage;
/// subtract_once(x, m), [0, 2m) to [0, m); shift_left(x, bits); minus_one_if_negative(x) of a word as a
/// signed number, else 0; and keep_order(x), an empty statement that reads and writes x.
template <class Lanes, int kHeadroom>
class WordArithmetic : public WordBounds<kHeadroom>, public Lanes {
 public:
  using Bounds = WordBounds<kHeadroom>;
  using Reg = typename Lanes::Reg;
  using Lanes::kWordBits;

  /// A constant factor and its companion floor(w 2^kWordBits / q) in every lane.
  struct Twiddle {
    Reg w, w_shoup;
  };

  explicit WordArithmetic(const Modulus& q)
      : q_(q.value()),
        minus_q_((~u64{0} >> (64 - kWordBits)) - q.value() + 1),
        reciprocal_(shoup(1, q.value())),
        scaled_reciprocal_(static_cast<u64>((u128{1} << (q.bits() + kWordBits - 1)) / q.value())),
        shift_(kWordBits - q.bits()) {}

  static constexpr bool fits(const Modulus& q) { return Bounds::fits(q, kWordBits); }
  static TwiddleWords twiddle_words(const Modulus& q, u64 w) { return {w, shoup(w, q.value())}; }
  static Reg load_canonical(const u64* p) { return Lanes::load(p); }
  /// Companions lie `distance` words after their factors.
  static Twiddle broadcast(const u64* p, std::size_t distance) {
    return {Lanes::set1(p[0]), Lanes::set1(p[distance])};
  }
  static Twiddle load_twiddle(const u64* p, std::size_t distance) {
    return {Lanes::load(p), Lanes::load(p + distance)};
  }
  static void store_twiddle(u64* p, std::size_t distance, const Twiddle& t) {
    Lanes::store(p, t.w);
    Lanes::store(p + distance, t.w_shoup);
  }

  /// Before the first stage, see kLift.
  [[gnu::always_inline]] Reg lift(Reg x) const {
    return Bounds::kLift == 0 ? x : Lanes::add(x, Lanes::set1(Bounds::kLift * q_));
  }
  /// w y in [0, 2q) for every word y.
  [[gnu::always_inline]] Reg product(Reg y, const Twiddle& t) const {
    return add_product(Lanes::set1(0), y, t);
  }
  [[gnu::always_inline]] Reg lifted_product(Reg y, const Twiddle& t) const {
    return add_product(Lanes::set1(Bounds::kLift * q_), y, t);
  }

  /// The twiddle w = v d mod q of twiddles v and d < q, with its companion. The companion comes as twice
  /// floor(w 2^(kWordBits - 1) / q), which two roundings leave short by less than 4, and from what is left of
  /// the division, rest < 4q.
  [[gnu::always_inline]] Twiddle twiddle_product(Reg v, const Twiddle& d) const {
    const Reg w = reduce_once(product(v, d), 1);
    const Reg half = Lanes::hi(Lanes::shift_left(w, shift_), Lanes::set1(scaled_reciprocal_));
    const Reg estimate = Lanes::add(half, half);
    const Reg rest = subtract_multiple(Lanes::set1(0), estimate);
    const Reg step = Lanes::add(Lanes::hi(rest, Lanes::set1(reciprocal_)), Lanes::set1(1));
    const Reg difference = subtract_multiple(rest, step);  // in [-q, q): step may be 1 too much
    return {w, Lanes::add(Lanes::add(estimate, step), Lanes::minus_one_if_negative(difference))};
  }

  /// (x, y) to (x + w y, x - w y), after x was brought below kForwardReduced q if asked for. Without a lift
  /// both grow to 2q more than x; with it they spread by (1 + y 2^-kWordBits) q to both sides.
  template <bool kReduce>
  [[gnu::always_inline]] void forward_butterfly(Reg& x, Reg& y, const Twiddle& t) const {
    if constexpr (kReduce) x = reduce_once(x, Bounds::kForwardReduced);
    Reg twice = Lanes::add(x, x);
    if constexpr (Bounds::kLift == 0) twice = Lanes::add(twice, Lanes::set1(2 * q_));
    Lanes::keep_order(twice);
    x = add_product(x, y, t);
    Lanes::keep_order(x);
    y = Lanes::subtract(twice, x);
  }

  /// (x, y) to (x + y, w (x - y)); y < kBound q, the product < 2q.
  template <int kBound>
  [[gnu::always_inline]] void inverse_butterfly(Reg& x, Reg& y, const Twiddle& t) const {
    const Reg difference = Lanes::subtract(Lanes::add(x, Lanes::set1(kBound * q_)), y);
    x = Lanes::add(x, y);
    y = product(difference, t);
  }

  /// [0, kBound q) to [0, 2q).
  template <int kBound>
  [[gnu::always_inline]] Reg reduce(Reg x) const {
    if constexpr (kBound <= 2) return x;
    if constexpr (kBound <= 4) return reduce_once(x, 2);
    return subtract_multiple(x, Lanes::hi(x, Lanes::set1(reciprocal_)));  // quotient short by at most 1
  }

  template <int kBound>
  [[gnu::always_inline]] void store_canonical(u64* p, Reg x) const {
    Lanes::store(p, reduce_once(reduce<kBound>(x), 1));
  }

 private:
  static u64 shoup(u64 w, u64 q) { return static_cast<u64>((u128{w} << kWordBits) / q); }

  /// acc + w y - floor(w_shoup y / 2^kWordBits) q.
  [[gnu::always_inline]] Reg add_product(Reg acc, Reg y, const Twiddle& t) const {
    return subtract_multiple(Lanes::add_lo(acc, y, t.w), Lanes::hi(y, t.w_shoup));
  }
  /// x - quotient q, as a word.
  [[gnu::always_inline]] Reg subtract_multiple(Reg x, Reg quotient) const {
    return Lanes::add_lo(x, quotient, Lanes::set1(minus_q_));
  }
  /// [0, 2 multiple q) with garbage above to [0, multiple q).
  [[gnu::always_inline]] Reg reduce_once(Reg x, u64 multiple) const {
    return Lanes::subtract_once(Lanes::low(x), Lanes::set1(multiple * q_));
  }

  u64 q_, minus_q_, reciprocal_;  // minus_q_ = 2^kWordBits - q, reciprocal_ = floor(2^kWordBits / q)
  u64 scaled_reciprocal_;         // floor(2^(bits of q + kWordBits - 1) / q)
  int shift_;                     // kWordBits - bits of q
};

}  // namespace sotto::ntt
