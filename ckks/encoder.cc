#include "ckks/encoder.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "ckks/random.h"
#include "ckks/text.h"

namespace sotto::ckks {
namespace {

/// Coefficients below this go through one int64; above it a double is mantissa · 2^k with k > 0.
constexpr double kWordLimit = 0x1p62;

/// Round half away from zero, without a branch or a call; |x| < 2^62.
std::int64_t round_to_word(double x) noexcept {
  const auto whole = static_cast<std::int64_t>(x);
  const double rest = x - static_cast<double>(whole);  // exact
  return whole + (rest >= 0.5) - (rest <= -0.5);
}

/// out = x mod q for |x| < 2^62, branch-free.
void reduce_words(const ntt::Modulus& q, std::span<const std::int64_t> x, double largest,
                  ntt::Limb out) noexcept {
  const u64 prime = q.value();
  if (largest < static_cast<double>(prime) - 1) return to_residues(q, x, out);
  const u64 ratio = ~u64{0} / prime;
  const u64 offset = ((u64{1} << 62) / prime + 1) * prime;  // makes x positive and below 2^64
  for (std::size_t i = 0; i < out.size(); ++i) {
    const u64 y = static_cast<u64>(x[i]) + offset;
    const u64 r = y - static_cast<u64>((ntt::u128{y} * ratio) >> 64) * prime;
    out[i] = r - (prime & (u64{0} - static_cast<u64>(r >= prime)));
  }
}

/// round(x) mod q for doubles of any size: mantissa mod q times 2^k mod q.
void reduce_wide(const ntt::Modulus& q, std::span<const double> x, double largest, ntt::Limb out) {
  RecycledVector<u64> powers{1};  // 2^k mod q
  for (int k = largest < kWordLimit ? 0 : std::ilogb(largest) - 52; k > 0; --k)
    powers.push_back(q.add(powers.back(), powers.back()));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double magnitude = std::fabs(x[i]);
    int k = 0;
    auto mantissa = static_cast<u64>(0);
    if (magnitude < kWordLimit) {
      mantissa = static_cast<u64>(round_to_word(magnitude));
    } else {
      mantissa = static_cast<u64>(std::ldexp(std::frexp(magnitude, &k), 53));
      k -= 53;
    }
    const u64 r = q.multiply(mantissa % q.value(), powers[static_cast<std::size_t>(k)]);
    out[i] = x[i] < 0 ? q.negate(r) : r;
  }
}

}  // namespace

u64 rounded_residue(double x, const ntt::Modulus& q) {
  u64 residue = 0;
  reduce_wide(q, {&x, 1}, std::fabs(x), {&residue, 1});
  return residue;
}

struct Encoder::Embedded {
  std::vector<double> coefficients;  // [N], already scaled
  double largest = 0;
  ~Embedded() { wipe(coefficients.data(), coefficients.size() * sizeof(double)); }
};

Encoder::Encoder(ParamsPtr params) : params_(std::move(params)), embedding_(params_->slots()) {
  for (int level = 0; level <= params_->max_level(); ++level) {
    std::vector<const ntt::Plan*> primes;
    const int limbs = params_->limbs(level);
    for (int i = 0; i < limbs; ++i) primes.push_back(&params_->limb(i, limbs));
    lifts_.emplace_back(std::move(primes));
  }
}

Encoder::Embedded Encoder::embed(std::span<const double> re, std::span<const double> im, int level,
                                 double scale, Threads threads) const {
  const std::size_t slots = params_->slots();
  const auto refuse = [](const std::string& text) {
    throw Error(ErrorCode::kInvalidArgument, "encode: " + text);
  };
  if (level < 0 || level > params_->max_level()) {
    refuse("level " + std::to_string(level) + " is outside 0…" + std::to_string(params_->max_level()));
  }
  if (re.size() > slots)
    refuse(std::to_string(re.size()) + " values do not fit " + std::to_string(slots) + " slots");
  if (!(std::isfinite(scale) && scale > 0)) refuse("the scale must be positive and finite");
  double largest = 0;
  bool finite = true;
  for (std::size_t j = 0; j < re.size(); ++j) {
    const double magnitude = im.empty() ? std::fabs(re[j]) : std::hypot(re[j], im[j]);
    finite = finite && std::isfinite(magnitude);
    largest = std::max(largest, magnitude);
  }
  if (!finite) refuse("a value is infinite or not a number");
  if (largest > 0 && std::log2(largest) + std::log2(scale) >= params_->log_room(level)) {
    refuse("a value of magnitude " + power_of_two(std::log2(largest)) + " at scale 2^" +
           two_decimals(std::log2(scale)) + " needs more than the " +
           two_decimals(params_->log_room(level) + 1) + " bits that level " + std::to_string(level) +
           " offers; use a smaller scale or a higher level");
  }
  if (largest > 0 && std::log2(largest) + params_->log_n() >= Params::kMaxLogCoefficient) {
    refuse("a value of magnitude " + power_of_two(std::log2(largest)) +
           " overflows the transform; divide the values and raise the scale");
  }
  Embedded out;
  out.coefficients.assign(params_->n(), 0);
  std::ranges::copy(re, out.coefficients.begin());
  std::ranges::copy(im, out.coefficients.begin() + static_cast<std::ptrdiff_t>(slots));
  embedding_.from_slots(out.coefficients, threads);
  const double factor = scale / static_cast<double>(slots);
  for (double& x : out.coefficients) {
    x *= factor;
    out.largest = std::max(out.largest, std::fabs(x));
  }
  return out;
}

EvalPoly Encoder::round(const Embedded& embedded, int level, bool extended, Threads threads) const {
  EvalPoly poly(params_->n(), params_->limbs(level), extended ? params_->special_count() : 0);
  const bool narrow = embedded.largest < kWordLimit - 1;
  SmallPoly words(narrow ? params_->n() : 0);
  if (narrow) std::ranges::transform(embedded.coefficients, words.values().begin(), round_to_word);
  parallel_for(threads, poly.limbs(), [&](int i) {
    const ntt::Plan& plan = params_->limb(i, poly.q_limbs());
    if (narrow) {
      reduce_words(plan.modulus(), words.values(), embedded.largest + 1, poly.limb(i));
    } else {
      reduce_wide(plan.modulus(), embedded.coefficients, embedded.largest, poly.limb(i));
    }
    plan.forward(poly.limb(i));
  });
  return poly;
}

Plaintext Encoder::encode(std::span<const double> slots, int level, double scale, Threads threads) const {
  return {params_, round(embed(slots, {}, level, scale, threads), level, false, threads), scale};
}

Plaintext Encoder::encode(std::span<const std::complex<double>> slots, int level, double scale,
                          Threads threads) const {
  Embedded parts;  // wiped, as the message may be secret
  parts.coefficients.reserve(2 * slots.size());
  for (const std::complex<double>& z : slots) parts.coefficients.push_back(z.real());
  for (const std::complex<double>& z : slots) parts.coefficients.push_back(z.imag());
  const std::span<const double> values(parts.coefficients);
  const Embedded embedded =
      embed(values.first(slots.size()), values.last(slots.size()), level, scale, threads);
  return {params_, round(embedded, level, false, threads), scale};
}

EvalPoly Encoder::encode_extended(std::span<const double> slots, int level, double scale,
                                  Threads threads) const {
  return round(embed(slots, {}, level, scale, threads), level, true, threads);
}

std::vector<double> Encoder::values(const CoeffPoly& poly, double scale, Threads threads) const {
  const MixedRadix& lift = lifts_[static_cast<std::size_t>(params_->level_of(poly.q_limbs()))];
  std::vector<ntt::ConstLimb> limbs;
  for (int i = 0; i < poly.q_limbs(); ++i) limbs.push_back(poly.limb(i));
  std::vector<double> out(poly.n());
  parallel_for(threads, lift.tiles(), [&](int tile) { lift.lift(limbs, tile, out); });
  for (double& x : out) x /= scale;
  embedding_.to_slots(out, threads);
  return out;
}

std::vector<std::complex<double>> Encoder::decode_complex(const CoeffPoly& poly, double scale,
                                                          Threads threads) const {
  std::vector<double> parts = values(poly, scale, threads);
  std::vector<std::complex<double>> slots(params_->slots());
  for (std::size_t j = 0; j < slots.size(); ++j) slots[j] = {parts[j], parts[j + slots.size()]};
  wipe(parts.data(), parts.size() * sizeof(double));
  return slots;
}

std::vector<double> Encoder::decode(const CoeffPoly& poly, double scale, Threads threads) const {
  std::vector<double> slots = values(poly, scale, threads);
  wipe(slots.data() + params_->slots(), params_->slots() * sizeof(double));
  slots.resize(params_->slots());
  return slots;
}

}  // namespace sotto::ckks
