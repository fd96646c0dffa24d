#include "apps/staging.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "base/error.h"

namespace sotto::app {
namespace fs = std::filesystem;
namespace {

constexpr const char* kOld = ".old";

}  // namespace

StagedFolder::StagedFolder(const std::string& target) : target_(fs::absolute(target).lexically_normal()) {
  std::error_code error;
  for (fs::path folder = target_; !folder.empty() && !fs::exists(folder, error);
       folder = folder.parent_path()) {
    made_ = folder;
  }
  fs::create_directories(target_, error);
  if (error)
    throw Error(ErrorCode::kIo, fmt::format("cannot make the folder {}: {}", target, error.message()));
  std::string name = target_ / ".new-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) {
    throw Error(ErrorCode::kIo, fmt::format("cannot write into {}: {}", target, std::strerror(errno)));
  }
  waiting_ = name;
}

StagedFolder::~StagedFolder() {
  std::error_code ignored;
  if (!stranded_) fs::remove_all(waiting_, ignored);
  if (published_ || made_.empty()) return;
  // Only folders that are still empty go: fs::remove refuses the others.
  for (fs::path folder = target_; fs::remove(folder, ignored) && folder != made_;
       folder = folder.parent_path()) {
  }
}

void StagedFolder::publish(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const fs::file_status there = fs::symlink_status(target_ / name);
    if (fs::exists(there) && !fs::is_regular_file(there))
      throw Error(ErrorCode::kIo,
                  fmt::format("cannot write {}: it is there and no regular file", (target_ / name).string()));
  }
  for (auto name = names.begin(); name != names.end(); ++name) {
    try {
      replace(*name);
    } catch (const Error&) {
      while (name != names.begin()) put_back(*--name);
      throw;
    }
  }
  published_ = true;
}

/// Moves the new file to its place and keeps the old one, if there was one, until the end.
void StagedFolder::replace(const std::string& name) {
  std::error_code error;
  const bool replaces = fs::exists(target_ / name);
  if (replaces) fs::rename(target_ / name, waiting_ / (name + kOld), error);
  if (!error) {
    fs::rename(waiting_ / name, target_ / name, error);
    if (!error) return;
    put_back(name);
  }
  throw Error(ErrorCode::kIo, fmt::format("cannot write {}: {}", (target_ / name).string(), error.message()));
}

void StagedFolder::put_back(const std::string& name) noexcept {
  std::error_code error;
  const fs::path old = waiting_ / (name + kOld);
  fs::remove(target_ / name, error);
  if (fs::exists(old, error)) fs::rename(old, target_ / name, error);
  stranded_ = stranded_ || static_cast<bool>(error);
}

}  // namespace sotto::app
