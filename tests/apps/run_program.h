// Runs the program sotto as a person would, and keeps what it said.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace sotto::app {

struct Outcome {
  int exit_code = -1;  // 128 + signal for a program that was killed
  std::string out, err;
};

struct RunOptions {
  std::size_t max_file_bytes = 0;  // 0: no limit; else writes beyond it fail, as on a full disk
  std::string stdout_path{};       // instead of keeping it
};

Outcome run_program(const std::vector<std::string>& arguments, const RunOptions& options = {});

}  // namespace sotto::app
