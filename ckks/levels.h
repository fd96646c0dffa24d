// Levels as sets of chain primes, and the digits that key switching cuts them into.
//
// A ciphertext at level l lives modulo the primes of basis(l). In most sets that is q[0..l], one prime less a
// level; a literal may name the sets instead, with two primes less a level, or with primes that come back: a
// rational rescale divides by the primes that leave and multiplies by those that enter [CCK+24]. Sets grow
// strictly with the level, so the number of limbs tells the level, and the top level holds every prime.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace sotto::ckks {

/// The primes of a basis that lie in one group of alpha consecutive chain primes: limbs [first, first +
/// count) of the basis.
struct Digit {
  int group = 0, first = 0, count = 0;
};

/// A set of chain primes in ascending order.
class Basis {
 public:
  Basis(std::vector<int> primes, int chain, int alpha);
  int size() const noexcept { return static_cast<int>(primes_.size()); }
  std::span<const int> primes() const noexcept { return primes_; }
  int prime(int limb) const noexcept { return primes_[static_cast<std::size_t>(limb)]; }
  /// The limb that belongs to a chain prime, or -1.
  int limb_of(int prime) const noexcept { return limb_of_[static_cast<std::size_t>(prime)]; }
  std::span<const Digit> digits() const noexcept { return digits_; }
  int digit_count() const noexcept { return static_cast<int>(digits_.size()); }
  /// Index into digits() of a group, or -1.
  int digit_of_group(int group) const noexcept { return digit_of_group_[static_cast<std::size_t>(group)]; }
  bool contains(const Basis& other) const noexcept;

 private:
  std::vector<int> primes_;          // [limb]
  std::vector<int> limb_of_;         // [chain prime]
  std::vector<Digit> digits_;        // by ascending group; none is empty
  std::vector<int> digit_of_group_;  // [group]
};

using LevelSets = std::vector<std::vector<int>>;  // [level] indices of chain primes, ascending

class Levels {
 public:
  Levels() = default;
  /// `sets` as in ParamsLiteral::levels, free of defects; empty: level l has the primes 0..l.
  Levels(int chain, int alpha, const LevelSets& sets);

  /// "" or what is wrong with `sets` for a chain of so many primes, as the end of a sentence.
  static std::string defect(int chain, const LevelSets& sets);

  int max_level() const noexcept { return static_cast<int>(at_.size()) - 1; }
  const Basis& at(int level) const noexcept { return at_[static_cast<std::size_t>(level)]; }
  /// What a key of this level covers: the primes of all levels up to it.
  const Basis& key(int level) const noexcept { return key_[static_cast<std::size_t>(level)]; }
  /// The level with so many limbs, or -1.
  int of(int limbs) const noexcept {
    return limbs < 0 || limbs >= static_cast<int>(of_.size()) ? -1 : of_[static_cast<std::size_t>(limbs)];
  }

 private:
  std::vector<Basis> at_, key_;  // [level]
  std::vector<int> of_;          // [limbs]
};

}  // namespace sotto::ckks
