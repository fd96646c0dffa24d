// One operation of every NTT backend on words that the fuzzer chose.
#include <algorithm>
#include <cstdint>

#include "base/error.h"
#include "ntt/compare.h"
#include "ntt/primes.h"
#include "ntt/registry.h"
#include "tests/fuzz/targets.h"

namespace sotto::fuzz {
namespace {

using ntt::u64;

/// Bytes as choices and as words in [0, bound); when they run out they begin anew, never in the same state.
class Choices {
 public:
  explicit Choices(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::uint8_t byte() {
    const std::size_t round = bytes_.empty() ? 0 : next_ / bytes_.size();
    state_ = (state_ + next_ + 1) * 0x9e3779b97f4a7c15;
    return bytes_.empty() ? 0xff
                          : static_cast<std::uint8_t>(
                                std::to_integer<std::size_t>(bytes_[next_++ % bytes_.size()]) + round);
  }
  int below(int bound) { return byte() % bound; }

  /// Half of the bytes stand for extremes, where lazy values are largest.
  u64 word(u64 bound) {
    const std::uint8_t choice = byte();
    if (choice >= 128) return (state_ >> 3) % bound;
    if (choice >= 64) return bound - 1;
    if (choice >= 48) return bound - 1 - std::min<u64>(choice & 15, bound - 1);
    if (choice >= 32) return bound / 2;
    return choice >= 16 ? std::min<u64>(choice & 15, bound - 1) : 0;
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t next_ = 0;
  u64 state_ = 1;
};

/// One of the few largest primes below a ceiling: a power of two up to 2^61, or a bound between two kernels.
u64 choose_prime(Choices& choices, int log_n) {
  constexpr u64 kWord = u64{1} << 52;
  constexpr u64 kBounds[] = {kWord / 35, kWord / 34, kWord / 33, kWord / 32, kWord / 17,   kWord / 16,
                             kWord / 9,  kWord / 8,  kWord / 4,  kWord / 2,  u64{1} << 60, u64{1} << 61};
  const int choice = choices.byte();
  const u64 ceiling =
      choice % 2 == 0 ? kBounds[choice / 2 % std::size(kBounds)] : u64{1} << (5 + choice / 2 % 57);
  const auto wanted = static_cast<std::size_t>(1 + choices.below(4));
  try {
    return ntt::primes_below(ceiling, log_n, wanted).back();
  } catch (const Error&) {  // so small that there are not as many
    return ntt::primes_below(u64{1} << std::max(20, log_n + 10), log_n, wanted).back();
  }
}

/// Small rings, so that there are many; one in 16 has a transform of two passes, and the larger ones reduce
/// between stages and derive their frames.
int choose_log_n(Choices& choices) {
  const int choice = choices.byte();
  return choice < 240 ? 4 + choice % 7 : 12 + choice % 5;
}

}  // namespace

std::string compare_backends(std::span<const std::byte> input) {
  Choices choices(input);
  const int log_n = choose_log_n(choices);
  const ntt::Modulus q(choose_prime(choices, log_n));
  const ntt::Operation& operation =
      ntt::operations()[static_cast<std::size_t>(choices.byte()) % ntt::operations().size()];
  const auto rows = static_cast<std::size_t>(1 + choices.below(log_n < 7 ? 64 : log_n < 12 ? 9 : 1));
  const ntt::Operands operands(q, log_n, rows, 50, [&](u64 bound) { return choices.word(bound); });
  const ntt::PlanPtr portable = ntt::make_plan(q, log_n, "portable");
  for (const ntt::BackendInfo& info : ntt::backends()) {
    if (!info.usable() || !info.supports(q, log_n)) continue;
    const ntt::PlanPtr plan = ntt::make_plan(q, log_n, info.name);
    std::string broken = ntt::find_difference(*plan, *portable, operation, operands);
    if (!broken.empty()) return broken;
    AlignedWords x = operands.a[0];
    plan->forward(x.span());
    plan->inverse(x.span());
    if (!std::ranges::equal(x.span(), operands.a[0].span())) {
      return "the inverse transform of " + std::string(info.name) +
             " does not undo the forward one, q = " + std::to_string(q.value()) + ", N = 2^" +
             std::to_string(log_n);
    }
  }
  return "";
}

}  // namespace sotto::fuzz
