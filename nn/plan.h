// The plan: a network on given parameters as data, before a key exists.
//
// make_plan() merges adjacent linear nodes, chooses a layout for each tensor and a baby-step giant-step split
// for each linear map by predicted cost, assigns levels and scales, and lists exactly the keys that the run
// will need. The plan is JSON ("sotto-plan-1"); with the model it makes a Program (nn/executor.h).
// docs/planner.md explains the choices.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ckks/engine.h"
#include "nn/cost.h"
#include "nn/diagonals.h"
#include "nn/graph.h"
#include "nn/layout.h"

namespace sotto::nn {

struct PlanOptions {
  /// Given parameters; otherwise the smallest 128-bit set that fits is made.
  std::optional<ckks::ParamsLiteral> params;
  double max_logit =
      32.0;  // largest |output| the last modulus must hold (from the model card when there is one)
  double min_bits = 12;  // wanted bits of precision of the logits, for the choice of the scale
  int threads = 1;       // of the prediction
  /// Predicts the seconds. Choices are made with the built-in costs, so that one model has one plan, and one
  /// set of keys, on every machine.
  CostModel cost;
};

enum class StepKind { kLinear, kPolynomial, kAdd };

struct Step {
  StepKind kind = StepKind::kLinear;
  std::string name;                // "conv1", "flatten+fc1"
  std::vector<std::string> nodes;  // names of the graph nodes that it computes
  std::vector<int> node_ids;       // and their indices in the graph
  std::vector<int> inputs;         // tensor ids: 0 is the input, step i makes tensor i+1
  Layout in, out;
  int level_in = 0, level_out = 0;
  double scale_in = 0, scale_out = 0;
  // linear only: how it rotates; the values of the diagonals are lowered from the model by the Program
  Route route;
  Diagonals diagonals;
  // polynomial only
  std::vector<double> coefficients;
  // predictions
  ckks::OpCounts counts;
  double seconds = 0;
  std::size_t bytes = 0;  // of encoded plaintexts
};

struct Plan {
  std::string model;         // name of the graph
  std::string model_sha256;  // of the model's weights and structure: binds plan and model
  ckks::ParamsLiteral params;
  Layout input, output;
  int input_level = 0;
  double input_scale = 0;
  std::vector<Step> steps;
  int output_tensor = 0;
  double max_logit = 0;  // the largest |output| that was planned for; larger ones may wrap around the modulus
  ckks::KeyRequest keys;
  // predictions
  double seconds = 0, encrypt_seconds = 0, decrypt_seconds = 0, keygen_seconds = 0;
  std::size_t key_bytes_disk = 0, key_bytes_memory = 0, peak_bytes = 0, input_bytes = 0, output_bytes = 0;

  ckks::OpCounts counts() const;  // of all steps
  // Where the answer is; a network without steps answers with its input.
  int output_level() const;
  double output_scale() const;
};

/// Exactly the keys that a run of these steps needs, each at the highest level of its use.
ckks::KeyRequest key_request(const std::vector<Step>& steps);

/// Throws Error: kUnsupported naming the node (Relu without approximation …), kOutOfLevels with the levels
/// needed, the levels there are and the smallest parameters that would fit, kInvalidArgument when the tensors
/// do not fit the slots.
Plan make_plan(const Graph& graph, const PlanOptions& options = {});

/// Fills in the seconds of a plan (its parameters must have their exact primes, as make_plan() and a file
/// give them).
void predict_seconds(Plan& plan, const CostModel& cost, int threads);

/// Throws Error (kCorruptFile) unless layouts, levels, scales, keys and references agree with each other and
/// with the parameters.
void validate(const Plan& plan);

/// The text of a plan, as it stands in files. Its last field is the SHA-256 of the rest: a plan that lost a
/// byte could read the answer from the wrong slots, so a changed one is refused.
std::string to_json(const Plan& plan);
/// Checked as a hostile file; throws Error kCorruptFile.
Plan plan_from_json(const std::string& text);

}  // namespace sotto::nn
