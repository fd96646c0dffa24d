// Goodness of fit: chi-square sums and the limits that chance does not reach.
#pragma once

#include <cmath>
#include <map>
#include <span>

namespace sotto::test {

/// Sum of (observed - expected)^2 / expected; cells are wide enough when every expectation is above 20.
template <class Key>
double chi_square(const std::map<Key, double>& observed, const std::map<Key, double>& expected) {
  double sum = 0;
  for (const auto& [key, want] : expected) {
    const auto found = observed.find(key);
    const double have = found == observed.end() ? 0 : found->second;
    sum += (have - want) * (have - want) / want;
  }
  return sum;
}

/// Mean of the distribution is `freedom`, variance twice that: 6 sigma is never reached by chance with a
/// fixed seed.
inline double chi_square_limit(double freedom) {
  return freedom + 6 * std::sqrt(2 * freedom);
}

/// Of samples against a normal distribution of mean 0 and deviation 1, in kNormalCells cells of one
/// probability.
inline constexpr int kNormalCells = 64;
inline double normal_chi_square(std::span<const double> z) {
  std::map<int, double> observed, expected;
  for (const double x : z) ++observed[static_cast<int>(kNormalCells * std::erfc(-x / std::sqrt(2.0)) / 2)];
  for (int cell = 0; cell < kNormalCells; ++cell)
    expected[cell] = static_cast<double>(z.size()) / kNormalCells;
  return chi_square(observed, expected);
}

inline double root_mean_square(std::span<const double> z) {
  double squares = 0;
  for (const double x : z) squares += x * x;
  return std::sqrt(squares / static_cast<double>(z.size()));
}

}  // namespace sotto::test
