#include "ckks/basis.h"

#include <algorithm>

#include "base/error.h"

namespace sotto::ckks {
namespace {

using ntt::u128;

u64 product_without(std::span<const ntt::Plan* const> primes, std::size_t skip,
                    const ntt::Modulus& m) noexcept {
  u64 product = 1;
  for (std::size_t i = 0; i < primes.size(); ++i) {
    if (i != skip) product = m.multiply(product, m.reduce(primes[i]->modulus().value()));
  }
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

BaseConversion::BaseConversion(std::vector<const ntt::Plan*> from, std::vector<const ntt::Plan*> to)
    : from_(std::move(from)), to_(std::move(to)) {
  if (from_.empty() || from_.size() > 63) {
    throw Error(ErrorCode::kInvalidArgument,
                "base conversion: " + std::to_string(from_.size()) + " source primes; 1 to 63 are possible");
  }
  const bool wide =
      std::ranges::any_of(from_, [](const ntt::Plan* plan) { return plan->modulus().bits() > 50; });
  shift_ = wide ? 64 : 52;  // by size of the primes and not by backend, so that every backend rounds alike
  for (std::size_t i = 0; i < from_.size(); ++i) {
    const ntt::Modulus& m = from_[i]->modulus();
    inverse_.push_back(m.inverse(product_without(from_, i, m)));
    tau_.push_back(static_cast<u64>((u128{1} << (shift_ + ntt::kQuotientBits)) / m.value()));
  }
  for (const ntt::Plan* target : to_) {
    const ntt::Modulus& t = target->modulus();
    std::vector<u64> factors;
    for (std::size_t i = 0; i < from_.size(); ++i) factors.push_back(product_without(from_, i, t));
    factors.push_back(t.negate(product_without(from_, from_.size(), t)));
    factors_.push_back(std::move(factors));
  }
}

void BaseConversion::prepare(ntt::Limb scratch) const noexcept {
  const std::size_t n = from_.front()->n(), k = from_.size();
  std::array<const u64*, 64> rows;
  for (std::size_t i = 0; i < k; ++i) {
    const ntt::Limb y = scratch.subspan(i * n, n);
    if (k > 1) from_[i]->multiply_scalar(y, y, inverse_[i]);
    rows[i] = y.data();
  }
  from_.front()->round_quotient(scratch.subspan(k * n, n), {rows.data(), k}, tau_, shift_);
}

void BaseConversion::convert(int target, ntt::Limb out, ntt::ConstLimb scratch) const noexcept {
  const std::size_t n = from_.front()->n(), k = from_.size() + 1;
  std::array<const u64*, 64> rows;
  for (std::size_t i = 0; i < k; ++i) rows[i] = scratch.data() + i * n;
  const auto j = static_cast<std::size_t>(target);
  to_[j]->combine(out, {rows.data(), k}, factors_[j]);
}

PrimeDrop::PrimeDrop(const Params& params, int q_limbs, int drop_q, int p_limbs)
    : dropped_(dropped_primes(params, q_limbs, drop_q, p_limbs)),
      kept_(chain(params, 0, q_limbs - drop_q)),
      lift_(dropped_, kept_) {
  for (int i = q_limbs - drop_q; i < q_limbs + p_limbs; ++i) dropped_limb_.push_back(i);
  for (const ntt::Plan* plan : kept_) {
    const ntt::Modulus& q = plan->modulus();
    inverse_.push_back(q.inverse(product_without(dropped_, dropped_.size(), q)));
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
  parallel_for(threads, parts,
               [&](int part) { lift_.prepare(scratch[static_cast<std::size_t>(part)].span()); });
  parallel_for(threads, parts * kept(), [&](int task) {
    const auto part = static_cast<std::size_t>(task % parts);
    const int i = task / parts;
    const ntt::Plan& plan = *kept_[static_cast<std::size_t>(i)];
    AlignedWords buffer(n);
    const ntt::Limb remainder = buffer.span();
    const ntt::Limb target = finish.sigma == nullptr ? out[part]->limb(i) : remainder;
    lift_.convert(i, remainder, scratch[part].span());
    plan.forward(remainder);
    plan.subtract_multiply_scalar(target, in[part]->limb(i), remainder,
                                  inverse_[static_cast<std::size_t>(i)]);
    if (finish.add[part] != nullptr) plan.add(target, target, finish.add[part]->limb(i));
    if (finish.sigma != nullptr) plan.permute(out[part]->limb(i), target, *finish.sigma);
  });
}

}  // namespace sotto::ckks
