#include "ckks/basis.h"

#include <algorithm>

namespace sotto::ckks {
namespace {

u64 product_of(std::span<const ntt::Plan* const> primes, const ntt::Modulus& m) noexcept {
  u64 product = 1;
  for (const ntt::Plan* plan : primes) product = m.multiply(product, m.reduce(plan->modulus().value()));
  return product;
}

std::vector<const ntt::Plan*> chain(const Params& params, int first, int last) {
  std::vector<const ntt::Plan*> plans;
  for (int i = first; i < last; ++i) plans.push_back(&params.q(i));
  return plans;
}

std::vector<const ntt::Plan*> dropped_primes(const Params& params, int q_limbs, int drop_q, int p_limbs) {
  std::vector<const ntt::Plan*> plans = chain(params, q_limbs - drop_q, q_limbs);
  for (int i = 0; i < p_limbs; ++i) plans.push_back(&params.p(i));
  return plans;
}

}  // namespace

PrimeDrop::PrimeDrop(const Params& params, int q_limbs, int drop_q, int p_limbs)
    : dropped_(dropped_primes(params, q_limbs, drop_q, p_limbs)),
      kept_(chain(params, 0, q_limbs - drop_q)),
      lift_(dropped_, kept_) {
  for (int i = q_limbs - drop_q; i < q_limbs + p_limbs; ++i) dropped_limb_.push_back(i);
  for (const ntt::Plan* plan : kept_) {
    const ntt::Modulus& q = plan->modulus();
    inverse_.push_back(q.inverse(product_of(dropped_, q)));
  }
}

void PrimeDrop::apply(std::span<const EvalPoly* const> in, std::span<EvalPoly* const> out, Threads threads,
                      const DropFinish& finish) const {
  const std::size_t n = kept_.front()->n();
  const int drops = static_cast<int>(dropped_.size()), parts = static_cast<int>(in.size());
  const auto rows = n * static_cast<std::size_t>(lift_.rows());
  std::vector<AlignedWords> scratch;
  for (int part = 0; part < parts; ++part) scratch.emplace_back(rows);
  parallel_for(threads, parts * drops, [&](int task) {
    const auto part = static_cast<std::size_t>(task % parts), d = static_cast<std::size_t>(task / parts);
    const ntt::Limb x = scratch[part].span().subspan(d * n, n);
    std::ranges::copy(in[part]->limb(dropped_limb_[d]), x.begin());
    dropped_[d]->inverse(x);
  });
  parallel_for(threads, parts * lift_.tiles(), [&](int task) {
    lift_.prepare(scratch[static_cast<std::size_t>(task % parts)].span(), task / parts);
  });
  const bool few = parts * kept() < 2 * kLimbsTogether * threads.count;  // then each thread needs its own
  const int together = few ? 1 : kLimbsTogether, groups = (kept() + together - 1) / together;
  parallel_for(threads, parts * groups, [&](int task) {
    const auto part = static_cast<std::size_t>(task % parts);
    const int first = task / parts * together, last = std::min(first + together, kept());
    divide(first, last, scratch[part].span(), *in[part], *out[part], finish.add[part], finish.sigma);
  });
}

/// Limbs [first, last) of one part: sigma((in - lift) / D + add).
void PrimeDrop::divide(int first, int last, ntt::ConstLimb prepared, const EvalPoly& in, EvalPoly& out,
                       const EvalPoly* add, const ntt::Automorphism* sigma) const {
  const std::size_t n = in.n();
  AlignedWords buffer(n * static_cast<std::size_t>(last - first));
  std::vector<ntt::BaseConversion::Target> remainders;
  for (int i = first; i < last; ++i) {
    remainders.push_back({i, buffer.span().subspan(static_cast<std::size_t>(i - first) * n, n)});
  }
  lift_.convert(remainders, prepared);
  for (const auto& [i, remainder] : remainders) {
    const ntt::Plan& plan = *kept_[static_cast<std::size_t>(i)];
    const ntt::Limb quotient = sigma == nullptr ? out.limb(i) : remainder;
    plan.forward(remainder);
    plan.subtract_multiply_scalar(quotient, in.limb(i), remainder, inverse_[static_cast<std::size_t>(i)]);
    if (add != nullptr) plan.add(quotient, quotient, add->limb(i));
    if (sigma != nullptr) plan.permute(out.limb(i), quotient, *sigma);
  }
}

}  // namespace sotto::ckks
