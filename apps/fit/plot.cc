#include "apps/fit/plot.h"

#include <algorithm>
#include <cmath>

#include "apps/plot/svg.h"

namespace sotto::app {
namespace {

Series choices_series(const std::string& name, const std::vector<approx::LayerChoice>& choices, bool dots) {
  Series series{name, {}, {}, dots};
  for (const approx::LayerChoice& choice : choices) {
    series.x.push_back(choice.cost);
    series.y.push_back(choice.variance);
  }
  return series;
}

}  // namespace

std::string plot_fit(const std::string& title, const approx::Function& f, const approx::RealFunction& p,
                     const approx::Domain& domain, const std::optional<approx::Distribution>& weight) {
  constexpr int kPoints = 1600;
  const approx::Interval hull = approx::hull(domain);
  Series function{"f", {}, {}}, polynomial{"p", {}, {}}, error{"|p - f|", {}, {}}, mass{"weight", {}, {}};
  for (int i = 0; i <= kPoints; ++i) {
    const double x = hull.from_unit(1.05 * (2.0 * i / kPoints - 1)), y = f(x), value = p(x);
    const bool inside =
        std::any_of(domain.begin(), domain.end(), [&](const auto& part) { return part.contains(x); });
    function.x.push_back(x);
    function.y.push_back(y);
    polynomial.x.push_back(x);
    polynomial.y.push_back(value);
    error.x.push_back(x);
    error.y.push_back(inside ? std::abs(value - y) : NAN);
    if (weight) {
      mass.x.push_back(x);
      mass.y.push_back(approx::density(*weight, x));
    }
  }
  // Outside of its intervals a polynomial may be huge; the picture is of where it is near to f.
  double low = INFINITY, high = -INFINITY;
  for (const double y : function.y) {
    if (!std::isfinite(y)) continue;
    low = std::min(low, y);
    high = std::max(high, y);
  }
  const double room = 0.3 * (high - low) + 1e-300;
  for (double& y : polynomial.y) {
    if (y < low - room || y > high + room) y = NAN;
  }
  std::vector<Panel> panels{{"function and polynomial", "x", "value", false, {function, polynomial}},
                            {"error", "x", "|p - f|", true, {error}}};
  if (weight && weight->points.empty()) panels.push_back({"weight", "x", "density", false, {mass}});
  return svg_chart(title, panels);
}

std::string plot_layers(const std::vector<approx::Layer>& layers, const approx::Frontier& frontier,
                        const std::vector<approx::LayerChoice>& greedy,
                        const std::vector<approx::LayerChoice>& uniform, const approx::LayerChoice& chosen) {
  Series levels{"levels", {}, {}, true};
  for (std::size_t l = 0; l < layers.size(); ++l) {
    levels.x.push_back(static_cast<double>(l + 1));
    levels.y.push_back(layers[l].options[static_cast<std::size_t>(chosen.option[l])].levels);
  }
  return svg_chart(
      "activations chosen layer by layer",
      {{"frontier",
        "cost",
        "variance of the loss",
        true,
        {choices_series("optimal", frontier.points, false), choices_series("greedy", greedy, false),
         choices_series("uniform", uniform, true), choices_series("chosen", {chosen}, true)}},
       {"the chosen point", "layer", "levels", false, {levels}}});
}

}  // namespace sotto::app
