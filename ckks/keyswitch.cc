#include "ckks/keyswitch.h"

#include <algorithm>

#include "base/error.h"

namespace sotto::ckks {
namespace {

/// From `primes` chain primes of a digit to all other chain primes and all special ones.
ntt::BaseConversion make_conversion(const Params& params, int digit, int primes) {
  const int first = digit * params.alpha();
  std::vector<const ntt::Plan*> from, to;
  for (int i = 0; i <= params.max_level(); ++i) {
    (i >= first && i < first + primes ? from : to).push_back(&params.q(i));
  }
  for (int i = 0; i < params.special_count(); ++i) to.push_back(&params.p(i));
  return ntt::BaseConversion(std::move(from), std::move(to));
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
    std::vector<ntt::BaseConversion> row;
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

int KeySwitcher::primes_in(int digit, int q_limbs) const noexcept {
  return std::min(params_->alpha(), q_limbs - digit * params_->alpha());
}

const ntt::BaseConversion& KeySwitcher::conversion(int digit, int q_limbs) const noexcept {
  const auto primes = static_cast<std::size_t>(primes_in(digit, q_limbs));
  return conversions_[static_cast<std::size_t>(digit)][primes - 1];
}

Decomposition KeySwitcher::decompose(const EvalPoly& c, Threads threads) const {
  const std::size_t n = params_->n();
  const int q_limbs = c.q_limbs(), alpha = params_->alpha(), digits = params_->digits_at(q_limbs - 1);
  Decomposition out;
  out.source_ = &c;
  for (int j = 0; j < digits; ++j) {
    out.coefficients_.emplace_back(n * static_cast<std::size_t>(conversion(j, q_limbs).rows()));
  }
  parallel_for(threads, q_limbs, [&](int i) {
    AlignedWords& digit = out.coefficients_[static_cast<std::size_t>(i / alpha)];
    const ntt::Limb x = digit.span().subspan(static_cast<std::size_t>(i % alpha) * n, n);
    std::ranges::copy(c.limb(i), x.begin());
    params_->q(i).inverse(x);
  });
  const int tiles = conversion(0, q_limbs).tiles();
  parallel_for(threads, digits * tiles, [&](int task) {
    const int j = task / tiles;
    conversion(j, q_limbs).prepare(out.coefficients_[static_cast<std::size_t>(j)].span(), task % tiles);
  });
  return out;
}

/// Where limb i of QP stands among the targets of the conversion of a digit, or -1 for one of its own.
int KeySwitcher::target_of(int digit, int q_limbs, int i) const noexcept {
  const int first = digit * params_->alpha(), primes = primes_in(digit, q_limbs);
  if (i >= q_limbs) return params_->max_level() + 1 - primes + (i - q_limbs);
  if (i < first) return i;
  return i < first + primes ? -1 : i - primes;
}

/// A digit on the limbs [first, last) that are not its own, into out(limb), in the evaluation domain.
template <class Out>
void KeySwitcher::lift(const Decomposition& c, int digit, int first, int last, Out&& out) const {
  std::vector<ntt::BaseConversion::Target> targets;
  for (int i = first; i < last; ++i) {
    const int target = target_of(digit, c.q_limbs(), i);
    if (target >= 0) targets.push_back({target, out(i)});
  }
  conversion(digit, c.q_limbs()).convert(targets, c.coefficients_[static_cast<std::size_t>(digit)].span());
  for (int i = first; i < last; ++i) {
    if (target_of(digit, c.q_limbs(), i) >= 0) params_->limb(i, c.q_limbs()).forward(out(i));
  }
}

/// body() for the limbs [first, last), which are lifted together.
void KeySwitcher::lift_limbs(const Decomposition& c, int first, int last, Threads inner,
                             const LimbBody& body) const {
  const std::size_t stride = params_->n() + kRowPadding;
  const auto digits = static_cast<std::size_t>(c.digits());
  AlignedWords scratch(stride * digits * static_cast<std::size_t>(last - first));  // [limb][digit][stride]
  const auto row = [&](int i, int digit) {
    const std::size_t k = static_cast<std::size_t>(i - first) * digits + static_cast<std::size_t>(digit);
    return scratch.span().subspan(k * stride, params_->n());
  };
  parallel_for(inner, c.digits(), [&](int j) { lift(c, j, first, last, [&](int i) { return row(i, j); }); });
  std::array<const u64*, ntt::kMaxRows> rows;
  for (int i = first; i < last; ++i) {
    for (int j = 0; j < c.digits(); ++j) {
      const bool own = target_of(j, c.q_limbs(), i) < 0;
      rows[static_cast<std::size_t>(j)] = own ? c.source_->limb(i).data() : row(i, j).data();
    }
    body(i, {rows.data(), digits}, inner);
  }
}

void KeySwitcher::each_limb(const Decomposition& c, int first, int last, Threads threads,
                            const LimbBody& body) const {
  const int team = std::max(threads.count, 1), share = (last - first) / team;
  parallel_for(threads, team, [&](int member) {
    const int end = first + (member + 1) * share;
    for (int i = end - share; i < end; i += kLimbsTogether) {
      lift_limbs(c, i, std::min(i + kLimbsTogether, end), Threads{1}, body);
    }
  });
  for (int i = first + team * share; i < last; ++i) lift_limbs(c, i, i + 1, threads, body);
}

void KeySwitcher::multiply_key(ntt::Rows digits, const SwitchingKey& key, std::size_t part, int i,
                               int q_limbs, ntt::Limb out) const noexcept {
  const int key_limb = i < q_limbs ? i : key.level + 1 + (i - q_limbs);
  const std::vector<EvalPoly>& half = part == 0 ? key.b : key.a;
  std::array<const u64*, 64> rows;
  for (std::size_t j = 0; j < digits.size(); ++j) rows[j] = half[j].limb(key_limb).data();
  params_->limb(i, q_limbs).inner_product(out, digits, {rows.data(), digits.size()});
}

std::vector<ExtendedPair> KeySwitcher::inner_products(const Decomposition& c,
                                                      std::span<const SwitchingKey* const> keys,
                                                      Threads threads) const {
  const int q_limbs = c.q_limbs(), p_limbs = params_->special_count();
  std::vector<ExtendedPair> out;
  for (std::size_t k = 0; k < keys.size(); ++k) {
    out.push_back({EvalPoly(params_->n(), q_limbs, p_limbs), EvalPoly(params_->n(), q_limbs, p_limbs)});
  }
  each_limb(c, 0, q_limbs + p_limbs, threads, [&](int i, ntt::Rows digits, Threads inner) {
    parallel_for(inner, 2 * static_cast<int>(keys.size()), [&](int task) {
      const auto k = static_cast<std::size_t>(task / 2), part = static_cast<std::size_t>(task % 2);
      multiply_key(digits, *keys[k], part, i, q_limbs, out[k][part].limb(i));
    });
  });
  return out;
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
