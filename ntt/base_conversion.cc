#include "ntt/base_conversion.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/error.h"

namespace sotto::ntt {
namespace {

constexpr int kMinSourceBits = kQuotientBits;  // m > 2^16: tau = 2^(shift+16) / m stays below 2^shift
constexpr std::size_t kTileWords = 512;  // 4 KiB of each row: 8 rows, their quotient and a target fill 40 KiB

u64 product_without(std::span<const Plan* const> primes, std::size_t skip, const Modulus& m) noexcept {
  u64 product = 1;
  for (std::size_t i = 0; i < primes.size(); ++i) {
    if (i != skip) product = m.multiply(product, m.reduce(primes[i]->modulus().value()));
  }
  return product;
}

/// 1 to 63 primes, none so small that its tau does not fit: a backend would silently drop the upper bits.
void check_sources(std::span<const Plan* const> from) {
  if (from.empty() || from.size() >= kMaxRows) {
    throw Error(ErrorCode::kInvalidArgument, "base conversion: " + std::to_string(from.size()) +
                                                 " source primes; 1 to " + std::to_string(kMaxRows - 1) +
                                                 " are possible");
  }
  for (const Plan* plan : from) {
    const u64 m = plan->modulus().value();
    if (m >> kMinSourceBits != 0) continue;
    throw Error(ErrorCode::kInvalidArgument,
                "base conversion: source prime " + std::to_string(m) + " is below 2^" +
                    std::to_string(kMinSourceBits) + ", so that its fixed-point reciprocal of " +
                    std::to_string(kQuotientBits) + " fraction bits exceeds a word; choose wider primes");
  }
}

}  // namespace

BaseConversion::BaseConversion(std::vector<const Plan*> from, std::vector<const Plan*> to,
                               const Factors& given)
    : from_(std::move(from)), to_(std::move(to)) {
  check_sources(from_);
  const bool wide = std::ranges::any_of(from_, [](const Plan* plan) { return plan->modulus().bits() > 50; });
  shift_ = wide ? 64 : 52;  // by size of the primes and not by backend, so that every backend rounds alike
  for (std::size_t i = 0; i < from_.size(); ++i) {
    const Modulus& m = from_[i]->modulus();
    const u64 inverse = m.inverse(product_without(from_, i, m));
    if (from_.size() > 1 || !given.source.empty())
      inverse_.push_back(given.source.empty() ? inverse : m.multiply(inverse, given.source[i]));
    tau_.push_back(static_cast<u64>((u128{1} << (shift_ + kQuotientBits)) / m.value()));
  }
  for (std::size_t j = 0; j < to_.size(); ++j) {
    const Modulus& t = to_[j]->modulus();
    std::vector<u64> factors;
    for (std::size_t i = 0; i < from_.size(); ++i) factors.push_back(product_without(from_, i, t));
    factors.push_back(t.negate(product_without(from_, from_.size(), t)));
    if (!given.target.empty()) {
      for (u64& factor : factors) factor = t.multiply(factor, given.target[j]);
    }
    factors_.push_back(to_[j]->combine_factors(factors));
  }
}

int BaseConversion::tiles() const noexcept {
  return static_cast<int>((from_.front()->n() + kTileWords - 1) / kTileWords);
}

void BaseConversion::prepare(Limb scratch, int tile) const noexcept {
  const std::size_t n = from_.front()->n(), k = from_.size(), words = std::min(n, kTileWords);
  const std::size_t at = static_cast<std::size_t>(tile) * words;
  std::array<const u64*, kMaxRows> rows;
  for (std::size_t i = 0; i < k; ++i) {
    const Limb y = scratch.subspan(i * n + at, words);
    if (!inverse_.empty()) from_[i]->multiply_scalar(y, y, inverse_[i]);
    rows[i] = y.data();
  }
  from_.front()->round_quotient(scratch.subspan(k * n + at, words), {rows.data(), k}, tau_, shift_);
}

void BaseConversion::convert(std::span<const Target> targets, ConstLimb scratch) const noexcept {
  const std::size_t n = from_.front()->n(), k = from_.size() + 1, words = std::min(n, kTileWords);
  std::array<const u64*, kMaxRows> rows;
  for (std::size_t at = 0; at < n; at += words) {
    for (std::size_t i = 0; i < k; ++i) rows[i] = scratch.data() + i * n + at;
    for (const Target& target : targets) {
      const auto j = static_cast<std::size_t>(target.index);
      to_[j]->combine(target.out.subspan(at, words), {rows.data(), k}, factors_[j]);
    }
  }
}

}  // namespace sotto::ntt
