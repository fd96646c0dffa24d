// What is known of the inputs of a function: a normal law, a histogram, samples, or a mixture of them.
#pragma once

#include <string>
#include <vector>

#include "approx/function.h"

namespace sotto::approx {

/// A probability on the line as a sum of normal laws, bins of constant density, and points. Made by the
/// functions below; shares add up to 1.
struct Distribution {
  struct Normal {
    double share, mean, deviation;
  };
  struct Bin {
    double share;
    Interval interval;
  };
  struct Point {
    double share, x;
  };
  std::string name;  // "normal(0, 1)"
  std::vector<Normal> normals;
  std::vector<Bin> bins;
  std::vector<Point> points;
};

/// All of them throw Error for numbers that are not finite, for a deviation or interval of no width, and for
/// a weight that has no mass.
Distribution normal(double mean, double deviation);
Distribution uniform(const Interval& interval);
/// Bin i reaches from edges[i] to edges[i+1]; masses are counts or any numbers from 0 up.
Distribution histogram(const std::vector<double>& edges, const std::vector<double>& masses);
/// Samples that all count the same, or as much as `weights` says.
Distribution samples(const std::vector<double>& x, const std::vector<double>& weights = {});
/// (1 - share) first + share second, 0 < share < 1.
Distribution mix(const Distribution& first, const Distribution& second, double share);

/// Where inputs are expected: bins and points all, normal laws to 6 deviations.
Interval support(const Distribution& distribution);
/// Density of the normal laws and bins, for pictures.
double density(const Distribution& distribution, double x);

/// Points and weights whose sums stand for integrals of f and of polynomials up to twice `degree`: points as
/// they are, Gauss rules on each bin and between the breaks of f; normal laws as far as a polynomial of the
/// degree can find weight, 2 sqrt(degree) + 10 deviations, at most 38, where the density ends in doubles.
struct WeightedSample {
  std::vector<double> x, weight;
};
WeightedSample discretize(const Distribution& distribution, const Function& f, int degree);

}  // namespace sotto::approx
