// Files of the program's own kinds on top of base/file.h: small texts, plans with a checksum, and where a
// plan lies by default.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "nn/plan.h"

namespace sotto::app {

/// The bytes of a file; the default cap is far over every plan, card and set of parameters.
std::string read_text_file(const std::string& path, std::uint64_t max_bytes = std::uint64_t{64} << 20);

/// Lower-case hex.
std::string sha256_hex(std::string_view bytes);

/// A plan as it stands in files and on standard output: nn::to_json() and one more field, "sha256", over the
/// rest. A plan that lost a byte could read the answer from the wrong slots, so a changed one is refused.
std::string sealed_plan(const nn::Plan& plan);
nn::Plan open_sealed_plan(const std::string& text, const std::string& path);

nn::Plan read_plan_file(const std::string& path);

/// Throws Error kInvalidArgument with both names unless the plan is for the parameters of the key at
/// `key_path`.
void check_plan_params(const nn::Plan& plan, const ckks::Params& params, const std::string& key_path);

/// The plan that `keygen` wrote next to a key file: used where --plan is not given.
std::string plan_beside(const std::string& key_path);

}  // namespace sotto::app
