#include "approx/distribution.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <sstream>

#include "approx/quadrature.h"
#include "base/error.h"

namespace sotto::approx {
namespace {

[[noreturn]] void refuse(const std::string& sentence) {
  throw Error(ErrorCode::kInvalidArgument, sentence);
}

std::string text(double x) {
  std::ostringstream out;
  out << x;
  return out.str();
}

/// The sum of masses that are to be shares.
double total_mass(const std::vector<double>& masses, const std::string& what) {
  double total = 0;
  for (std::size_t i = 0; i < masses.size(); ++i) {
    if (!std::isfinite(masses[i]) || masses[i] < 0) {
      refuse("mass " + std::to_string(i + 1) + " of " + what + " is " + text(masses[i]) +
             "; finite numbers from 0 up are needed");
    }
    total += masses[i];
  }
  if (!(total > 0) || !std::isfinite(total))
    refuse(what + " has a mass of " + text(total) + " in all; a weight needs some, and not too much");
  return total;
}

double normal_density(double z) {
  return std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi);
}

}  // namespace

Distribution normal(double mean, double deviation) {
  if (!std::isfinite(mean) || !std::isfinite(deviation) || !(deviation > 0)) {
    refuse("a normal law of mean " + text(mean) + " and deviation " + text(deviation) +
           " is none; a finite mean and a deviation above 0 are needed");
  }
  validate(Interval{mean - 6 * deviation, mean + 6 * deviation});
  return {"normal(" + text(mean) + ", " + text(deviation) + ")", {{1, mean, deviation}}, {}, {}};
}

Distribution uniform(const Interval& interval) {
  validate(interval);
  return {"uniform on " + to_string(interval), {}, {{1, interval}}, {}};
}

Distribution histogram(const std::vector<double>& edges, const std::vector<double>& masses) {
  if (masses.empty() || edges.size() != masses.size() + 1) {
    refuse("a histogram of " + std::to_string(masses.size()) + " bins has " + std::to_string(edges.size()) +
           " edges; one more than bins, and at least one bin, are needed");
  }
  const double total = total_mass(masses, "the histogram");
  Distribution distribution{"histogram of " + std::to_string(masses.size()) + " bins", {}, {}, {}};
  for (std::size_t i = 0; i < masses.size(); ++i) {
    const Interval bin{edges[i], edges[i + 1]};
    validate(bin);
    if (masses[i] > 0) distribution.bins.push_back({masses[i] / total, bin});
  }
  return distribution;
}

Distribution samples(const std::vector<double>& x, const std::vector<double>& weights) {
  if (x.empty()) refuse("there is no sample; give at least one");
  if (!weights.empty() && weights.size() != x.size()) {
    refuse(std::to_string(x.size()) + " samples come with " + std::to_string(weights.size()) +
           " weights; as many of each are needed");
  }
  const double total =
      weights.empty() ? static_cast<double>(x.size()) : total_mass(weights, "the weight of the samples");
  Distribution distribution{std::to_string(x.size()) + " samples", {}, {}, {}};
  distribution.points.reserve(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i])) refuse("sample " + std::to_string(i + 1) + " is " + text(x[i]) + "; remove it");
    distribution.points.push_back({(weights.empty() ? 1 : weights[i]) / total, x[i]});
  }
  return distribution;
}

Distribution mix(const Distribution& first, const Distribution& second, double share) {
  if (!(share > 0 && share < 1))
    refuse("the share of a mixture is " + text(share) + "; it lies between 0 and 1");
  Distribution mixed = first;
  mixed.name = text(1 - share) + " " + first.name + " + " + text(share) + " " + second.name;
  for (auto& part : mixed.normals) part.share *= 1 - share;
  for (auto& part : mixed.bins) part.share *= 1 - share;
  for (auto& part : mixed.points) part.share *= 1 - share;
  for (auto part : second.normals) mixed.normals.push_back({share * part.share, part.mean, part.deviation});
  for (auto part : second.bins) mixed.bins.push_back({share * part.share, part.interval});
  for (auto part : second.points) mixed.points.push_back({share * part.share, part.x});
  return mixed;
}

Interval support(const Distribution& distribution) {
  Interval all{INFINITY, -INFINITY};
  const auto add = [&](double low, double high) { all = {std::min(all.low, low), std::max(all.high, high)}; };
  for (const auto& part : distribution.normals)
    add(part.mean - 6 * part.deviation, part.mean + 6 * part.deviation);
  for (const auto& part : distribution.bins) add(part.interval.low, part.interval.high);
  for (const auto& part : distribution.points) add(part.x, part.x);
  return all;
}

double density(const Distribution& distribution, double x) {
  double sum = 0;
  for (const auto& part : distribution.normals)
    sum += part.share * normal_density((x - part.mean) / part.deviation) / part.deviation;
  for (const auto& part : distribution.bins) {
    if (part.interval.contains(x)) sum += part.share / (part.interval.high - part.interval.low);
  }
  return sum;
}

WeightedSample discretize(const Distribution& distribution, const Function& f, int degree) {
  WeightedSample sample;
  const auto add = [&](double x, double weight) {
    if (!(weight > 0)) return;
    sample.x.push_back(x);
    sample.weight.push_back(weight);
  };
  for (const auto& part : distribution.normals) {
    const double reach = part.deviation * std::min(38.0, 2 * std::sqrt(degree) + 10);
    const Interval range{part.mean - reach, part.mean + reach};
    for (const QuadratureNode& node : gauss_panels(range, breaks_inside(f, range), 64 + 2 * degree)) {
      const double z = (node.x - part.mean) / part.deviation;
      add(node.x, part.share * node.weight * normal_density(z) / part.deviation);
    }
  }
  // Bins share the panels that a polynomial of the degree needs over all of them.
  const int panels = 1 + (16 + degree) / static_cast<int>(std::max<std::size_t>(distribution.bins.size(), 1));
  for (const auto& part : distribution.bins) {
    const double height = part.share / (part.interval.high - part.interval.low);
    for (const QuadratureNode& node : gauss_panels(part.interval, breaks_inside(f, part.interval), panels))
      add(node.x, height * node.weight);
  }
  for (const auto& part : distribution.points) add(part.x, part.share);
  return sample;
}

}  // namespace sotto::approx
