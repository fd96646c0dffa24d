#include "tests/fuzz/targets.h"

#include <array>

#include "tests/ckks/engine_program.h"

namespace sotto::fuzz {
namespace {

constexpr std::array kTargets{
    Target{"params", Format::kSottoFile, load_params},
    Target{"secret_key", Format::kSottoFile, load_secret_key},
    Target{"public_key", Format::kSottoFile, load_public_key},
    Target{"server_keys", Format::kSottoFile, load_server_keys},
    Target{"stored_keys", Format::kSottoFile, load_stored_keys},
    Target{"ciphertext", Format::kSottoFile, load_ciphertext},
    Target{"params_json", Format::kJson, load_params_json},
    Target{"plan_json", Format::kPlan, load_plan_json},
    Target{"polynomial_json", Format::kJson, load_polynomial_json},
    Target{"model_card", Format::kJson, load_model_card},
    Target{"onnx", Format::kBytes, load_onnx},
    Target{"image", Format::kPng, load_image},
    Target{"idx", Format::kBytes, load_idx},
    Target{"engine", Format::kBytes, run_engine_program},
    Target{"backends", Format::kBytes, compare_backends},
};

ckks::ParamsPtr program_params() {
  return ckks::Params::make({.name = "insecure_fuzz",
                             .log_n = 7,
                             .log_q = {50, 40, 40, 40, 40},
                             .log_p = {49, 49},
                             .q = {},
                             .p = {},
                             .log_scale = 40,
                             .digits = 3});
}

ckks::Session native_session(const ckks::ParamsPtr& params) {
  const int top = params->max_level();
  ckks::KeyRequest request{.relin_level = top, .galois = {{{0, true}, top}}};
  for (const int step : ckks::program_rotation_steps(params->slots()))
    request.galois.push_back({{step, false}, top});
  return ckks::make_native_session(params, request, Threads{});
}

}  // namespace

std::span<const Target> targets() {
  return kTargets;
}

std::string run_engine_program(std::span<const std::byte> input) {
  static const ckks::ParamsPtr params = program_params();
  static const ckks::Session session = native_session(params);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(input.data());
  return ckks::run_program(session, params, true, {bytes, input.size()});
}

}  // namespace sotto::fuzz
