#include "apps/files.h"

#include <fmt/format.h>

#include <filesystem>

#include "apps/text/parameters.h"
#include "base/error.h"
#include "base/file.h"

namespace sotto::app {

std::string read_text_file(const std::string& path, std::uint64_t max_bytes) {
  const std::vector<std::byte> bytes = read_file(path, max_bytes);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

nn::Plan read_plan_file(const std::string& path) {
  try {
    return nn::plan_from_json(read_text_file(path));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCorruptFile) throw;  // it names the path already
    throw Error(error.code(), path + ": " + error.what());
  }
}

void check_plan_params(const nn::Plan& plan, const ckks::Params& params, const std::string& key_path) {
  const ckks::ParamsPtr planned = ckks::Params::make(plan.params);
  if (planned->hash() == params.hash()) return;
  throw Error(
      ErrorCode::kInvalidArgument,
      fmt::format(
          "{}: a key of other parameters: {} ({}), and the plan is for {} ({}); give the plan that was "
          "made with this key",
          key_path, params.name(), describe_parameters(params), planned->name(),
          describe_parameters(*planned)));
}

std::string plan_beside(const std::string& key_path) {
  return std::filesystem::path(key_path).replace_filename("plan.json");
}

void refuse_input_as_output(const std::string& out, const std::vector<std::string>& inputs) {
  for (const std::string& input : inputs) {
    std::error_code ignored;  // one of them is not there
    if (!std::filesystem::equivalent(out, input, ignored)) continue;
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}: this command reads that file ({}) and would replace it; choose another name "
                            "for the output",
                            out, input));
  }
}

}  // namespace sotto::app
