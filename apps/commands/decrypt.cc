// sotto decrypt: the client's second half. The encrypted logits become a label.
#include <fmt/format.h>

#include <cmath>

#include "apps/answer.h"
#include "apps/app.h"
#include "apps/commands/commands.h"
#include "apps/files.h"
#include "apps/options.h"
#include "apps/output.h"
#include "apps/stopwatch.h"
#include "apps/text/format.h"
#include "base/error.h"
#include "ckks/ciphertext.h"
#include "ckks/io/objects.h"

namespace sotto::app {
namespace {

constexpr const char* kFooter =
    R"(The logits carry a trace of the secret key in their last bits: keep them, and tell others the label at most.

Example:
  sotto decrypt answer.ct --key keys/secret.key
  sotto decrypt answer.ct --key keys/secret.key --json | jq .label)";

struct Options {
  CommonOptions common;
  std::string answer, key, plan;
};

/// A ciphertext from another place of the plan, such as the encrypted image itself, would give a label made
/// of nothing.
void check_is_answer(const ckks::Ciphertext& cipher, const nn::Plan& plan, const std::string& path) {
  const int level = plan.output_level();
  const double scale = plan.output_scale();
  constexpr double kRelative =
      1e-9;  // scales travel as doubles; another place of the plan differs by far more
  const bool scale_fits = std::abs(cipher.scale - scale) <= kRelative * scale;
  if (cipher.level() == level && scale_fits) return;
  throw Error(
      ErrorCode::kInvalidArgument,
      fmt::format(
          "{}: not an answer of this plan: it is at level {} with scale 2^{:.3f}, an answer is at level "
          "{} with scale 2^{:.3f}; give the file that sotto infer wrote",
          path, cipher.level(), std::log2(cipher.scale), level, std::log2(scale)));
}

/// Beyond the range that was planned for, an answer may have wrapped around the modulus: a logit of up to
/// three times the range is noticed, a larger one can come back as any.
void check_range(const Answer& answer, const nn::Plan& plan, const std::string& path) {
  const double largest = answer.largest_logit();
  if (largest <= plan.max_logit) return;
  throw Error(
      ErrorCode::kInvalidArgument,
      fmt::format("{}: the answer holds a logit of magnitude {:.4g} and the plan leaves room for {:g}, so "
                  "it cannot be trusted; make keys with `sotto keygen --max-logit {:g}` and encrypt the "
                  "image again",
                  path, largest, plan.max_logit, 2 * plan.max_logit));
}

int run_decrypt(const Options& options) {
  const Threads threads = apply_common_options(options.common);
  const nn::Plan plan = read_plan_file(options.plan.empty() ? plan_beside(options.key) : options.plan);
  auto keys = std::make_shared<ckks::ClientKeys>(ckks::io::load_secret_key(options.key));
  const ckks::SecretKey& key = keys->secret();
  check_plan_params(plan, *key.params(), options.key);
  ckks::Ciphertext cipher = ckks::io::load_ciphertext(options.answer, key.params(), key.id());
  check_is_answer(cipher, plan, options.answer);

  const Stopwatch watch;
  const auto client = ckks::make_native_client(std::move(keys), threads);
  const Answer answer{
      .logits = nn::unpack(plan.output, client->decrypt(ckks::native_cipher(std::move(cipher)))).values,
      .reference = {},
      .decrypt_seconds = watch.seconds()};
  check_range(answer, plan, options.answer);
  if (options.common.json) {
    print_json({{"label", answer.label()},
                {"margin", answer.margin()},
                {"logits", answer.logits},
                {"decrypt_seconds", answer.decrypt_seconds}});
    return kDone;
  }
  std::string logits;
  for (const double logit : answer.logits) logits += fmt::format(" {:.3f}", logit);
  print_text(fmt::format("label   {}\nmargin  {:.3f}\nlogits {}", answer.label(), answer.margin(), logits));
  return kDone;
}

}  // namespace

Command add_decrypt(CLI::App& root) {
  CLI::App* app = root.add_subcommand("decrypt", "Decrypt an answer to a label (client)");
  app->footer(kFooter);
  auto options = std::make_shared<Options>();
  app->add_option("ANSWER", options->answer, "Encrypted answer (from sotto infer)")->required();
  app->add_option("--key", options->key, "The client's secret key")->required()->type_name("FILE");
  app->add_option("--plan", options->plan, "Plan (default: plan.json beside the key)")->type_name("FILE");
  add_common_options(*app, options->common);
  return {app, [options] { return run_decrypt(*options); }};
}

}  // namespace sotto::app
