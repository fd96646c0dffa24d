// Which polynomial for which layer: the least predicted variance of the loss for every budget, exactly.
//
// A polynomial with the mean squared error E_l(d) under the inputs of layer l moves the loss with the
// variance A_l E_l(d), errors of layers being independent and of mean 0; d costs T_l(d). The choices that
// minimise Σ A_l E_l(d_l) for Σ T_l(d_l) <= K, for all K at once, are a knapsack [OLA23].
#pragma once

#include <string>
#include <vector>

namespace sotto::approx {

/// One thing that may stand in for the activation of a layer: a polynomial, a composite, or the identity.
struct LayerOption {
  std::string
      name;         // "degree 14", "identity", "composite 7,15,27": equal names are one choice for all layers
  double mse = 0;   // E_l, from 0 up
  double cost = 0;  // T_l, from 0 up, in any unit
  int levels = 0;   // for reports
};

struct Layer {
  std::string name;
  double sensitivity = 1;  // A_l, from 0 up
  std::vector<LayerOption> options;
};

struct LayerChoice {
  std::vector<int> option;  // [layer]
  double cost = 0;          // Σ T
  double variance = 0;      // Σ A E
};

/// The frontier of cost and variance, by rising cost and falling variance.
struct Frontier {
  std::vector<LayerChoice> points;
  double step = 0;  // costs were rounded up to multiples of it; 0: they were multiples, and all is exact
  int budget_steps = 0;
};

/// All Pareto-optimal choices by dynamic programming over `budget_steps` steps of cost up to the dearest
/// choice. Where all costs are multiples of a common unit that needs no more steps the frontier is exact;
/// otherwise each point costs at most layers x step more than an optimal one of its variance, and its cost is
/// the true sum. cost    layers x options x budget_steps additions, layers x budget_steps bytes throws Error:
/// no layer, a layer without options or with more than 255, numbers that are not finite or below 0
Frontier search_layers(const std::vector<Layer>& layers, int budget_steps = 10000);

/// The best point within a budget, and the cheapest within a variance. Throw Error when there is none, with
/// the least that is needed.
const LayerChoice& best_for_budget(const Frontier& frontier, double budget);
const LayerChoice& cheapest_for_variance(const Frontier& frontier, double variance);

/// For comparison. Greedy: from the cheapest of all layers on, the upgrade with the most variance removed for
/// its cost, step by step. Uniform: one option name for all layers that have it. Brute force: every
/// combination; Error for more than 10^7.
std::vector<LayerChoice> greedy_layers(const std::vector<Layer>& layers);
std::vector<LayerChoice> uniform_layers(const std::vector<Layer>& layers);
std::vector<LayerChoice> brute_force_layers(const std::vector<Layer>& layers);

/// JSON "sotto-layers-1": {"format", "layers": [{"name", "sensitivity", "options": [{"name", "mse", "cost",
/// "levels"}]}]}. Parsed as a hostile file.
std::vector<Layer> layers_from_json(const std::string& text);
std::string to_json(const std::vector<Layer>& layers);

}  // namespace sotto::approx
