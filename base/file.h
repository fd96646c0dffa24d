// Files in and files out: reading under a cap, and writing so that nobody ever finds half a file.
//
// Every refusal is Error kIo with the path and the system's reason. A write goes to a temporary name in the
// same folder, is flushed to the disk, and takes the final name at the end; a failure anywhere before that
// leaves the old file as it was and no new one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sotto {

enum class FileAccess {
  kDefault,    // what the umask allows
  kOwnerOnly,  // 0600, for secrets
};

/// Opened for reading; any part can be read at any time, from several threads.
class InputFile {
 public:
  explicit InputFile(const std::string& path);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;
  ~InputFile();
  const std::string& path() const noexcept { return path_; }
  std::uint64_t size() const noexcept { return size_; }  // when it was opened; 0 for pipes
  /// Fills `out` from `offset`; a file that ends before that is an Error.
  void read_at(std::uint64_t offset, std::span<std::byte> out) const;
  /// From here to the end of the file, pipes included; refuses more than max_bytes.
  std::vector<std::byte> read_all(std::uint64_t max_bytes) const;
  /// The same into a given buffer, for secrets; refuses more than it holds, returns how much there was.
  std::size_t read_all(std::span<std::byte> out) const;

 private:
  std::size_t read_next(std::span<std::byte> out) const;  // until `out` is full or the file ends
  [[noreturn]] void refuse_longer(std::uint64_t max_bytes) const;

  std::string path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// A file that appears under its name only when commit() has succeeded.
class AtomicFile {
 public:
  /// Refuses a path that names something other than a regular file (a folder, a device).
  explicit AtomicFile(const std::string& path, FileAccess access = FileAccess::kDefault);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();  // removes the temporary file unless committed
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes);
  void commit();

 private:
  [[noreturn]] void fail(const std::string& doing) const;  // reads errno

  std::string path_, temporary_;
  int descriptor_ = -1;
};

std::vector<std::byte> read_file(const std::string& path, std::uint64_t max_bytes);
void write_file_atomic(const std::string& path, std::span<const std::byte> bytes,
                       FileAccess access = FileAccess::kDefault);
void write_file_atomic(const std::string& path, std::string_view text,
                       FileAccess access = FileAccess::kDefault);

}  // namespace sotto
