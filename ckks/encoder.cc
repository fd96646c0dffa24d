#include "ckks/encoder.h"

#include <algorithm>
#include <cmath>
#include <numbers>

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

/// x < 2^63 as a double. Signed on the way: where the CPU converts signed words alone, a compiler tests the
/// top bit of an unsigned one and branches.
double to_double(u64 x) noexcept {
  return static_cast<double>(static_cast<std::int64_t>(x));
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
  std::vector<u64> powers{1};  // 2^k mod q
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

Encoder::Encoder(ParamsPtr params) : params_(std::move(params)) {
  const std::size_t slots = params_->slots();
  root_re_.assign(slots, 0);
  root_im_.assign(slots, 0);
  for (std::size_t h = 1; h < slots; h *= 2) {
    std::size_t power = 1;  // 5^j mod 8h
    for (std::size_t j = 0; j < h; ++j, power = power * 5 % (8 * h)) {
      // Rounded from long double, so that the doubles seldom depend on a libm's last bit.
      const long double angle = 2 * std::numbers::pi_v<long double> * static_cast<long double>(power) /
                                static_cast<long double>(8 * h);
      root_re_[h + j] = static_cast<double>(std::cos(angle));
      root_im_[h + j] = static_cast<double>(std::sin(angle));
    }
  }
  reversed_.assign(slots, 0);
  for (std::size_t i = 1; i < slots; ++i) {
    reversed_[i] = static_cast<std::uint32_t>(reversed_[i / 2] / 2 + (i % 2) * (slots / 2));
  }
  for (int i = 0; i < params_->chain_count(); ++i) {
    const ntt::Modulus& q = params_->q(i).modulus();
    std::vector<u64> inverse, shoup;
    for (int j = 0; j < i; ++j) {
      inverse.push_back(q.inverse(q.reduce(params_->q(j).modulus().value())));
      shoup.push_back(q.shoup(inverse.back()));
    }
    one_.push_back(q.shoup(1));
    inverse_.push_back(std::move(inverse));
    shoup_.push_back(std::move(shoup));
  }
}

void Encoder::bit_reverse(std::span<double> values) const noexcept {
  const std::size_t slots = reversed_.size();
  double* re = values.data();
  double* im = re + slots;
  for (std::size_t i = 0; i < slots; ++i) {
    const std::size_t j = reversed_[i];
    if (i >= j) continue;
    std::swap(re[i], re[j]);
    std::swap(im[i], im[j]);
  }
}

void Encoder::to_slots(std::span<double> values) const noexcept {
  const std::size_t slots = reversed_.size();
  bit_reverse(values);
  for (std::size_t h = 1; h < slots; h *= 2) {
    const double* w_re = root_re_.data() + h;
    const double* w_im = root_im_.data() + h;
    for (std::size_t block = 0; block < slots; block += 2 * h) {
      double* __restrict x_re = values.data() + block;
      double* __restrict x_im = x_re + slots;
      double* __restrict y_re = x_re + h;
      double* __restrict y_im = x_im + h;
      for (std::size_t j = 0; j < h; ++j) {
        const double t_re = y_re[j] * w_re[j] - y_im[j] * w_im[j];
        const double t_im = y_re[j] * w_im[j] + y_im[j] * w_re[j];
        y_re[j] = x_re[j] - t_re;
        y_im[j] = x_im[j] - t_im;
        x_re[j] += t_re;
        x_im[j] += t_im;
      }
    }
  }
}

void Encoder::from_slots(std::span<double> values) const noexcept {
  const std::size_t slots = reversed_.size();
  for (std::size_t h = slots / 2; h >= 1; h /= 2) {
    const double* w_re = root_re_.data() + h;
    const double* w_im = root_im_.data() + h;
    for (std::size_t block = 0; block < slots; block += 2 * h) {
      double* __restrict x_re = values.data() + block;
      double* __restrict x_im = x_re + slots;
      double* __restrict y_re = x_re + h;
      double* __restrict y_im = x_im + h;
      for (std::size_t j = 0; j < h; ++j) {  // y = (x - y) conj(w)
        const double d_re = x_re[j] - y_re[j];
        const double d_im = x_im[j] - y_im[j];
        x_re[j] += y_re[j];
        x_im[j] += y_im[j];
        y_re[j] = d_re * w_re[j] + d_im * w_im[j];
        y_im[j] = d_im * w_re[j] - d_re * w_im[j];
      }
    }
  }
  bit_reverse(values);
}

Encoder::Embedded Encoder::embed(std::span<const double> re, std::span<const double> im, int level,
                                 double scale) const {
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
  from_slots(out.coefficients);
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
  return {params_, round(embed(slots, {}, level, scale), level, false, threads), scale};
}

Plaintext Encoder::encode(std::span<const std::complex<double>> slots, int level, double scale,
                          Threads threads) const {
  Embedded parts;  // wiped, as the message may be secret
  parts.coefficients.reserve(2 * slots.size());
  for (const std::complex<double>& z : slots) parts.coefficients.push_back(z.real());
  for (const std::complex<double>& z : slots) parts.coefficients.push_back(z.imag());
  const std::span<const double> values(parts.coefficients);
  const Embedded embedded = embed(values.first(slots.size()), values.last(slots.size()), level, scale);
  return {params_, round(embedded, level, false, threads), scale};
}

EvalPoly Encoder::encode_extended(std::span<const double> slots, int level, double scale,
                                  Threads threads) const {
  return round(embed(slots, {}, level, scale), level, true, threads);
}

/// Mixed radix digits v with c = v[0] + q[0] (v[1] + q[1] (v[2] + …)); c > (Q-1)/2 stands for c - Q. The
/// digits of (Q-1)/2 are (q[i]-1)/2 and those of Q-1-c are q[i]-1-v[i], so sign and magnitude need no long
/// arithmetic, and Horner's rule in double has no cancellation.
std::vector<double> Encoder::lift(const CoeffPoly& poly) const {
  const int limbs = poly.q_limbs();
  const Basis& basis = params_->basis(params_->level_of(limbs));
  std::vector<double> out(poly.n());
  std::vector<u64> v(static_cast<std::size_t>(limbs));
  for (std::size_t k = 0; k < poly.n(); ++k) {
    u64 above = 0;  // is c above (Q-1)/2? the highest digit that differs decides
    for (int i = 0; i < limbs; ++i) {
      const auto u = static_cast<std::size_t>(i), prime = static_cast<std::size_t>(basis.prime(i));
      const ntt::Modulus& q = params_->q(basis.prime(i)).modulus();
      u64 x = poly.limb(i)[k];
      // Products alone: the time of a division would depend on the message.
      for (std::size_t j = 0; j < u; ++j) {
        const auto other = static_cast<std::size_t>(basis.prime(static_cast<int>(j)));
        const u64 digit = q.multiply_shoup(v[j], 1, one_[prime]);
        x = q.multiply_shoup(x + q.value() - digit, inverse_[prime][other], shoup_[prime][other]);
      }
      v[u] = x;
      const u64 half = q.value() / 2;
      const u64 differs = u64{0} - static_cast<u64>(x != half);
      above = (above & ~differs) | (differs & static_cast<u64>(x > half));
    }
    const u64 negative = u64{0} - above;
    double magnitude = 0;
    for (int i = limbs - 1; i >= 0; --i) {
      const auto q = params_->q(basis.prime(i)).modulus().value();
      const u64 x = v[static_cast<std::size_t>(i)];
      magnitude = magnitude * to_double(q) + to_double((x & ~negative) | ((q - 1 - x) & negative));
    }
    magnitude += to_double(above);
    out[k] = magnitude * (1 - 2 * to_double(above));
  }
  wipe(v.data(), v.size() * sizeof(u64));
  return out;
}

std::vector<std::complex<double>> Encoder::decode_complex(const CoeffPoly& poly, double scale) const {
  std::vector<double> values = lift(poly);
  for (double& x : values) x /= scale;
  to_slots(values);
  std::vector<std::complex<double>> slots(params_->slots());
  for (std::size_t j = 0; j < slots.size(); ++j) slots[j] = {values[j], values[j + slots.size()]};
  wipe(values.data(), values.size() * sizeof(double));
  return slots;
}

std::vector<double> Encoder::decode(const CoeffPoly& poly, double scale) const {
  std::vector<double> values = lift(poly);
  for (double& x : values) x /= scale;
  to_slots(values);
  wipe(values.data() + params_->slots(), params_->slots() * sizeof(double));
  values.resize(params_->slots());
  return values;
}

}  // namespace sotto::ckks
