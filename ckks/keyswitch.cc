#include "ckks/keyswitch.h"

#include <algorithm>

#include "base/error.h"

namespace sotto::ckks {
namespace {

ntt::BaseConversion make_conversion(const Params& params, std::span<const int> primes) {
  std::vector<const ntt::Plan*> from, to;
  for (int i = 0; i < params.chain_count(); ++i) {
    (std::ranges::find(primes, i) != primes.end() ? from : to).push_back(&params.q(i));
  }
  for (int i = 0; i < params.special_count(); ++i) to.push_back(&params.p(i));
  return ntt::BaseConversion(std::move(from), std::move(to));
}

std::array<EvalPoly, 2> divide(const Division& division, const EvalPoly& c0, const EvalPoly& c1,
                               Threads threads, const DivisionFinish& finish) {
  std::array<EvalPoly, 2> out{EvalPoly(c0.n(), division.limbs()), EvalPoly(c0.n(), division.limbs())};
  division.apply(std::array{&c0, &c1}, std::array{&out[0], &out[1]}, threads, finish);
  return out;
}

}  // namespace

KeySwitcher::KeySwitcher(ParamsPtr params) : params_(std::move(params)) {
  const int specials = params_->special_count();
  for (int level = 0; level <= params_->max_level(); ++level) {
    const Basis& basis = params_->basis(level);
    const Basis& below = params_->basis(std::max(level - 1, 0));
    mod_down_.push_back(
        {Division(*params_, basis, specials, basis), Division(*params_, basis, specials, below)});
    if (level > 0) rescale_.push_back(Division(*params_, basis, 0, below));
    std::vector<DigitLift> lifts;
    for (const Digit& digit : basis.digits()) lifts.push_back(make_lift(basis, digit));
    lifts_.push_back(std::move(lifts));
  }
  for (int i = 0; i < params_->chain_count(); ++i) {
    const ntt::Modulus& q = params_->q(i).modulus();
    u64 product = 1;
    for (int j = 0; j < specials; ++j)
      product = q.multiply(product, q.reduce(params_->p(j).modulus().value()));
    special_product_.push_back(product);
  }
}

KeySwitcher::DigitLift KeySwitcher::make_lift(const Basis& basis, const Digit& digit) {
  const auto own =
      basis.primes().subspan(static_cast<std::size_t>(digit.first), static_cast<std::size_t>(digit.count));
  std::vector<int> primes(own.begin(), own.end());
  auto conversion = conversions_.find(primes);
  if (conversion == conversions_.end())
    conversion = conversions_.emplace(primes, make_conversion(*params_, primes)).first;
  DigitLift lift{.conversion = &conversion->second, .target = {}};
  for (const int prime : basis.primes()) {
    const auto before = std::ranges::lower_bound(primes, prime) - primes.begin();
    const bool is_own = std::ranges::binary_search(primes, prime);
    lift.target.push_back(is_own ? -1 : prime - static_cast<int>(before));
  }
  for (int i = 0; i < params_->special_count(); ++i)
    lift.target.push_back(params_->chain_count() - digit.count + i);
  return lift;
}

Decomposition KeySwitcher::decompose(const EvalPoly& c, Threads threads) const {
  const std::size_t n = params_->n();
  const Basis& basis = params_->basis(params_->level_of(c.q_limbs()));
  const std::vector<DigitLift>& digits = lifts(c.q_limbs());
  Decomposition out;
  out.source_ = &c;
  for (const DigitLift& digit : digits)
    out.coefficients_.emplace_back(n * static_cast<std::size_t>(digit.conversion->rows()));
  parallel_for(threads, c.q_limbs(), [&](int i) {
    const int j = basis.digit_of_group(basis.prime(i) / params_->alpha());
    const auto row = static_cast<std::size_t>(i - basis.digits()[static_cast<std::size_t>(j)].first);
    const ntt::Limb x = out.coefficients_[static_cast<std::size_t>(j)].span().subspan(row * n, n);
    std::ranges::copy(c.limb(i), x.begin());
    params_->q(basis.prime(i)).inverse(x);
  });
  const int tiles = digits.front().conversion->tiles();
  parallel_for(threads, basis.digit_count() * tiles, [&](int task) {
    const auto j = static_cast<std::size_t>(task / tiles);
    digits[j].conversion->prepare(out.coefficients_[j].span(), task % tiles);
  });
  return out;
}

/// A digit on the limbs [first, last) that are not its own, into out(limb), in the evaluation domain.
template <class Out>
void KeySwitcher::lift(const Decomposition& c, int digit, int first, int last, Out&& out) const {
  const DigitLift& plan = lifts(c.q_limbs())[static_cast<std::size_t>(digit)];
  RecycledVector<ntt::BaseConversion::Target> targets;
  for (int i = first; i < last; ++i) {
    const int target = plan.target[static_cast<std::size_t>(i)];
    if (target >= 0) targets.push_back({target, out(i)});
  }
  plan.conversion->convert(targets, c.coefficients_[static_cast<std::size_t>(digit)].span());
  for (int i = first; i < last; ++i) {
    if (plan.target[static_cast<std::size_t>(i)] >= 0) params_->limb(i, c.q_limbs()).forward(out(i));
  }
}

/// body() for the limbs [first, last), which are lifted together.
void KeySwitcher::lift_limbs(const Decomposition& c, int first, int last, Threads inner,
                             LimbBody body) const {
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
      const bool own =
          lifts(c.q_limbs())[static_cast<std::size_t>(j)].target[static_cast<std::size_t>(i)] < 0;
      rows[static_cast<std::size_t>(j)] = own ? c.source_->limb(i).data() : row(i, j).data();
    }
    body(i, {rows.data(), digits}, inner);
  }
}

void KeySwitcher::each_limb(const Decomposition& c, int first, int last, Threads threads,
                            LimbBody body) const {
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
  const Basis& basis = params_->basis(params_->level_of(q_limbs));
  const Basis& key_basis = params_->key_basis(key.level);
  const int key_limb = i < q_limbs ? key_basis.limb_of(basis.prime(i)) : key_basis.size() + (i - q_limbs);
  const std::vector<EvalPoly>& half = part == 0 ? key.b : key.a;
  std::array<const u64*, ntt::kMaxRows> rows;
  for (std::size_t j = 0; j < digits.size(); ++j) {
    const int digit = key_basis.digit_of_group(basis.digits()[j].group);
    rows[j] = half[static_cast<std::size_t>(digit)].limb(key_limb).data();
  }
  params_->limb(i, q_limbs).inner_product(out, digits, {rows.data(), digits.size()});
}

RecycledVector<ExtendedPair> KeySwitcher::inner_products(const Decomposition& c,
                                                         std::span<const SwitchingKey* const> keys,
                                                         Threads threads) const {
  const int q_limbs = c.q_limbs(), p_limbs = params_->special_count();
  RecycledVector<ExtendedPair> out;
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

/// One limb of one part of u + P lifted.
void KeySwitcher::descend_limb(ntt::Rows digits, const Descent& to, std::size_t part, int i, int q_limbs,
                               ntt::Limb buffer, ntt::Limb out) const noexcept {
  multiply_key(digits, *to.key, part, i, q_limbs, out);
  if (i >= q_limbs || to.lifted[part] == nullptr) return;  // P is 0 modulo its own primes
  const int prime = params_->basis(params_->level_of(q_limbs)).prime(i);
  params_->q(prime).multiply_scalar(buffer, to.lifted[part]->limb(i), special_product(prime));
  params_->q(prime).add(out, out, buffer);
}

std::array<EvalPoly, 2> KeySwitcher::switch_down(const Decomposition& c, const Descent& to, bool rescale,
                                                 Threads threads) const {
  const int q_limbs = c.q_limbs(), limbs = q_limbs + params_->special_count();
  const std::size_t n = params_->n();
  const Division& division = mod_down_[static_cast<std::size_t>(params_->level_of(q_limbs))][rescale ? 1 : 0];
  const std::span<const int> leaving = division.leaving();
  const std::size_t words = n * static_cast<std::size_t>(division.rows());
  std::array<AlignedWords, 2> rows{AlignedWords(words), AlignedWords(words)};  // [part][row][n]
  std::array<EvalPoly, 2> out{EvalPoly(n, division.limbs()), EvalPoly(n, division.limbs())};

  // `stays` or leaves: whole runs of limbs at a time.
  const auto each_run = [&](bool stays, LimbBody body) {
    for (int first = 0, last = 0; first < limbs; first = last) {
      const auto keeps = [&](int i) { return !std::ranges::binary_search(leaving, i); };
      for (last = first; last < limbs && keeps(last) == keeps(first);) ++last;
      if (keeps(first) == stays) each_limb(c, first, last, threads, body);
    }
  };
  each_run(false, [&](int i, ntt::Rows digits, Threads inner) {
    const auto d = static_cast<std::size_t>(std::ranges::lower_bound(leaving, i) - leaving.begin());
    parallel_for(inner, 2, [&](int task) {
      const auto part = static_cast<std::size_t>(task);
      AlignedWords buffer(n);
      descend_limb(digits, to, part, i, q_limbs, buffer.span(), rows[part].span().subspan(d * n, n));
      division.lower(d, rows[part].span());
    });
  });
  parallel_for(threads, 2 * division.tiles(), [&](int task) {
    division.prepare(rows[static_cast<std::size_t>(task % 2)].span(), task / 2);
  });
  const auto divide_limb = [&](int target, std::size_t part, ntt::ConstLimb u, ntt::Limb buffer) {
    division.divide(target, rows[part].span(), u, buffer, out[part].limb(target), to.finish.add[part],
                    to.finish.sigma);
  };
  each_run(true, [&](int i, ntt::Rows digits, Threads inner) {
    parallel_for(inner, 2, [&](int task) {
      const auto part = static_cast<std::size_t>(task);
      AlignedWords buffer(2 * n + kRowPadding);
      const ntt::Limb u = buffer.span().first(n), remainder = buffer.span().last(n);
      descend_limb(digits, to, part, i, q_limbs, remainder, u);
      divide_limb(division.target_of(i), part, u, remainder);
    });
  });
  parallel_for(threads, 2 * division.limbs(), [&](int task) {  // primes that enter
    if (division.source_of(task / 2) >= 0) return;
    AlignedWords buffer(n);
    divide_limb(task / 2, static_cast<std::size_t>(task % 2), {}, buffer.span());
  });
  return out;
}

std::array<EvalPoly, 2> KeySwitcher::mod_down(const ExtendedPair& u, bool rescale, Threads threads,
                                              const DivisionFinish& finish) const {
  const auto level = static_cast<std::size_t>(params_->level_of(u[0].q_limbs()));
  return divide(mod_down_[level][rescale ? 1 : 0], u[0], u[1], threads, finish);
}

EvalPoly KeySwitcher::mod_down_part(const EvalPoly& u, Threads threads) const {
  const Division& division = mod_down_[static_cast<std::size_t>(params_->level_of(u.q_limbs()))][0];
  EvalPoly out(params_->n(), division.limbs());
  division.apply(std::array{&u}, std::array{&out}, threads);
  return out;
}

std::array<EvalPoly, 2> KeySwitcher::rescale(const EvalPoly& c0, const EvalPoly& c1, int count,
                                             Threads threads) const {
  const int level = params_->level_of(c0.q_limbs());
  if (count == 1) return divide(rescale_[static_cast<std::size_t>(level) - 1], c0, c1, threads, {});
  return divide(Division(*params_, params_->basis(level), 0, params_->basis(level - count)), c0, c1, threads,
                {});
}

}  // namespace sotto::ckks
