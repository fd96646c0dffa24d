#include "nn/elementwise.h"

#include <algorithm>

namespace sotto::nn {
namespace {

Coefficients trimmed(Coefficients p) {
  while (p.size() > 1 && p.back() == 0.0) p.pop_back();
  return p;
}

bool all_equal(const std::vector<double>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [&](double x) { return x == numbers.front(); });
}

}  // namespace

Coefficients add(const Coefficients& p, const Coefficients& q) {
  Coefficients sum(std::max(p.size(), q.size()), 0.0);
  for (std::size_t i = 0; i < p.size(); ++i) sum[i] += p[i];
  for (std::size_t i = 0; i < q.size(); ++i) sum[i] += q[i];
  return trimmed(std::move(sum));
}

Coefficients multiply(const Coefficients& p, const Coefficients& q) {
  Coefficients product(p.size() + q.size() - 1, 0.0);
  for (std::size_t i = 0; i < p.size(); ++i) {
    for (std::size_t j = 0; j < q.size(); ++j) product[i + j] += p[i] * q[j];
  }
  return trimmed(std::move(product));
}

Coefficients compose(const Coefficients& outer, const Coefficients& inner) {
  Coefficients result{outer.back()};
  for (std::size_t k = outer.size() - 1; k-- > 0;) result = add(multiply(result, inner), {outer[k]});
  return result;
}

std::optional<Coefficients> elementwise_polynomial(const Operator& op) {
  if (const auto* polynomial = std::get_if<Polynomial>(&op)) return trimmed(polynomial->coefficients);
  const auto* affine = std::get_if<Affine>(&op);
  if (affine == nullptr || !all_equal(affine->scale) || !all_equal(affine->shift)) return std::nullopt;
  return trimmed({affine->shift.front(), affine->scale.front()});
}

Operator elementwise_operator(const Coefficients& p, int channels) {
  if (degree(p) >= 2) return Polynomial{p};
  const auto count = static_cast<std::size_t>(channels);
  return Affine{std::vector<double>(count, degree(p) == 1 ? p[1] : 0.0), std::vector<double>(count, p[0])};
}

}  // namespace sotto::nn
