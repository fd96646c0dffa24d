// Public image sets for the tests, read where a person has put them: SOTTO_DATA, else ../shared/data beside
// the source tree. Tests skip, and say why, when a file or the library that unpacks it is not there.
#pragma once

#ifdef SOTTO_TEST_LZMA
#include <lzma.h>
#endif
#ifdef SOTTO_TEST_ZLIB
#include <zlib.h>
#endif

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace sotto::nn::testing {

inline std::filesystem::path data_folder() {
  const char* chosen = std::getenv("SOTTO_DATA");
  return chosen != nullptr ? std::filesystem::path(chosen)
                           : std::filesystem::path(SOTTO_SOURCE_DIR) / ".." / "shared" / "data";
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot open " + path.string());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

#ifdef SOTTO_TEST_LZMA
/// The first `count` bytes of an .xz file.
inline std::string unpack_xz(const std::filesystem::path& path, std::size_t count) {
  const std::string packed = read_file(path);
  std::string bytes(count, '\0');
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&stream, UINT64_MAX, 0) != LZMA_OK)
    throw std::runtime_error("liblzma does not start");
  stream.next_in = reinterpret_cast<const std::uint8_t*>(packed.data());
  stream.avail_in = packed.size();
  stream.next_out = reinterpret_cast<std::uint8_t*>(bytes.data());
  stream.avail_out = count;
  while (stream.avail_out > 0 && lzma_code(&stream, LZMA_RUN) == LZMA_OK) continue;
  const std::size_t missing = stream.avail_out;
  lzma_end(&stream);
  if (missing > 0) throw std::runtime_error(path.string() + " is cut short");
  return bytes;
}
#endif

#ifdef SOTTO_TEST_ZLIB
/// The first `count` bytes of a .gz file.
inline std::string unpack_gz(const std::filesystem::path& path, unsigned count) {
  std::string bytes(count, '\0');
  gzFile file = gzopen(path.c_str(), "rb");
  const int got = file == nullptr ? 0 : gzread(file, bytes.data(), count);
  if (file != nullptr) gzclose(file);
  if (got != static_cast<int>(count)) throw std::runtime_error("cannot read " + path.string());
  return bytes;
}
#endif

}  // namespace sotto::nn::testing
