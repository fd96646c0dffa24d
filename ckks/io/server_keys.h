// Server keys in files: each key is addressable by itself, so that a server reads only what it needs and
// never holds a set twice.
#pragma once

#include <functional>
#include <variant>

#include "base/file.h"
#include "ckks/io/objects.h"

namespace sotto::ckks::io {

/// One line of a key file's table of contents.
struct KeyEntry {
  std::optional<GaloisKeyId> galois;  // none: the relinearisation key
  int level = 0;
  std::uint64_t offset = 0, bytes = 0;  // from the begin of the file
  std::array<unsigned char, 32> digest{};
};

/// A key file, or one in memory, whose header and table of contents have been checked; a key is checked when
/// it is read.
class ServerKeysReader {
 public:
  /// `file` must outlive the reader.
  explicit ServerKeysReader(std::span<const std::byte> file, std::string_view name = "the file",
                            std::string_view backend = "");
  explicit ServerKeysReader(const std::string& path, std::string_view backend = "");

  const ParamsPtr& params() const noexcept { return params_; }
  const KeyId& id() const noexcept { return id_; }
  const std::vector<KeyEntry>& contents() const noexcept { return contents_; }
  // One key, in two steps; safe to call from several threads. A buffer of one limb for each thread is all
  // that is needed beside the key.
  /// Throws unless its SHA-256 is the one in the table.
  void verify(const KeyEntry& entry) const;
  /// Its packed halves unpacked, residues checked, and its seeded ones expanded.
  SwitchingKey expand(const KeyEntry& entry, Threads threads = {}) const;
  /// Both.
  SwitchingKey read(const KeyEntry& entry, Threads threads = {}) const;
  ServerKeys read_all(Threads threads = {}) const;

 private:
  void open(std::uint64_t file_bytes, std::string_view backend);
  /// Bytes [offset, offset + count) of the file; `scratch` is their storage when they come from a disk.
  std::span<const std::byte> bytes(std::uint64_t offset, std::uint64_t count, FileBytes& scratch) const;

  std::string key_name(const KeyEntry& entry) const;

  std::string name_;
  std::variant<std::span<const std::byte>, InputFile> source_;
  ParamsPtr params_;
  KeyId id_{};
  std::vector<KeyEntry> contents_;
};

ServerKeys parse_server_keys(std::span<const std::byte> file, std::string_view name = "the file",
                             std::string_view backend = "");
ServerKeys load_server_keys(const std::string& path, Threads threads = {}, std::string_view backend = "");

}  // namespace sotto::ckks::io
