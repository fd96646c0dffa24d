// sotto infer: the server. Runs the network on an encrypted image with public keys; there is no option, and
// nothing in this file, that could take a secret.
#include <fmt/format.h>

#include <optional>

#include "apps/app.h"
#include "apps/commands/commands.h"
#include "apps/files.h"
#include "apps/model.h"
#include "apps/options.h"
#include "apps/output.h"
#include "apps/stopwatch.h"
#include "apps/text/format.h"
#include "apps/text/progress.h"
#include "apps/text/table.h"
#include "base/error.h"
#include "base/file.h"
#include "ckks/ciphertext.h"
#include "ckks/io/stored_keys.h"
#include "nn/executor.h"

namespace sotto::app {
namespace {

constexpr const char* kFooter = R"(Example:
  sotto infer models/mnist-cryptonets.onnx image.ct --keys keys/server.keys --out answer.ct)";

struct Options {
  CommonOptions common;
  std::string model, image, keys, plan, out;
  std::optional<std::uint64_t> key_memory;  // bytes; none: all keys stay in memory
};

struct Timing {
  std::string step;
  double seconds, predicted;
};

struct Run {
  std::vector<Timing> steps;
  double prepare_seconds = 0, infer_seconds = 0;
  std::size_t answer_bytes = 0;
};

Json to_json(const Options& options, const Run& run) {
  Json steps = Json::array();
  for (const Timing& step : run.steps) {
    steps.push_back({{"name", step.step}, {"seconds", step.seconds}, {"predicted_seconds", step.predicted}});
  }
  return {{"out", options.out},
          {"answer_bytes", run.answer_bytes},
          {"prepare_seconds", run.prepare_seconds},
          {"infer_seconds", run.infer_seconds},
          {"steps", steps}};
}

std::string to_text(const Options& options, const Run& run) {
  Table table({{"layer", Table::Align::kLeft}, {"time"}, {"predicted"}});
  double predicted = 0;
  for (const Timing& step : run.steps) {
    table.add({step.step, format_seconds(step.seconds), format_seconds(step.predicted)});
    predicted += step.predicted;
  }
  table.rule();
  table.add({"all", format_seconds(run.infer_seconds), format_seconds(predicted)});
  return fmt::format("{}\n{}  {}; the keys were read and the weights encoded in {}", table.text(),
                     options.out, format_bytes(run.answer_bytes), format_seconds(run.prepare_seconds));
}

/// All keys in memory, or as many as --key-memory holds and the others in their file.
ckks::KeyStorePtr open_keys(const Options& options, const nn::Plan& plan, Threads threads) {
  ckks::io::ServerKeysReader reader(options.keys);
  check_plan_params(plan, *reader.params(), options.keys);
  ckks::KeyStorePtr keys;
  if (options.key_memory) {
    keys = std::make_shared<const ckks::io::StoredKeys>(std::move(reader), *options.key_memory, threads);
  } else {
    const Progress progress("reading the keys");
    keys = ckks::resident(reader.read_all(threads));
  }
  require_keys(*keys, plan.keys, options.keys);
  return keys;
}

int run_infer(const Options& options) {
  const Threads threads = apply_common_options(options.common);
  const Model model = load_model(options.model);
  const std::string plan_path = options.plan.empty() ? plan_beside(options.keys) : options.plan;
  refuse_input_as_output(options.out,
                         {options.model, model.card_path(), options.image, options.keys, plan_path});
  nn::Plan plan = read_plan_file(plan_path);
  predict_here(plan, threads);
  Stopwatch watch;
  const ckks::KeyStorePtr keys = open_keys(options, plan, threads);
  ckks::Ciphertext image = ckks::io::load_ciphertext(options.image, keys->params(), keys->id());

  const auto engine = ckks::make_native_engine(keys, threads);
  const nn::Program program = [&] {
    Progress progress("encoding the weights");
    return nn::Program(model.graph, plan, *engine, progress.counter());
  }();
  Run run;
  run.prepare_seconds = watch.lap();
  const ckks::Cipher answer = [&] {
    Progress progress("inferring", std::ssize(plan.steps), plan.seconds);
    return program.run(ckks::native_cipher(std::move(image)), [&](const nn::StepReport& report) {
      run.steps.push_back({report.step->name, report.seconds, report.step->seconds});
      progress.set_done(report.index + 1);
    });
  }();
  run.infer_seconds = watch.lap();
  const ckks::io::FileBytes bytes = ckks::io::serialize(ckks::native_ciphertext(answer));
  run.answer_bytes = bytes.size();
  write_file_atomic(options.out, bytes);
  if (options.common.json) {
    print_json(to_json(options, run));
  } else {
    print_text(to_text(options, run));
  }
  return kDone;
}

}  // namespace

Command add_infer(CLI::App& root) {
  CLI::App* app = root.add_subcommand("infer", "Run a model on an encrypted image (server; holds no secret)");
  app->footer(kFooter);
  auto options = std::make_shared<Options>();
  app->add_option("MODEL", options->model, "Model (.onnx)")->required();
  app->add_option("IMAGE", options->image, "Encrypted image (from sotto encrypt)")->required();
  app->add_option("--keys", options->keys, "The server's keys")->required()->type_name("FILE");
  app->add_option("--key-memory", options->key_memory,
                  "Keep this much of the keys in memory, such as 2G, and read the others when they are used "
                  "(default: all)")
      ->transform(CLI::AsSizeValue(false).description(""))
      ->type_name("BYTES");
  app->add_option("--plan", options->plan, "Plan (default: plan.json beside the keys)")->type_name("FILE");
  app->add_option("--out", options->out, "Encrypted answer to write")->required()->type_name("FILE");
  add_common_options(*app, options->common);
  return {app, [options] { return run_infer(*options); }};
}

}  // namespace sotto::app
