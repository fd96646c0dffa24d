// From the command line to an exit code: parses, runs one subcommand, and turns every failure into one
// sentence.
#pragma once

namespace sotto::app {

enum ExitCode : int {
  kDone = 0,
  kFailed = 1,  // one sentence on standard error says why
  kUsage = 2,   // the command line itself is wrong
  kDisagreement =
      3  // it ran, but an encrypted label differs from the cleartext one, or a backend from portable
};

int run(int argc, char** argv);

}  // namespace sotto::app
