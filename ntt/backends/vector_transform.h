// The transform that all vector backends share; each brings an arithmetic A: registers, butterflies and how
// lazy they may be.
//
// The butterflies form a binary tree (ntt/roots.h). A pass of radix 2^k takes k levels of one node at once:
// 2^k registers, one from each of 2^k streams. The tail takes the last 2 log2(lanes) levels of lanes^2 points
// in registers: half of them across registers, a transposition, the other half across registers again. Passes
// go depth-first, so that every block smaller than a cache stays in it.
//
// Reductions are scheduled from the bounds that A inherits (lazy_bounds.h): the forward transform reduces the
// left operands of every p-th stage of a pass; in the inverse the compiler adds up the bounds of sums and
// reduces operands where a sum would pass the limit.
#pragma once

#include "ntt/backends/unroll.h"
#include "ntt/plan.h"
#include "ntt/roots.h"

namespace sotto::ntt {

/// Two words for each twiddle, w and its companion, as A wants them.
struct TwiddleWords {
  u64 w, companion;
};

template <class A>
class VectorTransform {
 public:
  static constexpr int kLogLanes = A::kLogLanes;
  static constexpr std::size_t kLanes = std::size_t{1} << kLogLanes;
  static constexpr int kLogTail = 2 * kLogLanes;

  /// log_n > 2 log2(lanes): at least one pass before the tail.
  VectorTransform(const Modulus& q, int log_n) : a_(q), first_tail_(std::size_t{1} << (log_n - kLogTail)) {
    const Roots roots(q, log_n);
    forward_ = Tables(q, roots.forward, log_n);
    inverse_ = Tables(q, roots.inverse, log_n);
    // Node 0 is unused and node 1 is the last of the inverse, where N^-1 joins in.
    const u64 scaled = q.multiply(roots.inverse[1], roots.n_inverse);
    inverse_.put(q, 0, roots.n_inverse);
    inverse_.put(q, 1, scaled);
    split(log_n);
  }

  /// [0, q) to [0, q), natural order to bit-reversed.
  void forward(u64* x) const noexcept { forward_block<true>(x, 0, 1); }
  /// [0, q) to [0, q), bit-reversed order to natural, divided by N.
  void inverse(u64* x) const noexcept { inverse_block<true>(x, 0, 1); }
  /// See Plan.
  template <Direction kDirection>
  u64 run_butterflies(std::size_t count) const noexcept;

 private:
  using Reg = typename A::Reg;
  using Twiddle = typename A::Twiddle;

  struct Tables {
    Tables() = default;
    Tables(const Modulus& q, const AlignedWords& roots, int log_n);
    void put(const Modulus& q, std::size_t node, u64 w) {
      const TwiddleWords words = A::twiddle_words(q, w);
      nodes[2 * node] = words.w;
      nodes[2 * node + 1] = words.companion;
    }

    AlignedWords nodes;  // [N / lanes][w, companion] of the levels above the lanes
    AlignedWords tail;   // [N / lanes^2][lanes - 1 twiddles, by level][w, companion][lane]
  };
  static constexpr std::size_t kTailWords = 2 * kLanes * (kLanes - 1);
  // Neighbouring blocks of the tail go through it together: one alone waits for its own products.
  static constexpr int kTailBlocks = 2;
  static constexpr int kTailRegisters = kTailBlocks << kLogLanes;
  /// Where the twiddle of node u of a level lies in the tails of neighbouring blocks; each block has 2^level
  /// such nodes.
  static constexpr std::size_t tail_offset(int level, int u) {
    const std::size_t block = static_cast<std::size_t>(u >> level),
                      node = static_cast<std::size_t>(u & ((1 << level) - 1));
    return block * kTailWords + 2 * kLanes * ((std::size_t{1} << level) - 1 + node);
  }

  void split(int log_n);

  template <int k, bool kFirst>
  void forward_pass(u64* x, std::size_t stride, std::size_t node) const noexcept;
  void forward_tails(u64* x, std::size_t count, std::size_t node) const noexcept;
  template <bool kFirst>
  void forward_block(u64* x, int level, std::size_t node) const noexcept;

  template <int k, bool kLast>
  void inverse_pass(u64* x, std::size_t stride, std::size_t node) const noexcept;
  void inverse_tails(u64* x, std::size_t count, std::size_t node) const noexcept;
  template <bool kLast>
  void inverse_block(u64* x, int level, std::size_t node) const noexcept;

  template <int k, int kBlocks, class GetTwiddle>
  static void forward_stages(const A& a, Reg* r, GetTwiddle twiddle) noexcept;
  template <int k, int kBlocks, bool kLast, class GetTwiddle>
  static void inverse_stages(const A& a, Reg* r, GetTwiddle twiddle) noexcept;
  static constexpr int bound(int stage, int u);
  static constexpr int operand_bound(int stage, int u);

  A a_;
  std::size_t first_tail_;  // node of the first tail block: N / lanes^2
  int levels_ = 0;          // passes before the tail
  int radix_[8] = {};       // log2 of the radix of each pass, largest stride first
  int stride_[8] = {};      // log2 of the stride of each pass, in words
  Tables forward_, inverse_;
};

template <class A>
VectorTransform<A>::Tables::Tables(const Modulus& q, const AlignedWords& roots, int log_n)
    : nodes((std::size_t{2} << log_n) / kLanes), tail((std::size_t{1} << (log_n - kLogTail)) * kTailWords) {
  for (std::size_t i = 0; i < nodes.size() / 2; ++i) put(q, i, roots[i]);
  u64* out = tail.data();
  const std::size_t first = (std::size_t{1} << log_n) / kLanes;  // the node of the first register of the limb
  for (std::size_t row = first; row < 2 * first; row += kLanes) {
    for (int level = 0; level < kLogLanes; ++level) {
      for (std::size_t u = 0; u < std::size_t{1} << level; ++u, out += 2 * kLanes) {
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
          const TwiddleWords words = A::twiddle_words(q, roots[((row + lane) << level) + u]);
          out[lane] = words.w;
          out[kLanes + lane] = words.companion;
        }
      }
    }
  }
}

/// The pass next to the tail takes up to A::kInnerRadix levels; the ones above, whose streams are far apart,
/// at most A::kOuterRadix.
template <class A>
void VectorTransform<A>::split(int log_n) {
  const int stages = log_n - kLogTail;
  const int inner = stages < A::kInnerRadix ? stages : A::kInnerRadix;
  const int outer = stages - inner;
  const int passes = (outer + A::kOuterRadix - 1) / A::kOuterRadix;
  for (int i = 0; i < passes; ++i) radix_[i] = (outer + i) / passes;
  radix_[passes] = inner;
  levels_ = passes + 1;
  for (int i = 0, log_size = log_n; i < levels_; ++i) stride_[i] = log_size -= radix_[i];
}

template <class A>
template <int k, int kBlocks, class GetTwiddle>
[[gnu::always_inline]] inline void VectorTransform<A>::forward_stages(const A& a, Reg* r,
                                                                      GetTwiddle twiddle) noexcept {
  unroll<k>([&](auto stage) __attribute__((always_inline)) {
    constexpr int j = stage, log_distance = k - 1 - j;
    constexpr bool kReduce =
        A::kForwardPeriod != 0 && j % (A::kForwardPeriod + (A::kForwardPeriod == 0)) == 0;
    unroll<(kBlocks << (k - 1))>([&](auto butterfly) __attribute__((always_inline)) {
      constexpr int u = butterfly >> log_distance;  // counts through the blocks, each of which has 2^j nodes
      constexpr int left = (u << (log_distance + 1)) + (butterfly & ((1 << log_distance) - 1));
      a.template forward_butterfly<kReduce>(r[left], r[left + (1 << log_distance)], twiddle(j, u));
    });
  });
}

template <class A>
template <int k, bool kFirst>
[[gnu::noinline]] void VectorTransform<A>::forward_pass(u64* x, std::size_t stride,
                                                        std::size_t node) const noexcept {
  const A a = a_;
  const u64* const nodes = forward_.nodes.data();
  for (u64* const end = x + stride; x != end; x += kLanes) {
    Reg r[1 << k];
    unroll<(1 << k)>([&](auto u) __attribute__((always_inline)) {
      r[u] = kFirst ? A::load_canonical(x + u * stride) : A::load(x + u * stride);
    });
    forward_stages<k, 1>(
        a, r, [&](int stage, int u) __attribute__((always_inline)) {
          return A::broadcast(nodes + 2 * ((node << stage) + static_cast<std::size_t>(u)));
        });
    unroll<(1 << k)>([&](auto u) __attribute__((always_inline)) { A::store(x + u * stride, r[u]); });
  }
}

template <class A>
[[gnu::noinline]] void VectorTransform<A>::forward_tails(u64* x, std::size_t count,
                                                         std::size_t node) const noexcept {
  const A a = a_;
  const u64* const nodes = forward_.nodes.data();
  const u64* tail = forward_.tail.data() + (node - first_tail_) * kTailWords;
  for (const std::size_t end = node + count; node != end; node += kTailBlocks) {
    Reg r[kTailRegisters];
    unroll<kTailRegisters>([&](auto u) __attribute__((always_inline)) { r[u] = A::load(x + u * kLanes); });
    forward_stages<kLogLanes, kTailBlocks>(
        a, r, [&](int stage, int u) __attribute__((always_inline)) {
          return A::broadcast(nodes + 2 * ((node << stage) + static_cast<std::size_t>(u)));
        });
    unroll<kTailBlocks>([&](auto b) __attribute__((always_inline)) { A::transpose(r + b * kLanes); });
    forward_stages<kLogLanes, kTailBlocks>(
        a, r, [&](int stage, int u) __attribute__((always_inline)) {
          return A::load_twiddle(tail + tail_offset(stage, u));
        });
    unroll<kTailBlocks>([&](auto b) __attribute__((always_inline)) { A::transpose(r + b * kLanes); });
    unroll<kTailRegisters>([&](auto u)
                               __attribute__((always_inline)) { a.store_canonical(x + u * kLanes, r[u]); });
    x += kTailRegisters * kLanes;
    tail += kTailBlocks * kTailWords;
  }
}

template <class A>
template <bool kFirst>
void VectorTransform<A>::forward_block(u64* x, int level, std::size_t node) const noexcept {
  const std::size_t stride = std::size_t{1} << stride_[level];
  switch (radix_[level]) {
    case 1:
      forward_pass<1, kFirst>(x, stride, node);
      break;
    case 2:
      forward_pass<2, kFirst>(x, stride, node);
      break;
    case 3:
      forward_pass<3, kFirst>(x, stride, node);
      break;
    default:
      forward_pass<4, kFirst>(x, stride, node);
      break;
  }
  const std::size_t children = std::size_t{1} << radix_[level];
  node <<= radix_[level];
  if (level + 1 == levels_) return forward_tails(x, children, node);
  for (std::size_t c = 0; c < children; ++c) forward_block<false>(x + c * stride, level + 1, node + c);
}

/// Bound of register u when `stage` of an inverse pass begins.
template <class A>
constexpr int VectorTransform<A>::bound(int stage, int u) {
  if (stage == 0) return A::kReduced;
  const int partner = u ^ (1 << (stage - 1));
  if (u > partner) return A::kReduced;  // a product
  return operand_bound(stage - 1, u) + operand_bound(stage - 1, partner);
}

/// The same after the reductions that the butterfly of `stage` needs.
template <class A>
constexpr int VectorTransform<A>::operand_bound(int stage, int u) {
  const int b = bound(stage, u);
  const bool fits = b + bound(stage, u ^ (1 << stage)) <= A::kLimit;
  return fits || b < A::kReduced ? b : A::kReduced;
}

template <class A>
template <int k, int kBlocks, bool kLast, class GetTwiddle>
[[gnu::always_inline]] inline void VectorTransform<A>::inverse_stages(const A& a, Reg* r,
                                                                      GetTwiddle twiddle) noexcept {
  unroll<k>([&](auto stage) __attribute__((always_inline)) {
    constexpr int j = stage;
    unroll<(kBlocks << (k - 1))>([&](auto butterfly) __attribute__((always_inline)) {
      constexpr int group = butterfly >> j;
      constexpr int left = (group << (j + 1)) + (butterfly & ((1 << j) - 1)), right = left + (1 << j);
      constexpr int left_bound = operand_bound(j, left), right_bound = operand_bound(j, right);
      static_assert(left_bound + right_bound <= A::kLimit);
      if constexpr (left_bound < bound(j, left)) r[left] = a.template reduce<bound(j, left)>(r[left]);
      if constexpr (right_bound < bound(j, right)) r[right] = a.template reduce<bound(j, right)>(r[right]);
      if constexpr (kLast && j == k - 1) {
        a.template last_butterfly<right_bound>(r[left], r[right], twiddle(j, -1), twiddle(j, 0));
      } else {
        a.template inverse_butterfly<right_bound>(r[left], r[right], twiddle(j, group));
      }
    });
  });
  if constexpr (!kLast) {
    unroll<(kBlocks << k)>([&](auto u) __attribute__((always_inline)) {
      if constexpr (bound(k, u) > A::kReduced) r[u] = a.template reduce<bound(k, u)>(r[u]);
    });
  }
}

template <class A>
template <int k, bool kLast>
[[gnu::noinline]] void VectorTransform<A>::inverse_pass(u64* x, std::size_t stride,
                                                        std::size_t node) const noexcept {
  const A a = a_;
  const u64* const nodes = inverse_.nodes.data();
  for (u64* const end = x + stride; x != end; x += kLanes) {
    Reg r[1 << k];
    unroll<(1 << k)>([&](auto u) __attribute__((always_inline)) { r[u] = A::load(x + u * stride); });
    inverse_stages<k, 1, kLast>(
        a, r, [&](int stage, int u) __attribute__((always_inline)) {
          return A::broadcast(nodes + 2 * ((node << (k - 1 - stage)) + static_cast<std::size_t>(u)));
        });
    unroll<(1 << k)>([&](auto u) __attribute__((always_inline)) {
      kLast ? A::store_words(x + u * stride, r[u]) : A::store(x + u * stride, r[u]);
    });
  }
}

template <class A>
[[gnu::noinline]] void VectorTransform<A>::inverse_tails(u64* x, std::size_t count,
                                                         std::size_t node) const noexcept {
  const A a = a_;
  const u64* const nodes = inverse_.nodes.data();
  const u64* tail = inverse_.tail.data() + (node - first_tail_) * kTailWords;
  for (const std::size_t end = node + count; node != end; node += kTailBlocks) {
    Reg r[kTailRegisters];
    unroll<kTailRegisters>([&](auto u)
                               __attribute__((always_inline)) { r[u] = A::load_canonical(x + u * kLanes); });
    unroll<kTailBlocks>([&](auto b) __attribute__((always_inline)) { A::transpose(r + b * kLanes); });
    inverse_stages<kLogLanes, kTailBlocks, false>(
        a, r, [&](int stage, int u) __attribute__((always_inline)) {
          return A::load_twiddle(tail + tail_offset(kLogLanes - 1 - stage, u));
        });
    unroll<kTailBlocks>([&](auto b) __attribute__((always_inline)) { A::transpose(r + b * kLanes); });
    inverse_stages<kLogLanes, kTailBlocks, false>(
        a, r, [&](int stage, int u) __attribute__((always_inline)) {
          return A::broadcast(nodes + 2 * ((node << (kLogLanes - 1 - stage)) + static_cast<std::size_t>(u)));
        });
    unroll<kTailRegisters>([&](auto u) __attribute__((always_inline)) { A::store(x + u * kLanes, r[u]); });
    x += kTailRegisters * kLanes;
    tail += kTailBlocks * kTailWords;
  }
}

/// As many butterflies side by side as hide the latency of one.
template <class A>
template <Direction kDirection>
[[gnu::noinline]] u64 VectorTransform<A>::run_butterflies(std::size_t count) const noexcept {
  constexpr int kChains = 8;
  const A a = a_;
  alignas(64) u64 words[kLanes] = {1, 2, 3};
  Reg left[kChains], right[kChains];
  unroll<kChains>([&](auto i) __attribute__((always_inline)) {
    left[i] = A::load_canonical(words);
    right[i] = A::load_canonical(words);
  });
  const Twiddle twiddle = A::broadcast(forward_.nodes.data() + 2);
  for (std::size_t done = 0; done < count; done += kChains * kLanes) {
    unroll<kChains>([&](auto i) __attribute__((always_inline)) {
      if constexpr (kDirection == Direction::kForward) {
        a.template forward_butterfly<A::kForwardPeriod == 1>(left[i], right[i], twiddle);
      } else {
        a.template inverse_butterfly<A::kReduced>(left[i], right[i], twiddle);
      }
    });
  }
  u64 checksum = 0;
  unroll<kChains>([&](auto i) __attribute__((always_inline)) {
    A::store(words, left[i]);
    for (u64 word : words) checksum ^= word;
    A::store(words, right[i]);
    for (u64 word : words) checksum += word;
  });
  return checksum | 1;
}

template <class A>
template <bool kLast>
void VectorTransform<A>::inverse_block(u64* x, int level, std::size_t node) const noexcept {
  const std::size_t stride = std::size_t{1} << stride_[level];
  const std::size_t children = std::size_t{1} << radix_[level];
  const std::size_t child = node << radix_[level];
  if (level + 1 == levels_) {
    inverse_tails(x, children, child);
  } else {
    for (std::size_t c = 0; c < children; ++c) inverse_block<false>(x + c * stride, level + 1, child + c);
  }
  switch (radix_[level]) {
    case 1:
      return inverse_pass<1, kLast>(x, stride, node);
    case 2:
      return inverse_pass<2, kLast>(x, stride, node);
    case 3:
      return inverse_pass<3, kLast>(x, stride, node);
    default:
      return inverse_pass<4, kLast>(x, stride, node);
  }
}

}  // namespace sotto::ntt
