// Options that several subcommands share, and what they mean.
#pragma once

#include <CLI/CLI.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/threads.h"

namespace sotto::app {

/// A wrong command line that the parser cannot see, such as a name that does not exist.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct CommonOptions {
  bool json = false;
  int threads = 0;      // 0: all cores
  std::string backend;  // "": the registry chooses
};
void add_common_options(CLI::App& app, CommonOptions& options);
/// --json and --threads alone, for a subcommand that does not run on one backend.
void add_program_options(CLI::App& app, bool& json, int& threads);

/// Checks the options, forces the backend, and gives the team size. Throws UsageError naming what exists.
Threads apply_common_options(const CommonOptions& options);

struct PlanningOptions;
/// --params and --max-logit. Gives the options that it adds, for those that exclude them.
std::vector<CLI::Option*> add_planning_options(CLI::App& app, PlanningOptions& options);

/// --engine with the names that make sense for this subcommand; the first is the default.
void add_engine_option(CLI::App& app, std::string& engine, const std::vector<std::string>& names);

}  // namespace sotto::app
