// The transform that all vector backends share; each brings an arithmetic A: registers, butterflies,
// exchanges of lanes, and how lazy it may be.
//
// The butterflies form a binary tree (ntt/roots.h). A pass of radix 2^k takes k levels of one node at once:
// 2^k registers, one from each of 2^k streams. The tail takes the last levels of a block that fits into
// registers: first across registers, then, after exchanges of lanes between pairs of them, inside. Passes go
// depth-first, so that every block smaller than a cache stays in it. Tables: vector_tables.h.
//
// Reductions are scheduled at compile time from the bounds that A inherits (lazy_bounds.h).
#pragma once

#include <bit>
#include <utility>

#include "ntt/backends/unroll.h"
#include "ntt/backends/vector_tables.h"
#include "ntt/plan.h"

namespace sotto::ntt {

template <class A>
class VectorTransform {
 public:
  static constexpr int kLogLanes = A::kLogLanes;
  static constexpr std::size_t kLanes = std::size_t{1} << kLogLanes;
  static constexpr int kMaxCross = A::kLogTailRegisters;
  static_assert(A::kOuterRadix <= A::kInnerRadix);
  static constexpr int kMinLogN = kLogLanes + 1, kMaxLogN = 17;

  /// log_n >= kMinLogN.
  VectorTransform(const Modulus& q, int log_n) : a_(q), schedule_(make_schedule(log_n)) {
    const Roots roots(q, log_n);
    forward_ = VectorTables<A>(q, roots.forward, 1, schedule_, Direction::kForward);
    inverse_ = VectorTables<A>(q, roots.inverse, roots.n_inverse, schedule_, Direction::kInverse);
  }

  /// [0, q) to [0, q), natural order to bit-reversed.
  void forward(u64* x) const noexcept;
  /// [0, q) to [0, q), bit-reversed order to natural, divided by N.
  void inverse(u64* x) const noexcept;
  /// See Plan.
  template <Direction kDirection>
  u64 run_butterflies(std::size_t count) const noexcept;

 private:
  using Reg = typename A::Reg;
  using Twiddle = typename A::Twiddle;
  using Layout = Frame<kLogLanes>;
  template <int kCross, bool kDerives>
  class Frames;
  static Schedule make_schedule(int log_n);

  template <int k, int kFirstStage, int kStartBound, class GetTwiddle>
  static void forward_stages(const A& a, Reg* r, GetTwiddle twiddle) noexcept;
  template <int k, bool kFirst, bool kReduces>
  void forward_pass(u64* x, std::size_t stride, const u64* twiddles) const noexcept;
  template <int kCross, bool kFirst, bool kDerives>
  void forward_tails(u64* x, std::size_t block, std::size_t count) const noexcept;
  template <bool kFirst>
  void forward_block(u64* x, int level, std::size_t node) const noexcept;

  template <int k, int kStages, int kStartBound, class GetTwiddle>
  static void inverse_stages(const A& a, Reg* r, GetTwiddle twiddle) noexcept;
  template <int k, bool kLast>
  void inverse_pass(u64* x, std::size_t stride, const u64* twiddles) const noexcept;
  template <int kCross, bool kLast, bool kDerives>
  void inverse_tails(u64* x, std::size_t block, std::size_t count) const noexcept;
  template <bool kLast>
  void inverse_block(u64* x, int level, std::size_t node) const noexcept;

  static constexpr bool forward_reduces(int start_bound, int stage);
  static constexpr int bound(int start_bound, int stage, int u);
  static constexpr int operand_bound(int start_bound, int stage, int u);
  static constexpr int lane_bound(int stage);

  A a_;
  Schedule schedule_;
  VectorTables<A> forward_, inverse_;
};

/// The pass next to the tail takes up to A::kInnerRadix levels; the ones above, whose streams are far apart,
/// at most A::kOuterRadix.
template <class A>
Schedule VectorTransform<A>::make_schedule(int log_n) {
  Schedule s;
  const int stages = log_n - kLogLanes - kMaxCross;
  if (stages <= 0) {
    s.cross = log_n - kLogLanes;
    return s;
  }
  s.cross = kMaxCross;
  s.derives = log_n >= A::kDerivesFrom;
  const int inner = stages < A::kInnerRadix ? stages : A::kInnerRadix;
  const int outer = stages - inner;
  s.passes = (outer + A::kOuterRadix - 1) / A::kOuterRadix;
  for (int i = 0; i < s.passes; ++i) s.radix[i] = (outer + i) / s.passes;
  s.radix[s.passes++] = inner;
  for (int i = 0, log_size = log_n, bound = 1; i < s.passes; ++i) {
    s.stride[i] = log_size -= s.radix[i];
    bound += A::kProduct * s.radix[i];
    s.reduces[i] = bound > A::kLimit;
    if (s.reduces[i]) bound = A::kLimit;
  }
  return s;
}

/// f(std::integral_constant<int, value>) for 1 <= value <= kMost.
template <int kMost, class F>
[[gnu::always_inline]] inline void with_constant(int value, F&& f) {
  unroll<kMost>([&](auto i) __attribute__((always_inline)) {
    if (value == i + 1) f(std::integral_constant<int, i + 1>{});
  });
}

template <class A>
void VectorTransform<A>::forward(u64* x) const noexcept {
  if (schedule_.passes != 0) return forward_block<true>(x, 0, 1);
  with_constant<kMaxCross>(schedule_.cross, [&](auto cross) { forward_tails<cross, true, false>(x, 0, 1); });
}

template <class A>
void VectorTransform<A>::inverse(u64* x) const noexcept {
  if (schedule_.passes != 0) return inverse_block<true>(x, 0, 1);
  with_constant<kMaxCross>(schedule_.cross, [&](auto cross) { inverse_tails<cross, true, false>(x, 0, 1); });
}

/// Whether left operands of `stage` are reduced, when those of stage 0 begin below start_bound q.
template <class A>
constexpr bool VectorTransform<A>::forward_reduces(int start_bound, int stage) {
  if (A::kNeverReduces) return false;
  bool reduces = false;
  for (int j = 0, bound = start_bound; j <= stage; ++j, bound += A::kProduct) {
    reduces = bound + A::kProduct > A::kLimit;
    if (reduces) bound = A::kForwardReduced;
  }
  return reduces;
}

template <class A>
template <int k, int kFirstStage, int kStartBound, class GetTwiddle>
[[gnu::always_inline]] inline void VectorTransform<A>::forward_stages(const A& a, Reg* r,
                                                                      GetTwiddle twiddle) noexcept {
  unroll<k - kFirstStage>([&](auto stage) __attribute__((always_inline)) {
    constexpr int j = stage + kFirstStage, log_distance = k - 1 - j;
    unroll<(1 << (k - 1))>([&](auto butterfly) __attribute__((always_inline)) {
      constexpr int u = butterfly >> log_distance;
      constexpr int left = (u << (log_distance + 1)) + (butterfly & ((1 << log_distance) - 1));
      a.template forward_butterfly<forward_reduces(kStartBound, j)>(r[left], r[left + (1 << log_distance)],
                                                                    twiddle(j, u));
    });
  });
}

template <class A>
template <int k, bool kFirst, bool kReduces>
[[gnu::noinline]] void VectorTransform<A>::forward_pass(u64* x, std::size_t stride,
                                                        const u64* twiddles) const noexcept {
  const A a = a_;
  for (u64* const end = x + stride; x != end; x += kLanes) {
    Reg r[1 << k];
    unroll<(1 << k)>([&](auto u) __attribute__((always_inline)) {
      r[u] = kFirst ? A::load_canonical(x + u * stride) : A::load(x + u * stride);
      if constexpr (kFirst && u < 1 << (k - 1)) r[u] = a.lift(r[u]);
    });
    forward_stages<k, 0, kReduces ? A::kLimit : 1>(
        a, r, [&](int stage, int u) __attribute__((always_inline)) {
          return A::broadcast(twiddles + 2 * ((1 << stage) + u), 1);
        });
    unroll<(1 << k)>([&](auto u) __attribute__((always_inline)) { A::store(x + u * stride, r[u]); });
  }
}

/// The frames of the blocks below one node, in turn: stored, or derived one block ahead, so that the products
/// overlap with the block before.
template <class A>
template <int kCross, bool kDerives>
class VectorTransform<A>::Frames {
 public:
  Frames(const A&, const VectorTables<A>& tables, std::size_t block, std::size_t)
      : next_(tables.frame(block)) {}
  [[gnu::always_inline]] const u64* next() { return std::exchange(next_, next_ + 2 * Layout::words(kCross)); }

 private:
  const u64* next_;
};

template <class A>
template <int kCross>
class VectorTransform<A>::Frames<kCross, true> {
 public:
  Frames(const A& a, const VectorTables<A>& tables, std::size_t block, std::size_t count)
      : a_(a),
        node_(tables.node_factor(block / count)),
        child_(tables.child_factor(0)),
        last_(child_ + (count - 1) * 2 * kWords) {
    derive(scratch_[0]);
  }
  [[gnu::always_inline]] const u64* next() {
    const u64* const frame = scratch_[turn_];
    turn_ ^= 1;
    if (child_ != last_) {
      child_ += 2 * kWords;
      derive(scratch_[turn_]);
    }
    return frame;
  }

 private:
  static constexpr std::size_t kWords = Layout::words(kCross);

  [[gnu::always_inline]] void derive(u64* out) const {
    unroll<static_cast<int>(kWords / kLanes)>([&](auto v) __attribute__((always_inline)) {
      const Twiddle child = A::load_twiddle(child_ + v * kLanes, kWords);
      A::store_twiddle(out + v * kLanes, kWords, a_.twiddle_product(A::load(node_ + v * kLanes), child));
    });
  }

  const A& a_;
  const u64 *node_, *child_, *last_;
  unsigned turn_ = 0;
  alignas(64) u64 scratch_[2][2 * kWords];
};

template <class A>
template <int kCross, bool kFirst, bool kDerives>
[[gnu::noinline]] void VectorTransform<A>::forward_tails(u64* x, std::size_t block,
                                                         std::size_t count) const noexcept {
  constexpr int kRegisters = 1 << kCross;
  constexpr std::size_t kFrame = Layout::words(kCross);
  const A a = a_;
  const u64* const lanes = forward_.lanes();
  Frames<kCross, kDerives> frames(a, forward_, block, count);
  for (u64* const end = x + count * kRegisters * kLanes; x != end; x += kRegisters * kLanes) {
    const u64* const frame = frames.next();
    Reg r[kRegisters];
    unroll<kRegisters>([&](auto u) __attribute__((always_inline)) {
      r[u] = kFirst ? A::load_canonical(x + u * kLanes) : A::load(x + u * kLanes);
    });
    const Twiddle scale = A::load_twiddle(frame, kFrame),
                  scaled_root = A::load_twiddle(frame + Layout::kRight, kFrame);
    unroll<kRegisters / 2>([&](auto u) __attribute__((always_inline)) {
      r[u] = a.lifted_product(r[u], scale);
      a.template forward_butterfly<false>(r[u], r[u + kRegisters / 2], scaled_root);
    });
    const u64* const slots = frame + Layout::kSlots;
    forward_stages<kCross, 1, A::kProduct>(
        a, r, [&](int stage, int u) __attribute__((always_inline)) {
          return A::broadcast(slots + (1 << stage) + u, kFrame);
        });
    unroll<kLogLanes>([&](auto stage) __attribute__((always_inline)) {
      unroll<kRegisters / 2>([&](auto pair) __attribute__((always_inline)) {
        Reg &left = r[2 * pair], &right = r[2 * pair + 1];
        A::template split<stage>(left, right);
        a.template forward_butterfly<forward_reduces(A::kProduct, kCross + stage)>(
            left, right, A::load_twiddle(lanes + VectorTables<A>::lane_offset(pair, stage), kLanes));
      });
    });
    unroll<kRegisters / 2>([&](auto pair) __attribute__((always_inline)) {
      A::template split<kLogLanes>(r[2 * pair], r[2 * pair + 1]);
      a.template store_canonical<A::kLimit>(x + 2 * pair * kLanes, r[2 * pair]);
      a.template store_canonical<A::kLimit>(x + (2 * pair + 1) * kLanes, r[2 * pair + 1]);
    });
  }
}

template <class A>
template <bool kFirst>
void VectorTransform<A>::forward_block(u64* x, int level, std::size_t node) const noexcept {
  const int radix = schedule_.radix[level];
  const std::size_t stride = std::size_t{1} << schedule_.stride[level], children = std::size_t{1} << radix;
  with_constant<A::kInnerRadix>(radix, [&](auto k) {
    const u64* const twiddles = forward_.pass(level, node);
    if constexpr (!kFirst && !A::kNeverReduces) {
      if (schedule_.reduces[level]) return forward_pass<k, false, true>(x, stride, twiddles);
    }
    forward_pass<k, kFirst, false>(x, stride, twiddles);
  });
  const std::size_t child = node << radix;
  if (level + 1 == schedule_.passes) {
    const std::size_t first_block = std::size_t{1} << (std::bit_width(child) - 1);
    if constexpr (A::kDerivesFrom <= kMaxLogN) {
      if (schedule_.derives) return forward_tails<kMaxCross, false, true>(x, child - first_block, children);
    }
    return forward_tails<kMaxCross, false, false>(x, child - first_block, children);
  }
  for (std::size_t c = 0; c < children; ++c) forward_block<false>(x + c * stride, level + 1, child + c);
}

/// Bound of register u when `stage` of the inverse begins.
template <class A>
constexpr int VectorTransform<A>::bound(int start_bound, int stage, int u) {
  if (stage == 0) return start_bound;
  const int partner = u ^ (1 << (stage - 1));
  if (u > partner) return A::kProduct;
  return operand_bound(start_bound, stage - 1, u) + operand_bound(start_bound, stage - 1, partner);
}

/// The same after the reductions that the butterfly of `stage` needs.
template <class A>
constexpr int VectorTransform<A>::operand_bound(int start_bound, int stage, int u) {
  const int b = bound(start_bound, stage, u);
  const bool fits = b + bound(start_bound, stage, u ^ (1 << stage)) <= A::kLimit;
  return fits || b < A::kReduced ? b : A::kReduced;
}

/// Bound of all words when `stage` inside the lanes begins: exchanges mix sums and products.
template <class A>
constexpr int VectorTransform<A>::lane_bound(int stage) {
  if (stage == 0) return 1;
  const int b = lane_bound(stage - 1), sum = 2 * (2 * b <= A::kLimit ? b : A::kReduced);
  return sum > A::kProduct ? sum : A::kProduct;
}

template <class A>
template <int k, int kStages, int kStartBound, class GetTwiddle>
[[gnu::always_inline]] inline void VectorTransform<A>::inverse_stages(const A& a, Reg* r,
                                                                      GetTwiddle twiddle) noexcept {
  unroll<kStages>([&](auto stage) __attribute__((always_inline)) {
    constexpr int j = stage;
    unroll<(1 << (k - 1))>([&](auto butterfly) __attribute__((always_inline)) {
      constexpr int group = butterfly >> j;
      constexpr int left = (group << (j + 1)) + (butterfly & ((1 << j) - 1)), right = left + (1 << j);
      constexpr int before = bound(kStartBound, j, left), reduced = operand_bound(kStartBound, j, left);
      static_assert(before == bound(kStartBound, j, right) && 2 * reduced <= A::kLimit);
      if constexpr (reduced < before) {
        r[left] = a.template reduce<before>(r[left]);
        r[right] = a.template reduce<before>(r[right]);
      }
      a.template inverse_butterfly<reduced>(r[left], r[right], twiddle(k - 1 - j, group));
    });
  });
}

template <class A>
template <int k, bool kLast>
[[gnu::noinline]] void VectorTransform<A>::inverse_pass(u64* x, std::size_t stride,
                                                        const u64* twiddles) const noexcept {
  const A a = a_;
  for (u64* const end = x + stride; x != end; x += kLanes) {
    Reg r[1 << k];
    unroll<(1 << k)>([&](auto u) __attribute__((always_inline)) { r[u] = A::load(x + u * stride); });
    inverse_stages<k, k, A::kBetween>(
        a, r, [&](int level, int u) __attribute__((always_inline)) {
          return A::broadcast(twiddles + 2 * ((1 << level) + u), 1);
        });
    unroll<(1 << k)>([&](auto u) __attribute__((always_inline)) {
      constexpr int b = bound(A::kBetween, k, u);
      if constexpr (kLast) {
        a.template store_canonical<b>(x + u * stride, r[u]);
      } else {
        if constexpr (b > A::kBetween) r[u] = a.template reduce<b>(r[u]);
        A::store(x + u * stride, r[u]);
      }
    });
  }
}

template <class A>
template <int kCross, bool kLast, bool kDerives>
[[gnu::noinline]] void VectorTransform<A>::inverse_tails(u64* x, std::size_t block,
                                                         std::size_t count) const noexcept {
  constexpr int kRegisters = 1 << kCross;
  constexpr std::size_t kFrame = Layout::words(kCross);
  const A a = a_;
  const u64* const lanes = inverse_.lanes();
  Frames<kCross, kDerives> frames(a, inverse_, block, count);
  for (u64* const end = x + count * kRegisters * kLanes; x != end; x += kRegisters * kLanes) {
    const u64* const frame = frames.next();
    Reg r[kRegisters];
    unroll<kRegisters>([&](auto u)
                           __attribute__((always_inline)) { r[u] = A::load_canonical(x + u * kLanes); });
    unroll<kLogLanes>([&](auto stage) __attribute__((always_inline)) {
      unroll<kRegisters / 2>([&](auto pair) __attribute__((always_inline)) {
        Reg &left = r[2 * pair], &right = r[2 * pair + 1];
        A::template join<stage>(left, right);
        constexpr int before = lane_bound(stage), reduced = 2 * before <= A::kLimit ? before : A::kReduced;
        if constexpr (reduced < before) {
          left = a.template reduce<before>(left);
          right = a.template reduce<before>(right);
        }
        a.template inverse_butterfly<reduced>(
            left, right, A::load_twiddle(lanes + VectorTables<A>::lane_offset(pair, stage), kLanes));
      });
    });
    unroll<kRegisters / 2>([&](auto pair) __attribute__((always_inline)) {
      A::template join<kLogLanes>(r[2 * pair], r[2 * pair + 1]);
    });
    constexpr int kStart = lane_bound(kLogLanes);
    const u64* const slots = frame + Layout::kSlots;
    inverse_stages<kCross, kCross - 1, kStart>(
        a, r, [&](int level, int u) __attribute__((always_inline)) {
          return A::broadcast(slots + (1 << level) + u, kFrame);
        });
    const Twiddle scale = A::load_twiddle(frame, kFrame),
                  scaled_root = A::load_twiddle(frame + Layout::kRight, kFrame);
    unroll<kRegisters / 2>([&](auto u) __attribute__((always_inline)) {
      constexpr int before = bound(kStart, kCross - 1, u), reduced = operand_bound(kStart, kCross - 1, u);
      Reg &left = r[u], &right = r[u + kRegisters / 2];
      if constexpr (reduced < before) {
        left = a.template reduce<before>(left);
        right = a.template reduce<before>(right);
      }
      a.template inverse_butterfly<reduced>(left, right, scaled_root);
      left = a.product(left, scale);
    });
    unroll<kRegisters>([&](auto u) __attribute__((always_inline)) {
      if constexpr (kLast) {
        a.template store_canonical<A::kProduct>(x + u * kLanes, r[u]);
      } else {
        A::store(x + u * kLanes, r[u]);
      }
    });
  }
}

template <class A>
template <bool kLast>
void VectorTransform<A>::inverse_block(u64* x, int level, std::size_t node) const noexcept {
  const int radix = schedule_.radix[level];
  const std::size_t stride = std::size_t{1} << schedule_.stride[level], children = std::size_t{1} << radix;
  const std::size_t child = node << radix;
  if (level + 1 == schedule_.passes) {
    const std::size_t first_block = std::size_t{1} << (std::bit_width(child) - 1);
    bool done = false;
    if constexpr (A::kDerivesFrom <= kMaxLogN) {
      done = schedule_.derives;
      if (done) inverse_tails<kMaxCross, false, true>(x, child - first_block, children);
    }
    if (!done) inverse_tails<kMaxCross, false, false>(x, child - first_block, children);
  } else {
    for (std::size_t c = 0; c < children; ++c) inverse_block<false>(x + c * stride, level + 1, child + c);
  }
  with_constant<A::kInnerRadix>(
      radix, [&](auto k) { inverse_pass<k, kLast>(x, stride, inverse_.pass(level, node)); });
}

/// As many butterflies side by side as hide the latency of one, on different words, so that no compiler
/// merges them.
template <class A>
template <Direction kDirection>
[[gnu::noinline]] u64 VectorTransform<A>::run_butterflies(std::size_t count) const noexcept {
  constexpr int kChains = 12;  // more are not faster, fewer wait; with 16 registers some spill
  const A a = a_;
  alignas(64) u64 words[2 * kChains][kLanes];
  for (std::size_t i = 0; i < 2 * kChains * kLanes; ++i) words[i / kLanes][i % kLanes] = i;
  Reg left[kChains], right[kChains];
  unroll<kChains>([&](auto i) __attribute__((always_inline)) {
    left[i] = A::load_canonical(words[2 * i]);
    right[i] = A::load_canonical(words[2 * i + 1]);
  });
  const Twiddle twiddle = A::load_twiddle(forward_.lanes(), kLanes);
  for (std::size_t done = 0; done < count; done += kChains * kLanes) {
    unroll<kChains>([&](auto i) __attribute__((always_inline)) {
      if constexpr (kDirection == Direction::kForward) {
        a.template forward_butterfly<forward_reduces(A::kLimit, 1)>(left[i], right[i], twiddle);
      } else {
        a.template inverse_butterfly<A::kReduced>(left[i], right[i], twiddle);
      }
    });
  }
  u64 checksum = 0;
  unroll<kChains>([&](auto i) __attribute__((always_inline)) {
    A::store(words[0], left[i]);
    A::store(words[1], right[i]);
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      checksum = 3 * checksum + words[0][lane] + words[1][lane];
  });
  return checksum | 1;
}

}  // namespace sotto::ntt
