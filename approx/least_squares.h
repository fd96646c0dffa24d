// Weighted least squares: the polynomial with the least mean squared error under a distribution of inputs.
//
// The polynomials orthonormal under the weighted sample come from their three-term recurrence (Stieltjes)
// [Gau04]: in that basis the normal equations are solved by one inner product a degree, so one pass gives the
// fits of all degrees. Their error is small where inputs are, and grows without bound where they are not: see
// fit_capped(), and distribution.h for a uniform share.
#pragma once

#include <vector>

#include "approx/distribution.h"
#include "approx/polynomial.h"
#include "base/threads.h"

namespace sotto::approx {

/// The fits of every degree up to the largest.
class LeastSquares {
 public:
  /// Runs over the sample once a degree, 56 bytes a point. Results do not depend on the number of threads.
  /// throws Error: degree out of range; f not finite at a point; a weight on too few distinct points, a
  /// singular
  ///        system, saying which degree they determine
  LeastSquares(const Function& f, const Distribution& distribution, int max_degree, Threads threads = {});

  int max_degree() const { return static_cast<int>(mse_.size()) - 1; }
  /// E[(p - f)²] of the best polynomial of the degree.
  double mse(int degree) const { return mse_[static_cast<std::size_t>(degree)]; }
  /// The least degree whose mean squared error is at most `mse`. Throws Error with the least there is.
  int degree_for(double mse) const;

  /// The best polynomial of a degree, written on an interval; max_error is its largest error there.
  Polynomial polynomial(int degree, const Interval& interval) const;
  /// The polynomial Σ c_k T_k of the degree with the least E[(p - f)²] + Σ noise[k] c_k², where noise[k] is
  /// the variance of the error with which T_k is evaluated under encryption [LLK+22]. One number serves all
  /// k.
  Polynomial with_noise(int degree, const Interval& interval, const std::vector<double>& noise) const;
  /// The polynomial of the degree with the least E[(p - f)²] among those with |p - f| <= cap on the interval.
  /// The weight gets a uniform share of 10^-8, which keeps its orthonormal basis in the range of doubles and
  /// adds at most 10^-8 cap² to the least mean squared error. Throws Error when no polynomial of the degree
  /// stays below the cap, with the least cap that one does.
  Polynomial capped(int degree, const Interval& interval, double cap) const;

 private:
  /// π_0(x) … π_degree(x).
  std::vector<long double> basis(int degree, double x) const;
  Polynomial in_basis(const std::vector<double>& coefficients, const Interval& interval,
                      const std::string& how) const;
  void run(const WeightedSample& sample, int max_degree, Threads threads);

  Function f_;
  Distribution distribution_;
  Interval span_;                     // of the sample; the recurrence runs in its unit coordinate
  std::vector<double> alpha_, beta_;  // sqrt(beta[n+1]) π_{n+1} = (t - alpha[n]) π_n - sqrt(beta[n]) π_{n-1}
  std::vector<double> coefficients_;  // of f in π
  std::vector<double> mse_;           // by degree
};

}  // namespace sotto::approx
