#include "tests/apps/run_program.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace sotto::app {
namespace {

/// A file in memory that takes one of the program's streams.
class Capture {
 public:
  Capture() : descriptor_(memfd_create("capture", 0)) {
    if (descriptor_ < 0) throw std::runtime_error("memfd_create failed");
  }
  ~Capture() { close(descriptor_); }
  int descriptor() const noexcept { return descriptor_; }
  std::string text() const {
    std::string result;
    std::array<char, 4096> block{};
    for (off_t at = 0;;) {
      const ssize_t got = pread(descriptor_, block.data(), block.size(), at);
      if (got <= 0) return result;
      result.append(block.data(), static_cast<std::size_t>(got));
      at += got;
    }
  }

 private:
  int descriptor_;
};

[[noreturn]] void become_program(std::vector<char*>& words, const RunOptions& options, int out, int err) {
  if (!options.stdout_path.empty()) out = open(options.stdout_path.c_str(), O_WRONLY);
  if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0) _exit(126);
  if (options.max_file_bytes != 0) {
    const rlimit limit{options.max_file_bytes, options.max_file_bytes};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(126);
  }
  execv(words.front(), words.data());
  _exit(127);
}

}  // namespace

Outcome run_program(const std::vector<std::string>& arguments, const RunOptions& options) {
  std::vector<std::string> storage{SOTTO_PROGRAM};
  storage.insert(storage.end(), arguments.begin(), arguments.end());
  std::vector<char*> words;
  for (std::string& word : storage) words.push_back(word.data());
  words.push_back(nullptr);

  const Capture out, err;
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) become_program(words, options, out.descriptor(), err.descriptor());
  int status = 0;
  waitpid(child, &status, 0);
  const int exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return {exit_code, out.text(), err.text()};
}

}  // namespace sotto::app
