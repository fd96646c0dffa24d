// A polynomial as a file.
#include <nlohmann/json.hpp>

#include "approx/polynomial.h"
#include "base/error.h"
#include "base/json.h"

namespace sotto::approx {
namespace {

constexpr const char* kFormat = "sotto-polynomial-1";
constexpr std::size_t kMaxTextBytes = 1 << 20;  // the largest degree takes 30 kB

Polynomial parse(const std::string& text) {
  const nlohmann::json json = parse_json(text, kMaxTextBytes, "a polynomial");
  if (json.at("format") != kFormat || json.at("basis") != "chebyshev" || json.at("interval").size() != 2) {
    throw Error(ErrorCode::kCorruptFile,
                std::string("it has another format, basis or interval than ") + kFormat);
  }
  Polynomial polynomial;
  polynomial.interval = {json.at("interval").at(0).get<double>(), json.at("interval").at(1).get<double>()};
  polynomial.coefficients = json.at("coefficients").get<std::vector<double>>();
  polynomial.max_error = json.at("max_error").get<double>();
  polynomial.source = json.at("source").get<std::string>();
  validate(polynomial);
  return polynomial;
}

}  // namespace

std::string to_json(const Polynomial& polynomial) {
  validate(polynomial);
  const nlohmann::ordered_json json{{"format", kFormat},
                                    {"source", polynomial.source},
                                    {"interval", {polynomial.interval.low, polynomial.interval.high}},
                                    {"max_error", polynomial.max_error},
                                    {"basis", "chebyshev"},
                                    {"coefficients", polynomial.coefficients}};
  return json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Polynomial polynomial_from_json(const std::string& text) {
  try {
    return parse(text);
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::kCorruptFile,
                std::string("not a polynomial of format ") + kFormat + ": " + error.what());
  } catch (const Error& error) {
    throw Error(ErrorCode::kCorruptFile,
                std::string("not a polynomial of format ") + kFormat + ": " + error.what());
  }
}

}  // namespace sotto::approx
