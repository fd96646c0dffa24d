// A composite as a file.
#include <nlohmann/json.hpp>

#include "approx/composite.h"
#include "base/error.h"
#include "base/json.h"

namespace sotto::approx {
namespace {

constexpr const char* kFormat = "sotto-composite-1";
constexpr std::size_t kMaxTextBytes = 1 << 20;
constexpr std::size_t kMaxStages = 16;

Composite parse(const std::string& text) {
  const nlohmann::json json = parse_json(text, kMaxTextBytes, "a composite");
  const nlohmann::json& stages = json.at("stages");
  if (json.at("format") != kFormat || !stages.is_array() || stages.empty() || stages.size() > kMaxStages)
    throw Error(ErrorCode::kCorruptFile,
                std::string("it has another format or number of stages than ") + kFormat);
  Composite composite;
  for (const nlohmann::json& stage : stages) composite.stages.push_back(polynomial_from_json(stage.dump()));
  composite.gap = json.at("gap").get<double>();
  composite.sign_error = json.at("sign_error").get<double>();
  composite.relu_error = json.at("relu_error").get<double>();
  if (!(composite.gap > 0 && composite.gap < 1 && composite.sign_error >= 0 && composite.relu_error >= 0 &&
        composite.sign_error <= 2 && composite.relu_error <= 2))
    throw Error(ErrorCode::kCorruptFile, "its gap or its errors are out of range");
  return composite;
}

}  // namespace

std::string to_json(const Composite& composite) {
  nlohmann::ordered_json stages = nlohmann::ordered_json::array();
  for (const Polynomial& stage : composite.stages)
    stages.push_back(nlohmann::ordered_json::parse(to_json(stage)));
  const nlohmann::ordered_json json{{"format", kFormat},
                                    {"gap", composite.gap},
                                    {"sign_error", composite.sign_error},
                                    {"relu_error", composite.relu_error},
                                    {"depth", composite.depth()},
                                    {"products", composite.products()},
                                    {"stages", stages}};
  return json.dump(1) + "\n";
}

Composite composite_from_json(const std::string& text) {
  const std::string what = std::string("not a composite of format ") + kFormat + ": ";
  try {
    return parse(text);
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::kCorruptFile, what + error.what());
  } catch (const Error& error) {
    throw Error(ErrorCode::kCorruptFile, what + error.what());
  }
}

}  // namespace sotto::approx
