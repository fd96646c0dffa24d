#include "ckks/mixed_radix.h"

#include <algorithm>
#include <array>

#include "ckks/random.h"

namespace sotto::ckks {
namespace {

constexpr std::size_t kTileWords = 256;
constexpr std::size_t kStride = kTileWords + 40;  // rows begin in different cache sets

/// The bits of x - y that say x < y, for x and y below 2^63: 1 or 0.
constexpr u64 below(u64 x, u64 y) noexcept {
  return (x - y) >> 63;
}

}  // namespace

MixedRadix::MixedRadix(std::vector<const ntt::Plan*> primes) : primes_(std::move(primes)) {
  for (std::size_t i = 0; i < primes_.size(); ++i) {
    const ntt::Modulus& q = primes_[i]->modulus();
    std::vector<u64> factors;
    u64 product = 1;
    for (std::size_t j = 0; j < i; ++j) {
      factors.push_back(product);
      product = q.multiply(product, q.reduce(primes_[j]->modulus().value()));
    }
    inverse_.push_back(q.inverse(product));
    std::vector<std::vector<u64>> groups;
    for (std::size_t first = 0; first < i; first += ntt::kMaxRows) {
      const std::size_t size = std::min(ntt::kMaxRows, i - first);
      groups.push_back(primes_[i]->combine_factors(std::span(factors).subspan(first, size)));
    }
    factors_.push_back(std::move(groups));
  }
}

int MixedRadix::tiles() const noexcept {
  return static_cast<int>((primes_.front()->n() + kTileWords - 1) / kTileWords);
}

/// c > (Q-1)/2 stands for c - Q. The digits of (Q-1)/2 are (q[i]-1)/2 and those of Q-1-c are q[i]-1-v[i], so
/// sign and magnitude need no long arithmetic, and Horner's rule in double has no cancellation.
void MixedRadix::lift(std::span<const ntt::ConstLimb> limbs, int tile, std::span<double> out) const {
  const std::size_t count = primes_.size(), size = std::min(primes_.front()->n(), kTileWords);
  const std::size_t from = static_cast<std::size_t>(tile) * size;
  AlignedWords digits(kStride * (count + 1));  // [i][kStride], and a row for what is beyond kMaxRows
  const WipeAtExit guard(digits);
  const ntt::Limb more = digits.span().subspan(kStride * count, size);
  std::array<const u64*, kMaxPrimes> rows;
  alignas(64) std::array<u64, kTileWords>
      above{};  // is c above (Q-1)/2? the highest digit that differs decides
  for (std::size_t i = 0; i < count; ++i) {
    const ntt::Limb v = digits.span().subspan(i * kStride, size);
    const ntt::ConstLimb x = limbs[i].subspan(from, size);
    if (i == 0) {
      std::ranges::copy(x, v.begin());
    } else {
      for (std::size_t group = 0; group < factors_[i].size(); ++group) {
        const std::size_t first = group * ntt::kMaxRows;
        primes_[i]->combine(group == 0 ? v : more, {rows.data() + first, std::min(ntt::kMaxRows, i - first)},
                            factors_[i][group]);
        if (group > 0) primes_[i]->add(v, v, more);
      }
      primes_[i]->subtract_multiply_scalar(v, x, v, inverse_[i]);
    }
    rows[i] = v.data();
    const u64 half = primes_[i]->modulus().value() / 2;
    for (std::size_t k = 0; k < size; ++k) above[k] = (above[k] | below(half, v[k])) & ~below(v[k], half);
  }
  double* const magnitude = out.data() + from;
  std::fill_n(magnitude, size, 0.0);
  for (std::size_t i = count; i-- > 0;) {
    const u64 q = primes_[i]->modulus().value();
    for (std::size_t k = 0; k < size; ++k) {
      const u64 negative = u64{0} - above[k],
                digit = (rows[i][k] & ~negative) | ((q - 1 - rows[i][k]) & negative);
      magnitude[k] =
          magnitude[k] * static_cast<double>(q) + static_cast<double>(static_cast<std::int64_t>(digit));
    }
  }
  for (std::size_t k = 0; k < size; ++k) {
    const auto sign = static_cast<double>(static_cast<std::int64_t>(above[k]));
    magnitude[k] = (magnitude[k] + sign) * (1 - 2 * sign);
  }
  wipe(above.data(), sizeof(above));
}

}  // namespace sotto::ckks
