#include "apps/pipeline.h"

#include <fmt/format.h>

#include "apps/text/format.h"
#include "apps/text/parameters.h"
#include "apps/text/progress.h"
#include "ckks/ciphertext.h"
#include "ckks/io/objects.h"
#include "ckks/keygen.h"
#include "nn/reference.h"

namespace sotto::app {
namespace {

ckks::Cipher encrypt_image(ckks::Client& client, const nn::Plan& plan, const nn::Tensor& image) {
  return client.encrypt(nn::pack(plan.input, image), plan.input_level, plan.input_scale);
}

Json to_json(const ckks::Check& check) {
  return {{"number", check.number},     {"operation", check.operation},   {"level", check.level},
          {"scale", check.scale},       {"magnitude", check.magnitude},   {"bits_before", check.bits_before},
          {"rms_bits", check.rms_bits}, {"worst_bits", check.worst_bits}, {"lost_bits", check.lost_bits()}};
}

Json to_json(const ckks::CheckReport& report) {
  Json operations = Json::array();
  for (const ckks::Check& check : report.checks) operations.push_back(to_json(check));
  const ckks::Check* below = report.first_below();
  return {{"threshold_bits", report.threshold_bits},
          {"first_below", below == nullptr ? Json() : Json(below->number)},
          {"operations", operations}};
}

std::size_t file_bytes(const ckks::Cipher& cipher) {
  return ckks::io::serialize(ckks::native_ciphertext(cipher)).size();
}

}  // namespace

Pipeline::Pipeline(const Model& model, const nn::Plan& plan, const std::string& engine, Threads threads)
    : model_(model), threads_(threads), params_(ckks::Params::make(plan.params)) {
  if (engine == "native") {
    make_native(plan);
  } else if (engine == "checked") {
    ckks::CheckedSession checked = ckks::make_checked_session(params_, plan.keys, threads_);
    session_ = std::move(checked.session);
    checks_ = std::move(checked.report);
  } else {
    session_ = engine == "trace" ? ckks::make_trace_session(params_) : ckks::make_cleartext_session(params_);
  }
  const Stopwatch watch;
  Progress progress("encoding the weights");
  program_ = std::make_unique<nn::Program>(model.graph, plan, *session_.engine, progress.counter());
  setup_.prepare_seconds = watch.seconds();
  if (engine == "native") measure_traffic();
}

/// The two halves apart, as `keygen` makes them for two machines.
void Pipeline::make_native(const nn::Plan& plan) {
  const Stopwatch watch;
  const Progress progress("making keys", 0, plan.keygen_seconds);
  ckks::Rng rng;
  auto client = std::make_shared<ckks::ClientKeys>(ckks::make_secret_key(params_, rng));
  auto server = ckks::resident(ckks::make_server_keys(client->secret(), plan.keys, rng, threads_));
  setup_.keygen_seconds = watch.seconds();
  setup_.key_bytes = ckks::io::server_keys_file_bytes(*params_, plan.keys);
  session_ = {ckks::make_native_client(std::move(client), threads_),
              ckks::make_native_engine(std::move(server), threads_)};
}

/// Runs one black image: the sizes do not depend on the picture, and the first run warms the caches.
void Pipeline::measure_traffic() {
  const ckks::Cipher image = encrypt_image(*session_.client, plan(), nn::Tensor(plan().input.shape));
  setup_.image_bytes = file_bytes(image);
  setup_.answer_bytes = file_bytes(program_->run(image));
}

Answer Pipeline::classify(const nn::Tensor& image) const {
  Answer answer;
  answer.reference = nn::evaluate(model_.graph, image).values;
  Stopwatch watch;
  const ckks::Cipher input = encrypt_image(*session_.client, plan(), image);
  answer.encrypt_seconds = watch.lap();
  const ckks::Cipher output = program_->run(input);
  answer.infer_seconds = watch.lap();
  answer.logits = nn::unpack(plan().output, session_.client->decrypt(output)).values;
  answer.decrypt_seconds = watch.lap();
  return answer;
}

std::string Pipeline::range_warning(std::size_t beyond) const {
  if (beyond == 0) return {};
  return fmt::format("range       {} beyond {:g}, where the plan leaves no room: give --max-logit {:g}\n",
                     format_count(beyond, "answer"), plan().max_logit, 2 * plan().max_logit);
}

Json Pipeline::description() const {
  Json json{{"model", model_.path},
            {"engine", engine_name()},
            {"backend", params_->backend()},
            {"threads", threads_.count},
            {"log_n", params_->log_n()},
            {"log_qp", params_->log_qp()},
            {"security_bits", params_->security_bits()}};
  if (checks_) json["checks"] = to_json(*checks_);
  return json;
}

std::string Pipeline::summary() const {
  std::string text = fmt::format("engine      {} on {}, {}\n", engine_name(), params_->backend(),
                                 format_count(static_cast<std::size_t>(threads_.count), "thread"));
  if (engine_name() == "native") {
    text +=
        fmt::format("parameters  {}\nbytes       {} of keys, {} an encrypted image, {} an encrypted answer\n",
                    describe_parameters(*params_), format_bytes(setup_.key_bytes),
                    format_bytes(setup_.image_bytes), format_bytes(setup_.answer_bytes));
  }
  if (checks_) text += fmt::format("checked     {}\n", checks_->summary());
  return text;
}

}  // namespace sotto::app
