#include "nn/parameters.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <string>

#include "base/error.h"
#include "ckks/security.h"

namespace sotto::nn {
namespace {

constexpr int kMinLogN = 11, kMaxLogN = 16;
constexpr int kMaxPrimeBits = 46;  // below 2^46.9 transforms need no reduction inside
constexpr int kMaxScaleBits = 45;
constexpr int kMinScaleBits = 20;      // the smallest prime that Params takes
constexpr int kSpecialMarginBits = 5;  // P over the largest digit: key switching adds less than rounding does
constexpr int kMaxAlpha = 3;
constexpr double kWorthAScale = 1.25;  // slower sets are taken for a larger scale up to here
constexpr int kMaxLoweredBits = 2;     // of the answer's scale, before a smaller scale everywhere is better
constexpr double kNoiseBits =
    10.9;  // log2 of a slot's rounding error at N = 2^13: sqrt(N) sqrt((1 + 2N/3) / 12)
constexpr double kAmplificationBits = 3;
// Sets are chosen by nominal sizes. The first prime lies a little below its power of two and the canonical
// scale of level 0 beside its own: prime gaps of some 20 times 2N at 2^27 and N = 2^16, 2 % each at worst.
constexpr double kPrimeGapBits = 0.125;

/// Bits of each special prime: P covers the largest digit of `alpha` primes and the margin.
std::vector<int> special_bits(int first, int scale, int alpha, int depth) {
  const int digit = first + std::min(alpha - 1, depth) * scale;  // the one with q[0] is the largest
  const int total = digit + kSpecialMarginBits;
  const int count = (total + kMaxPrimeBits - 1) / kMaxPrimeBits;
  return std::vector<int>(static_cast<std::size_t>(count), (total + count - 1) / count);
}

/// The set with this scale; nullopt when a prime or log QP is too large.
std::optional<ckks::ParamsLiteral> build(const Needs& needs, int log_n, int alpha, int scale) {
  const int wanted = static_cast<int>(std::ceil(scale + headroom_bits(needs.max_logit)));
  const int lowered = needs.ends_linear ? kMaxLoweredBits : 0;
  const int budget = ckks::max_log_qp(log_n, 128);
  for (int first = std::min(wanted, kMaxPrimeBits); first >= std::max(wanted - lowered, scale); --first) {
    ckks::ParamsLiteral literal;
    literal.name = "auto-" + std::to_string(log_n);
    literal.log_n = log_n;
    literal.log_p = special_bits(first, scale, alpha, needs.depth);
    literal.log_q.assign(static_cast<std::size_t>(needs.depth) + 1, scale);
    literal.log_q[0] = first;
    literal.log_scale = scale;
    literal.digits = (needs.depth + alpha) / alpha;
    int total = first + needs.depth * scale;
    for (const int bits : literal.log_p) total += bits;
    if (total > budget) continue;
    // What is left over makes key switching quieter.
    if (literal.log_p.size() == 1)
      literal.log_p[0] = std::min(kMaxPrimeBits, literal.log_p[0] + budget - total);
    return literal;
  }
  return std::nullopt;
}

double mean_rotation_seconds(const ckks::ParamsLiteral& literal, int alpha, const CostModel& cost) {
  const ChainShape chain{literal.log_n, alpha, static_cast<int>(literal.log_p.size())};
  double sum = 0;
  const int top = static_cast<int>(literal.log_q.size()) - 1;
  for (int level = 0; level <= top; ++level) sum += rotation_seconds(cost, chain, level);
  return sum / (top + 1);
}

std::string describe(const ckks::ParamsLiteral& literal) {
  std::string text = "log_n " + std::to_string(literal.log_n) + ", log_q [";
  for (std::size_t i = 0; i < literal.log_q.size(); ++i)
    text += (i ? ", " : "") + std::to_string(literal.log_q[i]);
  text += "], log_p [";
  for (std::size_t i = 0; i < literal.log_p.size(); ++i)
    text += (i ? ", " : "") + std::to_string(literal.log_p[i]);
  return text + "], digits " + std::to_string(literal.digits);
}

}  // namespace

double headroom_bits(double max_logit) {
  return std::log2(std::max(max_logit, 1.0)) + 2.0;
}

double needed_scale_bits(const Needs& needs, int log_n) {
  return needs.min_bits + kNoiseBits + 0.5 * (log_n - 13) + kAmplificationBits;
}

namespace {

struct Choice {
  ckks::ParamsLiteral literal;
  double seconds = 0;  // of a rotation at a mean level
};

/// Every digit size and scale that this ring holds.
std::vector<Choice> choices(const Needs& needs, int log_n, const CostModel& cost) {
  std::vector<Choice> found;
  const int least = std::max(kMinScaleBits, static_cast<int>(std::ceil(needed_scale_bits(needs, log_n))));
  for (int alpha = 1; alpha <= std::min(kMaxAlpha, needs.depth + 1); ++alpha) {
    for (int scale = least; scale <= kMaxScaleBits; ++scale) {
      auto literal = build(needs, log_n, alpha, scale);
      if (!literal) continue;
      const double seconds = mean_rotation_seconds(*literal, alpha, cost);
      found.push_back({std::move(*literal), seconds});
    }
  }
  return found;
}

}  // namespace

ckks::ParamsLiteral choose_params(const Needs& needs, const CostModel& cost) {
  for (int log_n = kMinLogN; log_n <= kMaxLogN; ++log_n) {
    if ((std::size_t{1} << (log_n - 1)) < needs.slots) continue;
    std::vector<Choice> found = choices(needs, log_n, cost);
    if (found.empty()) continue;
    const double fastest = std::ranges::min(found, {}, &Choice::seconds).seconds;
    std::erase_if(found, [&](const Choice& choice) { return choice.seconds > kWorthAScale * fastest; });
    const auto finer = [](const Choice& a, const Choice& b) {
      return std::pair(a.literal.log_scale, -a.seconds) < std::pair(b.literal.log_scale, -b.seconds);
    };
    return std::ranges::max_element(found, finer)->literal;
  }
  const double scale = needed_scale_bits(needs, kMaxLogN);
  throw Error(ErrorCode::kOutOfLevels,
              "plan: the network needs " + std::to_string(needs.depth) + " levels at a scale of at least 2^" +
                  std::to_string(static_cast<int>(std::ceil(scale))) + ", answers up to " +
                  std::to_string(needs.max_logit) + " and " + std::to_string(needs.slots) +
                  " slots; no ring up to N = 2^16 (" + std::to_string(ckks::max_log_qp(kMaxLogN, 128)) +
                  " bits, 32768 slots) holds that with 128-bit security; use fewer layers or lower degrees");
}

double output_scale(const ckks::Params& params, const Needs& needs) {
  const double canonical = params.scale(0);
  const double limit = std::exp2(params.log_q(0) - headroom_bits(needs.max_logit));
  if (canonical <= limit) return canonical;
  // Nothing after the last rescale can lower the scale; the gap comes out of the room for partial sums.
  if (!needs.ends_linear && canonical <= limit * std::exp2(kPrimeGapBits)) return canonical;
  const double noise = kNoiseBits + 0.5 * (params.log_n() - 13);
  if (!needs.ends_linear || std::log2(limit) - noise < needs.min_bits) {
    throw Error(ErrorCode::kInvalidArgument,
                "plan: answers up to " + std::to_string(needs.max_logit) + " at scale 2^" +
                    std::to_string(std::log2(canonical)) + " need a first prime of " +
                    std::to_string(
                        static_cast<int>(std::ceil(std::log2(canonical) + headroom_bits(needs.max_logit)))) +
                    " bits; \"" + params.name() + "\" has " +
                    std::to_string(static_cast<int>(std::ceil(params.log_q(0)))));
  }
  return limit;
}

void require_enough(const ckks::Params& params, const Needs& needs, const CostModel& cost) {
  const std::string set = "params \"" + params.name() + "\"";
  if (params.slots() < needs.slots) {
    throw Error(ErrorCode::kInvalidArgument,
                "plan: the largest tensor has " + std::to_string(needs.slots) + " elements, " + set +
                    " have " + std::to_string(params.slots()) + " slots; log_n " +
                    std::to_string(std::bit_width(needs.slots - 1) + 1) + " is needed");
  }
  if (params.max_level() >= needs.depth) return;
  throw Error(ErrorCode::kOutOfLevels,
              "plan: the network needs " + std::to_string(needs.depth) + " levels, " + set + " have " +
                  std::to_string(params.max_level()) +
                  "; the smallest set that would do: " + describe(choose_params(needs, cost)));
}

}  // namespace sotto::nn
