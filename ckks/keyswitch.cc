#include "ckks/keyswitch.h"

#include <algorithm>

#include "base/error.h"

namespace sotto::ckks {
namespace {

/// From `primes` chain primes of a digit to all other chain primes and all special ones.
BaseConversion make_conversion(const Params& params, int digit, int primes) {
  const int first = digit * params.alpha();
  std::vector<const ntt::Plan*> from, to;
  for (int i = 0; i <= params.max_level(); ++i) {
    (i >= first && i < first + primes ? from : to).push_back(&params.q(i));
  }
  for (int i = 0; i < params.special_count(); ++i) to.push_back(&params.p(i));
  return BaseConversion(std::move(from), std::move(to));
}

std::array<EvalPoly, 2> drop(const PrimeDrop& division, const EvalPoly& c0, const EvalPoly& c1,
                             Threads threads, const DropFinish& finish) {
  std::array<EvalPoly, 2> out{EvalPoly(c0.n(), division.kept()), EvalPoly(c0.n(), division.kept())};
  division.apply(std::array{&c0, &c1}, std::array{&out[0], &out[1]}, threads, finish);
  return out;
}

}  // namespace

KeySwitcher::KeySwitcher(ParamsPtr params) : params_(std::move(params)) {
  const int limbs = params_->max_level() + 1, specials = params_->special_count();
  for (int j = 0; j < params_->digits(); ++j) {
    std::vector<BaseConversion> row;
    const int primes = std::min(params_->alpha(), limbs - j * params_->alpha());
    for (int k = 1; k <= primes; ++k) row.push_back(make_conversion(*params_, j, k));
    conversions_.push_back(std::move(row));
  }
  for (int level = 0; level < limbs; ++level) {
    mod_down_.push_back(
        {PrimeDrop(*params_, level + 1, 0, specials), PrimeDrop(*params_, level + 1, level > 0, specials)});
    if (level > 0) rescale_.push_back(PrimeDrop(*params_, level + 1, 1, 0));
  }
  for (int i = 0; i < limbs; ++i) {
    const ntt::Modulus& q = params_->q(i).modulus();
    u64 product = 1;
    for (int j = 0; j < specials; ++j)
      product = q.multiply(product, q.reduce(params_->p(j).modulus().value()));
    special_product_.push_back(product);
  }
}

const BaseConversion& KeySwitcher::conversion(int digit, int primes) const noexcept {
  return conversions_[static_cast<std::size_t>(digit)][static_cast<std::size_t>(primes) - 1];
}

int KeySwitcher::conversion_target(int digit, int primes, int limb, int q_limbs) const noexcept {
  if (limb < digit * params_->alpha()) return limb;
  if (limb < q_limbs) return limb - primes;
  return params_->max_level() + 1 - primes + (limb - q_limbs);
}

Decomposition KeySwitcher::decompose(const EvalPoly& c, Threads threads) const {
  const std::size_t n = params_->n();
  const int q_limbs = c.q_limbs(), limbs = q_limbs + params_->special_count(), alpha = params_->alpha();
  const int digits = params_->digits_at(q_limbs - 1);
  const auto primes_of = [&](int digit) { return std::min(alpha, q_limbs - digit * alpha); };

  std::vector<AlignedWords>
      coefficients;  // [digit]: its limbs in coefficient form, then the quotient of the lift
  Decomposition out;
  out.source_ = &c;
  out.alpha_ = alpha;
  for (int j = 0; j < digits; ++j) {
    coefficients.emplace_back(n * static_cast<std::size_t>(conversion(j, primes_of(j)).rows()));
    out.lifted_.emplace_back(n, q_limbs, params_->special_count());
  }
  parallel_for(threads, q_limbs, [&](int i) {
    const ntt::Limb x = coefficients[static_cast<std::size_t>(i / alpha)].span().subspan(
        static_cast<std::size_t>(i % alpha) * n, n);
    std::ranges::copy(c.limb(i), x.begin());
    params_->q(i).inverse(x);
  });
  parallel_for(threads, digits, [&](int j) {
    conversion(j, primes_of(j)).prepare(coefficients[static_cast<std::size_t>(j)].span());
  });
  parallel_for(threads, digits * limbs, [&](int task) {
    const int j = task / limbs, i = task % limbs, primes = primes_of(j);
    if (i < q_limbs && i / alpha == j) return;
    const ntt::Limb x = out.lifted_[static_cast<std::size_t>(j)].limb(i);
    conversion(j, primes).convert(conversion_target(j, primes, i, q_limbs), x,
                                  coefficients[static_cast<std::size_t>(j)].span());
    params_->limb(i, q_limbs).forward(x);
  });
  return out;
}

void KeySwitcher::inner_product_limb(const Decomposition& c, const SwitchingKey& key, std::size_t part,
                                     int limb, ntt::Limb out) const noexcept {
  const int key_limb = limb < c.q_limbs() ? limb : key.level + 1 + (limb - c.q_limbs());
  const std::vector<EvalPoly>& half = part == 0 ? key.b : key.a;
  const auto digits = static_cast<std::size_t>(c.digits());
  std::array<const u64*, 64> x, y;
  for (std::size_t j = 0; j < digits; ++j) {
    x[j] = c.limb(static_cast<int>(j), limb).data();
    y[j] = half[j].limb(key_limb).data();
  }
  params_->limb(limb, c.q_limbs()).inner_product(out, {x.data(), digits}, {y.data(), digits});
}

ExtendedPair KeySwitcher::inner_product(const Decomposition& c, const SwitchingKey& key,
                                        Threads threads) const {
  ExtendedPair u{EvalPoly(params_->n(), c.q_limbs(), params_->special_count()),
                 EvalPoly(params_->n(), c.q_limbs(), params_->special_count())};
  parallel_for(threads, 2 * u[0].limbs(), [&](int task) {
    const auto part = static_cast<std::size_t>(task % 2);
    inner_product_limb(c, key, part, task / 2, u[part].limb(task / 2));
  });
  return u;
}

std::array<EvalPoly, 2> KeySwitcher::mod_down(const ExtendedPair& u, bool rescale, Threads threads,
                                              const DropFinish& finish) const {
  const auto level = static_cast<std::size_t>(u[0].q_limbs()) - 1;
  return drop(mod_down_[level][rescale ? 1 : 0], u[0], u[1], threads, finish);
}

EvalPoly KeySwitcher::mod_down_part(const EvalPoly& u, Threads threads) const {
  const PrimeDrop& division = mod_down_[static_cast<std::size_t>(u.q_limbs()) - 1][0];
  EvalPoly out(params_->n(), division.kept());
  division.apply(std::array{&u}, std::array{&out}, threads);
  return out;
}

std::array<EvalPoly, 2> KeySwitcher::rescale(const EvalPoly& c0, const EvalPoly& c1, int count,
                                             Threads threads) const {
  const int level = c0.q_limbs() - 1;
  if (count == 1) return drop(rescale_[static_cast<std::size_t>(level) - 1], c0, c1, threads, {});
  return drop(PrimeDrop(*params_, level + 1, count, 0), c0, c1, threads, {});
}

}  // namespace sotto::ckks
