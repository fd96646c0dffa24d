#include "nn/executor.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

#include "base/error.h"
#include "nn/model_hash.h"
#include "nn/slot_math.h"
#include "nn/stages.h"

namespace sotto::nn {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void refuse(const std::string& sentence) {
  throw Error(ErrorCode::kInvalidArgument, "program: " + sentence);
}

/// The stages that the plan was made from; throws unless this graph has them.
StagedGraph network_of(const Graph& graph, const Plan& plan) {
  if (const std::string digest = model_sha256(graph); digest != plan.model_sha256) {
    refuse("the plan was made for another model (" + plan.model_sha256.substr(0, 12) + "…, this one is " +
           digest.substr(0, 12) + "…); plan this model");
  }
  std::set<int> cuts;
  for (const Step& step : plan.steps) {
    const auto is_map = [&](int i) {
      return i >= 0 && index(i) < graph.nodes.size() &&
             !std::holds_alternative<Reshape>(graph.nodes[index(i)].op);
    };
    const auto first = std::ranges::find_if(step.node_ids, is_map);
    if (first != step.node_ids.end()) cuts.insert(*first);
  }
  StagedGraph network = stage_graph(graph, cuts);
  bool agrees = network.stages.size() == plan.steps.size() && network.output_tensor == plan.output_tensor;
  for (std::size_t i = 0; agrees && i < plan.steps.size(); ++i) {
    const Stage& stage = network.stages[i];
    const Step& step = plan.steps[i];
    agrees = stage.kind == step.kind && stage.nodes == step.node_ids && stage.inputs == step.inputs &&
             stage.coefficients == step.coefficients;
  }
  if (!agrees) refuse("the steps of the plan are not those of the model; make the plan again");
  return network;
}

bool all_zero(const std::vector<double>& values) {
  return std::ranges::all_of(values, [](double v) { return v == 0.0; });
}

/// `a` at exactly this lower level and its canonical scale: one multiplication by 1.
ckks::Cipher lowered(ckks::Engine& engine, const ckks::Cipher& a, int level) {
  if (a.level() == level) return a;
  const ckks::Cipher above = engine.drop_to_level(a, level + 1);
  const double factor =
      engine.params().scale(level) * engine.params().rescale_factor(level + 1) / above.scale();
  return engine.rescale(engine.multiply_constant(above, 1.0, factor));
}

ckks::Cipher add(ckks::Engine& engine, const ckks::Cipher& a, const ckks::Cipher& b) {
  const int level = std::min(a.level(), b.level());
  return engine.add(lowered(engine, a, level), lowered(engine, b, level));
}

}  // namespace

Program::Program(const Graph& graph, const Plan& plan, ckks::Engine& engine,
                 const std::function<void(int, int)>& progress)
    : plan_(plan), engine_(&engine) {
  validate(plan_);
  ckks::require_same_params(*ckks::Params::make(plan_.params), engine.params(), "the plan and the engine");
  const StagedGraph network = network_of(graph, plan_);
  const std::size_t count = plan_.steps.size();
  linear_.resize(count);
  bias_.resize(count);
  last_use_.assign(count + 1, 0);
  int done = 0;
  const auto total = static_cast<int>(std::ranges::count(plan_.steps, StepKind::kLinear, &Step::kind));
  for (std::size_t i = 0; i < count; ++i) {
    for (const int input : plan_.steps[i].inputs) last_use_[index(input)] = i;
    coefficients_.push_back(network.stages[i].coefficients);
    if (plan_.steps[i].kind != StepKind::kLinear) continue;
    prepare_linear(i, network.stages[i].map);
    if (progress) progress(++done, total);
  }
  last_use_[index(plan_.output_tensor)] = count;
}

void Program::prepare_linear(std::size_t i, const LinearMap& map) {
  const Step& step = plan_.steps[i];
  const double q = engine_->params().rescale_factor(step.level_in);
  linear_[i] = engine_->prepare(lower(map, step.in, step.out, step.route, step.diagonals), step.level_in,
                                step.scale_out * q / step.scale_in);
  if (all_zero(map.bias)) return;
  bias_[i] =
      engine_->encode(pack(step.out, Tensor(step.out.shape, map.bias)), step.level_out, step.scale_out);
}

ckks::Cipher Program::run(const ckks::Cipher& input, const StepObserver& observer) const {
  if (input.level() != plan_.input_level || std::abs(input.scale() / plan_.input_scale - 1.0) > 0x1p-30) {
    refuse("the input is at level " + std::to_string(input.level()) + " and scale 2^" +
           std::to_string(std::log2(input.scale())) + ", the plan begins at level " +
           std::to_string(plan_.input_level) + " and scale 2^" +
           std::to_string(std::log2(plan_.input_scale)) + "; encrypt with this plan");
  }
  const std::size_t count = plan_.steps.size();
  std::vector<ckks::Cipher> tensors(count + 1);
  tensors[0] = input;
  for (std::size_t i = 0; i < count; ++i) {
    const auto start = Clock::now();
    tensors[i + 1] = run_step(i, tensors);
    for (const int used : plan_.steps[i].inputs) {
      if (last_use_[index(used)] == i) tensors[index(used)] = {};
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    if (observer) observer({&plan_.steps[i], static_cast<int>(i), static_cast<int>(count), seconds});
  }
  return tensors[index(plan_.output_tensor)];
}

ckks::Cipher Program::run_step(std::size_t i, const std::vector<ckks::Cipher>& tensors) const {
  const Step& step = plan_.steps[i];
  const ckks::Cipher& first = tensors[index(step.inputs[0])];
  switch (step.kind) {
    case StepKind::kLinear: {
      ckks::Cipher result = engine_->apply(*linear_[i], first);
      return bias_[i].scale() == 0 ? result : engine_->add_plain(result, bias_[i]);
    }
    case StepKind::kPolynomial:
      return engine_->polynomial(first, coefficients_[i]);
    case StepKind::kAdd:
      return add(*engine_, first, tensors[index(step.inputs[1])]);
  }
  return first;
}

ckks::OpCounts linear_counts(const Route& route, const Diagonals& diagonals, bool has_bias) {
  ckks::LinearTransform transform{.giant_step = diagonals.giant_step, .blocks = {}, .folds = route.folds};
  for (const auto& block : diagonals.blocks) {
    auto& terms = transform.blocks.emplace_back();
    for (const int baby : block) terms.push_back({baby, {}});
  }
  ckks::OpCounts counts = transform.apply_counts();
  counts.add += has_bias ? 1 : 0;
  return counts;
}

ckks::OpCounts add_counts(const ckks::ParamsPtr& params, int left_level, int right_level) {
  const ckks::Session session = ckks::make_trace_session(params);
  const auto input = [&](int level) { return session.client->encrypt({}, level, params->scale(level)); };
  add(*session.engine, input(left_level), input(right_level));
  return session.engine->counts();
}

ckks::OpCounts polynomial_counts(const ckks::ParamsPtr& params, int level,
                                 const std::vector<double>& coefficients) {
  const ckks::Session session = ckks::make_trace_session(params);
  session.engine->polynomial(session.client->encrypt({}, level, params->scale(level)), coefficients);
  return session.engine->counts();
}

}  // namespace sotto::nn
