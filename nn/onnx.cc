// The file side of the importer. What the bytes mean is in nn/onnx/, which needs Debian's ONNX package; this
// file does not.
#include "nn/onnx.h"

#include <cstdint>
#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace sotto::nn {
namespace {

constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{512} << 20;

std::string read_file(const std::string& path) {
  std::error_code failure;
  if (!std::filesystem::is_regular_file(path, failure)) {
    throw Error(ErrorCode::kIo, "cannot open model '" + path +
                                    "': " + (failure ? failure.message() : "it is not a regular file"));
  }
  const std::uintmax_t size = std::filesystem::file_size(path, failure);
  if (failure) throw Error(ErrorCode::kIo, "cannot read model '" + path + "': " + failure.message());
  if (size > kMaxFileBytes) {
    throw Error(ErrorCode::kUnsupported, "model '" + path + "' has " + std::to_string(size) +
                                             " bytes; at most " + std::to_string(kMaxFileBytes) +
                                             " are read");
  }
  std::string bytes(static_cast<std::size_t>(size), '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    throw Error(ErrorCode::kIo, "cannot read the " + std::to_string(size) + " bytes of model '" + path + "'");
  }
  return bytes;
}

}  // namespace

Graph import_onnx(const std::string& path) {
  return import_onnx_bytes(read_file(path), path);
}

}  // namespace sotto::nn
