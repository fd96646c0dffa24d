#include "ckks/named_params.h"

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

#include "base/error.h"

namespace sotto::ckks::params {
namespace {

using Run = std::pair<int, int>;  // bits, count

std::vector<int> sizes(std::initializer_list<Run> runs) {
  std::vector<int> bits;
  for (const auto& [size, count] : runs) bits.insert(bits.end(), static_cast<std::size_t>(count), size);
  return bits;
}

std::vector<double> scales(std::initializer_list<Run> runs) {
  const std::vector<int> bits = sizes(runs);
  return {bits.begin(), bits.end()};
}

ParamsLiteral plain(const char* name, int log_n, int log_scale, std::initializer_list<Run> q, Run p,
                    int digits) {
  return {.name = name,
          .log_n = log_n,
          .log_q = sizes(q),
          .log_p = sizes({p}),
          .q = {},
          .p = {},
          .log_scale = static_cast<double>(log_scale),
          .digits = digits};
}

/// 13 levels of 60 bits on 16 primes of 45 bits (15…24 and 27…32) and two terminals of 30 (25 and 26): from
/// the top, three rescales drop both terminals, then two primes for one terminal, then two for the other. The
/// terminals stand where no group of 9 primes exceeds 375 bits.
LevelSets high_precision_levels() {
  constexpr int kBelow = 15, kFirstTerminal = 25, kSecondTerminal = 26;
  const std::vector<int> mains{15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 27, 28, 29, 30, 31, 32};
  const auto level = [&](std::size_t count, bool first, bool second) {
    std::vector<int> primes;
    for (int i = 0; i < kBelow; ++i) primes.push_back(i);
    primes.insert(primes.end(), mains.begin(), mains.begin() + static_cast<std::ptrdiff_t>(count));
    if (first) primes.push_back(kFirstTerminal);
    if (second) primes.push_back(kSecondTerminal);
    std::ranges::sort(primes);
    return primes;
  };
  LevelSets levels;
  for (int top = 2; top < kBelow; ++top) {  // q0 is a pair of primes
    std::vector<int> primes;
    for (int i = 0; i < top; ++i) primes.push_back(i);
    levels.push_back(std::move(primes));
  }
  levels.push_back(level(0, false, false));
  levels.push_back(level(0, true, true));
  for (std::size_t count = 2; count <= mains.size(); count += 4) {
    levels.push_back(level(count, true, false));
    levels.push_back(level(count + 2, false, false));
    levels.push_back(level(count + 2, true, true));
  }
  return levels;
}

std::vector<NamedSet> make_named() {
  std::vector<NamedSet> sets{
      {plain("L13", 13, 30, {{43, 1}, {30, 4}}, {48, 1}, 5), "4 levels at 2^30, 4096 slots"},
      {plain("L14", 14, 40, {{48, 1}, {40, 7}}, {48, 2}, 4), "7 levels at 2^40, 8192 slots"},
      {plain("L15", 15, 40, {{48, 1}, {40, 15}}, {48, 4}, 4), "15 levels at 2^40, 16384 slots"},
      {plain("L16", 16, 40, {{48, 1}, {40, 31}}, {48, 8}, 4), "31 levels at 2^40, 32768 slots"},
      {plain("L17", 17, 40, {{48, 1}, {40, 67}}, {41, 17}, 4), "67 levels at 2^40, 65536 slots"},
  };

  NamedSet b15{plain("B15", 15, 40, {{49, 1}, {40, 5}, {48, 10}}, {50, 2}, 8),
               "bootstrapping, 3 levels of 2^40 a time, 16384 slots",
               BootstrapLevels{.slot_to_coeff = 2,
                               .user = 3,
                               .eval_mod = 8,
                               .coeff_to_slot = 2,
                               .sparse_weight = 32,
                               .log_sparse_p = 50,
                               .log_message_ratio = 9}};
  b15.literal.log_scales = scales({{40, 6}, {48, 10}});
  sets.push_back(std::move(b15));

  NamedSet fast{plain("B16-fast", 16, 40, {{49, 1}, {40, 18}, {48, 12}}, {49, 8}, 4),
                "bootstrapping, 15 levels of 2^40 a time, 32768 slots",
                BootstrapLevels{.slot_to_coeff = 3,
                                .user = 15,
                                .eval_mod = 8,
                                .coeff_to_slot = 4,
                                .sparse_weight = 32,
                                .log_sparse_p = 50,
                                .log_message_ratio = 9}};
  fast.literal.log_scales = scales({{40, 19}, {48, 12}});
  sets.push_back(std::move(fast));

  NamedSet precise{plain("B16-hp", 16, 40, {{27, 2}, {40, 13}, {45, 10}, {30, 2}, {45, 6}}, {48, 8}, 4),
                   "bootstrapping at 2^60 by rational rescales, 10 levels of 2^40 a time, 32768 slots",
                   BootstrapLevels{.slot_to_coeff = 3,
                                   .user = 10,
                                   .eval_mod = 9,
                                   .coeff_to_slot = 4,
                                   .sparse_weight = 32,
                                   .log_sparse_p = 50,
                                   .log_message_ratio = 14}};
  precise.literal.levels = high_precision_levels();
  precise.literal.log_scales = scales({{40, 14}, {60, 13}});
  sets.push_back(std::move(precise));
  return sets;
}

}  // namespace

std::span<const NamedSet> named() {
  static const std::vector<NamedSet> sets = make_named();
  return sets;
}

const NamedSet& find(std::string_view name) {
  std::string names;
  for (const NamedSet& set : named()) {
    if (set.literal.name == name) return set;
    names += (names.empty() ? "" : ", ") + set.literal.name;
  }
  throw Error(ErrorCode::kInvalidArgument,
              "params: no set has the name \"" + std::string(name.substr(0, 64)) + "\"; there are " + names);
}

}  // namespace sotto::ckks::params
