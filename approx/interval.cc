#include "approx/interval.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "base/error.h"

namespace sotto::approx {

std::string to_string(const Interval& interval) {
  std::ostringstream text;
  text << '[' << interval.low << ", " << interval.high << ']';
  return text.str();
}

std::string to_string(const Domain& domain) {
  constexpr std::size_t kShown = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(domain.size(), kShown); ++i)
    text += (i == 0 ? "" : " and ") + to_string(domain[i]);
  if (domain.size() > kShown) text += " and " + std::to_string(domain.size() - kShown) + " more";
  return text;
}

void validate(const Interval& interval) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCode::kInvalidArgument, "the interval " + to_string(interval) + " " + why);
  };
  if (!std::isfinite(interval.low) || !std::isfinite(interval.high))
    refuse("has an end that is not a finite number");
  if (interval.low == interval.high) refuse("is empty; low must be below high");
  if (interval.low > interval.high) refuse("is reversed; low must be below high");
  // 2^20 different points at least, so that a polynomial in between means something.
  const double largest = std::max(std::abs(interval.low), std::abs(interval.high));
  if (interval.half_width() < largest * 0x1p-32 || interval.half_width() < 0x1p-500)
    refuse("is too narrow for doubles");
}

void validate(const Domain& domain) {
  if (domain.empty()) throw Error(ErrorCode::kInvalidArgument, "there is no interval; give at least one");
  for (std::size_t i = 0; i < domain.size(); ++i) {
    validate(domain[i]);
    if (i == 0 || domain[i - 1].high < domain[i].low) continue;
    throw Error(ErrorCode::kInvalidArgument, "the interval " + to_string(domain[i]) +
                                                 " does not lie right of " + to_string(domain[i - 1]) +
                                                 "; give disjoint intervals from left to right");
  }
}

Interval hull(const Domain& domain) {
  validate(domain);
  return {domain.front().low, domain.back().high};
}

bool is_symmetric(const Domain& domain) {
  for (std::size_t i = 0; i < domain.size(); ++i) {
    const Interval& mirrored = domain[domain.size() - 1 - i];
    if (domain[i].low != -mirrored.high || domain[i].high != -mirrored.low) return false;
  }
  return true;
}

Domain around_integers(int count, double radius) {
  constexpr int kMaxCount = 512;
  if (count < 0 || count > kMaxCount || !(radius > 0 && radius < 0.5)) {
    throw Error(ErrorCode::kInvalidArgument,
                "no intervals of radius " + std::to_string(radius) + " around -" + std::to_string(count) +
                    " to " + std::to_string(count) + "; 0 to " + std::to_string(kMaxCount) +
                    " and a radius between 0 and 0.5 are supported");
  }
  Domain domain;
  for (int k = -count; k <= count; ++k) domain.push_back({k - radius, k + radius});
  validate(domain);
  return domain;
}

}  // namespace sotto::approx
