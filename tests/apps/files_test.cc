// Several files that appear together or not at all, and outputs that must not be inputs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "apps/files.h"
#include "apps/staging.h"
#include "base/error.h"
#include "tests/support/refusal.h"

namespace sotto::app {
namespace {

using test::refusal;

namespace fs = std::filesystem;
using testing::HasSubstr;

class Files : public testing::Test {
 protected:
  Files() {
    std::string pattern = fs::temp_directory_path() / "sotto-files-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    folder_ = pattern;
  }
  ~Files() override { fs::remove_all(folder_); }

  std::string at(const std::string& name) const { return folder_ / name; }
  static void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }
  static std::string read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), {}));
  }

  fs::path folder_;
};

TEST_F(Files, AStagedFolderReplacesAllFiles) {
  write(at("a"), "old a");
  {
    StagedFolder staged(folder_);
    write(staged.path("a"), "new a");
    write(staged.path("b"), "new b");
    EXPECT_EQ(read(at("a")), "old a");
    staged.publish({"a", "b"});
  }
  EXPECT_EQ(read(at("a")), "new a");
  EXPECT_EQ(read(at("b")), "new b");
  EXPECT_EQ(entries(), 2u);
}

TEST_F(Files, AStagedFolderThatCannotReplaceOneFileReplacesNone) {
  write(at("a"), "old a");
  fs::create_directory(at("c"));  // a folder cannot give way to a file
  {
    StagedFolder staged(folder_);
    for (const char* name : {"a", "b", "c"}) write(staged.path(name), "new");
    EXPECT_THAT(refusal([&] { staged.publish({"a", "b", "c"}); }), HasSubstr("no regular file"));
  }
  EXPECT_EQ(read(at("a")), "old a");
  EXPECT_EQ(entries(), 2u);
}

TEST_F(Files, AStagedFolderPutsBackWhatItReplacedBeforeAFailure) {
  write(at("a"), "old a");
  write(at("c"), "old c");
  {
    StagedFolder staged(folder_);
    for (const char* name : {"a", "b"}) write(staged.path(name), "new");  // and no c, which fails last
    EXPECT_THAT(refusal([&] { staged.publish({"a", "b", "c"}); }), HasSubstr("cannot write"));
  }
  EXPECT_EQ(read(at("a")), "old a");
  EXPECT_EQ(read(at("c")), "old c");
  EXPECT_EQ(entries(), 2u);
}

TEST_F(Files, AnOutputIsNoInputUnderAnyName) {
  write(at("image"), "x");
  fs::create_hard_link(at("image"), at("twin"));
  for (const std::string& out : {at("image"), at("twin"), (folder_ / "." / "image").string()}) {
    EXPECT_THAT(refusal([&] {
                  refuse_input_as_output(out, {"", at("absent"), at("image")});
                }),
                HasSubstr("choose another name"));
  }
  refuse_input_as_output(at("new"), {"", at("absent"), at("image")});
  refuse_input_as_output("", {"", at("image")});
}

}  // namespace
}  // namespace sotto::app
