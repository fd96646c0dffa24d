// params::for_depth: the smallest ring, then the digits with the fewest transforms.
#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "base/error.h"
#include "ckks/named_params.h"
#include "ckks/security.h"

namespace sotto::ckks::params {
namespace {

constexpr int kMaxDepth = 60, kMinScaleBits = 20, kMaxScaleBits = 60, kMaxAlpha = 16;
constexpr int kWordBits = 50;     // of one prime a level: the widest that vector transforms take
constexpr int kHeadroomBits = 8;  // of q[0] over the scale
constexpr int kMarginBits = 6;    // of P over the largest digit
constexpr int kMinLogN = 10, kMaxLogN = 17, kMaxPrimes = 128;
constexpr int kMaxPrimeBits = 48;  // of special primes: transforms reduce now and then

struct Request {
  int depth, scale_bits, security;
};

/// Sizes of the chain primes and the levels that they make.
struct Chain {
  std::vector<int> log_q;
  LevelSets levels;
};

Chain make_chain(const Request& request) {
  const int first = request.scale_bits + kHeadroomBits;
  Chain chain;
  if (first <= kWordBits)
    chain.log_q = {first};
  else
    chain.log_q = {(first + 1) / 2, first / 2};
  const bool pairs = request.scale_bits > kWordBits;
  for (int level = 1; level <= request.depth; ++level) {
    if (pairs) chain.log_q.push_back(request.scale_bits / 2);
    chain.log_q.push_back(pairs ? (request.scale_bits + 1) / 2 : request.scale_bits);
  }
  if (chain.log_q.size() == static_cast<std::size_t>(request.depth) + 1) return chain;
  const std::size_t bottom = chain.log_q.size() - static_cast<std::size_t>(request.depth) * (pairs ? 2 : 1);
  for (std::size_t size = bottom; size <= chain.log_q.size(); size += pairs ? 2 : 1) {
    std::vector<int> primes;
    for (std::size_t i = 0; i < size; ++i) primes.push_back(static_cast<int>(i));
    chain.levels.push_back(std::move(primes));
  }
  return chain;
}

/// Enough special primes of one size for the largest of these digits.
std::vector<int> special_primes(const std::vector<int>& log_q, std::size_t alpha) {
  int largest = 0;
  for (std::size_t first = 0; first < log_q.size(); first += alpha) {
    int digit = 0;
    for (std::size_t i = first; i < std::min(first + alpha, log_q.size()); ++i) digit += log_q[i];
    largest = std::max(largest, digit);
  }
  const int total = largest + kMarginBits, count = (total + kMaxPrimeBits - 1) / kMaxPrimeBits;
  return std::vector<int>(static_cast<std::size_t>(count), (total + count - 1) / count);
}

struct Candidate {
  int digits = 0, transforms = 0, log_qp = 0;
  std::vector<int> log_p;
};

/// One for each size of digits, whatever its log QP.
std::vector<Candidate> candidates(const std::vector<int>& log_q) {
  std::vector<Candidate> all;
  const int limbs = static_cast<int>(log_q.size());
  for (int alpha = 1; alpha <= std::min(kMaxAlpha, limbs); ++alpha) {
    Candidate c{.digits = (limbs + alpha - 1) / alpha,
                .log_p = special_primes(log_q, static_cast<std::size_t>(alpha))};
    if ((limbs + c.digits - 1) / c.digits != alpha) continue;  // Params would make the digits smaller
    if (c.digits > static_cast<int>(ntt::kMaxRows) || limbs + static_cast<int>(c.log_p.size()) > kMaxPrimes)
      continue;
    c.transforms = (c.digits + 2) * (limbs + static_cast<int>(c.log_p.size()));
    for (const int bits : log_q) c.log_qp += bits;
    for (const int bits : c.log_p) c.log_qp += bits;
    all.push_back(std::move(c));
  }
  return all;
}

std::string digits_text(const Candidate& c) {
  return std::to_string(c.digits) + (c.digits == 1 ? " digit" : " digits") + " and " +
         std::to_string(c.log_p.size()) + " special primes of " + std::to_string(c.log_p.front()) + " bits";
}

/// The fewest transforms within the limit; adds to the reason why the ring is too small otherwise.
std::optional<Candidate> best_in_ring(const std::vector<Candidate>& all, int log_n, int security,
                                      std::string& reason) {
  const int limit = max_log_qp(log_n, security);
  std::optional<Candidate> best;
  for (const Candidate& c : all) {
    if (c.log_qp <= limit && (!best || c.transforms < best->transforms)) best = c;
  }
  if (best) return best;
  const Candidate& least = *std::ranges::min_element(all, {}, &Candidate::log_qp);
  reason += "N = 2^" + std::to_string(log_n) + " is too small: log QP of at least " +
            std::to_string(least.log_qp) + " (" + digits_text(least) + "), and " + std::to_string(security) +
            "-bit security allows " + std::to_string(limit) + ".\n";
  return std::nullopt;
}

std::string explain(const Candidate& best, const std::vector<Candidate>& all, int log_n,
                    const Request& request, const Chain& chain) {
  const int limit = max_log_qp(log_n, request.security);
  std::string text =
      "N = 2^" + std::to_string(log_n) + " holds it: log QP = " + std::to_string(best.log_qp) + " of " +
      std::to_string(limit) + " bits; " + std::to_string(std::size_t{1} << (log_n - 1)) + " slots.\n" +
      "Chain: " + std::to_string(chain.log_q.size()) + " primes, " +
      (request.scale_bits > kWordBits ? "two a level, because vector transforms take primes below 2^50; "
                                      : "one a level; ") +
      "q[0] leaves " + std::to_string(kHeadroomBits) + " bits for the integer part of answers.\n" +
      "Key switching: " + digits_text(best) + ", so a rotation at the top takes " +
      std::to_string(best.transforms) + " transforms; ";
  std::string others;
  for (const Candidate& c : all) {
    if (c.digits == best.digits) continue;
    others += (others.empty() ? "" : ", ") + std::to_string(c.digits) + ": " +
              (c.log_qp > limit ? "log QP " + std::to_string(c.log_qp) : std::to_string(c.transforms));
  }
  return text + (others.empty() ? "there is no other choice.\n" : "other digits: " + others + ".\n");
}

[[noreturn]] void refuse(const std::string& text) {
  throw Error(ErrorCode::kInvalidArgument, "params for a depth: " + text);
}

void check(const Request& request, std::size_t slots) {
  const auto in = [](int x, int low, int high) { return x >= low && x <= high; };
  if (!in(request.depth, 0, kMaxDepth))
    refuse("depth " + std::to_string(request.depth) + " is outside 0…" + std::to_string(kMaxDepth) +
           "; bootstrap deeper circuits");
  if (!in(request.scale_bits, kMinScaleBits, kMaxScaleBits))
    refuse("a scale of " + std::to_string(request.scale_bits) + " bits is outside " +
           std::to_string(kMinScaleBits) + "…" + std::to_string(kMaxScaleBits));
  if (slots < 1 || slots > (std::size_t{1} << (kMaxLogN - 1)))
    refuse(std::to_string(slots) + " slots are outside 1…" +
           std::to_string(std::size_t{1} << (kMaxLogN - 1)));
  if (max_log_qp(kMaxLogN, request.security) == 0)
    refuse(std::to_string(request.security) + "-bit security is not in the table; choose 128, 192 or 256");
}

/// The largest depth that some ring holds, or -1.
int feasible_depth(Request request) {
  for (; request.depth >= 0; --request.depth) {
    for (const Candidate& c : candidates(make_chain(request).log_q)) {
      if (c.log_qp <= max_log_qp(kMaxLogN, request.security)) return request.depth;
    }
  }
  return -1;
}

}  // namespace

Chosen for_depth(int depth, int scale_bits, std::size_t slots, int security) {
  const Request request{depth, scale_bits, security};
  check(request, slots);
  const Chain chain = make_chain(request);
  const std::vector<Candidate> all = candidates(chain.log_q);
  std::string reason;
  for (int log_n = kMinLogN; log_n <= kMaxLogN; ++log_n) {
    if ((std::size_t{1} << (log_n - 1)) < slots || max_log_qp(log_n, security) == 0) continue;
    const std::optional<Candidate> best = best_in_ring(all, log_n, security, reason);
    if (!best) continue;
    std::string name = "D";
    name.append(std::to_string(depth))
        .append("-")
        .append(std::to_string(scale_bits))
        .append("-")
        .append(std::to_string(log_n));
    ParamsLiteral literal{.name = name,
                          .log_n = log_n,
                          .log_q = chain.log_q,
                          .log_p = best->log_p,
                          .q = {},
                          .p = {},
                          .log_scale = static_cast<double>(scale_bits),
                          .digits = best->digits,
                          .levels = chain.levels};
    try {
      ParamsPtr params = Params::make(literal);
      return {std::move(params), reason + explain(*best, all, log_n, request, chain)};
    } catch (const Error& error) {  // small primes are few in a large ring
      reason += std::string("N = 2^") + std::to_string(log_n) + " will not do: " + error.what() + ".\n";
    }
  }
  throw Error(ErrorCode::kOutOfLevels, "params for a depth: " + std::to_string(depth) + " levels at 2^" +
                                           std::to_string(scale_bits) + " fit no ring up to N = 2^17 at " +
                                           std::to_string(security) + "-bit security; at most " +
                                           std::to_string(feasible_depth(request)) + " do");
}

}  // namespace sotto::ckks::params
