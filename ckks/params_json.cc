// JSON form of parameter literals: strict, because the text may come from outside.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "ckks/params.h"

namespace sotto::ckks {
namespace {

using Json = nlohmann::json;
constexpr const char* kFormat = "sotto-params-1";
constexpr std::size_t kMaxText = 64 * 1024;
constexpr std::size_t kMaxList = 128;

[[noreturn]] void refuse(const std::string& sentence) {
  throw Error(ErrorCode::kInvalidArgument, "params JSON: " + sentence);
}

int read_int(const Json& value, const std::string& field) {
  if (!value.is_number_integer()) refuse("\"" + field + "\" must be a whole number");
  if (value.is_number_unsigned() ? value.get<std::uint64_t>() > 1'000'000
                                 : value.get<std::int64_t>() < -1'000'000) {
    refuse("\"" + field + "\" is out of range");
  }
  return value.get<int>();
}

template <class T>
std::vector<T> read_list(const Json& value, const std::string& field) {
  if (!value.is_array() || value.empty() || value.size() > kMaxList) {
    refuse("\"" + field + "\" must be a list of 1 to " + std::to_string(kMaxList) + " whole numbers");
  }
  std::vector<T> list;
  for (const Json& item : value) {
    if constexpr (std::is_same_v<T, int>) {
      list.push_back(read_int(item, field));
    } else {
      if (!item.is_number_unsigned()) refuse("\"" + field + "\" must hold positive whole numbers");
      list.push_back(item.get<T>());
    }
  }
  return list;
}

LevelSets read_levels(const Json& value) {
  if (!value.is_array() || value.empty() || value.size() > kMaxList)
    refuse("\"levels\" must be a list of 1 to " + std::to_string(kMaxList) + " lists of whole numbers");
  LevelSets levels;
  for (const Json& item : value) levels.push_back(read_list<int>(item, "levels"));
  return levels;
}

void read_log_scale(const Json& value, ParamsLiteral& literal) {
  if (value.is_number()) {
    literal.log_scale = value.get<double>();
    return;
  }
  const bool numbers = value.is_array() && !value.empty() && value.size() <= kMaxList &&
                       std::ranges::all_of(value, [](const Json& item) { return item.is_number(); });
  if (!numbers) refuse("\"log_scale\" must be a number, or a list of one number a level");
  literal.log_scales = value.get<std::vector<double>>();
  literal.log_scale = literal.log_scales.front();
}

void read_field(const std::string& field, const Json& value, ParamsLiteral& literal) {
  if (field == "format") {
    if (value != kFormat)
      refuse("\"format\" must be \"" + std::string(kFormat) + "\"; this text is of another kind or version");
  } else if (field == "name") {
    if (!value.is_string()) refuse("\"name\" must be a string");
    literal.name = value.get<std::string>();
  } else if (field == "log_n") {
    literal.log_n = read_int(value, field);
  } else if (field == "log_q") {
    literal.log_q = read_list<int>(value, field);
  } else if (field == "log_p") {
    literal.log_p = read_list<int>(value, field);
  } else if (field == "q") {
    literal.q = read_list<ntt::u64>(value, field);
  } else if (field == "p") {
    literal.p = read_list<ntt::u64>(value, field);
  } else if (field == "log_scale") {
    read_log_scale(value, literal);
  } else if (field == "levels") {
    literal.levels = read_levels(value);
  } else if (field == "digits") {
    literal.digits = read_int(value, field);
  } else {
    refuse("unknown field \"" + field.substr(0, 64) +
           "\"; known are format, name, log_n, log_q or q, log_p or p, log_scale, digits, levels");
  }
}

}  // namespace

ParamsLiteral literal_from_json(const std::string& text) {
  if (text.size() > kMaxText) refuse("longer than 64 KiB");
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::exception& e) {
    refuse(e.what());
  }
  if (!json.is_object()) refuse("must be an object");
  ParamsLiteral literal;
  for (const auto& [field, value] : json.items()) read_field(field, value, literal);
  for (const char* field : {"format", "name", "log_n", "log_scale", "digits"}) {
    if (!json.contains(field)) refuse("field \"" + std::string(field) + "\" is missing");
  }
  for (const char* field : {"q", "p"}) {
    if (json.contains(field) == json.contains("log_" + std::string(field))) {
      refuse("give either \"log_" + std::string(field) + "\" (sizes) or \"" + field + "\" (exact primes)");
    }
  }
  return literal;
}

std::string to_json(const ParamsLiteral& literal) {
  nlohmann::ordered_json json;
  json["format"] = kFormat;
  json["name"] = literal.name;
  json["log_n"] = literal.log_n;
  if (literal.q.empty())
    json["log_q"] = literal.log_q;
  else
    json["q"] = literal.q;
  if (literal.p.empty())
    json["log_p"] = literal.log_p;
  else
    json["p"] = literal.p;
  if (literal.log_scales.empty())
    json["log_scale"] = literal.log_scale;
  else
    json["log_scale"] = literal.log_scales;
  json["digits"] = literal.digits;
  if (!literal.levels.empty()) json["levels"] = literal.levels;
  return json.dump();
}

}  // namespace sotto::ckks
