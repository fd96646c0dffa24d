// Where an approximation holds.
#pragma once

#include <string>

namespace sotto::approx {

struct Interval {
  double low = -1, high = 1;

  double center() const { return 0.5 * low + 0.5 * high; }
  double half_width() const { return 0.5 * high - 0.5 * low; }
  bool contains(double x) const { return low <= x && x <= high; }
  /// [low, high] to [-1, 1].
  double to_unit(double x) const { return (x - center()) / half_width(); }
  double from_unit(double t) const { return center() + half_width() * t; }
};

/// Throws Error unless both ends are finite and low < high, far enough apart for doubles to tell points
/// between them.
void validate(const Interval& interval);

std::string to_string(const Interval& interval);  // "[-8, 8]"

}  // namespace sotto::approx
