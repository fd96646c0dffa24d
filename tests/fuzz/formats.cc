// What mutations must know of formats: checksums, and the tree of a JSON text.
#include <zlib.h>

#include <nlohmann/json.hpp>

#include "nn/model_hash.h"
#include "tests/ckks/io_samples.h"
#include "tests/fuzz/targets.h"

namespace sotto::fuzz {
namespace {

using Json = nlohmann::json;

Json parse(const Input& input) {
  const auto* text = reinterpret_cast<const char*>(input.data());
  return Json::parse(text, text + input.size(), nullptr, false);
}

void write(const Json& json, Input& input) {
  const std::string text = json.dump();
  const auto bytes = std::as_bytes(std::span(text));
  input.assign(bytes.begin(), bytes.end());
}

void seal_plan(Input& input) {
  Json json = parse(input);
  if (!json.is_object()) return;
  json.erase("sha256");
  json["sha256"] = nn::sha256_hex(json.dump());
  write(json, input);
}

std::uint32_t load_be32(const std::byte* in) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(in[i]);
  return value;
}

/// Chunks follow the eight bytes of magic: length, type and data, CRC of type and data.
void seal_png(Input& input) {
  if (input.size() < 8 || input[0] != std::byte{0x89}) return;
  for (std::size_t at = 8; at + 12 <= input.size();) {
    const std::size_t length = load_be32(&input[at]);
    if (length > input.size() - at - 12) return;
    const auto* data = reinterpret_cast<const Bytef*>(&input[at + 4]);
    const auto crc = static_cast<std::uint32_t>(::crc32(0, data, static_cast<uInt>(length + 4)));
    for (std::size_t i = 0; i < 4; ++i)
      input[at + 8 + length + i] = static_cast<std::byte>(crc >> (24 - 8 * i) & 0xff);
    at += 12 + length;
  }
}

/// Every value that has a parent, as (parent, key or index).
void list_values(Json& json, std::vector<std::pair<Json*, std::string>>& out) {
  if (!json.is_structured()) return;
  std::size_t index = 0;
  for (auto& item : json.items()) {
    out.emplace_back(&json, json.is_object() ? item.key() : std::to_string(index++));
    list_values(item.value(), out);
  }
}

Json strange_value(std::uint32_t choice) {
  static const std::vector<Json> values{0,
                                        1,
                                        -1,
                                        2,
                                        63,
                                        64,
                                        65,
                                        (1LL << 31) - 1,
                                        1LL << 31,
                                        -(1LL << 31),
                                        ~0ULL,
                                        1e18,
                                        1e308,
                                        5e-324,
                                        0.5,
                                        -0.0,
                                        true,
                                        nullptr,
                                        "",
                                        "insecure_x",
                                        std::string(300, 'x'),
                                        Json::array(),
                                        Json::object(),
                                        Json::array({1, 2, 3})};
  return values[choice % values.size()];
}

}  // namespace

void seal(Format format, Input& input) {
  if (format == Format::kSottoFile) ckks::io::reseal(input);
  if (format == Format::kPlan) seal_plan(input);
  if (format == Format::kPng) seal_png(input);
}

bool mutate_json(Input& input, std::uint32_t seed) {
  Json json = parse(input);
  std::vector<std::pair<Json*, std::string>> values;
  if (json.is_discarded()) return false;
  list_values(json, values);
  if (values.empty()) return false;
  const auto& [parent, key] = values[seed / 8 % values.size()];
  const std::size_t index = parent->is_array() ? std::stoul(key) : 0;
  Json& value = parent->is_array() ? (*parent)[index] : (*parent)[key];
  const std::uint32_t choice = seed / 8 / static_cast<std::uint32_t>(values.size());
  const Json copy = value;
  switch (seed % 8) {
    case 0:
      parent->is_array() ? parent->erase(index) : static_cast<void>(parent->erase(key));
      break;
    case 1:
      parent->is_array() ? parent->push_back(copy) : static_cast<void>((*parent)[key + "_"] = copy);
      break;
    case 2: {  // the value of another place
      const auto& [other, name] = values[choice % values.size()];
      value = Json(other->is_array() ? (*other)[std::stoul(name)] : (*other)[name]);
      break;
    }
    case 3:
    case 4:
      if (copy.is_number_integer()) {
        value = copy.get<std::int64_t>() + static_cast<std::int64_t>(choice % 7) - 3;
        break;
      }
      if (copy.is_number()) {
        value = copy.get<double>() * (choice % 2 == 0 ? -1.5 : 1e-3);
        break;
      }
      [[fallthrough]];
    default:
      value = strange_value(choice);
  }
  write(json, input);
  return true;
}

}  // namespace sotto::fuzz
