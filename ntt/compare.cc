#include "ntt/compare.h"

#include <algorithm>
#include <random>

#include "ntt/registry.h"

namespace sotto::ntt {
namespace {

constexpr std::size_t kCompareRows = 5;

std::vector<AlignedWords> draw_limbs(std::size_t rows, int log_n, u64 bound, const WordSource& word) {
  std::vector<AlignedWords> limbs;
  for (std::size_t r = 0; r < rows; ++r) {
    AlignedWords limb(std::size_t{1} << log_n);
    std::generate_n(limb.data(), limb.size(), [&] { return word(bound); });
    limbs.push_back(std::move(limb));
  }
  return limbs;
}

std::vector<const u64*> pointers(const std::vector<AlignedWords>& limbs) {
  std::vector<const u64*> p;
  for (const AlignedWords& limb : limbs) p.push_back(limb.data());
  return p;
}

Limb copy_of(const AlignedWords& limb, Limb out) {
  std::copy_n(limb.data(), limb.size(), out.begin());
  return out;
}

constexpr Operation kOperations[] = {
    {"forward", [](const Plan& p, const Operands& o, Limb out) { p.forward(copy_of(o.a[0], out)); }},
    {"inverse", [](const Plan& p, const Operands& o, Limb out) { p.inverse(copy_of(o.a[0], out)); }},
    {"forward and inverse",
     [](const Plan& p, const Operands& o, Limb out) {
       p.forward(copy_of(o.a[0], out));
       p.inverse(out);
     }},
    {"add", [](const Plan& p, const Operands& o, Limb out) { p.add(out, o.a[0].span(), o.b[0].span()); }},
    {"subtract",
     [](const Plan& p, const Operands& o, Limb out) { p.subtract(out, o.a[0].span(), o.b[0].span()); }},
    {"negate", [](const Plan& p, const Operands& o, Limb out) { p.negate(out, o.a[0].span()); }},
    {"multiply",
     [](const Plan& p, const Operands& o, Limb out) { p.multiply(out, o.a[0].span(), o.b[0].span()); }},
    {"multiply_add",
     [](const Plan& p, const Operands& o, Limb out) {
       p.multiply_add(copy_of(o.b.back(), out), o.a[0].span(), o.b[0].span());
     }},
    {"multiply_scalar",
     [](const Plan& p, const Operands& o, Limb out) { p.multiply_scalar(out, o.a[0].span(), o.factors[0]); }},
    {"add_scalar",
     [](const Plan& p, const Operands& o, Limb out) { p.add_scalar(out, o.a[0].span(), o.factors[0]); }},
    {"subtract_multiply_scalar",
     [](const Plan& p, const Operands& o, Limb out) {
       p.subtract_multiply_scalar(out, o.a[0].span(), o.b[0].span(), o.factors[0]);
     }},
    {"inner_product",
     [](const Plan& p, const Operands& o, Limb out) { p.inner_product(out, pointers(o.a), pointers(o.b)); }},
    {"combine", [](const Plan& p, const Operands& o,
                   Limb out) { p.combine(out, pointers(o.wide), p.combine_factors(o.factors)); }},
    {"reduce", [](const Plan& p, const Operands& o, Limb out) { p.reduce(out, o.wide[0].span()); }},
    {"round_quotient",
     [](const Plan& p, const Operands& o, Limb out) { p.round_quotient(out, pointers(o.wide), o.tau, 52); }},
    {"permute", [](const Plan& p, const Operands& o, Limb out) { p.permute(out, o.a[0].span(), o.sigma); }},
};

}  // namespace

Operands::Operands(const Modulus& q, int log_n, std::size_t rows, int wide_bits, const WordSource& word)
    : a(draw_limbs(rows, log_n, q.value(), word)),
      b(draw_limbs(rows, log_n, q.value(), word)),
      wide(draw_limbs(rows, log_n, u64{1} << wide_bits, word)),
      factors(rows),
      tau(rows),
      sigma(log_n, 2 * word(u64{1} << log_n) + 1) {
  for (u64& factor : factors) factor = word(q.value());
  for (u64& t : tau) t = word(u64{1} << 52);
}

std::span<const Operation> operations() noexcept {
  return kOperations;
}

std::string find_difference(const Plan& plan, const Plan& reference, const Operation& operation,
                            const Operands& operands) {
  AlignedWords got(plan.n()), want(plan.n());
  operation.run(plan, operands, got.span());
  operation.run(reference, operands, want.span());
  const auto [g, w] = std::mismatch(got.data(), got.data() + got.size(), want.data());
  if (g == got.data() + got.size()) return "";
  return std::string(operation.name) + ": word " + std::to_string(g - got.data()) + " of " +
         std::string(plan.backend()) + " is " + std::to_string(*g) + ", of " +
         std::string(reference.backend()) + " " + std::to_string(*w) + " (N = 2^" +
         std::to_string(plan.log_n()) + ", q = " + std::to_string(plan.modulus().value()) + ")";
}

std::string compare_with_portable(const Plan& plan) {
  const PlanPtr portable = make_plan(plan.modulus(), plan.log_n(), "portable");
  const int wide_bits = std::min(50, plan.input_bits());
  std::mt19937_64 random(1);
  const auto uniform = [&](u64 bound) { return random() % bound; };
  const auto largest = [](u64 bound) { return bound - 1; };
  const auto mixed = [&](u64 bound) {
    const u64 extremes[] = {0, 1 % bound, bound / 2, bound - 1, bound - 1, random() % bound};
    return extremes[random() % std::size(extremes)];
  };
  for (const WordSource& source : {WordSource(largest), WordSource(mixed), WordSource(uniform)}) {
    const Operands operands(plan.modulus(), plan.log_n(), kCompareRows, wide_bits, source);
    for (const Operation& operation : kOperations) {
      const std::string difference = find_difference(plan, *portable, operation, operands);
      if (!difference.empty()) return difference;
    }
  }
  return "";
}

}  // namespace sotto::ntt
