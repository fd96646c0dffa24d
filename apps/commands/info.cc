// sotto info: what this machine offers, which NTT backend was chosen and why, and the versions of everything.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/app.h"
#include "apps/commands/commands.h"
#include "apps/machine.h"
#include "apps/options.h"
#include "apps/output.h"
#include "apps/text/format.h"
#include "apps/text/table.h"
#include "ntt/cpu.h"
#include "ntt/primes.h"
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
  int widest_bits;  // of the primes that it takes, 0 for none
  std::vector<std::string> kernels;
};

/// The widest primes that a backend takes at the ring degree where it is most likely to be used.
int widest_bits(const ntt::BackendInfo& backend) {
  constexpr int kLogN = 14;
  int bits = 61;
  while (bits > 1 && !backend.supports(ntt::Modulus((ntt::u64{1} << bits) - 1), kLogN)) --bits;
  return bits == 1 ? 0 : bits;
}

/// The transforms of a usable backend from narrow primes to wide ones, none when it has but one.
std::vector<std::string> kernels(const ntt::BackendInfo& backend) {
  constexpr int kLogN = 6;  // any: the prime decides
  std::vector<std::string> names;
  for (int bits = 20; bits <= 61; ++bits) {
    const ntt::Modulus q(ntt::largest_prime_below(bits, kLogN));
    if (!backend.supports(q, kLogN)) continue;
    const std::string name(ntt::make_plan(q, kLogN, backend.name)->kernel());
    if (!name.empty() && (names.empty() || names.back() != name)) names.push_back(name);
  }
  return names;
}

/// Who asked for the forced backend.
std::string forced_by(const CommonOptions& options) {
  return options.backend.empty() ? "SOTTO_NTT_BACKEND" : "--backend";
}

/// Why a usable backend of this build is not the automatic choice; `chosen_bits` are the widest primes of the
/// chosen one.
std::string why_slower(int bits, int chosen_bits) {
  return bits > chosen_bits ? "slower; serves primes that the chosen one does not take"
                            : "slower; serves who asks for it by name";
}

std::vector<BackendState> backend_states(const CommonOptions& options) {
  const std::string_view forced = ntt::forced_backend();
  std::vector<BackendState> states;
  bool taken = false, automatic = true;
  int chosen_bits = 0;
  for (const ntt::BackendInfo& backend : ntt::backends()) {
    const bool usable = backend.usable();
    const bool chosen = forced.empty() ? usable && !taken : backend.name == forced;
    const int bits = widest_bits(backend);
    std::string why =
        automatic ? why_slower(bits, chosen_bits) : "registered; serves who asks for it by name";
    if (!usable)
      why = "this machine lacks " + backend.missing();
    else if (chosen)
      why = forced.empty() ? "the fastest that runs here" : fmt::format("{} asks for it", forced_by(options));
    else if (!forced.empty())
      why = fmt::format("{} asks for another", forced_by(options));
    taken = taken || chosen;
    if (chosen) chosen_bits = bits;
    automatic = automatic && backend.name != "portable";
    states.push_back(
        {&backend, usable, chosen, why, bits, usable ? kernels(backend) : std::vector<std::string>{}});
  }
  return states;
}

Json to_json(const Machine& machine, Threads threads, const CommonOptions& options) {
  Json features = Json::object(), libraries = Json::object(), backends = Json::array();
  for (const ntt::CpuFeature& feature : ntt::cpu_features()) features[feature.name] = feature.present;
  for (const auto& [name, version] : library_versions()) libraries[name] = version;
  for (const BackendState& state : backend_states(options)) {
    backends.push_back({{"name", state.info->name},
                        {"description", state.info->description},
                        {"usable", state.usable},
                        {"chosen", state.chosen},
                        {"missing", state.usable ? "" : state.info->missing()},
                        {"prime_bits", state.widest_bits},
                        {"kernels", state.kernels},
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
          {"engines", {"native", "cleartext", "trace", "checked"}},
          {"libraries", libraries}};
}

std::string to_text(const Machine& machine, Threads threads, const CommonOptions& options) {
  std::string features, libraries;
  for (const ntt::CpuFeature& feature : ntt::cpu_features()) {
    features +=
        fmt::format("{}{}{}", features.empty() ? "" : "  ", feature.name, feature.present ? "" : " (no)");
  }
  for (const auto& [name, version] : library_versions()) {
    libraries += fmt::format("{}{} {}", libraries.empty() ? "" : ", ", name, version);
  }
  Table table({{"NTT backend", Table::Align::kLeft},
               {"usable", Table::Align::kLeft},
               {"chosen", Table::Align::kLeft},
               {"primes"},
               {"why", Table::Align::kLeft},
               {"what it is", Table::Align::kLeft}});
  std::string transforms;
  for (const BackendState& state : backend_states(options)) {
    if (!state.kernels.empty()) {
      transforms += fmt::format("\n{:<11} {}", state.info->name, fmt::join(state.kernels, "; "));
    }
    table.add({std::string(state.info->name), state.usable ? "yes" : "no", state.chosen ? "yes" : "",
               fmt::format("< 2^{}", state.widest_bits), state.why, std::string(state.info->description)});
  }
  return fmt::format(
      "sotto      {} ({})\nCPU        {}, {}, {} of memory\nfeatures   {}\nthreads    {}\n"
      "engines    native, cleartext, trace, checked\nlibraries  {}\n\n{}{}",
      SOTTO_VERSION, compiler(), machine.cpu, format_count(static_cast<std::size_t>(machine.cores), "core"),
      format_bytes(machine.memory_bytes), features.empty() ? "none that a kernel uses" : features,
      threads.count, libraries, table.text(),
      transforms.empty() ? "" : "\nTransforms by the size of q:" + transforms);
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
              print_json(to_json(machine, threads, *options));
            } else {
              print_text(to_text(machine, threads, *options));
            }
            return kDone;
          }};
}

}  // namespace sotto::app
