#include "ckks/evaluator.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "ckks/encoder.h"
#include "ckks/text.h"

namespace sotto::ckks {
namespace {

[[noreturn]] void refuse(ErrorCode code, std::string_view operation, const std::string& text) {
  throw Error(code, std::string(operation) + ": " + text);
}

void require_same_scale(std::string_view operation, double a, double b) {
  if (std::fabs(a - b) <= std::fabs(a) * 0x1p-30) return;
  refuse(ErrorCode::kScaleMismatch, operation,
         "the operands have scales " + std::to_string(a) + " and " + std::to_string(b) +
             "; bring both to one scale first");
}

void require_plain(std::string_view operation, const Ciphertext& a, const Plaintext& b) {
  require_shape(operation, b);
  require_same_params(*a.params, *b.params, operation);
  if (b.level() >= a.level() && a.params->basis(b.level()).contains(a.params->basis(a.level()))) return;
  refuse(ErrorCode::kInvalidArgument, operation,
         "the plaintext is encoded at level " + std::to_string(b.level()) +
             " and the ciphertext is at level " + std::to_string(a.level()) + "; encode it at level " +
             std::to_string(a.level()));
}

void require_constant(std::string_view operation, double c, double scale, const Ciphertext& a) {
  if (!std::isfinite(c) || !(scale > 0) || !std::isfinite(scale)) {
    refuse(ErrorCode::kInvalidArgument, operation,
           "the constant and its scale must be finite, and the scale positive");
  }
  const double room = a.params->log_room(a.level());
  if (c == 0 || std::log2(std::fabs(c)) + std::log2(scale) < room) return;
  refuse(ErrorCode::kInvalidArgument, operation,
         "|value| " + power_of_two(std::log2(std::fabs(c))) + " at scale " + power_of_two(std::log2(scale)) +
             " exceeds what level " + std::to_string(a.level()) + " can hold, " + power_of_two(room) +
             "; lower the scale or keep more levels");
}

}  // namespace

Evaluator::Evaluator(KeyStorePtr keys, Threads threads)
    : keys_(std::move(keys)), threads_(threads), switcher_(keys_->params()) {
  for (const auto& [name, level] : keys_->levels()) {
    if (name) automorphisms_.try_emplace(*name, params()->log_n(), galois_element(*params(), *name));
  }
  for (int i = 0; i < params()->chain_count(); ++i) {
    AlignedWords monomial(params()->n(), 0);
    monomial.span()[params()->n() / 2] = 1;
    params()->q(i).forward(monomial.span());
    roots_of_minus_one_.push_back(monomial.span().front());
  }
}

void Evaluator::require_mine(std::string_view operation, const Ciphertext& a, std::size_t parts) const {
  require_shape(operation, a);
  if (parts != 0 && a.c.size() != parts) {
    refuse(ErrorCode::kInvalidArgument, operation,
           parts == 2 ? "a ciphertext of 3 parts; relinearise products before they are used"
                      : "a ciphertext of 2 parts; only products before relinearisation have 3");
  }
  require_same_params(*params(), *a.params, operation);
  if (a.key_id != keys_->id()) {
    refuse(ErrorCode::kMissingKey, operation,
           "the ciphertext was encrypted under another secret key than these evaluation keys; use keys made "
           "from one secret");
  }
}

Ciphertext Evaluator::empty_like(const Ciphertext& a, std::size_t parts, int level, double scale) const {
  Ciphertext out{.params = a.params, .c = {}, .scale = scale, .key_id = a.key_id, .seed = {}};
  for (std::size_t i = 0; i < parts; ++i) out.c.emplace_back(a.params->n(), a.params->limbs(level));
  return out;
}

void Evaluator::each_limb(const Ciphertext& shape,
                          FunctionRef<void(std::size_t, int, const ntt::Plan&)> body) const {
  const Basis& basis = params()->basis(shape.level());
  const int limbs = basis.size(), parts = static_cast<int>(shape.c.size());
  parallel_for(threads_, parts * limbs, [&](int task) {
    const int i = task % limbs;
    body(static_cast<std::size_t>(task / limbs), i, params()->q(basis.prime(i)));
  });
}

/// Limbs of something of a higher or the same level, in the order of `level`, whose primes it has.
class Evaluator::LimbsOf {
 public:
  LimbsOf(const Params& params, int from, int level) : from_(params.basis(from)), to_(params.basis(level)) {}
  ntt::ConstLimb operator()(const EvalPoly& poly, int i) const noexcept {
    return poly.limb(from_.limb_of(to_.prime(i)));
  }

 private:
  const Basis &from_, &to_;
};

/// `a` itself when it has the primes of `level`, else `lowered`, which receives it at that level.
const Ciphertext& Evaluator::meet(const Ciphertext& a, int level, Ciphertext& lowered) const {
  if (params()->basis(a.level()).contains(params()->basis(level))) return a;
  lowered = drop_to_level(a, level);
  return lowered;
}

Ciphertext Evaluator::combine(std::string_view operation, const Ciphertext& a_in, const Ciphertext& b_in,
                              bool negate) const {
  require_mine(operation, a_in, 0);
  require_mine(operation, b_in, 0);
  const int level = std::min(a_in.level(), b_in.level());
  Ciphertext a_low, b_low;
  const Ciphertext &a = meet(a_in, level, a_low), &b = meet(b_in, level, b_low);
  require_same_scale(operation, a.scale, b.scale);
  const LimbsOf of_a(*params(), a.level(), level), of_b(*params(), b.level(), level);
  Ciphertext out = empty_like(a, std::max(a.c.size(), b.c.size()), level, a.scale);
  each_limb(out, [&](std::size_t part, int i, const ntt::Plan& plan) {
    const ntt::Limb z = out.c[part].limb(i);
    if (part >= b.c.size()) {
      std::ranges::copy(of_a(a.c[part], i), z.begin());
    } else if (part < a.c.size()) {
      const ntt::ConstLimb x = of_a(a.c[part], i), y = of_b(b.c[part], i);
      negate ? plan.subtract(z, x, y) : plan.add(z, x, y);
    } else if (negate) {
      plan.negate(z, of_b(b.c[part], i));
    } else {
      std::ranges::copy(of_b(b.c[part], i), z.begin());
    }
  });
  return out;
}

Ciphertext Evaluator::add(const Ciphertext& a, const Ciphertext& b) const {
  return combine("add", a, b, false);
}

Ciphertext Evaluator::subtract(const Ciphertext& a, const Ciphertext& b) const {
  return combine("subtract", a, b, true);
}

Ciphertext Evaluator::negate(const Ciphertext& a) const {
  require_mine("negate", a, 0);
  Ciphertext out = empty_like(a, a.c.size(), a.level(), a.scale);
  each_limb(out, [&](std::size_t part, int i, const ntt::Plan& plan) {
    plan.negate(out.c[part].limb(i), a.c[part].limb(i));
  });
  return out;
}

Ciphertext Evaluator::change_first(
    const Ciphertext& a, FunctionRef<void(ntt::Limb, ntt::ConstLimb, int, const ntt::Plan&)> body) const {
  Ciphertext out = empty_like(a, a.c.size(), a.level(), a.scale);
  each_limb(out, [&](std::size_t part, int i, const ntt::Plan& plan) {
    if (part == 0) {
      body(out.c[0].limb(i), a.c[0].limb(i), i, plan);
    } else {
      std::ranges::copy(a.c[part].limb(i), out.c[part].limb(i).begin());
    }
  });
  out.seed = a.seed;
  return out;
}

Ciphertext Evaluator::add_plain(const Ciphertext& a, const Plaintext& b) const {
  require_mine("add_plain", a, 0);
  require_plain("add_plain", a, b);
  require_same_scale("add_plain", a.scale, b.scale);
  const LimbsOf of_b(*params(), b.level(), a.level());
  return change_first(a, [&](ntt::Limb out, ntt::ConstLimb in, int i, const ntt::Plan& plan) {
    plan.add(out, in, of_b(b.poly, i));
  });
}

Ciphertext Evaluator::add_constant(const Ciphertext& a, double c) const {
  require_mine("add_constant", a, 0);
  require_constant("add_constant", c, a.scale, a);
  // A constant polynomial has the same value everywhere.
  return change_first(a, [&](ntt::Limb out, ntt::ConstLimb in, int, const ntt::Plan& plan) {
    plan.add_scalar(out, in, rounded_residue(c * a.scale, plan.modulus()));
  });
}

double Evaluator::product_scale(std::string_view operation, double a, double b, int level) const {
  const double scale = a * b;
  if (std::log2(scale) < params()->log_q(level)) return scale;
  refuse(ErrorCode::kOutOfLevels, operation,
         "scale " + power_of_two(std::log2(scale)) + " of the product exceeds the modulus of level " +
             std::to_string(level) + ", " + power_of_two(params()->log_q(level)) +
             "; rescale the operands first or plan at least 1 more level");
}

double Evaluator::rescaled(std::string_view operation, double scale, int level, int count) const {
  if (level == 0 || count < 1 || count > level) {
    refuse(ErrorCode::kOutOfLevels, operation,
           level == 0 ? std::string("level 0 has no prime left to rescale by; plan at least 1 more level")
                      : "cannot drop " + std::to_string(count) + " primes at level " + std::to_string(level));
  }
  double result = scale;
  for (int i = 0; i < count; ++i) result /= params()->rescale_factor(level - i);
  if (result >= 1) return result;
  refuse(ErrorCode::kOutOfLevels, operation,
         "a rescale takes scale " + power_of_two(std::log2(scale)) + " at level " + std::to_string(level) +
             " to " + power_of_two(std::log2(result)) +
             ", below 1, where the message is rounded away; "
             "multiply first or rescale less");
}

Ciphertext Evaluator::multiply_plain(const Ciphertext& a, const Plaintext& b) const {
  require_mine("multiply_plain", a, 0);
  require_plain("multiply_plain", a, b);
  Ciphertext out =
      empty_like(a, a.c.size(), a.level(), product_scale("multiply_plain", a.scale, b.scale, a.level()));
  const LimbsOf of_b(*params(), b.level(), a.level());
  each_limb(out, [&](std::size_t part, int i, const ntt::Plan& plan) {
    plan.multiply(out.c[part].limb(i), a.c[part].limb(i), of_b(b.poly, i));
  });
  return out;
}

Ciphertext Evaluator::multiply_constant(const Ciphertext& a, double c, double constant_scale) const {
  require_mine("multiply_constant", a, 0);
  require_constant("multiply_constant", c, constant_scale, a);
  Ciphertext out = empty_like(a, a.c.size(), a.level(),
                              product_scale("multiply_constant", a.scale, constant_scale, a.level()));
  RecycledVector<u64> residues;  // [limb]
  for (const int prime : params()->basis(a.level()).primes())
    residues.push_back(rounded_residue(c * constant_scale, params()->q(prime).modulus()));
  each_limb(out, [&](std::size_t part, int i, const ntt::Plan& plan) {
    plan.multiply_scalar(out.c[part].limb(i), a.c[part].limb(i), residues[static_cast<std::size_t>(i)]);
  });
  return out;
}

Ciphertext Evaluator::product(const Ciphertext& a_in, const Ciphertext& b_in) const {
  require_mine("multiply", a_in);
  require_mine("multiply", b_in);
  const int level = std::min(a_in.level(), b_in.level());
  const bool square = &a_in == &b_in;
  Ciphertext a_low, b_low;
  const Ciphertext &a = meet(a_in, level, a_low), &b = meet(b_in, level, b_low);
  const LimbsOf of_a(*params(), a.level(), level), of_b(*params(), b.level(), level);
  Ciphertext out = empty_like(a, 3, level, product_scale("multiply", a.scale, b.scale, level));
  parallel_for(threads_, params()->limbs(level), [&](int i) {
    const ntt::Plan& plan = params()->q(params()->basis(level).prime(i));
    const ntt::ConstLimb a0 = of_a(a.c[0], i), a1 = of_a(a.c[1], i), b0 = of_b(b.c[0], i),
                         b1 = of_b(b.c[1], i);
    const ntt::Limb middle = out.c[1].limb(i);
    plan.multiply(out.c[0].limb(i), a0, b0);
    plan.multiply(out.c[2].limb(i), a1, b1);
    if (square) {
      plan.multiply(middle, a0, a1);
      plan.add(middle, middle, middle);
    } else {
      const std::array<const u64*, 2> x{a0.data(), a1.data()}, y{b1.data(), b0.data()};
      plan.inner_product(middle, x, y);
    }
  });
  return out;
}

std::shared_ptr<const SwitchingKey> Evaluator::relin_key(std::string_view operation, int level) const {
  const int reach = keys_->level_of(std::nullopt);
  if (reach < level) {
    refuse(ErrorCode::kMissingKey, operation,
           (reach >= 0 ? "the relinearisation key reaches level " + std::to_string(reach) +
                             ", the product is at level "
                       : std::string("there is no relinearisation key, needed at level ")) +
               std::to_string(level) + "; request it with relin_level " + std::to_string(level));
  }
  return keys_->find(std::nullopt);
}

/// A ciphertext with the parameters and key of another.
Ciphertext Evaluator::two_parts(const Ciphertext& like, double scale, std::array<EvalPoly, 2> parts) {
  Ciphertext out{.params = like.params, .c = {}, .scale = scale, .key_id = like.key_id, .seed = {}};
  out.c.reserve(2);
  for (EvalPoly& part : parts) out.c.push_back(std::move(part));
  return out;
}

Ciphertext Evaluator::relinearise(const Ciphertext& a) const {
  require_mine("relinearise", a, 3);
  const std::shared_ptr<const SwitchingKey> key = relin_key("relinearise", a.level());
  const KeySwitcher::Descent to{.key = key.get(), .finish = {.add = {&a.c[0], &a.c[1]}}};
  return two_parts(a, a.scale,
                   switcher_.switch_down(switcher_.decompose(a.c[2], threads_), to, false, threads_));
}

Ciphertext Evaluator::multiply(const Ciphertext& a, const Ciphertext& b) const {
  return relinearise(product(a, b));
}

Ciphertext Evaluator::square(const Ciphertext& a) const {
  return relinearise(product(a, a));
}

Ciphertext Evaluator::multiply_rescale(const Ciphertext& a, const Ciphertext& b) const {
  return relinearise_rescale(product(a, b));
}

Ciphertext Evaluator::relinearise_rescale(const Ciphertext& d) const {
  require_mine("relinearise", d, 3);
  const int level = d.level();
  const double scale = rescaled("rescale", d.scale, level);
  // (P d0 + u0, P d1 + u1) modulo QP, then one division
  const std::shared_ptr<const SwitchingKey> key = relin_key("relinearise", level);
  const KeySwitcher::Descent to{.key = key.get(), .lifted = {&d.c[0], &d.c[1]}};
  return two_parts(d, scale,
                   switcher_.switch_down(switcher_.decompose(d.c[2], threads_), to, true, threads_));
}

Ciphertext Evaluator::rescale(const Ciphertext& a, int count) const {
  require_mine("rescale", a);
  const double scale = rescaled("rescale", a.scale, a.level(), count);
  return two_parts(a, scale, switcher_.rescale(a.c[0], a.c[1], count, threads_));
}

Ciphertext Evaluator::drop_to_level(const Ciphertext& a, int level) const {
  require_mine("drop_to_level", a, 0);
  if (level < 0 || level > a.level()) {
    refuse(ErrorCode::kInvalidArgument, "drop_to_level",
           "the ciphertext is at level " + std::to_string(a.level()) + " and cannot go to level " +
               std::to_string(level));
  }
  if (!params()->basis(a.level()).contains(params()->basis(level))) return exchange_primes(a, level);
  Ciphertext out = empty_like(a, a.c.size(), level, a.scale);
  const LimbsOf of_a(*params(), a.level(), level);
  each_limb(out, [&](std::size_t part, int i, const ntt::Plan&) {
    std::ranges::copy(of_a(a.c[part], i), out.c[part].limb(i).begin());
  });
  out.seed = a.seed;  // each limb is expanded by itself
  return out;
}

/// Down to a level with primes that `a` has not: times a whole number, then divided by about as much.
Ciphertext Evaluator::exchange_primes(const Ciphertext& a, int level) const {
  const double multiplier = params()->drop_multiplier(a.level(), level);
  Ciphertext scaled = empty_like(a, a.c.size(), a.level(), a.scale),
             out = empty_like(a, a.c.size(), level, a.scale);
  each_limb(scaled, [&](std::size_t part, int i, const ntt::Plan& plan) {
    plan.multiply_scalar(scaled.c[part].limb(i), a.c[part].limb(i),
                         rounded_residue(multiplier, plan.modulus()));
  });
  const Division division(*params(), params()->basis(a.level()), 0, params()->basis(level));
  for (std::size_t part = 0; part < a.c.size(); ++part)
    division.apply(std::array{&scaled.c[part]}, std::array{&out.c[part]}, threads_);
  out.scale = a.scale * params()->drop_scale(a.level(), level);
  return out;
}

Ciphertext Evaluator::multiply_by_i(const Ciphertext& a) const {
  require_mine("multiply_by_i", a, 0);
  Ciphertext out = empty_like(a, a.c.size(), a.level(), a.scale);
  const Basis& basis = params()->basis(a.level());
  // Word i is the value at psi^(2 brv(i) + 1), where X^(N/2) is a root of -1: one in the first half of the
  // words, where the exponent is 1 modulo 4, and the other in the second.
  each_limb(out, [&](std::size_t part, int i, const ntt::Plan& plan) {
    const ntt::Limb z = out.c[part].limb(i);
    plan.multiply_scalar(z, a.c[part].limb(i), roots_of_minus_one_[static_cast<std::size_t>(basis.prime(i))]);
    for (u64& word : z.subspan(plan.n() / 2)) word = plan.modulus().negate(word);
  });
  return out;
}

GaloisKeyId Evaluator::rotation(int step) const noexcept {
  const int slots = static_cast<int>(params()->slots());
  return {.step = ((step % slots) + slots) % slots, .conjugate = false};
}

RecycledVector<Evaluator::Galois> Evaluator::galois(std::span<const GaloisKeyId> ids, int level,
                                                    std::string_view operation) const {
  RecycledVector<Galois> found;
  std::string missing;
  for (const GaloisKeyId& id : ids) {
    const int reach = keys_->level_of(id);
    if (reach >= level) {
      found.push_back({id, &automorphisms_.at(id)});
      continue;
    }
    missing += (missing.empty() ? "" : ", ") + describe(id);
    if (reach >= 0) missing += " (its key reaches level " + std::to_string(reach) + ")";
  }
  if (missing.empty()) return found;
  refuse(
      ErrorCode::kMissingKey, operation,
      "no key at level " + std::to_string(level) + " for " + missing + "; request them when keys are made");
}

/// Many maps go to threads whole when they are divided; few share the limbs of each.
RecycledVector<Ciphertext> Evaluator::apply_galois(const Ciphertext& a, std::span<const Galois> maps) const {
  RecycledVector<std::shared_ptr<const SwitchingKey>> held;
  RecycledVector<const SwitchingKey*> keys;
  for (const Galois& map : maps) {
    held.push_back(key(map));
    keys.push_back(held.back().get());
  }
  const Decomposition digits = switcher_.decompose(a.c[1], threads_);
  const RecycledVector<ExtendedPair> u = switcher_.inner_products(digits, keys, threads_);
  RecycledVector<Ciphertext> out(maps.size());
  const int count = static_cast<int>(maps.size());
  const bool whole = count >= 4 * threads_.count;
  parallel_for(whole ? threads_ : Threads{1}, count, [&](int task) {
    const auto k = static_cast<std::size_t>(task);
    const DivisionFinish finish{.add = {&a.c[0], nullptr}, .sigma = maps[k].sigma};
    const Threads inner = whole ? Threads{1} : threads_;
    out[k] = two_parts(a, a.scale, switcher_.mod_down(u[k], false, inner, finish));
  });
  return out;
}

Ciphertext Evaluator::apply_galois(const Ciphertext& a, const GaloisKeyId& id,
                                   std::string_view operation) const {
  require_mine(operation, a);
  const Galois map = galois({&id, 1}, a.level(), operation).front();
  const std::shared_ptr<const SwitchingKey> held = key(map);
  const KeySwitcher::Descent to{.key = held.get(), .finish = {.add = {&a.c[0], nullptr}, .sigma = map.sigma}};
  return two_parts(a, a.scale,
                   switcher_.switch_down(switcher_.decompose(a.c[1], threads_), to, false, threads_));
}

Ciphertext Evaluator::rotate(const Ciphertext& a, int step) const {
  const GaloisKeyId id = rotation(step);
  if (id.step != 0) return apply_galois(a, id, "rotate");
  require_mine("rotate", a);
  return a;
}

Ciphertext Evaluator::conjugate(const Ciphertext& a) const {
  return apply_galois(a, {.step = 0, .conjugate = true}, "conjugate");
}

RecycledVector<Ciphertext> Evaluator::rotate_many(const Ciphertext& a, std::span<const int> steps) const {
  require_mine("rotate_many", a);
  RecycledVector<GaloisKeyId> ids;
  for (int step : steps) {
    if (rotation(step).step != 0) ids.push_back(rotation(step));
  }
  const RecycledVector<Galois> found = galois(ids, a.level(), "rotate_many");
  RecycledVector<Ciphertext> moved;
  if (!found.empty()) moved = apply_galois(a, found);
  RecycledVector<Ciphertext> out;
  auto next = moved.begin();
  for (int step : steps) out.push_back(rotation(step).step == 0 ? a : std::move(*next++));
  return out;
}

}  // namespace sotto::ckks
