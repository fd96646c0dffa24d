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

}  // namespace sotto::approx
