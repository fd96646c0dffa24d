// Golden files: what an earlier release wrote and every later one must read.
#pragma once

#include <cstdlib>
#include <span>
#include <string>

#include "base/file.h"

namespace sotto::test {

/// The bytes of tests/data/`name`; written first with `made` where SOTTO_WRITE_GOLDEN asks for it, for the
/// files of a new format version.
inline std::vector<std::byte> golden(const std::string& name, std::span<const std::byte> made) {
  const std::string path = std::string(SOTTO_SOURCE_DIR) + "/tests/data/" + name;
  if (std::getenv("SOTTO_WRITE_GOLDEN") != nullptr) write_file_atomic(path, made);
  return read_file(path, 1 << 20);
}
/// The same for a text.
inline std::string golden_text(const std::string& name, const std::string& made) {
  const std::vector<std::byte> bytes = golden(name, std::as_bytes(std::span(made)));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace sotto::test
