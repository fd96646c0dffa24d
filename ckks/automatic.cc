#include "ckks/automatic.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "base/error.h"

namespace sotto::ckks {
namespace {

bool same_scale(double a, double b) noexcept {
  return std::fabs(a / b - 1) <= 0x1p-30;
}

/// A constant 1 at a smaller scale than this is rounded too coarsely to be used.
constexpr double kMinConstantScale = 0x1p12;

}  // namespace

Cipher encrypt(Client& client, const Params& params, std::span<const double> slots) {
  return client.encrypt(slots, params.max_level(), params.scale(params.max_level()));
}

Cipher encrypt(Client& client, const Params& params, std::span<const std::complex<double>> slots) {
  return client.encrypt_complex(slots, params.max_level(), params.scale(params.max_level()));
}

double Automatic::owing_scale(int level) const noexcept {
  return params().scale(level - 1) * params().rescale_factor(level);
}

bool Automatic::owes(const Cipher& a) const noexcept {
  return a.level() > 0 && same_scale(a.scale(), owing_scale(a.level()));
}

int Automatic::levels_left(const Cipher& a) const {
  if (is_canonical(params(), a)) return a.level();
  if (owes(a) || a.level() == 0 || owing_scale(a.level()) / a.scale() >= kMinConstantScale)
    return a.level() - 1;
  const double scale = a.scale() / params().rescale_factor(a.level());
  return levels_left(Cipher(a.body(), a.level() - 1, scale, a.parts()));
}

void Automatic::require_level(const char* operation, const Cipher& a) const {
  if (a.level() > 0) return;
  throw Error(ErrorCode::kOutOfLevels,
              std::string(operation) +
                  ": the operand is at level 0, whose product could not be rescaled; bootstrap "
                  "first or choose parameters with at least 1 more level");
}

Cipher Automatic::settle(const Cipher& a) const {
  if (is_canonical(params(), a)) return a;
  if (owes(a)) return engine_.rescale(a);
  require_level("settle", a);
  const double factor = owing_scale(a.level()) / a.scale();
  if (factor < kMinConstantScale)
    return settle(engine_.rescale(a));  // too large a scale: first down, then adjusted
  return engine_.rescale(engine_.multiply_constant(a, 1.0, factor));
}

Cipher Automatic::at_level(const Cipher& a, int level) const {
  const Cipher settled = settle(a);
  if (settled.level() == level) return settled;
  if (level < 0 || level > settled.level()) {
    throw Error(ErrorCode::kInvalidArgument, "at_level: a value with " + std::to_string(settled.level()) +
                                                 " levels left cannot go to level " + std::to_string(level));
  }
  return engine_.rescale(raise(settled, level + 1));
}

/// A settled value as one that owes, at this lower or the same level.
Cipher Automatic::raise(const Cipher& a, int level) const {
  const Cipher lower = a.level() == level ? a : engine_.drop_to_level(a, level);
  return engine_.multiply_constant(lower, 1.0, owing_scale(level) / lower.scale());
}

Cipher Automatic::sum(const Cipher& a_in, const Cipher& b_in, bool negate) const {
  const auto combine = [&](const Cipher& a, const Cipher& b) {
    return negate ? engine_.subtract(a, b) : engine_.add(a, b);
  };
  const bool a_owes = owes(a_in), b_owes = owes(b_in);
  if (a_owes && b_owes && a_in.level() == b_in.level()) return combine(a_in, b_in);
  // A product and a settled value of its level or above: multiplied by 1, the latter can wait as well.
  if (a_owes && is_canonical(params(), b_in) && b_in.level() >= a_in.level())
    return combine(a_in, raise(b_in, a_in.level()));
  if (b_owes && is_canonical(params(), a_in) && a_in.level() >= b_in.level())
    return combine(raise(a_in, b_in.level()), b_in);
  const Cipher a = settle(a_in), b = settle(b_in);
  const int level = std::min(a.level(), b.level());
  return combine(at_level(a, level), at_level(b, level));
}

Cipher Automatic::add(const Cipher& a, const Cipher& b) const {
  return sum(a, b, false);
}

Cipher Automatic::subtract(const Cipher& a, const Cipher& b) const {
  return sum(a, b, true);
}

Cipher Automatic::add(const Cipher& a, std::span<const double> values) const {
  return engine_.add_plain(a, engine_.encode(values, a.level(), a.scale()));
}

Cipher Automatic::multiply(const Cipher& a, const Cipher& b) const {
  if (&a == &b) return square(a);
  const Cipher x = settle(a), y = settle(b);
  const int level = std::min(x.level(), y.level());
  require_level("multiply", x.level() == level ? x : y);
  return engine_.multiply(at_level(x, level), at_level(y, level));
}

Cipher Automatic::square(const Cipher& a) const {
  const Cipher x = settle(a);
  require_level("square", x);
  return engine_.square(x);
}

Cipher Automatic::multiply(const Cipher& a, double c) const {
  const Cipher x = settle(a);
  require_level("multiply", x);
  return engine_.multiply_constant(x, c, owing_scale(x.level()) / x.scale());
}

Cipher Automatic::multiply(const Cipher& a, std::span<const double> values) const {
  const Cipher x = settle(a);
  require_level("multiply", x);
  return engine_.multiply_plain(x, engine_.encode(values, x.level(), owing_scale(x.level()) / x.scale()));
}

Cipher Automatic::multiply(const Cipher& a, std::span<const std::complex<double>> values) const {
  const Cipher x = settle(a);
  require_level("multiply", x);
  return engine_.multiply_plain(
      x, engine_.encode_complex(values, x.level(), owing_scale(x.level()) / x.scale()));
}

Cipher Automatic::sum_of_products(std::span<const Cipher> a, std::span<const Cipher> b) const {
  if (a.empty() || a.size() != b.size()) {
    throw Error(ErrorCode::kInvalidArgument, "sum_of_products: " + std::to_string(a.size()) + " and " +
                                                 std::to_string(b.size()) +
                                                 " factors; give as many of both, at least one");
  }
  std::vector<Cipher> x, y;
  int level = params().max_level();
  for (std::size_t k = 0; k < a.size(); ++k) {
    x.push_back(settle(a[k]));
    y.push_back(settle(b[k]));
    level = std::min({level, x.back().level(), y.back().level()});
  }
  std::optional<Cipher> total;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const Cipher left = at_level(x[k], level), right = at_level(y[k], level);
    require_level("sum_of_products", left);
    const Cipher product = engine_.product(left, right);
    total = total ? engine_.add(*total, product) : product;
  }
  return engine_.relinearise(*total);
}

Cipher Automatic::apply(const LinearTransform& transform, const Cipher& a) const {
  const Cipher x = settle(a);
  require_level("apply", x);
  return engine_.apply(*engine_.prepare(transform, x.level(), owing_scale(x.level()) / x.scale()), x);
}

Cipher Automatic::polynomial(const Cipher& a, std::span<const double> coefficients) const {
  return engine_.polynomial(settle(a), coefficients);
}

}  // namespace sotto::ckks
