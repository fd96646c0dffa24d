// Whether the parts of a plan agree with each other. Whether it agrees with a model is for Program to find
// out.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "ckks/polynomial.h"
#include "nn/plan.h"
#include "nn/slot_math.h"

namespace sotto::nn {
namespace {

[[noreturn]] void refuse(const std::string& sentence) {
  throw Error(ErrorCode::kCorruptFile, "plan: " + sentence + "; make the plan again");
}

void require(bool ok, const std::string& where, const char* what) {
  if (!ok) refuse(where + ": " + what);
}

bool in_range(int value, int low, int high) {
  return value >= low && value < high;
}

/// Where a tensor is, as its maker says.
struct Place {
  const Layout* layout;
  int level;
  double scale;
};

void check_linear(const Step& step, int slots, const std::string& where) {
  require(is_power_of_two(step.route.ring) && step.route.ring <= slots, where,
          "the ring is not a power of two up to the slots");
  require(step.route.folds.size() <= 17, where, "there are more folds than bits of a slot");
  for (const int fold : step.route.folds)
    require(in_range(fold, 1, step.route.ring), where, "a fold is out of range");
  require(in_range(step.diagonals.giant_step, 0, slots), where, "the giant step is out of range");
  require(in_range(static_cast<int>(step.diagonals.blocks.size()), 1, slots + 1), where,
          "it has no diagonal or too many");
  require(step.diagonals.blocks.size() == 1 || step.diagonals.giant_step > 0, where,
          "blocks without a giant step");
  require(step.diagonals.terms() >= 1 && step.diagonals.terms() <= slots, where,
          "it has no diagonal or too many");
  for (const auto& block : step.diagonals.blocks) {
    for (const int baby : block) require(in_range(baby, 0, slots), where, "a baby step is out of range");
  }
}

bool near(double a, double b) {
  return std::abs(a - b) <= 0x1p-40 * b;
}

/// The levels that a step takes follow from what it does, and every tensor but the answer is at the canonical
/// scale of its level. Only a linear layer may leave the answer lower.
void check_result(const Plan& plan, std::size_t i, const std::vector<Place>& places,
                  const ckks::Params& params, const std::string& where) {
  const Step& step = plan.steps[i];
  int level = step.level_in - 1;
  if (step.kind == StepKind::kPolynomial) level = step.level_in - ckks::polynomial_depth(step.coefficients);
  if (step.kind == StepKind::kAdd)
    level = std::min(places[index(step.inputs[0])].level, places[index(step.inputs[1])].level);
  require(level >= 0 && step.level_out == level, where, "it does not end at the level that it leads to");
  const double canonical = params.scale(level);
  const bool lower = step.kind == StepKind::kLinear && index(plan.output_tensor) == i + 1 &&
                     step.scale_out >= 1 && step.scale_out < canonical;
  require(lower || near(step.scale_out, canonical), where, "its scale is not that of its level");
}

void check_keys(const Plan& plan) {
  const ckks::KeyRequest wanted = key_request(plan.steps);
  const auto same = [](const ckks::GaloisKeyRequest& a, const ckks::GaloisKeyRequest& b) {
    return a.id == b.id && a.level == b.level;
  };
  require(plan.keys.relin_level == wanted.relin_level &&
              std::ranges::equal(plan.keys.galois, wanted.galois, same),
          "keys", "they are not those that the steps need");
}

void check_step(const Plan& plan, std::size_t i, const std::vector<Place>& places) {
  const Step& step = plan.steps[i];
  const std::string where = "step " + std::to_string(i) + " ('" + step.name + "')";
  require(step.inputs.size() == (step.kind == StepKind::kAdd ? 2U : 1U), where,
          "it has a wrong number of inputs");
  for (const int input : step.inputs)
    require(in_range(input, 0, static_cast<int>(i) + 1), where, "an input does not exist yet");
  const Place& from = places[index(step.inputs[0])];
  require(step.in == *from.layout && step.level_in == from.level && step.scale_in == from.scale, where,
          "its input is not where the step before leaves it");
  require(!step.node_ids.empty() && step.nodes.size() == step.node_ids.size(), where, "it computes no node");
  validate(step.out);
  require(step.out.slots == plan.input.slots, where, "its layout has other slots");
  if (step.kind == StepKind::kLinear) {
    check_linear(step, plan.input.slots, where);
    return;
  }
  if (step.kind == StepKind::kPolynomial)
    require(step.coefficients.size() >= 3, where, "its polynomial has a degree below 2");
  for (const int input : step.inputs)
    require(step.out == *places[index(input)].layout, where, "its layout is not that of its input");
}

}  // namespace

void validate(const Plan& plan) {
  try {
    validate(plan.input);
    validate(plan.output);
    const auto slots = std::int64_t{1} << std::clamp(plan.params.log_n - 1, 0, 30);
    require(plan.input.slots == slots, "input", "its layout does not have the slots of the parameters");
    const ckks::ParamsPtr params = ckks::Params::make(plan.params);
    require(in_range(plan.input_level, 0, params->max_level() + 1), "input",
            "its level is not one of the parameters");
    require(near(plan.input_scale, params->scale(plan.input_level)), "input",
            "its scale is not that of its level");
    require(std::isfinite(plan.max_logit) && plan.max_logit > 0, "output",
            "its largest value is no number over 0");
    std::vector<Place> places{{&plan.input, plan.input_level, plan.input_scale}};
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      check_step(plan, i, places);
      check_result(plan, i, places, *params, "step " + std::to_string(i) + " ('" + plan.steps[i].name + "')");
      places.push_back({&plan.steps[i].out, plan.steps[i].level_out, plan.steps[i].scale_out});
    }
    require(in_range(plan.output_tensor, 0, static_cast<int>(places.size())), "output", "no step makes it");
    require(positions(plan.output) == positions(*places[index(plan.output_tensor)].layout), "output",
            "it is not where the last step leaves it");
    check_keys(plan);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kCorruptFile) throw;
    refuse(error.what());
  }
}

}  // namespace sotto::nn
