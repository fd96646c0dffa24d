// What the tests of the program share: a folder of keys and ciphertexts that is made once, and how failures
// must look.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/apps/run_program.h"

namespace sotto::app {

namespace fs = std::filesystem;
using Json = nlohmann::json;

inline const std::string kModel = SOTTO_SOURCE_DIR "/models/mnist-cryptonets.onnx";
inline std::string sample(int digit) {
  return SOTTO_SOURCE_DIR "/samples/digit-" + std::to_string(digit) + ".pgm";
}

inline std::string read_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
inline void write_bytes(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// Exit code, one sentence on standard error that holds `part`, and nothing on standard output.
inline void expect_failure(const Outcome& outcome, int exit_code, const std::string& part) {
  EXPECT_EQ(outcome.exit_code, exit_code) << outcome.out << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err.rfind("sotto: ", 0), 0u) << outcome.err;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_THAT(outcome.err, testing::HasSubstr(part));
}

class Cli : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string pattern = fs::temp_directory_path() / "sotto-cli-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    folder_ = pattern;
  }
  static void TearDownTestSuite() { fs::remove_all(folder_); }

  static std::string at(const std::string& name) { return folder_ / name; }

  /// Files below the folder, so that a test can see that a failure left nothing behind.
  static std::vector<std::string> listing() {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(folder_)) names.push_back(entry.path());
    std::sort(names.begin(), names.end());
    return names;
  }

  static inline fs::path folder_;
};

}  // namespace sotto::app
