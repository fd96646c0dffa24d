#include "apps/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "apps/model.h"
#include "ntt/registry.h"

namespace sotto::app {
namespace {

constexpr int kMaxThreads = 1024;

/// Says which backends there are and why some of them cannot be taken here.
std::string backend_list() {
  std::vector<std::string> names;
  for (const ntt::BackendInfo& backend : ntt::backends()) {
    names.push_back(std::string(backend.name) +
                    (backend.usable() ? "" : " (this CPU lacks " + backend.missing() + ")"));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

void force_backend(const std::string& name) {
  const auto all = ntt::backends();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& b) { return b.name == name; });
  if (found == all.end() || !found->usable()) {
    throw UsageError(
        fmt::format("--backend {}: {}; there are {}", name,
                    found == all.end() ? "no NTT backend has this name" : "this CPU lacks what it needs",
                    backend_list()));
  }
  ntt::set_backend(name);
}

}  // namespace

void add_program_options(CLI::App& app, bool& json, int& threads) {
  app.add_flag("--json", json, "Print one JSON value for programs instead of text");
  app.add_option("--threads", threads, "Threads to use (default: all cores)")
      ->check(CLI::Range(1, kMaxThreads).description(""))
      ->type_name("N");
}

void add_common_options(CLI::App& app, CommonOptions& options) {
  add_program_options(app, options.json, options.threads);
  app.add_option("--backend", options.backend,
                 "NTT backend to force (default: the fastest here; see sotto info)")
      ->type_name("NAME");
}

Threads apply_common_options(const CommonOptions& options) {
  if (!options.backend.empty()) force_backend(options.backend);
  return options.threads == 0 ? Threads::all() : Threads{options.threads};
}

std::vector<CLI::Option*> add_planning_options(CLI::App& app, PlanningOptions& options) {
  return {app.add_option("--params", options.params,
                         "Parameters to plan for (JSON); otherwise the smallest secure ones")
              ->type_name("FILE"),
          app.add_option("--max-logit", options.max_logit,
                         "Largest magnitude of the answers to leave room for (default: by the model card)")
              ->check(CLI::Range(1e-3, 1e9).description(""))
              ->type_name("X")};
}

void add_engine_option(CLI::App& app, std::string& engine, const std::vector<std::string>& names) {
  engine = names.front();
  const auto check = [names](const std::string& name) -> std::string {
    if (std::find(names.begin(), names.end(), name) != names.end()) return {};
    return fmt::format("no engine has the name {} here; there are {}", name, fmt::join(names, ", "));
  };
  app.add_option("--engine", engine,
                 fmt::format("Engine to run on: {} (default: {})", fmt::join(names, ", "), engine))
      ->check(CLI::Validator(check, "NAME"))
      ->type_name("NAME");
}

}  // namespace sotto::app
