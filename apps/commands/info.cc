// sotto info: what this machine offers, which NTT backend was chosen and why, and the versions of everything.
#include <fmt/format.h>

#include "apps/app.h"
#include "apps/commands/commands.h"
#include "apps/machine.h"
#include "apps/options.h"
#include "apps/output.h"
#include "apps/text/format.h"
#include "apps/text/table.h"
#include "ntt/registry.h"

namespace sotto::app {
namespace {

constexpr const char* kFooter = R"(Example:
  sotto info                                  a table for people
  sotto info --json | jq .backends            for programs)";

struct BackendState {
  const ntt::BackendInfo* info;
  bool usable, chosen;
  std::string why;
};

std::vector<BackendState> backend_states() {
  const std::string_view forced = ntt::forced_backend();
  std::vector<BackendState> states;
  bool taken = false;
  for (const ntt::BackendInfo& backend : ntt::backends()) {
    const bool usable = backend.usable();
    const bool chosen = forced.empty() ? usable && !taken : backend.name == forced;
    std::string why = "slower than the one above";
    if (!usable)
      why = "not in this build, or this CPU lacks what it needs";
    else if (chosen)
      why = forced.empty() ? "the fastest that runs here" : "asked for by name";
    else if (!forced.empty())
      why = "another was asked for by name";
    taken = taken || chosen;
    states.push_back({&backend, usable, chosen, why});
  }
  return states;
}

Json to_json(const Machine& machine, Threads threads) {
  Json features = Json::object(), libraries = Json::object(), backends = Json::array();
  for (const Feature& feature : machine.features) features[feature.name] = feature.present;
  for (const auto& [name, version] : library_versions()) libraries[name] = version;
  for (const BackendState& state : backend_states()) {
    backends.push_back({{"name", state.info->name},
                        {"description", state.info->description},
                        {"usable", state.usable},
                        {"chosen", state.chosen},
                        {"why", state.why}});
  }
  return {{"version", SOTTO_VERSION},
          {"compiler", compiler()},
          {"cpu", machine.cpu},
          {"cores", machine.cores},
          {"memory_bytes", machine.memory_bytes},
          {"threads", threads.count},
          {"cpu_features", features},
          {"backends", backends},
          {"engines", {"native", "cleartext", "trace"}},
          {"libraries", libraries}};
}

std::string to_text(const Machine& machine, Threads threads) {
  std::string features, libraries;
  for (const Feature& feature : machine.features) {
    features += (features.empty() ? "" : "  ") + feature.name + (feature.present ? "" : " (no)");
  }
  for (const auto& [name, version] : library_versions()) {
    libraries += fmt::format("{}{} {}", libraries.empty() ? "" : ", ", name, version);
  }
  Table table({{"NTT backend", Table::Align::kLeft},
               {"usable", Table::Align::kLeft},
               {"chosen", Table::Align::kLeft},
               {"why", Table::Align::kLeft},
               {"what it is", Table::Align::kLeft}});
  for (const BackendState& state : backend_states()) {
    table.add({std::string(state.info->name), state.usable ? "yes" : "no", state.chosen ? "yes" : "",
               state.why, std::string(state.info->description)});
  }
  return fmt::format(
      "sotto      {} ({})\nCPU        {}, {}, {} of memory\nfeatures   {}\nthreads    {}\n"
      "engines    native, cleartext, trace\nlibraries  {}\n\n{}",
      SOTTO_VERSION, compiler(), machine.cpu, format_count(static_cast<std::size_t>(machine.cores), "core"),
      format_bytes(machine.memory_bytes), features.empty() ? "none that a kernel uses" : features,
      threads.count, libraries, table.text());
}

}  // namespace

Command add_info(CLI::App& root) {
  CLI::App* app = root.add_subcommand("info", "Show the CPU, NTT backends, library versions and threads");
  app->footer(kFooter);
  auto options = std::make_shared<CommonOptions>();
  add_common_options(*app, *options);
  return {app, [options] {
            const Threads threads = apply_common_options(*options);
            const Machine machine = describe_machine();
            if (options->json) {
              print_json(to_json(machine, threads));
            } else {
              print_text(to_text(machine, threads));
            }
            return kDone;
          }};
}

}  // namespace sotto::app
