// sotto evaluate: accuracy, agreement with the cleartext network, precision and latency over images of a data
// set.
#include <fmt/format.h>

#include <cstdlib>

#include "apps/app.h"
#include "apps/commands/commands.h"
#include "apps/images/idx.h"
#include "apps/machine.h"
#include "apps/options.h"
#include "apps/pipeline.h"
#include "apps/text/format.h"
#include "apps/text/progress.h"

namespace sotto::app {
namespace {

constexpr const char* kFooter =
    R"(The folder holds MNIST as it is published (t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, with .gz or without), or a
sub-folder mnist that does. Without --data the folder is taken from SOTTO_DATA.
Exit code 3 tells that an encrypted label differs from the cleartext one, or that an answer lies beyond the range that
the plan leaves room for.

Example:
  sotto evaluate models/mnist-cryptonets.onnx --data ../shared/data/mnist --count 200 --json)";

struct Options {
  CommonOptions common;
  PlanningOptions planning;
  std::string model, engine, data, split = "test";
  std::size_t count = 100, offset = 0;
};

/// What is remembered of all images.
struct Tally {
  std::size_t correct = 0, cleartext_correct = 0, agreeing = 0, beyond_range = 0;
  double worst_error = 0;
  std::vector<double> seconds, encrypt, infer, decrypt;

  void add(const Answer& answer, int truth) {
    correct += answer.label() == truth;
    cleartext_correct += answer.reference_label() == truth;
    agreeing += answer.agrees();
    worst_error = std::max(worst_error, answer.relative_error());
    seconds.push_back(answer.seconds());
    encrypt.push_back(answer.encrypt_seconds);
    infer.push_back(answer.infer_seconds);
    decrypt.push_back(answer.decrypt_seconds);
  }
  std::size_t count() const noexcept { return seconds.size(); }
  double share(std::size_t part) const noexcept {
    return static_cast<double>(part) / static_cast<double>(count());
  }
};

Tally evaluate_all(const Pipeline& pipeline, const LabelledImages& data) {
  Tally tally;
  Progress progress("evaluating", static_cast<std::int64_t>(data.count()));
  for (std::size_t i = 0; i < data.count(); ++i) {
    const Answer answer = pipeline.classify(data.image(i));
    tally.add(answer, data.labels[i]);
    tally.beyond_range += !pipeline.within_range(answer);
    progress.set_done(static_cast<std::int64_t>(i) + 1);
  }
  return tally;
}

Json to_json(const Pipeline& pipeline, const LabelledImages& data, const Options& options, const Tally& tally,
             double setup_seconds) {
  const Pipeline::Setup& setup = pipeline.setup();
  Json json = pipeline.description();
  json.update({{"data", data.folder},
               {"split", options.split},
               {"offset", options.offset},
               {"count", tally.count()},
               {"accuracy", tally.share(tally.correct)},
               {"cleartext_accuracy", tally.share(tally.cleartext_correct)},
               {"agreement", tally.share(tally.agreeing)},
               {"max_logit", pipeline.plan().max_logit},
               {"beyond_range", tally.beyond_range},
               {"worst_error", tally.worst_error},
               {"worst_bits", error_bits(tally.worst_error)},
               {"median_seconds", median(tally.seconds)},
               {"p95_seconds", quantile(tally.seconds, 0.95)},
               {"median_encrypt_seconds", median(tally.encrypt)},
               {"median_infer_seconds", median(tally.infer)},
               {"median_decrypt_seconds", median(tally.decrypt)},
               {"predicted_seconds", pipeline.plan().seconds},
               {"setup_seconds", setup_seconds},
               {"keygen_seconds", setup.keygen_seconds},
               {"prepare_seconds", setup.prepare_seconds},
               {"key_bytes", setup.key_bytes},
               {"image_bytes", setup.image_bytes},
               {"answer_bytes", setup.answer_bytes},
               {"peak_bytes", peak_bytes()}});
  return json;
}

std::string to_text(const Pipeline& pipeline, const LabelledImages& data, const Tally& tally,
                    double setup_seconds) {
  const double infer = median(tally.infer), predicted = pipeline.plan().seconds;
  return fmt::format(
      "images      {} of {} in {}\n"
      "accuracy    {:.2f} % encrypted, {:.2f} % in the clear\n"
      "agreement   {} of {}\n"
      "precision   {:.1f} bits of the logits' range in the worst image\n"
      "latency     {} an image (median; 95 % within {}): encrypt {}, infer {}, decrypt {}\n"
      "predicted   {} to infer, {:.2f} times the median\n"
      "before      {} for the plan, the keys ({}) and the weights ({})\n"
      "memory      {} at most\n{}{}",
      tally.count(), data.total, data.folder, 100 * tally.share(tally.correct),
      100 * tally.share(tally.cleartext_correct), tally.agreeing, format_count(tally.count(), "label"),
      error_bits(tally.worst_error), format_seconds(median(tally.seconds)),
      format_seconds(quantile(tally.seconds, 0.95)), format_seconds(median(tally.encrypt)),
      format_seconds(infer), format_seconds(median(tally.decrypt)), format_seconds(predicted),
      predicted / infer, format_seconds(setup_seconds), format_seconds(pipeline.setup().keygen_seconds),
      format_seconds(pipeline.setup().prepare_seconds), format_bytes(peak_bytes()),
      pipeline.range_warning(tally.beyond_range), pipeline.summary());
}

std::string data_folder(const Options& options) {
  if (!options.data.empty()) return options.data;
  if (const char* folder = std::getenv("SOTTO_DATA"); folder != nullptr && *folder != '\0') return folder;
  throw UsageError("no folder of images is named; give it with --data or SOTTO_DATA");
}

int run_evaluate(const Options& options) {
  const Threads threads = apply_common_options(options.common);
  const Stopwatch since_start;
  const Model model = load_model(options.model);
  const LabelledImages data = read_mnist(data_folder(options), options.split, options.offset, options.count);
  check_image_shape(data.image(0), model.input_shape(), data.folder);
  const Pipeline pipeline(model, plan_model(model, options.planning, threads), options.engine, threads);
  const double setup_seconds = since_start.seconds();

  const Tally tally = evaluate_all(pipeline, data);
  if (options.common.json) {
    print_json(to_json(pipeline, data, options, tally, setup_seconds));
  } else {
    print_text(to_text(pipeline, data, tally, setup_seconds));
  }
  return tally.agreeing == tally.count() && tally.beyond_range == 0 ? kDone : kDisagreement;
}

}  // namespace

Command add_evaluate(CLI::App& root) {
  CLI::App* app = root.add_subcommand("evaluate", "Measure accuracy, agreement and latency over a data set");
  app->footer(kFooter);
  auto options = std::make_shared<Options>();
  app->add_option("MODEL", options->model, "Model (.onnx)")->required();
  app->add_option("--data", options->data, "Folder of MNIST (default: SOTTO_DATA)")->type_name("DIR");
  app->add_option("--split", options->split, "test (default) or train")
      ->check(CLI::IsMember({"test", "train"}))
      ->type_name("NAME");
  app->add_option("--count", options->count, "Images to classify (default: 100)")
      ->check(CLI::Range(1, 10'000'000).description(""))
      ->type_name("K");
  app->add_option("--offset", options->offset, "First image (default: 0)")
      ->check(CLI::Range(0, 10'000'000).description(""))
      ->type_name("I");
  add_planning_options(*app, options->planning);
  add_engine_option(*app, options->engine, {"native", "cleartext", "checked"});
  add_common_options(*app, options->common);
  return {app, [options] { return run_evaluate(*options); }};
}

}  // namespace sotto::app
