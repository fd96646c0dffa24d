// Runs `sotto fit` inside the process and keeps what it writes.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/app.h"

namespace sotto::app {

using Json = nlohmann::json;

struct Captured {
  int exit_code;
  std::string out, err;
};

inline Captured fit(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"sotto", "fit"});
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int exit_code = run(static_cast<int>(argv.size()), argv.data());
  return {exit_code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

inline Json fit_json(std::vector<std::string> arguments) {
  arguments.push_back("--json");
  const Captured captured = fit(arguments);
  EXPECT_EQ(captured.exit_code, kDone) << captured.err;
  return Json::parse(captured.out);
}

}  // namespace sotto::app
