// make_plan(): network -> parameters -> layouts -> steps, keys and predictions.
#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "base/error.h"
#include "ckks/io/objects.h"
#include "nn/executor.h"
#include "nn/model_hash.h"
#include "nn/parameters.h"
#include "nn/plan.h"
#include "nn/search.h"
#include "nn/slot_math.h"
#include "nn/stages.h"

namespace sotto::nn {
namespace {

constexpr std::size_t kProgramBytes = std::size_t{48} << 20;  // code, tables, the model, scratch

/// All decisions, for one set of cuts.
struct Draft {
  StagedGraph network;
  ckks::ParamsPtr params;
  Needs needs;
  std::vector<int> levels;  // [tensor]
  Choices choices;
  double seconds = 0;  // with the built-in costs
};

Needs needs_of(const StagedGraph& network, const PlanOptions& options) {
  Needs needs{.max_logit = options.max_logit, .min_bits = options.min_bits};
  needs.depth = std::ranges::max(network.depths());
  needs.slots = element_count(network.input);
  for (const Stage& stage : network.stages) needs.slots = std::max(needs.slots, element_count(stage.out));
  const int last = network.output_tensor - 1;
  needs.ends_linear = last >= 0 && network.stages[index(last)].kind == StepKind::kLinear;
  return needs;
}

Draft make_draft(const Graph& graph, const PlanOptions& options, const std::set<int>& cuts) {
  Draft draft;
  draft.network = stage_graph(graph, cuts);
  draft.needs = needs_of(draft.network, options);
  const CostModel built_in;
  draft.params = ckks::Params::make(options.params ? *options.params : choose_params(draft.needs, built_in));
  require_enough(*draft.params, draft.needs, built_in);
  for (const int depth : draft.network.depths()) draft.levels.push_back(draft.needs.depth - depth);
  const ChainShape chain = chain_shape(*draft.params);
  draft.choices =
      choose_layouts(draft.network, static_cast<int>(draft.params->slots()), draft.levels, built_in, chain);
  for (std::size_t i = 0; i < draft.network.stages.size(); ++i) {
    const Stage& stage = draft.network.stages[i];
    const int level = draft.levels[index(stage.inputs[0])];
    if (stage.kind == StepKind::kLinear) {
      draft.seconds += draft.choices.candidates[i].seconds;
    } else if (stage.kind == StepKind::kPolynomial) {
      draft.seconds += operations_seconds(built_in, chain, level,
                                          polynomial_counts(draft.params, level, stage.coefficients));
    }
  }
  return draft;
}

/// Begins with everything merged, which takes the fewest levels, and takes apart what is cheaper apart.
Draft best_draft(const Graph& graph, const PlanOptions& options) {
  std::set<int> cuts;
  Draft best = make_draft(graph, options, cuts);
  for (const int node : std::vector<int>(best.network.merged)) {
    std::set<int> trial(cuts);
    trial.insert(node);
    try {
      Draft draft = make_draft(graph, options, trial);
      if (draft.seconds >= best.seconds) continue;
      best = std::move(draft);
      cuts = std::move(trial);
    } catch (const Error& error) {
      // The trial asks for more levels, or has a tensor of more elements, than the given parameters hold.
      if (error.code() != ErrorCode::kOutOfLevels && error.code() != ErrorCode::kInvalidArgument) throw;
    }
  }
  return best;
}

ckks::OpCounts counts_of(const Draft& draft, std::size_t i) {
  const Stage& stage = draft.network.stages[i];
  const int level = draft.levels[index(stage.inputs[0])];
  switch (stage.kind) {
    case StepKind::kLinear: {
      const bool has_bias = std::ranges::any_of(stage.map.bias, [](double b) { return b != 0.0; });
      return linear_counts(draft.choices.candidates[i].route, draft.choices.candidates[i].diagonals,
                           has_bias);
    }
    case StepKind::kPolynomial:
      return polynomial_counts(draft.params, level, stage.coefficients);
    case StepKind::kAdd:
      return add_counts(draft.params, level, draft.levels[index(stage.inputs[1])]);
  }
  return {};
}

/// The layout under the shape that the graph gives the tensor; elements stay where they are.
Layout reshaped(const Layout& layout, const Shape& shape) {
  auto renamed = fit_layout(shape, layout.slots, positions(layout));
  if (!renamed) return layout;
  renamed->copies = layout.copies;
  return *renamed;
}

Step make_step(const Graph& graph, const Draft& draft, std::size_t i, double output_scale) {
  const Stage& stage = draft.network.stages[i];
  const int tensor = static_cast<int>(i) + 1;
  Step step;
  step.kind = stage.kind;
  step.name = stage.name;
  step.node_ids = stage.nodes;
  step.inputs = stage.inputs;
  for (const int node : stage.nodes) step.nodes.push_back(graph.nodes[index(node)].name);
  step.in = draft.choices.layouts[index(stage.inputs[0])];
  step.out = draft.choices.layouts[index(tensor)];
  step.level_in = draft.levels[index(stage.inputs[0])];
  step.level_out = draft.levels[index(tensor)];
  step.scale_in = draft.params->scale(step.level_in);
  step.scale_out = tensor == draft.network.output_tensor ? output_scale : draft.params->scale(step.level_out);
  step.counts = counts_of(draft, i);
  step.coefficients = stage.coefficients;
  if (stage.kind == StepKind::kLinear) {
    step.route = draft.choices.candidates[i].route;
    step.diagonals = draft.choices.candidates[i].diagonals;
    const int limbs = step.level_in + 1 + draft.params->special_count();
    // Diagonals repeat after the ring at the latest: runs of equal words (ckks/linear.h).
    step.bytes = index(step.diagonals.terms()) * index(limbs) * index(2 * step.route.ring) * sizeof(u64);
  }
  return step;
}

double predicted_seconds(const Step& step, const ChainShape& chain, const CostModel& cost) {
  if (step.kind != StepKind::kLinear) return operations_seconds(cost, chain, step.level_in, step.counts);
  const int giants = static_cast<int>(step.diagonals.blocks.size()) - 1;
  const int folds = static_cast<int>(step.route.folds.size());
  const int babies = static_cast<int>(step.counts.rotate) - giants - folds;
  return linear_seconds(cost, chain, step.level_in, {babies, giants, step.diagonals.terms(), folds});
}

void predict_bytes(Plan& plan, const ckks::Params& params) {
  std::vector<int> levels;
  if (plan.keys.relin_level >= 0) levels.push_back(plan.keys.relin_level);
  for (const auto& key : plan.keys.galois) levels.push_back(key.level);
  for (const int level : levels) plan.key_bytes_memory += key_bytes_memory(params, level);
  plan.key_bytes_disk = ckks::io::server_keys_file_bytes(params, plan.keys);
  plan.input_bytes = ckks::io::ciphertext_file_bytes(params, plan.input_level, /*seeded=*/true);
  plan.output_bytes = ckks::io::ciphertext_file_bytes(params, plan.output_level(), /*seeded=*/false);

  std::size_t encoded = 0, largest_work = 0;
  for (const Step& step : plan.steps) {
    encoded += step.bytes;
    // Babies modulo QP, the digits that make them, and the sum.
    const std::size_t pairs = step.diagonals.babies().size() + index(params.digits_at(step.level_in)) + 2;
    const std::size_t limbs = index(step.level_in + 1 + params.special_count());
    largest_work = std::max(largest_work, 2 * pairs * limbs * params.n() * sizeof(u64));
  }
  plan.peak_bytes = plan.key_bytes_memory + encoded + largest_work + kProgramBytes;
}

}  // namespace

Plan make_plan(const Graph& graph, const PlanOptions& options) {
  validate(graph);
  if (!std::isfinite(options.max_logit) || options.max_logit <= 0) {
    throw Error(
        ErrorCode::kInvalidArgument,
        "plan: the largest answer is " + std::to_string(options.max_logit) + "; give a number over 0");
  }
  const Draft draft = best_draft(graph, options);
  const ckks::Params& params = *draft.params;
  Plan plan;
  plan.model = graph.name;
  plan.model_sha256 = model_sha256(graph);
  plan.params = params.literal();
  plan.output_tensor = draft.network.output_tensor;
  plan.input_level = draft.levels[0];
  plan.input_scale = params.scale(plan.input_level);
  plan.input = reshaped(draft.choices.layouts[0], draft.network.input);
  plan.output = reshaped(draft.choices.layouts[index(plan.output_tensor)], draft.network.output);
  plan.max_logit = options.max_logit;
  const double scale = output_scale(params, draft.needs);
  for (std::size_t i = 0; i < draft.network.stages.size(); ++i)
    plan.steps.push_back(make_step(graph, draft, i, scale));
  plan.keys = key_request(plan.steps);
  predict_seconds(plan, options.cost, options.threads);
  predict_bytes(plan, params);
  return plan;
}

void predict_seconds(Plan& plan, const CostModel& cost, int threads) {
  CostModel model = cost;
  model.threads = threads;
  const auto limbs = static_cast<int>(plan.params.q.size());
  const ChainShape chain{plan.params.log_n, (limbs + plan.params.digits - 1) / plan.params.digits,
                         static_cast<int>(plan.params.p.size())};
  plan.seconds = 0;
  for (Step& step : plan.steps) {
    step.seconds = predicted_seconds(step, chain, model);
    plan.seconds += step.seconds;
  }
  plan.encrypt_seconds = encrypt_seconds(model, chain, plan.input_level);
  plan.keygen_seconds = 0;
  if (plan.keys.relin_level >= 0) plan.keygen_seconds += key_seconds(model, chain, plan.keys.relin_level);
  for (const auto& key : plan.keys.galois) plan.keygen_seconds += key_seconds(model, chain, key.level);
  plan.decrypt_seconds = decrypt_seconds(model, chain, plan.output_level());
}

}  // namespace sotto::nn
