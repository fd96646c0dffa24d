// sotto classify: the whole loop in one process. Encrypts each picture, runs the network on the ciphertext,
// decrypts the logits, and sets them beside those of the network in the clear.
#include <fmt/format.h>

#include "apps/app.h"
#include "apps/commands/commands.h"
#include "apps/images/image.h"
#include "apps/options.h"
#include "apps/pipeline.h"
#include "apps/text/format.h"
#include "apps/text/progress.h"
#include "apps/text/table.h"

namespace sotto::app {
namespace {

constexpr const char* kFooter =
    R"(The engines: native is the real encryption; cleartext computes on plain numbers with the same levels, scales and refusals;
checked runs both, decrypts every intermediate value and tells the bits that each operation lost (--json lists all);
trace computes nothing and counts the operations.
Exit code 3 tells that an encrypted label differs from the cleartext one, or that an answer lies beyond the range that
the plan leaves room for.

Example:
  sotto classify models/mnist-cryptonets.onnx samples/*.pgm
  sotto classify models/mnist-cryptonets.onnx digit.png --json | jq '.images[0].label')";

struct Options {
  CommonOptions common;
  PlanningOptions planning;
  std::string model, engine;
  std::vector<std::string> images;
};

struct Result {
  std::string path;
  Answer answer;
};

/// All pictures are read before a key is made, so that a bad one costs no time.
std::vector<nn::Tensor> read_images(const Options& options, const nn::Shape& shape) {
  std::vector<nn::Tensor> images;
  for (const std::string& path : options.images) {
    images.push_back(read_image(path));
    check_image_shape(images.back(), shape, path);
  }
  return images;
}

std::vector<Result> classify_all(const Pipeline& pipeline, const Options& options,
                                 const std::vector<nn::Tensor>& images) {
  std::vector<Result> results;
  Progress progress("classifying", std::ssize(images));
  for (std::size_t i = 0; i < images.size(); ++i) {
    results.push_back({options.images[i], pipeline.classify(images[i])});
    progress.set_done(std::ssize(results));
  }
  return results;
}

std::size_t agreeing(const std::vector<Result>& results) {
  return static_cast<std::size_t>(
      std::count_if(results.begin(), results.end(), [](const Result& r) { return r.answer.agrees(); }));
}

std::size_t beyond_range(const Pipeline& pipeline, const std::vector<Result>& results) {
  return static_cast<std::size_t>(std::count_if(
      results.begin(), results.end(), [&](const Result& r) { return !pipeline.within_range(r.answer); }));
}

double median_seconds(const std::vector<Result>& results) {
  std::vector<double> seconds;
  for (const Result& result : results) seconds.push_back(result.answer.seconds());
  return median(std::move(seconds));
}

Json to_json(const Pipeline& pipeline, const Result& result) {
  const Answer& answer = result.answer;
  return {{"image", result.path},
          {"label", answer.label()},
          {"cleartext_label", answer.reference_label()},
          {"agrees", answer.agrees()},
          {"within_range", pipeline.within_range(answer)},
          {"margin", answer.margin()},
          {"bits", error_bits(answer.relative_error())},
          {"seconds", answer.seconds()},
          {"encrypt_seconds", answer.encrypt_seconds},
          {"infer_seconds", answer.infer_seconds},
          {"decrypt_seconds", answer.decrypt_seconds},
          {"logits", answer.logits}};
}

Json to_json(const Pipeline& pipeline, const std::vector<Result>& results) {
  Json json = pipeline.description();
  json["agreement"] = static_cast<double>(agreeing(results)) / static_cast<double>(results.size());
  json["median_seconds"] = median_seconds(results);
  json["images"] = Json::array();
  for (const Result& result : results) json["images"].push_back(to_json(pipeline, result));
  return json;
}

std::string to_text(const Pipeline& pipeline, const Model& model, const std::vector<Result>& results) {
  Table table({{"image", Table::Align::kLeft},
               {"label"},
               {"cleartext"},
               {"", Table::Align::kLeft},
               {"margin"},
               {"bits"},
               {"encrypt"},
               {"infer"},
               {"decrypt"}});
  for (const auto& [path, answer] : results) {
    table.add({path, model.label_name(answer.label()), model.label_name(answer.reference_label()),
               !pipeline.within_range(answer) ? "BEYOND RANGE"
               : answer.agrees()              ? "same"
                                              : "DIFFERENT",
               fmt::format("{:.2f}", answer.margin()),
               fmt::format("{:.1f}", error_bits(answer.relative_error())),
               format_seconds(answer.encrypt_seconds), format_seconds(answer.infer_seconds),
               format_seconds(answer.decrypt_seconds)});
  }
  return fmt::format("{}\n{} of {} as the cleartext network says; {} an image (median).\n{}{}", table.text(),
                     agreeing(results), format_count(results.size(), "label"),
                     format_seconds(median_seconds(results)),
                     pipeline.range_warning(beyond_range(pipeline, results)), pipeline.summary());
}

/// The engine `trace` has no labels to show: it counts what one image takes.
void print_trace(const Pipeline& pipeline, const nn::Tensor& image, bool json) {
  const ckks::OpCounts before = pipeline.counts();
  pipeline.classify(image);
  const ckks::OpCounts counts = pipeline.counts() - before;
  if (json) {
    Json report = pipeline.description();
    report["operations"] = {{"rotate", counts.rotate},      {"multiply_plain", counts.multiply_plain},
                            {"multiply", counts.multiply},  {"relinearise", counts.relinearise},
                            {"rescale", counts.rescale},    {"add", counts.add},
                            {"conjugate", counts.conjugate}};
    return print_json(report);
  }
  print_text(fmt::format(
      "one image takes {} rotations, {} products with weights, {} products of ciphertexts, {} rescales "
      "and {} additions",
      counts.rotate, counts.multiply_plain, counts.multiply, counts.rescale, counts.add));
}

int run_classify(const Options& options) {
  const Threads threads = apply_common_options(options.common);
  const Model model = load_model(options.model);
  const std::vector<nn::Tensor> images = read_images(options, model.input_shape());
  const Pipeline pipeline(model, plan_model(model, options.planning, threads), options.engine, threads);
  if (options.engine == "trace") {
    print_trace(pipeline, images.front(), options.common.json);
    return kDone;
  }
  const std::vector<Result> results = classify_all(pipeline, options, images);
  if (options.common.json) {
    print_json(to_json(pipeline, results));
  } else {
    print_text(to_text(pipeline, model, results));
  }
  return agreeing(results) == results.size() && beyond_range(pipeline, results) == 0 ? kDone : kDisagreement;
}

}  // namespace

Command add_classify(CLI::App& root) {
  CLI::App* app = root.add_subcommand("classify", "Encrypt, classify and decrypt pictures in one process");
  app->footer(kFooter);
  auto options = std::make_shared<Options>();
  app->add_option("MODEL", options->model, "Model (.onnx)")->required();
  app->add_option(
         "IMAGE", options->images,
         "Pictures (PGM, PPM or PNG; image K of an IDX file as FILE:K) of the size that the model reads")
      ->required();
  add_planning_options(*app, options->planning);
  add_engine_option(*app, options->engine, {"native", "cleartext", "checked", "trace"});
  add_common_options(*app, options->common);
  return {app, [options] { return run_classify(*options); }};
}

}  // namespace sotto::app
