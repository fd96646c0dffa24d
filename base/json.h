// JSON that others wrote, into a tree: the one place where such texts are parsed.
//
// nlohmann-json parses without recursion, but copies and writes a tree by recursion, so a text of a million
// brackets would overflow the stack later. Nothing that Sotto reads is nested deeper than kMaxJsonDepth. For
// sources only: no public header includes this one, because nlohmann-json is not needed to use the libraries.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"

namespace sotto {

inline constexpr int kMaxJsonDepth = 32;

/// `text` as a tree of the kind Json. Throws Error kCorruptFile "<what>: …" when it is longer than max_bytes,
/// nested deeper than kMaxJsonDepth, or not JSON.
template <class Json = nlohmann::json>
Json parse_json(std::string_view text, std::size_t max_bytes, const std::string& what) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCode::kCorruptFile, what + ": " + why);
  };
  if (text.size() > max_bytes)
    refuse(std::to_string(text.size()) + " bytes of JSON where at most " + std::to_string(max_bytes) +
           " are expected");
  const auto check_depth = [&](int depth, typename Json::parse_event_t event, Json&) {
    const bool opens =
        event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    if (opens && depth >= kMaxJsonDepth)
      refuse("JSON nested deeper than " + std::to_string(kMaxJsonDepth) + " levels");
    return true;
  };
  try {
    return Json::parse(text, check_depth);
  } catch (const typename Json::exception& error) {
    refuse(std::string("not JSON: ") + error.what());
  }
  return {};
}

}  // namespace sotto
