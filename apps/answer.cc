#include "apps/answer.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace sotto::app {

double Answer::largest_logit() const {
  double largest = 0;
  for (const double logit : logits) {
    if (!std::isfinite(logit)) return std::numeric_limits<double>::infinity();
    largest = std::max(largest, std::abs(logit));
  }
  return largest;
}

double Answer::margin() const {
  if (logits.size() < 2) return 0;
  std::vector<double> best = logits;
  std::partial_sort(best.begin(), best.begin() + 2, best.end(), std::greater<>());
  return best[0] - best[1];
}

double Answer::relative_error() const {
  double worst = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (!std::isfinite(logits[i]) || !std::isfinite(reference[i]))
      return std::numeric_limits<double>::infinity();
    worst = std::max(worst, std::abs(logits[i] - reference[i]));
  }
  const auto [least, most] = std::minmax_element(reference.begin(), reference.end());
  const double range = *most - *least;
  // A network with one output, or with equal ones, has no range; its magnitude stands in.
  return worst / (range > 0 ? range : std::max(std::abs(*most), 1.0));
}

double error_bits(double relative_error) {
  if (std::isnan(relative_error)) return 0;
  return relative_error > 0 ? std::clamp(-std::log2(relative_error), 0.0, 53.0) : 53.0;
}

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double at = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return std::lerp(values[below], values[above], at - static_cast<double>(below));
}

}  // namespace sotto::app
