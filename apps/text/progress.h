// A line on standard error for work that lasts: what runs, how far it is, and how long it will take.
//
// Nothing is shown in the first two seconds, so quick work stays quiet. On a terminal one line is redrawn and
// erased at the end; elsewhere (a log file) a line is written every five seconds. Standard output is never
// touched.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace sotto::app {

class Progress {
 public:
  /// `total` units of work, or 0 for work that cannot be counted; then `expected_seconds` (0: unknown) gives
  /// the ETA.
  explicit Progress(std::string what, std::int64_t total = 0, double expected_seconds = 0);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void set_done(std::int64_t done) noexcept { done_.store(done, std::memory_order_relaxed); }
  /// For work that tells (done, total) itself.
  std::function<void(int, int)> counter() {
    return [this](int done, int total) {
      total_.store(total, std::memory_order_relaxed);
      set_done(done);
    };
  }

 private:
  using Clock = std::chrono::steady_clock;
  void tick();
  void show(double elapsed);

  const std::string what_;
  std::atomic<std::int64_t> total_;
  const double expected_seconds_;
  const bool terminal_;
  const Clock::time_point start_ = Clock::now();
  std::atomic<std::int64_t> done_{0};
  bool shown_ = false;  // by the ticker; read after it has been joined

  std::mutex mutex_;
  std::condition_variable wake_;
  bool finished_ = false;  // guarded by mutex_
  std::thread ticker_;     // last: it uses all of the above
};

/// The line itself, without the ends: "evaluating 57/200, 4.1 s, 10.3 s left".
std::string progress_line(const std::string& what, std::int64_t done, std::int64_t total, double elapsed,
                          double expected_seconds);

}  // namespace sotto::app
