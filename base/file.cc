#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <tuple>
#include <utility>

#include "base/error.h"

namespace sotto {
namespace {

[[noreturn]] void throw_system_error(const std::string& sentence, int code) {
  throw Error(ErrorCode::kIo, sentence + ": " + std::generic_category().message(code));
}

/// Creates PATH.tmp-PID-COUNT, a name that did not exist.
std::pair<int, std::string> create_beside(const std::string& path, mode_t mode) {
  static std::atomic<unsigned> count{0};
  while (true) {
    std::string name = path + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
    const int descriptor = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (descriptor >= 0) return {descriptor, std::move(name)};
    if (errno != EEXIST) throw_system_error("cannot write " + path, errno);
  }
}

/// What a rename would replace: the target of a symbolic link, and never a device or a folder.
std::string regular_target(const std::string& path) {
  if (path.empty()) throw Error(ErrorCode::kIo, "cannot write a file without a name");
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw Error(ErrorCode::kIo, "cannot write " + path + ": it exists and is not a regular file");
  }
  const auto resolved = std::filesystem::canonical(path, ignored);
  return ignored ? path : resolved.string();
}

/// The rename itself reaches the disk only with the folder. Best effort: some file systems refuse to flush
/// folders.
void flush_folder(const std::string& path) noexcept {
  const auto slash = path.find_last_of('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

InputFile::InputFile(const std::string& path)
    : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  struct stat status {};
  if (descriptor_ < 0) throw_system_error("cannot read " + path, errno);
  const bool known = ::fstat(descriptor_, &status) == 0;
  if (!known || S_ISDIR(status.st_mode)) {
    const int code = known ? EISDIR : errno;
    ::close(descriptor_);
    throw_system_error("cannot read " + path, code);
  }
  if (S_ISREG(status.st_mode)) size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void InputFile::read_at(std::uint64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t got = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_system_error("cannot read " + path_, errno);
    if (got == 0)
      throw Error(ErrorCode::kIo, "cannot read " + path_ + ": it ends at byte " + std::to_string(offset));
    offset += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

std::size_t InputFile::read_next(std::span<std::byte> out) const {
  std::size_t used = 0;
  while (used < out.size()) {
    const ssize_t got = ::read(descriptor_, out.data() + used, out.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_system_error("cannot read " + path_, errno);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  return used;
}

void InputFile::refuse_longer(std::uint64_t max_bytes) const {
  throw Error(ErrorCode::kIo, "cannot read " + path_ + ": it is longer than the " +
                                  std::to_string(max_bytes) + " bytes that are accepted here");
}

std::vector<std::byte> InputFile::read_all(std::uint64_t max_bytes) const {
  // One byte more than the file is said to have, so that the read that finds its end needs no further growth.
  std::vector<std::byte> bytes(std::min(size_, max_bytes) + 1);
  std::size_t used = 0;
  while (true) {
    used += read_next(std::span(bytes).subspan(used));
    if (used > max_bytes) refuse_longer(max_bytes);
    if (used < bytes.size()) break;
    bytes.resize(std::min<std::uint64_t>(2 * used + 65536, max_bytes + 1));
  }
  bytes.resize(used);
  return bytes;
}

std::size_t InputFile::read_all(std::span<std::byte> out) const {
  const std::size_t used = read_next(out);
  std::byte more{};
  if (used == out.size() && read_next({&more, 1}) != 0) refuse_longer(out.size());
  return used;
}

AtomicFile::AtomicFile(const std::string& path, FileAccess access) : path_(regular_target(path)) {
  std::tie(descriptor_, temporary_) = create_beside(path_, access == FileAccess::kOwnerOnly ? 0600 : 0666);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) fail("write");
    offset += static_cast<std::uint64_t>(put);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) fail("flush");
  if (::close(std::exchange(descriptor_, -1)) != 0) fail("close");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail("rename to");
  temporary_.clear();
  flush_folder(path_);
}

void AtomicFile::fail(const std::string& doing) const {
  const int code = errno;
  throw_system_error("cannot " + doing + " " + path_ + " (nothing was written there)", code);
}

std::vector<std::byte> read_file(const std::string& path, std::uint64_t max_bytes) {
  return InputFile(path).read_all(max_bytes);
}

void write_file_atomic(const std::string& path, std::span<const std::byte> bytes, FileAccess access) {
  AtomicFile file(path, access);
  file.write_at(0, bytes);
  file.commit();
}

void write_file_atomic(const std::string& path, std::string_view text, FileAccess access) {
  write_file_atomic(path, std::as_bytes(std::span(text)), access);
}

}  // namespace sotto
