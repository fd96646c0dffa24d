// Several files that must appear together or not at all.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sotto::app {

/// A folder inside `target` where files wait under their names until publish() moves them into `target`. Made
/// with its parents when they are missing; what was made and not published is removed again.
class StagedFolder {
 public:
  /// Throws Error kIo when the folder cannot be made or written to.
  explicit StagedFolder(const std::string& target);
  StagedFolder(const StagedFolder&) = delete;
  StagedFolder& operator=(const StagedFolder&) = delete;
  ~StagedFolder();

  std::string path(const std::string& name) const { return waiting_ / name; }
  /// Renames in the order given; each replaces a file of that name. Throws Error kIo, and then `target` is as
  /// it was before.
  void publish(const std::vector<std::string>& names);

 private:
  void replace(const std::string& name);
  void put_back(const std::string& name) noexcept;

  std::filesystem::path target_, waiting_;
  std::filesystem::path made_;  // the outermost folder that was not there before, or empty
  bool published_ = false;
  bool stranded_ = false;  // an old file could not go back to its place and still lies in waiting_
};

}  // namespace sotto::app
