// sotto encrypt: the client's first half. A picture becomes a ciphertext that only the secret key opens.
#include <fmt/format.h>

#include "apps/app.h"
#include "apps/commands/commands.h"
#include "apps/files.h"
#include "apps/images/image.h"
#include "apps/model.h"
#include "apps/options.h"
#include "apps/output.h"
#include "apps/stopwatch.h"
#include "apps/text/format.h"
#include "base/file.h"
#include "ckks/ciphertext.h"
#include "ckks/io/objects.h"

namespace sotto::app {
namespace {

constexpr const char* kFooter = R"(Example:
  sotto encrypt samples/digit-3.pgm --key keys/secret.key --out image.ct)";

struct Options {
  CommonOptions common;
  std::string image, key, plan, out;
};

int run_encrypt(const Options& options) {
  const Threads threads = apply_common_options(options.common);
  const std::string plan_path = options.plan.empty() ? plan_beside(options.key) : options.plan;
  refuse_input_as_output(options.out, {options.image, options.key, plan_path});
  const nn::Plan plan = read_plan_file(plan_path);
  const nn::Tensor image = read_image(options.image);
  check_image_shape(image, plan.input.shape, options.image);
  auto keys = std::make_shared<ckks::ClientKeys>(ckks::io::load_secret_key(options.key));
  check_plan_params(plan, *keys->secret().params(), options.key);

  const Stopwatch watch;
  const auto client = ckks::make_native_client(std::move(keys), threads);
  const ckks::Cipher cipher =
      client->encrypt(nn::pack(plan.input, image), plan.input_level, plan.input_scale);
  const ckks::io::FileBytes bytes = ckks::io::serialize(ckks::native_ciphertext(cipher));
  const double seconds = watch.seconds();
  write_file_atomic(options.out, bytes);
  if (options.common.json) {
    print_json({{"out", options.out}, {"image_bytes", bytes.size()}, {"encrypt_seconds", seconds}});
  } else {
    print_text(fmt::format("{}  {}, encrypted in {}", options.out, format_bytes(bytes.size()),
                           format_seconds(seconds)));
  }
  return kDone;
}

}  // namespace

Command add_encrypt(CLI::App& root) {
  CLI::App* app = root.add_subcommand("encrypt", "Encrypt a picture (client)");
  app->footer(kFooter);
  auto options = std::make_shared<Options>();
  app->add_option(
         "IMAGE", options->image,
         "Picture (PGM, PPM or PNG; image K of an IDX file as FILE:K) of the size that the model reads")
      ->required();
  app->add_option("--key", options->key, "The client's secret key")->required()->type_name("FILE");
  app->add_option("--plan", options->plan, "Plan (default: plan.json beside the key)")->type_name("FILE");
  app->add_option("--out", options->out, "Encrypted image to write")->required()->type_name("FILE");
  add_common_options(*app, options->common);
  return {app, [options] { return run_encrypt(*options); }};
}

}  // namespace sotto::app
