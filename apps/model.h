// A model as the program sees it: the .onnx file, and its card (the .json beside it) when there is one.
//
// A client always turns a picture into numbers v / white in [0, 1]. What a model wants on top (another
// divisor, a mean, a deviation) becomes an Affine node at the front of the graph: the planner merges it into
// the first layer, so it costs nothing and the client needs to know nothing about it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nn/graph.h"
#include "nn/plan.h"

namespace sotto::app {

/// The fields of a "sotto-model-card-1" that the program uses; the defaults stand in where there is no card.
struct ModelCard {
  double divide_by = 255;              // x = (byte / divide_by - mean[c]) / std[c]
  std::vector<double> mean{}, std{};   // one a channel, or empty
  std::vector<std::string> classes{};  // names of the labels, or empty
  std::string model_sha256{};          // of the .onnx file that it describes, or ""
  std::optional<double> max_logit{};   // the largest magnitude that the logits are expected to take
};
/// `output_node` names the layer whose range is that of the logits. Throws Error kCorruptFile naming the
/// field.
ModelCard parse_model_card(const std::string& text, const std::string& path, const std::string& output_node);

struct Model {
  std::string path;
  ModelCard card;
  nn::Graph graph;  // simplified, with the preprocessing in front

  /// Where the card is, or would be.
  std::string card_path() const;
  nn::Shape input_shape() const { return graph.value(graph.input).shape; }
  /// "7", or the name of the class where the card has names that differ.
  std::string label_name(int label) const;
};
Model load_model(const std::string& path);

/// `graph` behind (v·255/divide_by - mean[c]) / std[c]; the same graph when that changes nothing.
nn::Graph with_preprocessing(nn::Graph graph, const ModelCard& card);

/// Throws Error kInvalidArgument with both sizes unless the image has the shape that the network reads.
void check_image_shape(const nn::Tensor& image, const nn::Shape& wanted, const std::string& image_name);

/// What a plan is made for, beside the model.
struct PlanningOptions {
  std::string params;                 // path of a literal; "": the smallest secure parameters
  std::optional<double> max_logit{};  // otherwise as the model card says
};

/// The largest magnitude of an answer that is planned for: as asked, or by the card, or 32.
struct AssumedRange {
  double max_logit;
  std::string source;  // "the model card", ...
};
AssumedRange assumed_range(const Model& model, const PlanningOptions& options);

/// The plan that every subcommand uses: its seconds are predicted with costs measured on this machine.
nn::Plan plan_model(const Model& model, const PlanningOptions& options, Threads threads);
/// Predicts the seconds of a plan from elsewhere with costs measured on this machine.
void predict_here(nn::Plan& plan, Threads threads);

}  // namespace sotto::app
