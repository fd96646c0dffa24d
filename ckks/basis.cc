#include "ckks/basis.h"

#include <algorithm>

namespace sotto::ckks {
namespace {

using Plans = std::vector<const ntt::Plan*>;

u64 product_of(const Plans& primes, const ntt::Modulus& m) noexcept {
  u64 product = 1;
  for (const ntt::Plan* plan : primes) product = m.multiply(product, m.reduce(plan->modulus().value()));
  return product;
}

Plans plans_of(const Params& params, const Basis& basis) {
  Plans plans;
  for (const int prime : basis.primes()) plans.push_back(&params.q(prime));
  return plans;
}

/// The primes of `basis` that are not in `other`.
Plans difference(const Params& params, const Basis& basis, const Basis& other) {
  Plans plans;
  for (const int prime : basis.primes()) {
    if (other.limb_of(prime) < 0) plans.push_back(&params.q(prime));
  }
  return plans;
}

Plans leaving_primes(const Params& params, const Basis& from, int p_limbs, const Basis& to) {
  Plans plans = difference(params, from, to);
  for (int i = 0; i < p_limbs; ++i) plans.push_back(&params.p(i));
  return plans;
}

ntt::BaseConversion make_lift(const Plans& leaving, const Plans& entering, const Plans& to) {
  if (entering.empty()) return ntt::BaseConversion(leaving, to);
  ntt::BaseConversion::Factors factors;
  for (const ntt::Plan* plan : leaving) factors.source.push_back(product_of(entering, plan->modulus()));
  for (const ntt::Plan* plan : to) {
    const ntt::Modulus& q = plan->modulus();
    const bool enters = std::ranges::find(entering, plan) != entering.end();
    factors.target.push_back(enters ? q.negate(q.inverse(product_of(leaving, q)))
                                    : q.inverse(product_of(entering, q)));
  }
  return ntt::BaseConversion(leaving, to, factors);
}

}  // namespace

Division::Division(const Params& params, const Basis& from, int p_limbs, const Basis& to)
    : leaving_(leaving_primes(params, from, p_limbs, to)),
      to_(plans_of(params, to)),
      lift_(make_lift(leaving_, difference(params, to, from), to_)) {
  const Plans entering = difference(params, to, from);
  for (int limb = 0; limb < from.size(); ++limb) {
    if (to.limb_of(from.prime(limb)) < 0) leaving_limb_.push_back(limb);
  }
  for (int i = 0; i < p_limbs; ++i) leaving_limb_.push_back(from.size() + i);
  for (int limb = 0; limb < to.size(); ++limb) {
    const ntt::Modulus& q = to_[static_cast<std::size_t>(limb)]->modulus();
    from_limb_.push_back(from.limb_of(to.prime(limb)));
    factor_.push_back(q.multiply(product_of(entering, q), q.inverse(product_of(leaving_, q))));
  }
}

void Division::apply(std::span<const EvalPoly* const> in, std::span<EvalPoly* const> out, Threads threads,
                     const DivisionFinish& finish) const {
  const std::size_t n = to_.front()->n();
  const int leaving = static_cast<int>(leaving_.size()), parts = static_cast<int>(in.size());
  const auto rows = n * static_cast<std::size_t>(lift_.rows());
  RecycledVector<AlignedWords> scratch;
  for (int part = 0; part < parts; ++part) scratch.emplace_back(rows);
  parallel_for(threads, parts * leaving, [&](int task) {
    const auto part = static_cast<std::size_t>(task % parts), d = static_cast<std::size_t>(task / parts);
    const ntt::Limb x = scratch[part].span().subspan(d * n, n);
    std::ranges::copy(in[part]->limb(leaving_limb_[d]), x.begin());
    lower(d, scratch[part].span());
  });
  parallel_for(threads, parts * lift_.tiles(), [&](int task) {
    lift_.prepare(scratch[static_cast<std::size_t>(task % parts)].span(), task / parts);
  });
  const bool few = parts * limbs() < 2 * kLimbsTogether * threads.count;  // then each thread needs its own
  const int together = few ? 1 : kLimbsTogether, groups = (limbs() + together - 1) / together;
  parallel_for(threads, parts * groups, [&](int task) {
    const auto part = static_cast<std::size_t>(task % parts);
    const int first = task / parts * together, last = std::min(first + together, limbs());
    divide_limbs(first, last, scratch[part].span(), *in[part], *out[part], finish.add[part], finish.sigma);
  });
}

void Division::lower(std::size_t d, std::span<u64> rows) const noexcept {
  const std::size_t n = leaving_[d]->n();
  leaving_[d]->inverse(rows.subspan(d * n, n));
}

/// Limbs [first, last) of one part, which share the reads of the rows.
void Division::divide_limbs(int first, int last, std::span<const u64> rows, const EvalPoly& in, EvalPoly& out,
                            const EvalPoly* add, const ntt::Automorphism* sigma) const {
  const std::size_t n = in.n();
  AlignedWords buffer(n * static_cast<std::size_t>(last - first));
  RecycledVector<ntt::BaseConversion::Target> remainders;
  for (int i = first; i < last; ++i) {
    remainders.push_back({i, buffer.span().subspan(static_cast<std::size_t>(i - first) * n, n)});
  }
  lift_.convert(remainders, rows);
  for (const auto& [i, remainder] : remainders) {
    const ntt::ConstLimb source = source_of(i) >= 0 ? in.limb(source_of(i)) : ntt::ConstLimb();
    finish(i, remainder, source, out.limb(i), add, sigma);
  }
}

void Division::divide(int i, std::span<const u64> rows, ntt::ConstLimb in, ntt::Limb buffer, ntt::Limb out,
                      const EvalPoly* add, const ntt::Automorphism* sigma) const {
  const ntt::BaseConversion::Target remainder{i, buffer};
  lift_.convert({&remainder, 1}, rows);
  finish(i, buffer, in, out, add, sigma);
}

/// sigma((T in - lift) / D + add), where T in is 0 on an entering prime.
void Division::finish(int i, ntt::Limb remainder, ntt::ConstLimb in, ntt::Limb out, const EvalPoly* add,
                      const ntt::Automorphism* sigma) const noexcept {
  const ntt::Plan& plan = *to_[static_cast<std::size_t>(i)];
  const ntt::Limb quotient = sigma == nullptr ? out : remainder;
  plan.forward(remainder);
  if (source_of(i) >= 0) {
    plan.subtract_multiply_scalar(quotient, in, remainder, factor_[static_cast<std::size_t>(i)]);
  } else if (sigma == nullptr) {
    std::ranges::copy(remainder, quotient.begin());
  }
  if (add != nullptr) plan.add(quotient, quotient, add->limb(i));
  if (sigma != nullptr) plan.permute(out, quotient, *sigma);
}

}  // namespace sotto::ckks
