// Runs a plan on any engine and reports each layer.
#pragma once

#include <functional>
#include <vector>

#include "ckks/engine.h"
#include "nn/graph.h"
#include "nn/plan.h"

namespace sotto::nn {

struct StepReport {
  const Step* step;  // of the program's plan
  int index, count;  // which of how many
  double seconds;    // measured
};
using StepObserver = std::function<void(const StepReport&)>;

/// A plan joined with its model's weights and prepared (encoded) for one engine. Made once, run for every
/// image. The engine must outlive it.
class Program {
 public:
  /// `progress` is called during preparation with (done, total) transforms. Throws Error when the plan
  /// belongs to another model or other parameters.
  Program(const Graph& graph, const Plan& plan, ckks::Engine& engine,
          const std::function<void(int, int)>& progress = {});

  /// `input` must have the plan's input level and scale.
  ckks::Cipher run(const ckks::Cipher& input, const StepObserver& observer = {}) const;
  const Plan& plan() const noexcept { return plan_; }

 private:
  void prepare_linear(std::size_t step, const struct LinearMap& map);
  ckks::Cipher run_step(std::size_t step, const std::vector<ckks::Cipher>& tensors) const;

  Plan plan_;
  ckks::Engine* engine_;
  std::vector<ckks::PreparedLinearPtr> linear_;  // [step], null for other steps
  std::vector<ckks::Plain> bias_;  // [step], at its output level and scale; no body when all are 0
  std::vector<std::vector<double>> coefficients_;  // [step]
  std::vector<std::size_t> last_use_;              // [tensor] the step after which it may go
};

/// Operations of Program::run for a step of these properties, bias included; `has_bias` when it is not all
/// zero.
ckks::OpCounts linear_counts(const Route& route, const Diagonals& diagonals, bool has_bias);
/// What an addition and a polynomial count, found by running them on the trace engine.
ckks::OpCounts add_counts(const ckks::ParamsPtr& params, int left_level, int right_level);
ckks::OpCounts polynomial_counts(const ckks::ParamsPtr& params, int level,
                                 const std::vector<double>& coefficients);

}  // namespace sotto::nn
