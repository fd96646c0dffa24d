#include "approx/quadrature.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sotto::approx {

std::vector<QuadratureNode> gauss_legendre(int points) {
  std::vector<QuadratureNode> nodes;
  for (int i = points; i > 0; --i) {
    long double x = std::cos(std::numbers::pi_v<long double> * (i - 0.25L) / (points + 0.5L)), slope = 1;
    for (int step = 0; step < 6; ++step) {  // from 1e-3 of the zero, squared each time
      long double p = x, before = 1;
      for (int n = 2; n <= points; ++n) {
        const long double next = ((2 * n - 1) * x * p - (n - 1) * before) / n;
        before = p;
        p = next;
      }
      slope = points * (x * p - before) / (x * x - 1);
      x -= p / slope;
    }
    nodes.push_back({static_cast<double>(x), static_cast<double>(2 / ((1 - x * x) * slope * slope))});
  }
  return nodes;
}

std::vector<QuadratureNode> gauss_panels(const Interval& interval, const std::vector<double>& breaks,
                                         int panels) {
  static const std::vector<QuadratureNode> rule = gauss_legendre(16);
  std::vector<double> edges{interval.low};
  for (int i = 1; i < panels; ++i) edges.push_back(interval.from_unit(2.0 * i / panels - 1));
  for (const double at : breaks) {
    if (interval.low < at && at < interval.high) edges.push_back(at);
  }
  edges.push_back(interval.high);
  std::sort(edges.begin(), edges.end());
  std::vector<QuadratureNode> nodes;
  for (std::size_t i = 1; i < edges.size(); ++i) {
    const double half = 0.5 * (edges[i] - edges[i - 1]), center = 0.5 * (edges[i] + edges[i - 1]);
    if (!(half > 0)) continue;
    for (const QuadratureNode& node : rule) nodes.push_back({center + half * node.x, half * node.weight});
  }
  return nodes;
}

}  // namespace sotto::approx
