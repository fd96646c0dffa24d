// A polynomial as a file.
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "approx/polynomial.h"
#include "base/error.h"
#include "base/json.h"

namespace sotto::approx {
namespace {

constexpr const char* kFormat = "sotto-polynomial-2";
constexpr std::size_t kMaxTextBytes = 1 << 20;  // the largest degree takes 60 kB

/// "0x1.8p+1".
std::string hex(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%a", x);
  return text;
}

/// The coefficients in hex are those in decimal, or one of them was damaged.
void check_hex(const std::vector<double>& coefficients, const std::vector<std::string>& texts) {
  bool same = coefficients.size() == texts.size();
  for (std::size_t k = 0; same && k < texts.size(); ++k) {
    char* end = nullptr;
    same = std::strtod(texts[k].c_str(), &end) == coefficients[k] && *end == '\0' && !texts[k].empty();
  }
  if (!same) throw Error(ErrorCode::kCorruptFile, "its coefficients in hex are not those in decimal");
}

Polynomial parse(const std::string& text) {
  const nlohmann::json json = parse_json(text, kMaxTextBytes, "a polynomial");
  if (json.at("format") != kFormat || json.at("basis") != "chebyshev" || json.at("interval").size() != 2) {
    throw Error(ErrorCode::kCorruptFile,
                std::string("it has another format, basis or interval than ") + kFormat);
  }
  Polynomial polynomial;
  polynomial.interval = {json.at("interval").at(0).get<double>(), json.at("interval").at(1).get<double>()};
  polynomial.coefficients = json.at("coefficients").get<std::vector<double>>();
  check_hex(polynomial.coefficients, json.at("coefficients_hex").get<std::vector<std::string>>());
  polynomial.max_error = json.at("max_error").get<double>();
  polynomial.mse = json.at("mse").get<double>();
  polynomial.source = json.at("source").get<std::string>();
  validate(polynomial);
  return polynomial;
}

}  // namespace

std::string to_json(const Polynomial& polynomial) {
  validate(polynomial);
  std::vector<std::string> coefficients_hex;
  for (const double c : polynomial.coefficients) coefficients_hex.push_back(hex(c));
  const nlohmann::ordered_json json{{"format", kFormat},
                                    {"source", polynomial.source},
                                    {"interval", {polynomial.interval.low, polynomial.interval.high}},
                                    {"max_error", polynomial.max_error},
                                    {"mse", polynomial.mse},
                                    {"depth", polynomial.depth()},
                                    {"products", polynomial.products()},
                                    {"basis", "chebyshev"},
                                    {"coefficients", polynomial.coefficients},
                                    {"coefficients_hex", coefficients_hex}};
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
