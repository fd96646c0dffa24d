// sotto keygen: a folder with a secret for the client, keys for the server, and the plan that both follow.
//
// The three files belong together, so they are written under other names first and renamed at the end: a full
// disk or a lost permission leaves the folder as it was.
#include <fmt/format.h>

#include <filesystem>

#include "apps/app.h"
#include "apps/commands/commands.h"
#include "apps/files.h"
#include "apps/model.h"
#include "apps/options.h"
#include "apps/output.h"
#include "apps/staging.h"
#include "apps/stopwatch.h"
#include "apps/text/format.h"
#include "apps/text/parameters.h"
#include "apps/text/progress.h"
#include "base/error.h"
#include "base/file.h"
#include "ckks/io/objects.h"
#include "ckks/keygen.h"
#include "nn/executor.h"

namespace sotto::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFooter =
    R"(DIR/secret.key stays with the client; DIR/server.keys and DIR/plan.json go to the server. All three are made for one model.

Example, with the client's and the server's part in turn:
  sotto keygen models/mnist-cryptonets.onnx --out keys
  sotto encrypt samples/digit-3.pgm --key keys/secret.key --out image.ct
  sotto infer models/mnist-cryptonets.onnx image.ct --keys keys/server.keys --out answer.ct
  sotto decrypt answer.ct --key keys/secret.key)";

constexpr const char* kSecretName = "secret.key";
constexpr const char* kServerName = "server.keys";
constexpr const char* kPlanName = "plan.json";

struct Options {
  CommonOptions common;
  PlanningOptions planning;
  std::string model, plan, out;
  bool force = false;
};

void refuse_to_overwrite(const Options& options) {
  const fs::path secret = fs::path(options.out) / kSecretName;
  if (options.force || !fs::exists(fs::symlink_status(secret))) return;
  throw Error(
      ErrorCode::kInvalidArgument,
      fmt::format("{} exists, and without it nothing that was encrypted for it can be read; choose another "
                  "folder, or give --force to replace it",
                  secret.string()));
}

nn::Plan find_plan(const Options& options, const Model& model, Threads threads) {
  if (!options.plan.empty()) {
    nn::Plan plan = read_plan_file(options.plan);
    // The program refuses a plan of another model; an engine that only counts makes that check cheap.
    const ckks::Session counting = ckks::make_trace_session(ckks::Params::make(plan.params));
    nn::Program(model.graph, plan, *counting.engine);
    return plan;
  }
  const Progress progress("planning");
  return plan_model(model, options.planning, threads);
}

struct Sizes {
  std::size_t secret_bytes, server_bytes;
};

Sizes write_all(const std::string& folder, const nn::Plan& plan, const ckks::SecretKey& secret,
                const ckks::ServerKeys& server) {
  StagedFolder staged(folder);
  ckks::io::save(staged.path(kSecretName), secret);
  ckks::io::save(staged.path(kServerName), server);
  write_file_atomic(staged.path(kPlanName), nn::to_json(plan));
  const Sizes sizes{fs::file_size(staged.path(kSecretName)), fs::file_size(staged.path(kServerName))};
  staged.publish({kServerName, kPlanName, kSecretName});
  return sizes;
}

int run_keygen(const Options& options) {
  const Threads threads = apply_common_options(options.common);
  refuse_to_overwrite(options);
  const Model model = load_model(options.model);
  for (const char* name : {kSecretName, kServerName, kPlanName})
    refuse_input_as_output(fs::path(options.out) / name,
                           {options.model, model.card_path(), options.planning.params});
  const nn::Plan plan = find_plan(options, model, threads);
  const ckks::ParamsPtr params = ckks::Params::make(plan.params);

  const Stopwatch watch;
  const Progress progress("making keys", 0, plan.keygen_seconds);
  ckks::Rng rng;
  const ckks::SecretKey secret = ckks::make_secret_key(params, rng);
  const ckks::ServerKeys server = ckks::make_server_keys(secret, plan.keys, rng, threads);
  const double seconds = watch.seconds();
  const Sizes sizes = write_all(options.out, plan, secret, server);

  const fs::path folder(options.out);
  const std::string secret_path = folder / kSecretName, server_path = folder / kServerName,
                    plan_path = folder / kPlanName;
  if (options.common.json) {
    print_json({{"secret_key", secret_path},
                {"server_keys", server_path},
                {"plan", plan_path},
                {"secret_bytes", sizes.secret_bytes},
                {"key_bytes", sizes.server_bytes},
                {"rotation_keys", server.galois.size()},
                {"keygen_seconds", seconds},
                {"log_n", params->log_n()},
                {"log_qp", params->log_qp()},
                {"security_bits", params->security_bits()}});
    return kDone;
  }
  print_text(fmt::format(
      "{}  {}, for the client alone\n{}  {}, for the server\n{}   for both\n"
      "{} for rotations made in {}; {}",
      secret_path, format_bytes(sizes.secret_bytes), server_path, format_bytes(sizes.server_bytes), plan_path,
      format_count(server.galois.size(), "key"), format_seconds(seconds), describe_parameters(*params)));
  return kDone;
}

}  // namespace

Command add_keygen(CLI::App& root) {
  CLI::App* app = root.add_subcommand("keygen", "Make a client's secret and a server's keys for a model");
  app->footer(kFooter);
  auto options = std::make_shared<Options>();
  app->add_option("MODEL", options->model, "Model (.onnx)")->required();
  app->add_option("--out", options->out, "Folder to write to; made when it is not there")
      ->required()
      ->type_name("DIR");
  CLI::Option* plan =
      app->add_option("--plan", options->plan, "Plan to make keys for (from sotto plan --out)");
  plan->type_name("FILE");
  for (CLI::Option* option : add_planning_options(*app, options->planning)) option->excludes(plan);
  app->add_flag("--force", options->force, "Replace a secret key that is there");
  add_common_options(*app, options->common);
  return {app, [options] { return run_keygen(*options); }};
}

}  // namespace sotto::app
