#include "approx/layer_search.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>

#include "base/error.h"

namespace sotto::approx {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

[[noreturn]] void refuse(const std::string& sentence) {
  throw Error(ErrorCode::kInvalidArgument, sentence);
}

void require_layers(const std::vector<Layer>& layers) {
  constexpr std::size_t kMaxOptions = 255;  // a choice is one byte
  if (layers.empty()) refuse("there is no layer to choose for; give at least one");
  for (const Layer& layer : layers) {
    const auto good = [](double x) { return std::isfinite(x) && x >= 0; };
    if (layer.options.empty() || layer.options.size() > kMaxOptions) {
      refuse("layer " + layer.name + " has " + std::to_string(layer.options.size()) + " options; 1 to " +
             std::to_string(kMaxOptions) + " are supported");
    }
    if (!good(layer.sensitivity))
      refuse("the sensitivity of layer " + layer.name + " is " + std::to_string(layer.sensitivity) +
             "; a finite number from 0 up is needed");
    for (const LayerOption& option : layer.options) {
      if (good(option.mse) && good(option.cost)) continue;
      refuse("option " + option.name + " of layer " + layer.name + " has the error " +
             std::to_string(option.mse) + " and the cost " + std::to_string(option.cost) +
             "; finite numbers from 0 up are needed");
    }
  }
}

LayerChoice evaluate(const std::vector<Layer>& layers, std::vector<int> option) {
  LayerChoice choice{std::move(option), 0, 0};
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const LayerOption& o = layers[l].options[static_cast<std::size_t>(choice.option[l])];
    choice.cost += o.cost;
    choice.variance += layers[l].sensitivity * o.mse;
  }
  return choice;
}

/// Keeps what no other choice beats, by rising cost.
std::vector<LayerChoice> pareto(std::vector<LayerChoice> choices) {
  std::stable_sort(choices.begin(), choices.end(), [](const LayerChoice& a, const LayerChoice& b) {
    return a.cost != b.cost ? a.cost < b.cost : a.variance < b.variance;
  });
  std::vector<LayerChoice> kept;
  for (LayerChoice& choice : choices) {
    if (kept.empty() || choice.variance < kept.back().variance) kept.push_back(std::move(choice));
  }
  return kept;
}

double dearest(const std::vector<Layer>& layers) {
  double sum = 0;
  for (const Layer& layer : layers) {
    double most = 0;
    for (const LayerOption& option : layer.options) most = std::max(most, option.cost);
    sum += most;
  }
  return sum;
}

/// The largest unit of which all costs are multiples to 2^-40, if the dearest choice is at most `steps` of
/// them.
double common_unit(const std::vector<Layer>& layers, double total, int steps) {
  double unit = 0;
  for (const Layer& layer : layers) {
    for (const LayerOption& option : layer.options) {
      double a = option.cost, b = unit;  // Euclid, with a tolerance
      while (b > total * 0x1p-40) {
        const double rest = std::fmod(a, b);
        a = b;
        b = b - rest < total * 0x1p-40 ? 0 : rest;
      }
      unit = a;
      if (unit > 0 && total / unit > steps) return 0;
    }
  }
  return unit;
}

/// The costs of a layer in steps, rounded up.
std::vector<int> in_steps(const Layer& layer, double step) {
  std::vector<int> steps;
  for (const LayerOption& option : layer.options)
    steps.push_back(static_cast<int>(std::ceil(option.cost / step - 1e-9)));
  return steps;
}

}  // namespace

Frontier search_layers(const std::vector<Layer>& layers, int budget_steps) {
  constexpr int kMaxSteps = 10'000'000;
  require_layers(layers);
  if (budget_steps < 1 || budget_steps > kMaxSteps)
    refuse(std::to_string(budget_steps) + " budget steps are out of range; 1 to " +
           std::to_string(kMaxSteps) + " are supported");
  const double total = dearest(layers), unit = total > 0 ? common_unit(layers, total, budget_steps) : 1;
  Frontier frontier;
  frontier.step = unit > 0 ? 0 : total / budget_steps;
  const double step = unit > 0 ? unit : frontier.step;
  int width = 1;  // budgets 0 … width - 1, room for every cost rounded up
  std::vector<std::vector<int>> costs;
  for (const Layer& layer : layers) {
    costs.push_back(in_steps(layer, step));
    width += *std::max_element(costs.back().begin(), costs.back().end());
  }
  frontier.budget_steps = width - 1;

  std::vector<double> best(static_cast<std::size_t>(width), 0.0), next(best.size());
  std::vector<std::vector<std::uint8_t>> chosen;  // [layer][budget]
  for (std::size_t l = 0; l < layers.size(); ++l) {
    std::fill(next.begin(), next.end(), kInfinity);
    chosen.emplace_back(best.size(), std::uint8_t{0});
    for (std::size_t o = 0; o < costs[l].size(); ++o) {
      const double variance = layers[l].sensitivity * layers[l].options[o].mse;
      const auto cost = static_cast<std::size_t>(costs[l][o]);
      std::uint8_t* choice = chosen.back().data();
      for (std::size_t t = cost; t < best.size(); ++t) {
        const double candidate = best[t - cost] + variance;
        const bool better = candidate < next[t];
        next[t] = better ? candidate : next[t];
        choice[t] = better ? static_cast<std::uint8_t>(o) : choice[t];
      }
    }
    best.swap(next);
  }

  double last = kInfinity;
  std::vector<LayerChoice> choices;
  for (std::size_t budget = 0; budget < best.size(); ++budget) {
    if (!(best[budget] < last)) continue;
    last = best[budget];
    std::vector<int> option(layers.size());
    std::size_t t = budget;
    for (std::size_t l = layers.size(); l-- > 0;) {
      option[l] = chosen[l][t];
      t -= static_cast<std::size_t>(costs[l][static_cast<std::size_t>(option[l])]);
    }
    choices.push_back(evaluate(layers, std::move(option)));
  }
  frontier.points = pareto(std::move(choices));
  return frontier;
}

const LayerChoice& best_for_budget(const Frontier& frontier, double budget) {
  const LayerChoice* found = nullptr;
  for (const LayerChoice& point : frontier.points) {
    if (point.cost <= budget * (1 + 1e-12)) found = &point;
  }
  if (found != nullptr) return *found;
  refuse("no choice costs as little as " + std::to_string(budget) + "; the cheapest one costs " +
         (frontier.points.empty() ? "nothing that is known" : std::to_string(frontier.points.front().cost)));
}

const LayerChoice& cheapest_for_variance(const Frontier& frontier, double variance) {
  for (const LayerChoice& point : frontier.points) {
    if (point.variance <= variance * (1 + 1e-12)) return point;
  }
  refuse("no choice has a variance as small as " + std::to_string(variance) + "; the best one has " +
         (frontier.points.empty() ? "none that is known" : std::to_string(frontier.points.back().variance)));
}

std::vector<LayerChoice> greedy_layers(const std::vector<Layer>& layers) {
  require_layers(layers);
  std::vector<int> option;
  for (const Layer& layer : layers) {
    const auto cheaper = [](const LayerOption& a, const LayerOption& b) {
      return a.cost != b.cost ? a.cost < b.cost : a.mse < b.mse;
    };
    option.push_back(static_cast<int>(std::min_element(layer.options.begin(), layer.options.end(), cheaper) -
                                      layer.options.begin()));
  }
  std::vector<LayerChoice> path{evaluate(layers, option)};
  for (;;) {
    double best_ratio = 0;
    std::size_t best_layer = layers.size();
    int best_option = 0;
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const LayerOption& now = layers[l].options[static_cast<std::size_t>(option[l])];
      for (std::size_t o = 0; o < layers[l].options.size(); ++o) {
        const LayerOption& to = layers[l].options[o];
        const double removed = layers[l].sensitivity * (now.mse - to.mse), price = to.cost - now.cost;
        if (!(removed > 0)) continue;
        const double ratio = price > 0 ? removed / price : kInfinity;
        if (ratio <= best_ratio) continue;
        best_ratio = ratio;
        best_layer = l;
        best_option = static_cast<int>(o);
      }
    }
    if (best_layer == layers.size()) return pareto(std::move(path));
    option[best_layer] = best_option;
    path.push_back(evaluate(layers, option));
  }
}

std::vector<LayerChoice> uniform_layers(const std::vector<Layer>& layers) {
  require_layers(layers);
  std::vector<LayerChoice> choices;
  for (const LayerOption& wanted : layers.front().options) {
    std::vector<int> option;
    for (const Layer& layer : layers) {
      const auto at = std::find_if(layer.options.begin(), layer.options.end(),
                                   [&](const LayerOption& o) { return o.name == wanted.name; });
      if (at != layer.options.end()) option.push_back(static_cast<int>(at - layer.options.begin()));
    }
    if (option.size() == layers.size()) choices.push_back(evaluate(layers, std::move(option)));
  }
  return pareto(std::move(choices));
}

std::vector<LayerChoice> brute_force_layers(const std::vector<Layer>& layers) {
  constexpr double kMaxCombinations = 1e7;
  require_layers(layers);
  double combinations = 1;
  for (const Layer& layer : layers) combinations *= static_cast<double>(layer.options.size());
  if (combinations > kMaxCombinations)
    refuse(std::to_string(combinations) + " combinations are too many for brute force; 10^7 is the limit");
  std::map<double, LayerChoice> best;  // by cost
  std::vector<int> option(layers.size(), 0);
  for (;;) {
    const LayerChoice choice = evaluate(layers, option);
    const auto [at, fresh] = best.try_emplace(choice.cost, choice);
    if (!fresh && choice.variance < at->second.variance) at->second = choice;
    std::size_t l = 0;
    while (l < layers.size() && ++option[l] == static_cast<int>(layers[l].options.size())) option[l++] = 0;
    if (l == layers.size()) break;
  }
  std::vector<LayerChoice> all;
  for (auto& [cost, choice] : best) all.push_back(std::move(choice));
  return pareto(std::move(all));
}

}  // namespace sotto::approx
