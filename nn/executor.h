// Runs a plan on any engine and reports each layer.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ckks/engine.h"
#include "nn/graph.h"
#include "nn/plan.h"

namespace sotto::nn {

struct StepReport {
  const Step* step;      // of the plan
  int index, count;      // which of how many
  double seconds;        // measured
};
using StepObserver = std::function<void(const StepReport&)>;

/// A plan joined with its model's weights and prepared (encoded) for one engine. Made once, run for every image. The engine must outlive it.
class Program {
 public:
  /// `progress` is called during preparation with (done, total) transforms. Throws Error when the plan belongs to another model or other parameters.
  Program(const Graph& graph, const Plan& plan, ckks::Engine& engine,
          const std::function<void(int, int)>& progress = {});
  ckks::Cipher run(const ckks::Cipher& input, const StepObserver& observer = {}) const;
  const Plan& plan() const noexcept { return plan_; }

 private:
  Plan plan_;
  ckks::Engine* engine_;
  std::vector<ckks::PreparedLinearPtr> linear_;  // [steps], null for other steps
  std::vector<ckks::Plain> bias_;                // [steps], at the step's output level and scale
};

}  // namespace sotto::nn
