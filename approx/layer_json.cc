// The layers of a network as a file.
#include <nlohmann/json.hpp>

#include "approx/layer_search.h"
#include "base/error.h"
#include "base/json.h"

namespace sotto::approx {
namespace {

constexpr const char* kFormat = "sotto-layers-1";
constexpr std::size_t kMaxTextBytes = 16 << 20;

std::vector<Layer> parse(const std::string& text) {
  const nlohmann::json json = parse_json(text, kMaxTextBytes, "layers");
  if (json.at("format") != kFormat)
    throw Error(ErrorCode::kCorruptFile, std::string("it has another format than ") + kFormat);
  std::vector<Layer> layers;
  for (const nlohmann::json& from : json.at("layers")) {
    Layer layer{from.at("name").get<std::string>(), from.at("sensitivity").get<double>(), {}};
    for (const nlohmann::json& option : from.at("options")) {
      layer.options.push_back({option.at("name").get<std::string>(), option.at("mse").get<double>(),
                               option.at("cost").get<double>(), option.value("levels", 0)});
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

}  // namespace

std::vector<Layer> layers_from_json(const std::string& text) {
  const std::string what = std::string("not layers of format ") + kFormat + ": ";
  try {
    return parse(text);
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::kCorruptFile, what + error.what());
  } catch (const Error& error) {
    throw Error(ErrorCode::kCorruptFile, what + error.what());
  }
}

std::string to_json(const std::vector<Layer>& layers) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Layer& layer : layers) {
    nlohmann::ordered_json options = nlohmann::ordered_json::array();
    for (const LayerOption& option : layer.options) {
      options.push_back(
          {{"name", option.name}, {"mse", option.mse}, {"cost", option.cost}, {"levels", option.levels}});
    }
    rows.push_back({{"name", layer.name}, {"sensitivity", layer.sensitivity}, {"options", options}});
  }
  return nlohmann::ordered_json{{"format", kFormat}, {"layers", rows}}.dump(1) + "\n";
}

}  // namespace sotto::approx
