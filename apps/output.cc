#include "apps/output.h"

#include <cstdio>

namespace sotto::app {

// fwrite's own error state is kept for app.cc, which checks it once at the end.
void print_text(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (text.empty() || text.back() != '\n') std::fputc('\n', stdout);
}

void print_json(const Json& value) {
  print_text(value.dump(2, ' ', false, Json::error_handler_t::replace));
}

}  // namespace sotto::app
