// Twiddles of one direction of VectorTransform, in the order in which its loops read them.
//
// A block of the tail is a polynomial modulo x^M - c. Its last log2(lanes) levels would need a twiddle of
// their own for every second word of the limb, and read cold those cost more than the butterflies. But node j
// of a level below a block multiplies by u v_j, where v_j is the same for all blocks and u = gamma^distance:
// so words that were scaled by gamma^lane once need only the v_j, which stay in the first cache.
//
// What is left for each block, a frame of a few vectors, factors in the same way: the frame of child c of a
// node is that of the node times one that depends on c alone. Large transforms store these two kinds and
// multiply them when they come to a block (derive()): a seventh more arithmetic in the tail, but 16 KiB in
// place of 256 for N = 2^16, so that the limbs of a key switch do not push each other's twiddles out of the
// last cache.
#pragma once

#include <bit>

#include "ntt/backends/unroll.h"
#include "ntt/plan.h"
#include "ntt/roots.h"

namespace sotto::ntt {

/// Two words for each twiddle, w and its companion, as an arithmetic wants them.
struct TwiddleWords {
  u64 w, companion;
};

/// Passes of one transform from the largest stride down; the tail takes 2^cross registers.
struct Schedule {
  int passes = 0;
  int radix[8] = {};   // log2 of the radix of each pass
  int stride[8] = {};  // log2 of the stride of each pass, in words
  bool reduces[8] =
      {};         // whether words may reach the limit of the arithmetic in this pass of the forward transform
  int cross = 0;  // levels of the tail across registers
  bool derives = false;  // frames of blocks are products
};

/// Of a block whose tail takes 2^kCross registers, in words of 64 bits: the scales of its left half, those of
/// its right half times the twiddle of level 0, then in heap order the twiddles of the levels below that are
/// equal in all lanes: slot 2^j + u is node u of level j. All words first, then all companions.
template <int kLogLanes>
struct Frame {
  static constexpr std::size_t kLanes = std::size_t{1} << kLogLanes;
  static constexpr std::size_t words(int cross) {  // whole registers
    return 2 * kLanes + (cross < kLogLanes ? kLanes : std::size_t{1} << cross);
  }
  static constexpr std::size_t kRight = kLanes, kSlots = 2 * kLanes;
};

template <class A>
class VectorTables {
 public:
  using Layout = Frame<A::kLogLanes>;
  static constexpr std::size_t kLanes = Layout::kLanes;

  VectorTables() = default;
  /// `roots` are those of one direction; `scale` joins the scaling of the blocks.
  VectorTables(const Modulus& q, const AlignedWords& roots, u64 scale, const Schedule& schedule,
               Direction direction);

  /// Twiddle pairs of a node of a pass in heap order: slot 2^j + u is node u of level j below it.
  const u64* pass(int level, std::size_t node) const noexcept {
    return nodes_.data() + (2 * (node << radix_[level]) + offset_[level]);
  }
  /// The frame of a block: words, then companions.
  const u64* frame(std::size_t block) const noexcept { return frames_.data() + block * frame_words_; }
  /// The factors of frames: words of node `block` of the last pass, words and companions of child c of any.
  const u64* node_factor(std::size_t block) const noexcept { return frames_.data() + block * frame_words_; }
  const u64* child_factor(std::size_t c) const noexcept { return children_.data() + 2 * c * frame_words_; }
  /// [pair of registers][stage][w, companion][lane], for all blocks.
  const u64* lanes() const noexcept { return lanes_.data(); }

  static constexpr std::size_t lane_offset(int pair, int stage) {
    return static_cast<std::size_t>(pair * A::kLogLanes + stage) * 2 * kLanes;
  }

 private:
  void put_nodes(const Modulus& q, const AlignedWords& roots, const Schedule& schedule);
  void put_frames(const Modulus& q, const AlignedWords& roots, u64 scale, const Schedule& schedule);
  void put_lanes(const Modulus& q, const AlignedWords& roots, int cross, Direction direction);

  AlignedWords nodes_, frames_, children_, lanes_;
  int radix_[8] = {};
  std::size_t offset_[8] = {};   // of slot 0 of node 0, which is not there: wraps
  std::size_t frame_words_ = 0;  // from one frame, or factor of a node, to the next
};

/// Puts a twiddle and its companion.
template <class A>
inline void put_twiddle(const Modulus& q, u64* w, u64* companion, u64 root) {
  const TwiddleWords words = A::twiddle_words(q, root);
  *w = words.w;
  *companion = words.companion;
}

template <class A>
VectorTables<A>::VectorTables(const Modulus& q, const AlignedWords& roots, u64 scale,
                              const Schedule& schedule, Direction direction) {
  put_nodes(q, roots, schedule);
  put_frames(q, roots, scale, schedule);
  put_lanes(q, roots, schedule.cross, direction);
}

template <class A>
void VectorTables<A>::put_nodes(const Modulus& q, const AlignedWords& roots, const Schedule& schedule) {
  std::size_t words = 0, first = 1;  // first node of the level
  for (int i = 0; i < schedule.passes; first <<= radix_[i++]) {
    radix_[i] = schedule.radix[i];
    offset_[i] = words - 2 * (first << radix_[i]);
    words += 2 * (first << radix_[i]);
  }
  nodes_ = AlignedWords(words);
  u64* out = nodes_.data();
  first = 1;
  for (int i = 0; i < schedule.passes; first <<= radix_[i++]) {
    for (std::size_t node = first; node < 2 * first; ++node, out += std::size_t{2} << radix_[i]) {
      for (std::size_t slot = 1; slot < std::size_t{1} << radix_[i]; ++slot) {
        const int level = static_cast<int>(std::bit_width(slot)) - 1;
        const u64 root = roots[(node << level) + slot - (std::size_t{1} << level)];
        put_twiddle<A>(q, out + 2 * slot, out + 2 * slot + 1, root);
      }
    }
  }
}

/// The frame of `node`; the nodes below it count only if `below`. A null companion is left out.
template <class A>
inline void put_frame(const Modulus& q, const AlignedWords& roots, std::size_t node, u64 scale, bool below,
                      int cross, u64* w, u64* companion) {
  using Layout = Frame<A::kLogLanes>;
  u64 unused;
  const auto put = [&](std::size_t i, u64 root) {
    put_twiddle<A>(q, w + i, companion == nullptr ? &unused : companion + i, root);
  };
  const u64 gamma = roots[node << (cross + A::kLogLanes - 1)];
  u64 power = scale;
  for (std::size_t lane = 0; lane < Layout::kLanes; ++lane, power = q.multiply(power, gamma)) {
    put(lane, power);
    put(Layout::kRight + lane, q.multiply(power, roots[node]));
  }
  put(Layout::kSlots, 1);
  for (std::size_t slot = 1; slot < std::size_t{1} << cross; ++slot) {
    const int level = static_cast<int>(std::bit_width(slot)) - 1;
    put(Layout::kSlots + slot, roots[(node << level) + (below ? slot - (std::size_t{1} << level) : 0)]);
  }
}

template <class A>
void VectorTables<A>::put_frames(const Modulus& q, const AlignedWords& roots, u64 scale,
                                 const Schedule& schedule) {
  const int cross = schedule.cross, radix = schedule.derives ? schedule.radix[schedule.passes - 1] : 0;
  const std::size_t words = Layout::words(cross), first = roots.size() >> (cross + A::kLogLanes + radix);
  frame_words_ = schedule.derives ? words : 2 * words;
  frames_ = AlignedWords(first * frame_words_);
  for (std::size_t i = 0; i < first; ++i) {
    u64* const w = frames_.data() + i * frame_words_;
    put_frame<A>(q, roots, (first + i) << radix, scale, !schedule.derives, cross, w,
                 schedule.derives ? nullptr : w + words);
  }
  if (!schedule.derives) return;
  children_ = AlignedWords((words << radix) * 2);
  for (std::size_t c = 0; c < std::size_t{1} << radix; ++c) {
    u64* const w = children_.data() + 2 * c * words;
    put_frame<A>(q, roots, c, 1, true, cross, w, w + words);
  }
}

/// Sends the indices of the words through the exchanges of A, to learn which node each lane serves.
template <class A>
void VectorTables<A>::put_lanes(const Modulus& q, const AlignedWords& roots, int cross, Direction direction) {
  const int pairs = 1 << (cross - 1);
  lanes_ = AlignedWords(lane_offset(pairs, 0));
  for (int pair = 0; pair < pairs; ++pair) {
    AlignedWords left(kLanes), right(kLanes);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      left[lane] = 2 * static_cast<std::size_t>(pair) * kLanes + lane;
      right[lane] = left[lane] + kLanes;
    }
    unroll<A::kLogLanes>([&](auto stage) {
      auto a = A::load(left.data()), b = A::load(right.data());
      direction == Direction::kForward ? A::template split<stage>(a, b) : A::template join<stage>(a, b);
      A::store(left.data(), a);
      A::store(right.data(), b);
      const int distance = direction == Direction::kForward ? A::kLogLanes - 1 - stage : int{stage};
      u64* const out = lanes_.data() + lane_offset(pair, stage);
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        put_twiddle<A>(q, out + lane, out + kLanes + lane, roots[left[lane] >> (distance + 1)]);
      }
    });
  }
}

}  // namespace sotto::ntt
