#include "ckks/levels.h"

#include <algorithm>
#include <iterator>

namespace sotto::ckks {

Basis::Basis(std::vector<int> primes, int chain, int alpha)
    : primes_(std::move(primes)),
      limb_of_(static_cast<std::size_t>(chain), -1),
      digit_of_group_(static_cast<std::size_t>((chain + alpha - 1) / alpha), -1) {
  for (int limb = 0; limb < size(); ++limb) {
    const int group = prime(limb) / alpha;
    limb_of_[static_cast<std::size_t>(prime(limb))] = limb;
    if (digits_.empty() || digits_.back().group != group) {
      digit_of_group_[static_cast<std::size_t>(group)] = digit_count();
      digits_.push_back({.group = group, .first = limb, .count = 0});
    }
    ++digits_.back().count;
  }
}

bool Basis::contains(const Basis& other) const noexcept {
  return std::ranges::includes(primes_, other.primes_);
}

Levels::Levels(int chain, int alpha, const LevelSets& sets) : of_(static_cast<std::size_t>(chain) + 1, -1) {
  const int levels = sets.empty() ? chain : static_cast<int>(sets.size());
  std::vector<int> seen;  // primes of all levels so far
  for (int level = 0; level < levels; ++level) {
    std::vector<int> primes;
    if (sets.empty()) {
      for (int i = 0; i <= level; ++i) primes.push_back(i);
    } else {
      primes = sets[static_cast<std::size_t>(level)];
    }
    std::vector<int> all;
    std::ranges::set_union(seen, primes, std::back_inserter(all));
    seen = all;
    of_[primes.size()] = level;
    key_.emplace_back(std::move(all), chain, alpha);
    at_.emplace_back(std::move(primes), chain, alpha);
  }
}

std::string Levels::defect(int chain, const LevelSets& sets) {
  for (std::size_t level = 0; level < sets.size(); ++level) {
    const std::vector<int>& primes = sets[level];
    const std::string name = "levels[" + std::to_string(level) + "]";
    if (primes.empty()) return name + " has no prime";
    if (primes.front() < 0 || primes.back() >= chain || !std::ranges::is_sorted(primes, std::less_equal{})) {
      return name + " must be distinct indices from 0 to " + std::to_string(chain - 1) + ", ascending";
    }
    if (level > 0 && primes.size() <= sets[level - 1].size()) {
      return name + " has " + std::to_string(primes.size()) + " primes, not more than the " +
             std::to_string(sets[level - 1].size()) + " of the level below";
    }
  }
  if (!sets.empty() && static_cast<int>(sets.back().size()) != chain) {
    return "the top level must hold all " + std::to_string(chain) + " chain primes, not " +
           std::to_string(sets.back().size());
  }
  return "";
}

}  // namespace sotto::ckks
