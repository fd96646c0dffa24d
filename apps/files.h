// Files of the program's own kinds on top of base/file.h: small texts, plans and where they lie by default,
// and outputs that must not be inputs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/plan.h"

namespace sotto::app {

/// The bytes of a file; the default cap is far over every plan, card and set of parameters.
std::string read_text_file(const std::string& path, std::uint64_t max_bytes = std::uint64_t{64} << 20);

/// Throws Error with the path when it is no plan, or a damaged one.
nn::Plan read_plan_file(const std::string& path);

/// Throws Error kInvalidArgument with both names unless the plan is for the parameters of the key at
/// `key_path`.
void check_plan_params(const nn::Plan& plan, const ckks::Params& params, const std::string& key_path);

/// The plan that `keygen` wrote next to a key file: used where --plan is not given.
std::string plan_beside(const std::string& key_path);

/// Throws Error kInvalidArgument when `out` is one of the files that the command reads, by whatever name.
/// Names of `inputs` that are "" or name no file are passed over.
void refuse_input_as_output(const std::string& out, const std::vector<std::string>& inputs);

}  // namespace sotto::app
