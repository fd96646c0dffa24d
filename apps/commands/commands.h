// The subcommands of sotto, one file each. A subcommand adds its options to the parser and returns what to
// run.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <vector>

namespace sotto::app {

struct Command {
  const CLI::App* app;
  std::function<int()> run;  // returns an ExitCode; throws Error or UsageError
};

Command add_info(CLI::App& root);
Command add_params(CLI::App& root);
Command add_plan(CLI::App& root);
Command add_classify(CLI::App& root);
Command add_evaluate(CLI::App& root);
Command add_keygen(CLI::App& root);
Command add_encrypt(CLI::App& root);
Command add_infer(CLI::App& root);
Command add_decrypt(CLI::App& root);
Command add_fit(CLI::App& root);
Command add_bench(CLI::App& root);

inline std::vector<Command> add_commands(CLI::App& root) {
  return {add_info(root),     add_params(root), add_plan(root),    add_classify(root),
          add_evaluate(root), add_keygen(root), add_encrypt(root), add_infer(root),
          add_decrypt(root),  add_fit(root),    add_bench(root)};
}

}  // namespace sotto::app
