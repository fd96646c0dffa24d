#include "apps/text/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "apps/text/format.h"

namespace sotto::app {
namespace {

using namespace std::chrono_literals;
constexpr auto kQuiet = 2s;         // before the first line
constexpr auto kRedraw = 200ms;     // on a terminal
constexpr auto kLineInterval = 5s;  // in a log
constexpr const char* kEraseLine = "\r\x1b[K";

}  // namespace

std::string progress_line(const std::string& what, std::int64_t done, std::int64_t total, double elapsed,
                          double expected_seconds) {
  std::string line = what;
  if (total > 0) line += fmt::format(" {}/{}", done, total);
  line += ", " + format_seconds(elapsed);
  double whole = expected_seconds;
  if (total > 0 && done > 0) whole = elapsed * static_cast<double>(total) / static_cast<double>(done);
  if (whole > elapsed) line += ", " + format_seconds(whole - elapsed) + " left";
  return line;
}

Progress::Progress(std::string what, std::int64_t total, double expected_seconds)
    : what_(std::move(what)),
      total_(total),
      expected_seconds_(expected_seconds),
      terminal_(isatty(STDERR_FILENO) == 1),
      ticker_([this] { tick(); }) {}

Progress::~Progress() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  wake_.notify_one();
  ticker_.join();
  if (shown_ && terminal_) std::fputs(kEraseLine, stderr);
}

void Progress::tick() {
  const auto interval = terminal_ ? Clock::duration(kRedraw) : Clock::duration(kLineInterval);
  std::unique_lock lock(mutex_);
  for (Clock::duration wait = kQuiet; !wake_.wait_for(lock, wait, [this] { return finished_; });
       wait = interval) {
    show(std::chrono::duration<double>(Clock::now() - start_).count());
  }
}

void Progress::show(double elapsed) {
  shown_ = true;
  const std::string line = progress_line(what_, done_.load(std::memory_order_relaxed),
                                         total_.load(std::memory_order_relaxed), elapsed, expected_seconds_);
  // One call a line, so that lines of several processes do not mix.
  std::fputs((terminal_ ? kEraseLine + line : "sotto: " + line + "\n").c_str(), stderr);
}

}  // namespace sotto::app
