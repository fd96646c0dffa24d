// Expansion and checks of parameter literals. JSON is in params_json.cc.
#include "ckks/params.h"

#include <openssl/evp.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"
#include "ckks/security.h"
#include "ckks/text.h"
#include "ntt/primes.h"

namespace sotto::ckks {
namespace {

using ntt::u64;

constexpr int kMinLogN = 10, kMinInsecureLogN = 4, kMaxLogN = 17;
constexpr std::size_t kMaxLimbs = 128;
constexpr int kMinPrimeBits = 20, kMaxPrimeBits = 60;
constexpr double kMinScaleBits = 10, kMaxScaleBits = 60;
/// Bits of P above the largest digit: with less, key switching noise dominates. 4, but for what primes next
/// to powers of two differ from them.
constexpr double kMinSpecialMargin = 3.99;

[[noreturn]] void refuse(const ParamsLiteral& literal, const std::string& sentence) {
  throw Error(ErrorCode::kInvalidArgument, "params \"" + literal.name + "\": " + sentence);
}

bool is_insecure_name(const std::string& name) noexcept {
  return name.starts_with("insecure_");
}

double log2_product(std::span<const u64> primes) noexcept {
  long double sum = 0;
  for (u64 prime : primes) sum += std::log2(static_cast<long double>(prime));
  return static_cast<double>(sum);
}

void check_name(const ParamsLiteral& literal) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  if (literal.name.empty() || literal.name.size() > 64 || !std::ranges::all_of(literal.name, allowed)) {
    throw Error(ErrorCode::kInvalidArgument, "params: name must be 1 to 64 letters, digits, '_', '-' or '.'");
  }
}

void check_sizes(const ParamsLiteral& literal, const char* field, std::span<const int> bits) {
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (bits[i] >= kMinPrimeBits && bits[i] <= kMaxPrimeBits) continue;
    refuse(literal, std::string(field) + "[" + std::to_string(i) + "] = " + std::to_string(bits[i]) +
                        " is outside " + std::to_string(kMinPrimeBits) + "…" + std::to_string(kMaxPrimeBits) +
                        " bits");
  }
}

void check_levels(const ParamsLiteral& literal, int chain) {
  if (const std::string defect = Levels::defect(chain, literal.levels); !defect.empty())
    refuse(literal, defect);
  if (literal.log_scales.empty()) return;
  if (static_cast<int>(literal.log_scales.size()) != literal.level_count()) {
    refuse(literal, std::to_string(literal.log_scales.size()) + " scales for " +
                        std::to_string(literal.level_count()) + " levels; give one for each");
  }
  if (literal.log_scale != literal.log_scales.front())
    refuse(literal, "log_scale must be that of level 0 where every level has its own");
  for (const double log_scale : literal.log_scales) {
    if (!(log_scale >= kMinScaleBits && log_scale <= kMaxScaleBits))
      refuse(literal, "every log_scale must be between 10 and 60");
  }
}

void check_shape(const ParamsLiteral& literal) {
  check_name(literal);
  const int min_log_n = is_insecure_name(literal.name) ? kMinInsecureLogN : kMinLogN;
  if (literal.log_n < min_log_n || literal.log_n > kMaxLogN) {
    refuse(literal, "log_n = " + std::to_string(literal.log_n) + " is outside " + std::to_string(min_log_n) +
                        "…" + std::to_string(kMaxLogN));
  }
  const std::size_t q_count = literal.q.empty() ? literal.log_q.size() : literal.q.size();
  const std::size_t p_count = literal.p.empty() ? literal.log_p.size() : literal.p.size();
  if (q_count < 1 || p_count < 1 || q_count + p_count > kMaxLimbs) {
    refuse(literal, std::to_string(q_count) + " chain and " + std::to_string(p_count) +
                        " special primes; at least one of each and at most " + std::to_string(kMaxLimbs) +
                        " in all");
  }
  if (!(literal.log_scale >= kMinScaleBits && literal.log_scale <= kMaxScaleBits)) {
    refuse(literal, "log_scale must be between 10 and 60");
  }
  if (literal.digits < 1 || literal.digits > static_cast<int>(q_count)) {
    refuse(literal, "digits = " + std::to_string(literal.digits) + " is outside 1…" +
                        std::to_string(q_count) + ", the number of chain primes");
  }
  if (literal.digits > static_cast<int>(ntt::kMaxRows)) {
    refuse(literal, "digits = " + std::to_string(literal.digits) + " exceeds " +
                        std::to_string(ntt::kMaxRows) +
                        ", what one inner product takes; choose fewer, larger digits");
  }
  const int count = static_cast<int>(q_count);
  check_levels(literal, count);
  const int alpha = (count + literal.digits - 1) / literal.digits;
  if (alpha >= static_cast<int>(ntt::kMaxRows) || p_count >= ntt::kMaxRows - 1) {
    refuse(literal, "digits of " + std::to_string(alpha) + " primes and " + std::to_string(p_count) +
                        " special primes; a base conversion takes at most " +
                        std::to_string(ntt::kMaxRows - 1) + " at once: choose more digits");
  }
  const int used = (count + alpha - 1) / alpha;
  if (used != literal.digits) {
    refuse(literal, "digits = " + std::to_string(literal.digits) + " would leave a digit empty: " +
                        std::to_string(count) + " chain primes by " + std::to_string(alpha) + " make " +
                        std::to_string(used) + "; write digits = " + std::to_string(used));
  }
}

void check_primes(const ParamsLiteral& literal, const char* field, std::span<const u64> primes) {
  const u64 step = u64{2} << literal.log_n;
  for (std::size_t i = 0; i < primes.size(); ++i) {
    const u64 prime = primes[i];
    const std::string name = std::string(field) + "[" + std::to_string(i) + "] = " + std::to_string(prime);
    if (prime < (u64{1} << (kMinPrimeBits - 1)) || prime >= (u64{1} << (kMaxPrimeBits + 1))) {
      refuse(literal, name + " is outside " + std::to_string(kMinPrimeBits) + "…" +
                          std::to_string(kMaxPrimeBits) + " bits");
    }
    if (prime % step != 1 || !ntt::is_prime(prime)) {
      refuse(literal, name + " is not a prime that is 1 modulo 2N = " + std::to_string(step));
    }
  }
}

/// The first free prime = 1 (mod 2N) from `target` on, upwards or downwards.
u64 free_prime(const ParamsLiteral& literal, double target, bool upwards, std::span<const u64> taken) {
  const u64 step = u64{2} << literal.log_n;
  const u64 start = static_cast<u64>(target);
  for (u64 x = (start / step + (upwards ? 1 : 0)) * step + 1;
       x > (u64{1} << (kMinPrimeBits - 1)) && x < (u64{1} << 61); upwards ? x += step : x -= step) {
    if (ntt::is_prime(x) && std::ranges::find(taken, x) == taken.end()) return x;
  }
  refuse(literal,
         "no prime = 1 modulo 2N is left near 2^" + two_decimals(std::log2(target)) + "; use larger primes");
}

/// The primes, by their index, that a rescale drops and those that it adds.
struct Step {
  std::vector<int> dropped, added;
};

Step step_between(const Basis& from, const Basis& to) {
  Step step;
  for (const int prime : from.primes()) {
    if (to.limb_of(prime) < 0) step.dropped.push_back(prime);
  }
  for (const int prime : to.primes()) {
    if (from.limb_of(prime) < 0) step.added.push_back(prime);
  }
  return step;
}

/// Product of the dropped over that of the added primes.
long double quotient(const Step& step, std::span<const u64> q) noexcept {
  long double factor = 1;
  for (const int prime : step.dropped) factor *= static_cast<long double>(q[static_cast<std::size_t>(prime)]);
  for (const int prime : step.added) factor /= static_cast<long double>(q[static_cast<std::size_t>(prime)]);
  return factor;
}

/// The canonical scale below `level`, of scale `scale`: where the nominal one changes it starts again.
double scale_below(const ParamsLiteral& literal, int level, double scale, double factor) noexcept {
  const double nominal = literal.nominal_log_scale(level - 1);
  return nominal == literal.nominal_log_scale(level) ? scale * scale / factor : std::exp2(nominal);
}

/// Chooses the primes of one step that are still 0: all but the last of them by their size, the last next to
/// what brings the scale below back to 2^log_scale, so that deviations never add up. Going upwards makes
/// every scale a little small; see choose_primes().
void choose_step(ParamsLiteral& literal, const Step& step, int level, double scale, std::vector<u64>& taken) {
  std::vector<int> open;
  for (const int prime : step.dropped) {
    if (literal.q[static_cast<std::size_t>(prime)] == 0) open.push_back(prime);
  }
  if (open.empty()) return;
  const int last = open.back();
  open.pop_back();
  for (const int prime : open) {
    const auto i = static_cast<std::size_t>(prime);
    taken.push_back(literal.q[i] = ntt::largest_prime_below(literal.log_q[i], literal.log_n, taken));
  }
  literal.q[static_cast<std::size_t>(last)] = 1;
  const double others = static_cast<double>(quotient(step, literal.q));
  const double log_scale = literal.nominal_log_scale(level),
               target = std::min(scale * scale / std::exp2(log_scale) / others, 0x1p61);
  const int bits = literal.log_q[static_cast<std::size_t>(last)];
  const double fitting = std::ceil(log_scale - std::round(std::log2(others)));
  if (bits != static_cast<int>(fitting)) {
    refuse(literal, "log_q[" + std::to_string(last) + "] = " + std::to_string(bits) +
                        " does not go with log_scale = " + two_decimals(log_scale) +
                        ": a rescale takes one scale away; make it " + two_decimals(fitting) +
                        " or give exact primes");
  }
  literal.q[static_cast<std::size_t>(last)] = free_prime(literal, target, level > 1, taken);
  taken.push_back(literal.q[static_cast<std::size_t>(last)]);
}

/// Fills in q and p. Scaling primes are sought from the top: in a plain chain q[l] next to scale(l)^2 /
/// nominal brings scale(l-1) back to the nominal one. Going upwards (q[1]: downwards) makes every scale but
/// the last a little small; then the product of q[1…L] is
///   prod scale(l)^2 / scale(l-1) = scale(L)^2 scale(1)…scale(L-1) / scale(0) ≤ nominal^L,
/// so a literal never costs more bits than it says, and sizes may add up to the very limit of the security
/// table.
void choose_primes(ParamsLiteral& literal, const Levels& levels) {
  std::vector<u64> taken = literal.q;
  taken.insert(taken.end(), literal.p.begin(), literal.p.end());
  const bool choose_q = literal.q.empty();
  if (choose_q) {
    literal.q.assign(literal.log_q.size(), 0);
    for (const int prime : levels.at(0).primes()) {
      const auto i = static_cast<std::size_t>(prime);
      taken.push_back(literal.q[i] = ntt::largest_prime_below(literal.log_q[i], literal.log_n, taken));
    }
  }
  if (literal.p.empty()) {
    for (int bits : literal.log_p) {
      literal.p.push_back(ntt::largest_prime_below(bits, literal.log_n, taken));
      taken.push_back(literal.p.back());
    }
  }
  if (!choose_q) return;
  double scale = std::exp2(literal.nominal_log_scale(levels.max_level()));
  for (int level = levels.max_level(); level >= 1; --level) {
    const Step step = step_between(levels.at(level), levels.at(level - 1));
    choose_step(literal, step, level, scale, taken);
    scale = scale_below(literal, level, scale, static_cast<double>(quotient(step, literal.q)));
  }
}

void check_distinct(const ParamsLiteral& literal) {
  std::vector<u64> all = literal.q;
  all.insert(all.end(), literal.p.begin(), literal.p.end());
  std::ranges::sort(all);
  if (const auto twin = std::ranges::adjacent_find(all); twin != all.end()) {
    refuse(literal, "the prime " + std::to_string(*twin) + " appears twice");
  }
}

std::vector<double> canonical_scales(const ParamsLiteral& literal, std::span<const double> factors) {
  std::vector<double> scales(factors.size());
  scales.back() = std::exp2(literal.nominal_log_scale(static_cast<int>(scales.size()) - 1));
  for (std::size_t l = scales.size() - 1; l >= 1; --l) {
    const double log_scale = literal.nominal_log_scale(static_cast<int>(l) - 1);
    scales[l - 1] = scale_below(literal, static_cast<int>(l), scales[l], factors[l]);
    if (std::fabs(std::log2(scales[l - 1]) - log_scale) < 1) continue;
    refuse(literal, "the scale drifts from 2^" + two_decimals(log_scale) + " to 2^" +
                        two_decimals(std::log2(scales[l - 1])) + " at level " + std::to_string(l - 1) +
                        "; choose primes nearer to the scale");
  }
  return scales;
}

double rescale_factor_of(const ParamsLiteral& literal, const Levels& levels, int level) {
  const Step step = step_between(levels.at(level), levels.at(level - 1));
  const auto factor = static_cast<double>(quotient(step, literal.q));
  if (factor >= std::exp2(kMinScaleBits) && step.dropped.size() + literal.p.size() < ntt::kMaxRows)
    return factor;
  refuse(literal, "a rescale from level " + std::to_string(level) + " drops " +
                      std::to_string(step.dropped.size()) + " primes and divides by 2^" +
                      two_decimals(std::log2(factor)) + "; a level must take at least " +
                      two_decimals(kMinScaleBits) + " bits, and with the special primes at most " +
                      std::to_string(ntt::kMaxRows - 1) + " primes may leave at once");
}

void check_bottom(const ParamsLiteral& literal, double log_modulus) {
  const double log_scale = literal.nominal_log_scale(0);
  if (log_scale <= log_modulus - 0.99) return;
  refuse(literal, "q[0] of " + two_decimals(log_modulus) + " bits cannot hold a value of 1 at scale 2^" +
                      two_decimals(log_scale) + "; make q[0] at least " + two_decimals(log_scale + 1) +
                      " bits");
}

void check_special_margin(const ParamsLiteral& literal, int alpha) {
  double largest = 0;
  const std::span<const u64> q = literal.q;
  for (std::size_t first = 0; first < q.size(); first += static_cast<std::size_t>(alpha)) {
    largest = std::max(largest,
                       log2_product(q.subspan(
                           first, std::min<std::size_t>(static_cast<std::size_t>(alpha), q.size() - first))));
  }
  const double log_p = log2_product(literal.p);
  if (log_p - largest >= kMinSpecialMargin) return;
  refuse(literal, "P has " + two_decimals(log_p) + " bits and the largest digit " + two_decimals(largest) +
                      "; P must exceed it by at least " + two_decimals(std::ceil(kMinSpecialMargin)) +
                      " bits, or key switching drowns the message: add " +
                      two_decimals(largest + std::ceil(kMinSpecialMargin) - log_p) +
                      " bits to log_p or raise digits");
}

/// SHA-256 over a canonical little-endian form: every field that changes a ciphertext, and not the name.
ParamsHash hash_literal(const ParamsLiteral& literal) {
  std::string bytes = "sotto-params-1";
  const auto put = [&bytes](u64 value, int width) {
    for (int i = 0; i < width; ++i) bytes.push_back(static_cast<char>(value >> (8 * i)));
  };
  put(static_cast<u64>(literal.log_n), 4);
  for (const auto* primes : {&literal.q, &literal.p}) {
    put(primes->size(), 4);
    for (u64 prime : *primes) put(prime, 8);
  }
  put(std::bit_cast<u64>(literal.log_scale), 8);
  put(static_cast<u64>(literal.digits), 4);
  bytes += "secret:ternary,error:cbd21";
  if (!literal.is_plain()) {
    bytes += "levels";
    put(literal.levels.size(), 4);
    for (const std::vector<int>& primes : literal.levels) {
      put(primes.size(), 4);
      for (const int prime : primes) put(static_cast<u64>(prime), 4);
    }
    put(literal.log_scales.size(), 4);
    for (const double log_scale : literal.log_scales) put(std::bit_cast<u64>(log_scale), 8);
  }
  ParamsHash hash{};
  unsigned length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), hash.data(), &length, EVP_sha256(), nullptr) != 1 ||
      length != hash.size()) {
    throw Error(ErrorCode::kUnsupported, "params: OpenSSL offers no SHA-256");
  }
  return hash;
}

}  // namespace

ParamsPtr Params::make(const ParamsLiteral& given, std::string_view backend) {
  ParamsLiteral literal = given;
  check_shape(literal);
  if (literal.q.empty()) check_sizes(literal, "log_q", literal.log_q);
  if (literal.p.empty()) check_sizes(literal, "log_p", literal.log_p);
  check_primes(literal, "q", literal.q);
  check_primes(literal, "p", literal.p);
  const int chain = static_cast<int>(literal.q.empty() ? literal.log_q.size() : literal.q.size());
  const int alpha = (chain + literal.digits - 1) / literal.digits;
  Levels levels(chain, alpha, literal.levels);
  choose_primes(literal, levels);
  check_distinct(literal);
  const auto sizes = [](std::span<const u64> primes) {
    std::vector<int> bits;
    for (u64 prime : primes)
      bits.push_back(static_cast<int>(std::lround(std::log2(static_cast<double>(prime)))));
    return bits;
  };
  if (!given.q.empty()) literal.log_q = sizes(literal.q);
  if (!given.p.empty()) literal.log_p = sizes(literal.p);

  auto params = std::shared_ptr<Params>(new Params());
  params->alpha_ = alpha;
  check_special_margin(literal, alpha);
  for (int level = 0; level <= levels.max_level(); ++level) {
    std::vector<u64> primes;
    for (const int prime : levels.at(level).primes())
      primes.push_back(literal.q[static_cast<std::size_t>(prime)]);
    params->log_q_.push_back(log2_product(primes));
    params->rescale_factors_.push_back(level == 0 ? 1 : rescale_factor_of(literal, levels, level));
  }
  check_bottom(literal, params->log_q_.front());
  params->scales_ = canonical_scales(literal, params->rescale_factors_);
  params->levels_ = std::move(levels);
  params->log_qp_ = log2_product(literal.q) + log2_product(literal.p);
  if (!is_insecure_name(literal.name)) {
    require_secure(literal.name, literal.log_n, params->log_qp_);
    params->security_bits_ = ckks::security_bits(literal.log_n, params->log_qp_);
  }
  params->hash_ = hash_literal(literal);

  std::vector<u64> primes = literal.q;
  primes.insert(primes.end(), literal.p.begin(), literal.p.end());
  const std::vector<ntt::PlanPtr> plans = ntt::make_plans(primes, literal.log_n, backend);
  const auto split = plans.begin() + static_cast<std::ptrdiff_t>(literal.q.size());
  params->q_.assign(plans.begin(), split);
  params->p_.assign(split, plans.end());
  params->literal_ = std::move(literal);
  return params;
}

double Params::drop_multiplier(int from, int to) const noexcept {
  const Step step = step_between(basis(from), basis(to));
  if (step.added.empty()) return 1;
  return static_cast<double>(std::round(quotient(step, literal_.q)));
}

double Params::drop_scale(int from, int to) const noexcept {
  const Step step = step_between(basis(from), basis(to));
  if (step.added.empty()) return 1;
  return static_cast<double>(static_cast<long double>(drop_multiplier(from, to)) /
                             quotient(step, literal_.q));
}

void require_same_params(const Params& a, const Params& b, std::string_view what) {
  if (&a == &b || a.hash() == b.hash()) return;
  throw Error(ErrorCode::kInvalidArgument, std::string(what) + ": made for other parameters (\"" + a.name() +
                                               "\" " + short_hex(a.hash()) + " and \"" + b.name() + "\" " +
                                               short_hex(b.hash()) + "); use one set throughout");
}

}  // namespace sotto::ckks
