// sotto plan: what a network will do under encryption, layer by layer, before a key exists.
#include <fmt/format.h>

#include "apps/app.h"
#include "apps/commands/commands.h"
#include "apps/files.h"
#include "apps/model.h"
#include "apps/options.h"
#include "apps/output.h"
#include "apps/text/format.h"
#include "apps/text/parameters.h"
#include "apps/text/progress.h"
#include "apps/text/table.h"
#include "base/file.h"

namespace sotto::app {
namespace {

constexpr const char* kFooter =
    R"(Times are predicted from a tenth of a second of measurements on this machine.

Example:
  sotto plan models/mnist-cryptonets.onnx                       the layers, their levels and costs
  sotto plan models/mnist-cryptonets.onnx --out plan.json       for sotto keygen --plan)";

struct Options {
  CommonOptions common;
  PlanningOptions planning;
  std::string model, out;
};

const char* kind_name(nn::StepKind kind) {
  switch (kind) {
    case nn::StepKind::kLinear:
      return "linear";
    case nn::StepKind::kPolynomial:
      return "polynomial";
    case nn::StepKind::kAdd:
      return "add";
  }
  return "?";
}

/// "40" or, for a count that is zero, nothing: the eye finds what costs.
std::string count_cell(std::int64_t count) {
  return count == 0 ? "" : std::to_string(count);
}

std::string steps_table(const nn::Plan& plan) {
  Table table({{"layer", Table::Align::kLeft},
               {"kind", Table::Align::kLeft},
               {"result", Table::Align::kLeft},
               {"level"},
               {"rotations"},
               {"plain products"},
               {"products"},
               {"rescales"},
               {"time"},
               {"weights"}});
  ckks::OpCounts total;
  std::size_t bytes = 0;
  for (const nn::Step& step : plan.steps) {
    table.add({step.name, kind_name(step.kind), nn::to_string(step.out),
               fmt::format("{} → {}", step.level_in, step.level_out), count_cell(step.counts.rotate),
               count_cell(step.counts.multiply_plain), count_cell(step.counts.multiply),
               count_cell(step.counts.rescale), format_seconds(step.seconds),
               step.bytes == 0 ? "" : format_bytes(step.bytes)});
    total += step.counts;
    bytes += step.bytes;
  }
  table.rule();
  table.add({"all", "", "", "", count_cell(total.rotate), count_cell(total.multiply_plain),
             count_cell(total.multiply), count_cell(total.rescale), format_seconds(plan.seconds),
             format_bytes(bytes)});
  return table.text();
}

std::string summary(const nn::Plan& plan, const AssumedRange& range, int threads) {
  const ckks::ParamsPtr params = ckks::Params::make(plan.params);
  const ckks::ParamsLiteral& literal = params->literal();
  return fmt::format(
      "parameters  {} ({}); primes of {} and special {} bits, scale 2^{:g}\n"
      "answers     up to {:g}: {}\n"
      "keys        {} for rotations{}: {} on disk, {} in memory\n"
      "traffic     {} an encrypted image, {} an encrypted answer\n"
      "memory      {} at most\n"
      "time        {} an image on {} (encrypt {}, infer {}, decrypt {})\n",
      describe_parameters(*params), params->name(), prime_sizes(literal.q), prime_sizes(literal.p),
      literal.log_scale, range.max_logit, range.source, plan.keys.galois.size(),
      plan.keys.relin_level >= 0 ? " and one for products" : "", format_bytes(plan.key_bytes_disk),
      format_bytes(plan.key_bytes_memory), format_bytes(plan.input_bytes), format_bytes(plan.output_bytes),
      format_bytes(plan.peak_bytes),
      format_seconds(plan.encrypt_seconds + plan.seconds + plan.decrypt_seconds),
      format_count(static_cast<std::size_t>(threads), "thread"), format_seconds(plan.encrypt_seconds),
      format_seconds(plan.seconds), format_seconds(plan.decrypt_seconds));
}

int run_plan(const Options& options) {
  const Threads threads = apply_common_options(options.common);
  const Model model = load_model(options.model);
  refuse_input_as_output(options.out, {options.model, model.card_path(), options.planning.params});
  const nn::Plan plan = [&] {
    const Progress progress("planning");
    return plan_model(model, options.planning, threads);
  }();
  if (!options.out.empty()) write_file_atomic(options.out, nn::to_json(plan));
  if (options.common.json) {
    print_text(nn::to_json(plan));
    return kDone;
  }
  print_text(fmt::format("{}: {} in, {} out, {} levels\n\n{}\n{}", plan.model,
                         nn::to_string(plan.input.shape), nn::to_string(plan.output.shape), plan.input_level,
                         steps_table(plan),
                         summary(plan, assumed_range(model, options.planning), threads.count)));
  if (!options.out.empty()) print_text("written     " + options.out);
  return kDone;
}

}  // namespace

Command add_plan(CLI::App& root) {
  CLI::App* app =
      root.add_subcommand("plan", "Show what a model will do under encryption, before a key is made");
  app->footer(kFooter);
  auto options = std::make_shared<Options>();
  app->add_option("MODEL", options->model, "Model (.onnx)")->required();
  add_planning_options(*app, options->planning);
  app->add_option("--out", options->out, "Also write the plan to this file")->type_name("FILE");
  add_common_options(*app, options->common);
  return {app, [options] { return run_plan(*options); }};
}

}  // namespace sotto::app
