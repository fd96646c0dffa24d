#include "apps/files.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <filesystem>

#include "apps/output.h"
#include "apps/text/parameters.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace sotto::app {
namespace {

constexpr const char* kSeal = "sha256";
constexpr std::size_t kMaxPlanBytes = std::size_t{64} << 20;

}  // namespace

std::string read_text_file(const std::string& path, std::uint64_t max_bytes) {
  const std::vector<std::byte> bytes = read_file(path, max_bytes);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, 32> digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw Error(ErrorCode::kUnsupported, "OpenSSL cannot compute SHA-256 here; check its installation");
  }
  std::string hex;
  for (const unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

std::string sealed_plan(const nn::Plan& plan) {
  Json json = Json::parse(nn::to_json(plan));
  json[kSeal] = sha256_hex(json.dump());
  return json.dump(1) + "\n";
}

nn::Plan open_sealed_plan(const std::string& text, const std::string& path) {
  Json json = parse_json<Json>(text, kMaxPlanBytes, path);
  if (!json.is_object() || !json.contains(kSeal)) {
    throw Error(
        ErrorCode::kCorruptFile,
        fmt::format(
            "{}: not a plan: a JSON object with a field {} is wanted; write one with `sotto plan MODEL "
            "--out FILE`",
            path, kSeal));
  }
  const Json seal = json[kSeal];
  json.erase(kSeal);
  const std::string content = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (seal != sha256_hex(content)) {
    throw Error(
        ErrorCode::kCorruptFile,
        fmt::format(
            "{}: the plan was damaged or changed: its sha256 is {} and it says {}; take the file that "
            "came with the keys, or plan and make keys again",
            path, sha256_hex(content), seal.is_string() ? seal.get<std::string>() : "something else"));
  }
  return nn::plan_from_json(content);
}

nn::Plan read_plan_file(const std::string& path) {
  return open_sealed_plan(read_text_file(path), path);
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

}  // namespace sotto::app
