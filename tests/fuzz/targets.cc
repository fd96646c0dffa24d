#include "tests/fuzz/targets.h"

#include <algorithm>

#include "base/error.h"
#include "tests/ckks/engine_program.h"
#include "tests/ckks/io_samples.h"

namespace sotto::fuzz {
namespace {

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

std::string parse_file(std::span<const std::uint8_t> input) {
  using namespace ckks::io;
  const ConstBytes file = std::as_bytes(input);
  for (const auto type : {ObjectType::kParams, ObjectType::kSecretKey, ObjectType::kPublicKey,
                          ObjectType::kServerKeys, ObjectType::kCiphertext}) {
    try {
      const FileBytes again = parse_and_serialize(type, file);
      if (!std::ranges::equal(again, file)) {
        return "an accepted " + std::string(type_name(type)) + " is not what its object serializes to";
      }
    } catch (const Error&) {
    }
  }
  return "";
}

std::string run_engine_program(std::span<const std::uint8_t> input) {
  static const ckks::ParamsPtr params = program_params();
  static const ckks::Session session = native_session(params);
  return ckks::run_program(session, params, true, input);
}

}  // namespace sotto::fuzz
