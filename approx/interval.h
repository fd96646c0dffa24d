// Where an approximation holds: an interval, or a union of them.
#pragma once

#include <string>
#include <vector>

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

/// Disjoint intervals from left to right.
using Domain = std::vector<Interval>;

/// Throws Error unless both ends are finite and low < high, far enough apart for doubles to tell points
/// between them.
void validate(const Interval& interval);
/// Throws Error unless there is an interval, each is valid, and each lies right of the one before it.
void validate(const Domain& domain);

/// The smallest interval that holds a domain.
Interval hull(const Domain& domain);
/// Whether -x lies in the domain for every x of it.
bool is_symmetric(const Domain& domain);
/// [k - radius, k + radius] for every whole k from -count to count: where bootstrapping reduces modulo 1.
/// Throws Error unless 0 <= count <= 512 and 0 < radius < 1/2.
Domain around_integers(int count, double radius);

std::string to_string(const Interval& interval);  // "[-8, 8]"
std::string to_string(const Domain& domain);      // "[-1, -0.1] and [0.1, 1]"

}  // namespace sotto::approx
