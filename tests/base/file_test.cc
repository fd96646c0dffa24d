#include "base/file.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace sotto {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class FileTest : public ::testing::Test {
 protected:
  FileTest() {
    std::string pattern = (fs::temp_directory_path() / "sotto-file-test-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~FileTest() override { fs::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  fs::path folder_;
};

std::string text_of(const std::string& path) {
  const auto bytes = read_file(path, 1 << 20);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <class F>
Error error_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {ErrorCode::kInvalidArgument, ""};
}

TEST_F(FileTest, WrittenBytesAreReadBack) {
  write_file_atomic(path("a"), std::string_view("one"));
  EXPECT_EQ(text_of(path("a")), "one");
  write_file_atomic(path("a"), std::string_view("second"));
  EXPECT_EQ(text_of(path("a")), "second");
  EXPECT_EQ(entries(), 1u) << "a temporary file stayed behind";
}

TEST_F(FileTest, SecretsAreReadableByTheOwnerOnly) {
  write_file_atomic(path("secret"), std::string_view("s"), FileAccess::kOwnerOnly);
  struct stat status {};
  ASSERT_EQ(::stat(path("secret").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(FileTest, AnAbandonedWriteLeavesTheOldFile) {
  write_file_atomic(path("a"), std::string_view("old"));
  {
    AtomicFile file(path("a"));
    file.write_at(0, std::as_bytes(std::span("new", 3)));
    EXPECT_EQ(entries(), 2u);
  }
  EXPECT_EQ(text_of(path("a")), "old");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(FileTest, PartsMayBeWrittenInAnyOrder) {
  AtomicFile file(path("a"));
  file.write_at(3, std::as_bytes(std::span("def", 3)));
  file.write_at(0, std::as_bytes(std::span("abc", 3)));
  EXPECT_FALSE(fs::exists(path("a")));
  file.commit();
  EXPECT_EQ(text_of(path("a")), "abcdef");
}

TEST_F(FileTest, ASymbolicLinkIsFollowed) {
  write_file_atomic(path("target"), std::string_view("old"));
  fs::create_symlink(path("target"), path("link"));
  write_file_atomic(path("link"), std::string_view("new"));
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(text_of(path("target")), "new");
}

TEST_F(FileTest, UnwritablePlacesAreNamedWithTheReason) {
  const Error missing = error_of([&] { write_file_atomic(path("no/such/folder"), std::string_view("x")); });
  EXPECT_EQ(missing.code(), ErrorCode::kIo);
  EXPECT_THAT(missing.what(), HasSubstr(path("no/such/folder")));
  EXPECT_THAT(missing.what(), HasSubstr("No such file or directory"));

  const Error device = error_of([] { write_file_atomic("/dev/full", std::string_view("x")); });
  EXPECT_THAT(device.what(), HasSubstr("not a regular file"));
  const Error folder = error_of([&] { write_file_atomic(folder_.string(), std::string_view("x")); });
  EXPECT_THAT(folder.what(), HasSubstr("not a regular file"));
}

// A file-size limit stands in for a full disk: both are a write that fails after the file was created.
TEST_F(FileTest, AFullDiskLeavesNothingBehind) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write_file_atomic(path("big"), std::string(5000, 'x'));
    } catch (const Error& error) {
      const bool clear = std::string(error.what()).find("File too large") != std::string::npos;
      ::_exit(error.code() == ErrorCode::kIo && clear ? 0 : 2);
    }
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(entries(), 0u);
}

TEST_F(FileTest, ReadingIsBounded) {
  write_file_atomic(path("a"), std::string(100, 'x'));
  EXPECT_EQ(read_file(path("a"), 100).size(), 100u);
  EXPECT_THAT(error_of([&] { read_file(path("a"), 99); }).what(), HasSubstr("longer than the 99 bytes"));
  EXPECT_THAT(error_of([] { read_file("/dev/zero", 1 << 20); }).what(), HasSubstr("longer than"));
}

TEST_F(FileTest, AGivenBufferIsFilledFromPipesToo) {
  const auto read_pipe = [](std::size_t written, std::size_t room) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const std::string text(written, 'x');
    EXPECT_EQ(::write(ends[1], text.data(), written), static_cast<ssize_t>(written));
    ::close(ends[1]);
    const struct Closer {
      int descriptor;
      ~Closer() { ::close(descriptor); }
    } closer{ends[0]};
    std::vector<std::byte> buffer(room);
    return InputFile("/dev/fd/" + std::to_string(ends[0])).read_all(buffer);
  };
  EXPECT_EQ(read_pipe(300, 1000), 300u);
  EXPECT_EQ(read_pipe(300, 300), 300u);
  EXPECT_THAT(error_of([&] { read_pipe(301, 300); }).what(), HasSubstr("longer than the 300 bytes"));
}

TEST_F(FileTest, ReadingNamesWhatIsMissing) {
  EXPECT_THAT(error_of([&] { read_file(path("absent"), 10); }).what(), HasSubstr("No such file"));
  EXPECT_THAT(error_of([&] { read_file(folder_.string(), 10); }).what(), HasSubstr("Is a directory"));
  write_file_atomic(path("a"), std::string_view("abc"));
  const InputFile file(path("a"));
  EXPECT_EQ(file.size(), 3u);
  std::byte two[2];
  file.read_at(1, two);
  EXPECT_EQ(two[1], std::byte{'c'});
  EXPECT_THAT(error_of([&] { file.read_at(2, two); }).what(), HasSubstr("ends at byte 3"));
}

TEST_F(FileTest, EmptyFilesAreFiles) {
  write_file_atomic(path("a"), std::string_view());
  EXPECT_EQ(read_file(path("a"), 0).size(), 0u);
}

}  // namespace
}  // namespace sotto
