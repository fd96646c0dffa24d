#include "apps/fit/layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "approx/layer_search.h"
#include "apps/app.h"
#include "apps/files.h"
#include "apps/fit/plot.h"
#include "apps/output.h"
#include "apps/text/format.h"
#include "apps/text/progress.h"
#include "apps/text/table.h"
#include "base/file.h"

namespace sotto::app {
namespace {

using approx::Layer;
using approx::LayerChoice;

struct Compared {
  approx::Frontier frontier;
  std::vector<LayerChoice> greedy, uniform;
  LayerChoice chosen;
};

/// The point that is asked for; without a wish the one where a straight line from end to end is left farthest
/// behind, in the logarithm of the variance.
LayerChoice choose(const approx::Frontier& frontier, const LayersRequest& request) {
  if (request.budget > 0) return approx::best_for_budget(frontier, request.budget);
  if (request.variance > 0) return approx::cheapest_for_variance(frontier, request.variance);
  const LayerChoice &first = frontier.points.front(), &last = frontier.points.back();
  const auto log_variance = [](const LayerChoice& c) { return std::log(std::max(c.variance, 1e-300)); };
  const double height = log_variance(first) - log_variance(last), width = last.cost - first.cost;
  const auto gain = [&](const LayerChoice& c) {
    if (!(height > 0) || !(width > 0)) return 0.0;
    return (log_variance(first) - log_variance(c)) / height - (c.cost - first.cost) / width;
  };
  return *std::max_element(frontier.points.begin(), frontier.points.end(),
                           [&](const LayerChoice& a, const LayerChoice& b) { return gain(a) < gain(b); });
}

/// The cheapest of the choices that is no worse than `wanted`, or none.
const LayerChoice* no_worse(const std::vector<LayerChoice>& choices, double wanted) {
  for (const LayerChoice& choice : choices) {
    if (choice.variance <= wanted * (1 + 1e-12)) return &choice;
  }
  return nullptr;
}

Json point_json(const std::vector<Layer>& layers, const LayerChoice& choice, bool with_options) {
  Json json{{"cost", choice.cost}, {"variance", choice.variance}};
  if (!with_options) return json;
  Json options = Json::object();
  for (std::size_t l = 0; l < layers.size(); ++l)
    options[layers[l].name] = layers[l].options[static_cast<std::size_t>(choice.option[l])].name;
  json["options"] = options;
  return json;
}

Json to_json(const std::vector<Layer>& layers, const Compared& compared) {
  const auto all = [&](const std::vector<LayerChoice>& choices, bool with_options) {
    Json rows = Json::array();
    for (const LayerChoice& choice : choices) rows.push_back(point_json(layers, choice, with_options));
    return rows;
  };
  return {{"layers", layers.size()},
          {"exact", compared.frontier.step == 0},
          {"cost_step", compared.frontier.step},
          {"chosen", point_json(layers, compared.chosen, true)},
          {"frontier", all(compared.frontier.points, true)},
          {"greedy", all(compared.greedy, false)},
          {"uniform", all(compared.uniform, false)}};
}

std::string to_text(const std::vector<Layer>& layers, const Compared& compared) {
  Table table({{"layer", Table::Align::kLeft},
               {"activation", Table::Align::kLeft},
               {"sensitivity"},
               {"mse"},
               {"variance"},
               {"cost"},
               {"levels"}});
  int levels = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const approx::LayerOption& option =
        layers[l].options[static_cast<std::size_t>(compared.chosen.option[l])];
    table.add({layers[l].name, option.name, fmt::format("{:.3g}", layers[l].sensitivity),
               fmt::format("{:.3g}", option.mse), fmt::format("{:.3g}", layers[l].sensitivity * option.mse),
               fmt::format("{:.6g}", option.cost), std::to_string(option.levels)});
    levels += option.levels;
  }
  table.rule();
  table.add({"all", "", "", "", fmt::format("{:.3g}", compared.chosen.variance),
             fmt::format("{:.6g}", compared.chosen.cost), std::to_string(levels)});
  std::string text =
      table.text() + fmt::format("\nfrontier    {} from cost {:g} to {:g}, {}\n",
                                 format_count(compared.frontier.points.size(), "point"),
                                 compared.frontier.points.front().cost, compared.frontier.points.back().cost,
                                 compared.frontier.step == 0
                                     ? "exact"
                                     : fmt::format("costs in steps of {:.3g}", compared.frontier.step));
  for (const auto& [name, choices] :
       {std::pair{"greedy", &compared.greedy}, {"uniform", &compared.uniform}}) {
    const LayerChoice* other = no_worse(*choices, compared.chosen.variance);
    text += other == nullptr ? fmt::format("{:<11} reaches no variance this small\n", name)
                             : fmt::format("{:<11} pays {:g} for no more variance, {:.2f} times as much\n",
                                           name, other->cost, other->cost / compared.chosen.cost);
  }
  return text;
}

}  // namespace

int run_fit_layers(const LayersRequest& request) {
  refuse_input_as_output(request.plot, {request.file});
  const std::vector<Layer> layers = approx::layers_from_json(read_text_file(request.file));
  const Compared compared = [&] {
    const Progress progress("searching layers");
    approx::Frontier frontier = approx::search_layers(layers, request.steps);
    const LayerChoice chosen = choose(frontier, request);
    return Compared{std::move(frontier), approx::greedy_layers(layers), approx::uniform_layers(layers),
                    chosen};
  }();
  if (!request.plot.empty()) {
    write_file_atomic(request.plot, plot_layers(layers, compared.frontier, compared.greedy, compared.uniform,
                                                compared.chosen));
  }
  if (request.json)
    print_json(to_json(layers, compared));
  else
    print_text(to_text(layers, compared));
  return kDone;
}

}  // namespace sotto::app
