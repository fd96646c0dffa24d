// What follows from the steps of a plan.
#include "nn/plan.h"

#include <algorithm>
#include <map>

#include "nn/slot_math.h"

namespace sotto::nn {

ckks::OpCounts Plan::counts() const {
  ckks::OpCounts sum;
  for (const Step& step : steps) sum += step.counts;
  return sum;
}

int Plan::output_level() const {
  return output_tensor == 0 ? input_level : steps[index(output_tensor) - 1].level_out;
}

double Plan::output_scale() const {
  return output_tensor == 0 ? input_scale : steps[index(output_tensor) - 1].scale_out;
}

ckks::KeyRequest key_request(const std::vector<Step>& steps) {
  ckks::KeyRequest request;
  std::map<int, int> levels;  // step of the rotation -> level
  const auto need = [&](int rotation, int level) {
    if (rotation != 0) levels.try_emplace(rotation, level).first->second = std::max(levels[rotation], level);
  };
  for (const Step& step : steps) {
    // A polynomial has degree 2 at least.
    if (step.kind == StepKind::kPolynomial)
      request.relin_level = std::max(request.relin_level, step.level_in);
    if (step.kind != StepKind::kLinear) continue;
    for (const int baby : step.diagonals.babies()) need(baby, step.level_in);
    for (const int fold : step.route.folds) need(fold, step.level_in);
    need(step.diagonals.giant_step, step.level_in);
  }
  for (const auto& [rotation, level] : levels) request.galois.push_back({{.step = rotation}, level});
  return request;
}

}  // namespace sotto::nn
