#include "apps/app.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>

#include "apps/commands/commands.h"
#include "apps/options.h"
#include "apps/output.h"
#include "base/error.h"

namespace sotto::app {
namespace {

constexpr const char* kFooter = R"(Examples:
  sotto classify models/mnist-cryptonets.onnx samples/*.pgm    the whole loop in one process
  sotto plan models/mnist-cryptonets.onnx                      what would run, before a key is made
  sotto SUBCOMMAND --help                                      options and an example of each

Exit codes: 0 done, 1 failed (one sentence on standard error), 2 wrong usage, 3 what must agree differs (see the subcommand).)";

/// Text of a parse error on one line, with the way to the help; `first` is the first word after the program's
/// name.
std::string usage_sentence(const CLI::App& root, const CLI::ParseError& error, const std::string& first) {
  const auto all = root.get_subcommands([](const CLI::App*) { return true; });
  const auto has_name = [&](const CLI::App* app) { return app->get_name() == first; };
  if (!first.empty() && first.front() != '-' && std::none_of(all.begin(), all.end(), has_name)) {
    std::string names;
    for (const CLI::App* app : all) names += (names.empty() ? "" : ", ") + app->get_name();
    return fmt::format("no subcommand has the name {}; there are {}", first, names);
  }
  std::string text = error.what();
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::string path;  // "sotto bench ntt"
  for (const CLI::App* app = &root; app != nullptr;) {
    path += (path.empty() ? "" : " ") + app->get_name();
    const auto used = app->get_subcommands();
    app = used.empty() ? nullptr : used.front();
  }
  return fmt::format("{}; see {} --help", text, path);
}

/// --json may stand behind the mistake that ended the parsing, so it is looked for by itself.
bool wants_json(int argc, char** argv) {
  return std::any_of(argv, argv + argc, [](const char* word) { return std::strcmp(word, "--json") == 0; });
}

int fail(std::string_view code, const std::string& sentence, bool json, ExitCode exit_code) {
  fmt::print(stderr, "sotto: {}\n", sentence);
  if (json) print_json({{"error", {{"code", code}, {"message", sentence}}}});
  return exit_code;
}

/// What the subcommand printed must have arrived: a full disk behind a pipe is a failure too.
int finish(int exit_code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit_code;
  fmt::print(stderr, "sotto: standard output cannot be written: {}\n", std::strerror(errno));
  return kFailed;
}

int run_checked(const Command& command, bool json) {
  try {
    return finish(command.run());
  } catch (const UsageError& error) {
    return finish(fail("usage", error.what(), json, kUsage));
  } catch (const Error& error) {
    return finish(fail(error_code_name(error.code()), error.what(), json, kFailed));
  } catch (const std::bad_alloc&) {
    return finish(fail("out_of_memory",
                       "there is not enough memory; `sotto plan` tells how much a model needs", json,
                       kFailed));
  } catch (const std::exception& error) {
    return finish(fail("internal", error.what(), json, kFailed));
  }
}

}  // namespace

int run(int argc, char** argv) {
  std::signal(
      SIGXFSZ,
      SIG_IGN);  // a file-size limit is then an error of write() like a full disk, not the end of the process
  CLI::App root{"Sotto classifies images that it never sees: convolutional networks on encrypted pictures.",
                "sotto"};
  root.set_version_flag("--version", std::string("sotto ") + SOTTO_VERSION);
  root.footer(kFooter);
  root.require_subcommand(1);
  const std::vector<Command> commands = add_commands(root);
  const bool json = wants_json(argc, argv);
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      root.exit(error);
      return finish(kDone);
    }
    return fail("usage", usage_sentence(root, error, argc > 1 ? argv[1] : ""), json, kUsage);
  }
  const CLI::App* chosen = root.get_subcommands().front();
  const auto command =
      std::find_if(commands.begin(), commands.end(), [&](const Command& c) { return c.app == chosen; });
  return run_checked(*command, json);
}

}  // namespace sotto::app
