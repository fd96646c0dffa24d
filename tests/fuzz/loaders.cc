// The loaders of binary files: objects of Sotto, pictures and models.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <functional>

#include "apps/images/idx.h"
#include "apps/images/image.h"
#include "base/error.h"
#include "ckks/io/stored_keys.h"
#include "nn/model_hash.h"
#include "nn/onnx.h"
#include "nn/passes/passes.h"
#include "tests/ckks/io_samples.h"
#include "tests/fuzz/targets.h"

namespace sotto::fuzz {
namespace {

using ckks::io::ObjectType;

/// What `check` says of an input that it accepts; an Error is a refusal, anything else ends the program.
std::string accepted(const std::function<std::string()>& check) {
  try {
    return check();
  } catch (const Error&) {
    return "";
  }
}

std::string same_bytes(ObjectType type, std::span<const std::byte> file) {
  return accepted([&] {
    const ckks::io::FileBytes again = ckks::io::parse_and_serialize(type, file);
    if (std::ranges::equal(again, file)) return std::string();
    return "an accepted " + std::string(ckks::io::type_name(type)) + " is not what its object serializes to";
  });
}

/// A file without a name, gone when the scope ends.
class MemoryFile {
 public:
  explicit MemoryFile(std::span<const std::byte> bytes) : descriptor_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    while (!bytes.empty()) {
      const ssize_t put = ::write(descriptor_, bytes.data(), bytes.size());
      if (put <= 0) throw std::runtime_error("no memory file");
      bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(descriptor_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

}  // namespace

std::string load_params(std::span<const std::byte> input) {
  return same_bytes(ObjectType::kParams, input);
}
std::string load_secret_key(std::span<const std::byte> input) {
  return same_bytes(ObjectType::kSecretKey, input);
}
std::string load_public_key(std::span<const std::byte> input) {
  return same_bytes(ObjectType::kPublicKey, input);
}
std::string load_server_keys(std::span<const std::byte> input) {
  return same_bytes(ObjectType::kServerKeys, input);
}
std::string load_ciphertext(std::span<const std::byte> input) {
  return same_bytes(ObjectType::kCiphertext, input);
}

std::string load_stored_keys(std::span<const std::byte> input) {
  return accepted([&]() -> std::string {
    const ckks::io::ServerKeysReader reader(input);
    std::uint64_t largest = 0;
    for (const auto& entry : reader.contents())
      largest = std::max(largest, ckks::expanded_key_bytes(*reader.params(), entry.level));
    const ckks::io::StoredKeys keys(ckks::io::ServerKeysReader(input), largest);
    const ckks::ServerKeys whole = reader.read_all();
    for (int round = 0; round < 2; ++round) {
      for (const auto& [name, level] : keys.levels()) {
        const auto key = keys.find(name);
        if (!ckks::io::same(*key, name ? whole.galois.at(*name) : *whole.relin))
          return describe(name) + " has other words when it is read by itself";
        if (key->level != level || keys.kept_bytes() > largest)
          return "the store breaks its own list or budget";
      }
    }
    return "";
  });
}

std::string load_onnx(std::span<const std::byte> input) {
  return accepted([&]() -> std::string {
    const std::string_view bytes(reinterpret_cast<const char*>(input.data()), input.size());
    const nn::Graph graph = nn::import_onnx_bytes(bytes, "fuzz.onnx");
    if (nn::model_sha256(graph) != nn::model_sha256(nn::import_onnx_bytes(bytes, "fuzz.onnx")))
      return "a model was imported as two different graphs";
    nn::simplify(graph);
    return "";
  });
}

std::string load_image(std::span<const std::byte> input) {
  return accepted([&]() -> std::string {
    const nn::Tensor image = app::parse_image(input, "fuzz");
    const bool inside = std::ranges::all_of(image.values, [](double v) { return v >= 0 && v <= 1; });
    return inside ? "" : "a picture has a value outside of [0, 1]";
  });
}

std::string load_idx(std::span<const std::byte> input) {
  const MemoryFile file(input);
  return accepted([&]() -> std::string {
    for (const std::size_t rank : {std::size_t{1}, std::size_t{3}}) {
      const std::string broken = accepted([&]() -> std::string {
        const app::IdxFile idx = app::read_idx(file.path(), rank, 1, 2);
        std::size_t item = 1;
        for (std::size_t i = 1; i < rank; ++i) item *= idx.sides[i];
        const std::size_t items = std::min<std::size_t>(2, std::max<std::size_t>(idx.sides[0], 1) - 1);
        return idx.window.size() == items * item ? ""
                                                 : "an IDX window has another size than its header gives";
      });
      if (!broken.empty()) return broken;
    }
    return "";
  });
}

}  // namespace sotto::fuzz
