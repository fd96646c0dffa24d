// Twiddles of one direction of VectorTransform, in the order in which its loops read them.
//
// A tail block is a polynomial modulo x^M - c. Its last log2(lanes) levels would need a twiddle of their own
// for every second word of the limb, and read cold those cost more than the butterflies. But node j of a
// level below a block multiplies by u v_j, where v_j is the same for all blocks and u = gamma^distance: so
// words that were scaled by gamma^lane once need only the v_j, which stay in the first cache. A block then
// brings one vector of powers of gamma and the twiddles that are equal in all lanes: a quarter to a half of
// the bytes of its words.
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
  int cross = 0;       // levels of the tail across registers
};

template <class A>
class VectorTables {
 public:
  static constexpr std::size_t kLanes = std::size_t{1} << A::kLogLanes;

  VectorTables() = default;
  /// `roots` are those of one direction; `scale` joins the scaling of the blocks. Schedule as of the
  /// transform.
  VectorTables(const Modulus& q, const AlignedWords& roots, u64 scale, const Schedule& schedule,
               Direction direction);

  /// Twiddle pairs of a node of a pass or, without the first, of a block of the tail in heap order: slot 2^j
  /// + u is node u of level j below it.
  const u64* pass(int level, std::size_t node) const noexcept {
    return nodes_.data() + 2 * (node << radix_[level]) + offset_[level];
  }
  /// Of a block of the tail: the scale of its left half [w, companion][lane], that of its right half, and the
  /// slots.
  const u64* tail(std::size_t block) const noexcept { return tails_.data() + block * tail_words_; }
  /// [pair of registers][stage][w, companion][lane], for all blocks.
  const u64* lanes() const noexcept { return lanes_.data(); }

  static constexpr std::size_t tail_words(int cross) { return 4 * kLanes + (std::size_t{2} << cross); }
  static constexpr std::size_t lane_offset(int pair, int stage) {
    return static_cast<std::size_t>(pair * A::kLogLanes + stage) * 2 * kLanes;
  }

 private:
  static void put(const Modulus& q, u64* pair, u64 w, std::size_t distance = 1) {
    const TwiddleWords words = A::twiddle_words(q, w);
    pair[0] = words.w;
    pair[distance] = words.companion;
  }
  void put_tails(const Modulus& q, const AlignedWords& roots, u64 scale, int cross);
  void put_lanes(const Modulus& q, const AlignedWords& roots, int cross, Direction direction);

  AlignedWords nodes_, tails_, lanes_;
  int radix_[8] = {};
  std::size_t offset_[8] = {};  // of slot 0 of node 0, which is not there: wraps
  std::size_t tail_words_ = 0;
};

template <class A>
VectorTables<A>::VectorTables(const Modulus& q, const AlignedWords& roots, u64 scale,
                              const Schedule& schedule, Direction direction)
    : tail_words_(tail_words(schedule.cross)) {
  std::size_t words = 0, first = 1;  // first node of the level
  for (int i = 0; i < schedule.passes; ++i) {
    radix_[i] = schedule.radix[i];
    offset_[i] = words - 2 * (first << radix_[i]);
    words += 2 * (first << radix_[i]);
    first <<= radix_[i];
  }
  nodes_ = AlignedWords(words);
  first = 1;
  u64* out = nodes_.data();
  for (int i = 0; i < schedule.passes; first <<= radix_[i++]) {
    for (std::size_t node = first; node < 2 * first; ++node, out += std::size_t{2} << radix_[i]) {
      for (std::size_t slot = 1; slot < std::size_t{1} << radix_[i]; ++slot) {
        const int level = static_cast<int>(std::bit_width(slot)) - 1;
        put(q, out + 2 * slot, roots[(node << level) + slot - (std::size_t{1} << level)]);
      }
    }
  }
  put_tails(q, roots, scale, schedule.cross);
  put_lanes(q, roots, schedule.cross, direction);
}

template <class A>
void VectorTables<A>::put_tails(const Modulus& q, const AlignedWords& roots, u64 scale, int cross) {
  const std::size_t blocks = roots.size() >> (cross + A::kLogLanes);
  tails_ = AlignedWords(blocks * tail_words_);
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::size_t node = blocks + block;
    u64* const out = tails_.data() + block * tail_words_;
    const u64 gamma = roots[node << (cross + A::kLogLanes - 1)];
    u64 power = scale;
    for (std::size_t lane = 0; lane < kLanes; ++lane, power = q.multiply(power, gamma)) {
      put(q, out + lane, power, kLanes);
      put(q, out + 2 * kLanes + lane, q.multiply(power, roots[node]), kLanes);
    }
    for (std::size_t slot = 2; slot < std::size_t{1} << cross; ++slot) {
      const int level = static_cast<int>(std::bit_width(slot)) - 1;
      put(q, out + 4 * kLanes + 2 * slot, roots[(node << level) + slot - (std::size_t{1} << level)]);
    }
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
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        put(q, lanes_.data() + lane_offset(pair, stage) + lane, roots[left[lane] >> (distance + 1)], kLanes);
      }
    });
  }
}

}  // namespace sotto::ntt
