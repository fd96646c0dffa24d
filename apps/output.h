// What the subcommands print: text for people or one JSON value for programs, never both, always at the end.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace sotto::app {

using Json = nlohmann::ordered_json;  // fields stay in the order in which they were written

void print_json(const Json& value);
void print_text(const std::string& text);  // ends it with a new line if it has none

}  // namespace sotto::app
