#include "apps/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/files.h"
#include "base/error.h"
#include "base/json.h"
#include "nn/model_hash.h"
#include "nn/onnx.h"
#include "nn/passes/passes.h"

namespace sotto::app {
namespace {

using Json = nlohmann::json;

// The card tells the largest logit over the training images; other images may go beyond it, so one more bit
// is kept.
constexpr double kLogitHeadroom = 2.0;
constexpr std::uint64_t kMaxModelBytes = std::uint64_t{512} << 20;
constexpr std::size_t kMaxCardBytes = std::size_t{16} << 20;

[[noreturn]] void refuse_card(const std::string& path, const std::string& why) {
  throw Error(ErrorCode::kCorruptFile, fmt::format("{}: not a model card that can be used: {}", path, why));
}

double positive(const Json& value, const std::string& path, const char* field) {
  const double number = value.is_number() ? value.get<double>() : 0;
  if (!(number > 0) || !std::isfinite(number))
    refuse_card(path, fmt::format("{} must be a number over 0", field));
  return number;
}

std::vector<double> numbers(const Json& value, const std::string& path, const char* field) {
  std::vector<double> result;
  for (const Json& item : value.is_array() ? value : Json::array({value})) {
    if (!item.is_number()) refuse_card(path, fmt::format("{} must be a list of numbers", field));
    result.push_back(item.get<double>());
  }
  return result;
}

void read_preprocessing(const Json& json, const std::string& path, ModelCard& card) {
  if (!json.is_object()) refuse_card(path, "preprocessing must be an object");
  for (const auto& [field, value] : json.items()) {
    if (field == "divide_by") {
      card.divide_by = positive(value, path, "preprocessing.divide_by");
    } else if (field == "mean") {
      card.mean = numbers(value, path, "preprocessing.mean");
    } else if (field == "std") {
      card.std = numbers(value, path, "preprocessing.std");
      for (const double deviation : card.std) positive(deviation, path, "preprocessing.std");
    } else {
      // A step that is not understood would change every answer in silence.
      refuse_card(path,
                  fmt::format("preprocessing.{} is not known; known are divide_by, mean and std", field));
    }
  }
}

/// Of a node that multiplies by weights, the last in the graph: the card knows the layers by their names in
/// the file.
std::string last_linear_node(const nn::Graph& graph) {
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    if (std::holds_alternative<nn::Dense>(node->op) || std::holds_alternative<nn::Conv2d>(node->op))
      return node->name;
  }
  return {};
}

/// A card that describes another file would spoil every answer without a word.
void check_card_of(const Model& model, const std::string& content, const std::string& card_path) {
  if (model.card.model_sha256.empty()) return;
  const std::string digest = nn::sha256_hex(content);
  if (digest == model.card.model_sha256) return;
  throw Error(
      ErrorCode::kCorruptFile,
      fmt::format("{}: the card describes a model file of sha256 {} and {} has {}; bring back the pair that "
                  "belongs together, or move the card away",
                  card_path, model.card.model_sha256, model.path, digest));
}

/// One entry a channel from a list of one, of as many as there are channels, or of none.
std::vector<double> per_channel(const std::vector<double>& values, std::size_t channels, double fallback,
                                const char* what) {
  if (values.empty()) return std::vector<double>(channels, fallback);
  if (values.size() == 1) return std::vector<double>(channels, values.front());
  if (values.size() == channels) return values;
  throw Error(
      ErrorCode::kInvalidArgument,
      fmt::format("the model card has {} values for preprocessing.{} and the network reads {} channels",
                  values.size(), what, channels));
}

}  // namespace

ModelCard parse_model_card(const std::string& text, const std::string& path, const std::string& output_node) {
  const Json json = parse_json<Json>(text, kMaxCardBytes, path);
  if (!json.is_object()) refuse_card(path, "it is not a JSON object");
  if (json.value("format", Json()) != "sotto-model-card-1")
    refuse_card(path, "format is not \"sotto-model-card-1\"");
  ModelCard card;
  if (json.contains("preprocessing")) read_preprocessing(json["preprocessing"], path, card);
  if (json.contains("classes")) {
    const Json& classes = json["classes"];
    if (!classes.is_array()) refuse_card(path, "classes must be a list of names");
    for (const Json& name : classes) {
      if (!name.is_string()) refuse_card(path, "classes must be a list of names");
      card.classes.push_back(name.get<std::string>());
    }
  }
  const Json file = json.value("file", Json::object());
  if (file.is_object() && file.contains("sha256")) {
    if (!file["sha256"].is_string()) refuse_card(path, "file.sha256 must be a text");
    card.model_sha256 = file["sha256"].get<std::string>();
  }
  const Json ranges = json.value("ranges", Json::object());
  if (ranges.is_object() && ranges.contains(output_node) && ranges[output_node].is_object()) {
    const std::string field = "ranges." + output_node + ".max_abs";
    card.max_logit =
        kLogitHeadroom * positive(ranges[output_node].value("max_abs", Json()), path, field.c_str());
  }
  return card;
}

std::string Model::card_path() const {
  return std::filesystem::path(path).replace_extension(".json");
}

std::string Model::label_name(int label) const {
  const std::string number = std::to_string(label);
  const auto index = static_cast<std::size_t>(label);
  if (index >= card.classes.size() || card.classes[index] == number) return number;
  return fmt::format("{} ({})", number, card.classes[index]);
}

nn::Graph with_preprocessing(nn::Graph graph, const ModelCard& card) {
  const nn::Value input = graph.value(graph.input);  // a copy: values grows below
  const auto channels = static_cast<std::size_t>(input.shape.empty() ? 1 : input.shape.front());
  const auto mean = per_channel(card.mean, channels, 0.0, "mean"),
             deviation = per_channel(card.std, channels, 1.0, "std");
  nn::Affine affine;
  for (std::size_t c = 0; c < channels; ++c) {
    affine.scale.push_back(255.0 / card.divide_by / deviation[c]);
    affine.shift.push_back(-mean[c] / deviation[c]);
  }
  const auto all = [](const std::vector<double>& v, double x) {
    return std::count(v.begin(), v.end(), x) == std::ssize(v);
  };
  if (all(affine.scale, 1.0) && all(affine.shift, 0.0)) return graph;

  const auto prepared = static_cast<nn::ValueId>(graph.values.size());
  graph.values.push_back({input.name + "/preprocessed", input.shape});
  for (nn::Node& node : graph.nodes)
    std::replace(node.inputs.begin(), node.inputs.end(), graph.input, prepared);
  graph.nodes.insert(graph.nodes.begin(), {"preprocessing", std::move(affine), {graph.input}, prepared});
  nn::validate(graph);
  return graph;
}

Model load_model(const std::string& path) {
  const std::string content = read_text_file(path, kMaxModelBytes);
  Model model{.path = path, .card = {}, .graph = nn::import_onnx_bytes(content, path)};
  const std::string card_path = model.card_path();
  std::error_code ignored;
  if (std::filesystem::is_regular_file(card_path, ignored)) {
    model.card = parse_model_card(read_text_file(card_path), card_path, last_linear_node(model.graph));
    check_card_of(model, content, card_path);
  }
  model.graph = nn::simplify(with_preprocessing(std::move(model.graph), model.card));
  return model;
}

void check_image_shape(const nn::Tensor& image, const nn::Shape& wanted, const std::string& image_name) {
  if (image.shape == wanted) return;
  throw Error(
      ErrorCode::kInvalidArgument,
      fmt::format(
          "{}: a picture of {} (channels x height x width), and the network reads {}; scale or convert "
          "the picture first",
          image_name, nn::to_string(image.shape), nn::to_string(wanted)));
}

AssumedRange assumed_range(const Model& model, const PlanningOptions& options) {
  if (options.max_logit) return {*options.max_logit, "as --max-logit says"};
  if (model.card.max_logit) return {*model.card.max_logit, "twice the largest in the model card"};
  return {nn::PlanOptions().max_logit, "assumed, for no model card tells; --max-logit sets it"};
}

void predict_here(nn::Plan& plan, Threads threads) {
  const nn::CostModel cost = nn::CostModel::measure(ckks::Params::make(plan.params), threads.count);
  nn::predict_seconds(plan, cost, threads.count);
}

nn::Plan plan_model(const Model& model, const PlanningOptions& options, Threads threads) {
  nn::PlanOptions plan_options;
  plan_options.max_logit = assumed_range(model, options).max_logit;
  if (!options.params.empty()) plan_options.params = ckks::literal_from_json(read_text_file(options.params));
  nn::Plan plan = nn::make_plan(model.graph, plan_options);
  predict_here(plan, threads);
  return plan;
}

}  // namespace sotto::app
