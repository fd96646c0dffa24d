#include "apps/staging.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "base/error.h"

namespace sotto::app {
namespace fs = std::filesystem;

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
  fs::remove_all(waiting_, ignored);
  if (published_ || made_.empty()) return;
  // Only folders that are still empty go: fs::remove refuses the others.
  for (fs::path folder = target_; fs::remove(folder, ignored) && folder != made_;
       folder = folder.parent_path()) {
  }
}

void StagedFolder::publish(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    std::error_code error;
    fs::rename(waiting_ / name, target_ / name, error);
    if (error) {
      throw Error(ErrorCode::kIo,
                  fmt::format("cannot write {}: {}", (target_ / name).string(), error.message()));
    }
  }
  published_ = true;
}

}  // namespace sotto::app
