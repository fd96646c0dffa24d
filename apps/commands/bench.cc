// sotto bench ntt: every NTT backend of this build, what this machine lacks for it, whether it computes the
// words that portable computes, and how fast it is against the bound of its own arithmetic.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "apps/app.h"
#include "apps/commands/commands.h"
#include "apps/machine.h"
#include "apps/options.h"
#include "apps/output.h"
#include "apps/text/format.h"
#include "apps/text/progress.h"
#include "apps/text/table.h"
#include "ntt/compare.h"
#include "ntt/measure.h"

namespace sotto::app {
namespace {

constexpr const char* kFooter =
    R"(hot    one limb again and again; cold: 32 limbs of different primes in turn, as in a key switch
bound  part of the time that the butterflies alone would take, on registers, with the same instructions
Every row is checked first: all operations of the backend must give the words of portable. Exit code 3 if one does not.

Example:
  sotto bench ntt                                       a table of all backends, about 15 seconds
  sotto bench ntt --backends avx2,portable --log-n 14 --bits 40,50
  sotto bench ntt --quick --json | jq '.results[] | {backend, log_n, direction, ns: .hot.ns}')";

struct Options {
  bool json = false, quick = false;
  int threads = 0;
  std::vector<std::string> backends{"all"}, bits;
  std::vector<int> log_ns;
};

struct Effort {
  std::vector<int> log_ns;
  std::vector<std::string> bits;
  double hot_seconds, cold_seconds;
};
const Effort kDefault{{13, 14, 15, 16}, {"46.9", "50", "60"}, 0.03, 0.06};
const Effort kQuick{{12, 14}, {"46.9", "60"}, 0.005, 0.01};

/// One backend on one ring and one size of primes.
struct Case {
  const ntt::BackendInfo* backend;
  int log_n;
  ntt::PrimeSize size;
};

struct Row {
  Case what;
  std::string kernel;  // which of its transforms the backend ran, "" if it has but one
  ntt::Direction direction;
  ntt::TransformTime hot, cold;
  double thread_speedup;  // 0: one thread only
};

/// A reason and the rings that it keeps from being measured.
struct Skipped {
  std::string why;
  std::vector<int> log_ns;
};

struct Schedule {
  std::vector<Case> cases;
  std::vector<Skipped> skipped;
};

struct Report {
  Threads threads;
  std::vector<Skipped> skipped;
  std::vector<Row> rows;
  std::vector<std::string> differences;  // one sentence for each case that computes other words than portable
};

std::vector<const ntt::BackendInfo*> chosen_backends(const std::vector<std::string>& names) {
  std::vector<const ntt::BackendInfo*> chosen;
  std::string known;
  for (const ntt::BackendInfo& backend : ntt::backends()) {
    known += fmt::format("{}{}", known.empty() ? "" : ", ", backend.name);
    const auto asked = [&](const std::string& name) { return name == "all" || name == backend.name; };
    if (std::any_of(names.begin(), names.end(), asked)) chosen.push_back(&backend);
  }
  for (const std::string& name : names) {
    if (name == "all" || std::any_of(chosen.begin(), chosen.end(), [&](auto* b) { return b->name == name; }))
      continue;
    throw UsageError(fmt::format("--backends {}: no NTT backend has this name; there are {}", name, known));
  }
  return chosen;
}

/// "46.9" is the size of the primes below 2^46.9.
ntt::PrimeSize parse_size(const std::string& text) {
  double bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  if (error != std::errc() || end != text.data() + text.size() || !(bits >= 20 && bits <= 61)) {
    throw UsageError(fmt::format("--bits {}: sizes of primes are numbers from 20 to 61", text));
  }
  return {text, static_cast<ntt::u64>(std::exp2(bits))};
}

void skip(std::vector<Skipped>& skipped, const std::string& why, int log_n) {
  const auto same =
      std::find_if(skipped.begin(), skipped.end(), [&](const Skipped& other) { return other.why == why; });
  if (same == skipped.end()) {
    skipped.push_back({why, {log_n}});
  } else if (std::ranges::find(same->log_ns, log_n) == same->log_ns.end()) {
    same->log_ns.push_back(log_n);
  }
}

std::string sentence(const Skipped& skipped) {
  return fmt::format("{} (N = 2^{})", skipped.why, fmt::join(skipped.log_ns, ", 2^"));
}

/// What can be measured; nothing at all is an error where a backend runs here.
Schedule plan_cases(const Options& options, const Effort& effort) {
  Schedule plan;
  for (const ntt::BackendInfo* backend : chosen_backends(options.backends)) {
    for (const std::string& bits : options.bits.empty() ? effort.bits : options.bits) {
      const ntt::PrimeSize size = parse_size(bits);
      if (!backend->usable()) continue;  // backend_lines() says so
      for (const int log_n : options.log_ns.empty() ? effort.log_ns : options.log_ns) {
        const std::string why = ntt::obstacle(*backend, size, log_n);
        if (why.empty()) {
          plan.cases.push_back({backend, log_n, size});
        } else {
          skip(plan.skipped, why, log_n);
        }
      }
    }
  }
  if (plan.cases.empty() && !plan.skipped.empty()) {
    std::vector<std::string> sentences;
    for (const Skipped& skipped : plan.skipped) sentences.push_back(sentence(skipped));
    throw UsageError(
        fmt::format("nothing to measure: {}; choose other --bits or --log-n", fmt::join(sentences, "; ")));
  }
  return plan;
}

void run_case(const Case& what, const Effort& effort, Report& report) {
  ntt::Workload workload(what.backend->name, what.size, what.log_n, ntt::kColdLimbs);
  if (std::string difference = ntt::compare_with_portable(workload.plan()); !difference.empty()) {
    report.differences.push_back(std::move(difference));
    return;  // the speed of wrong words is of no interest
  }
  for (const auto direction : {ntt::Direction::kForward, ntt::Direction::kInverse}) {
    Row row{what,
            std::string(workload.plan().kernel()),
            direction,
            ntt::time_transform(workload, direction, 1, effort.hot_seconds),
            ntt::time_transform(workload, direction, ntt::kColdLimbs, effort.cold_seconds),
            0};
    if (report.threads.count > 1) {
      row.thread_speedup = ntt::thread_speedup(workload, direction, report.threads, effort.cold_seconds);
    }
    report.rows.push_back(row);
  }
}

const char* name_of(ntt::Direction direction) {
  return direction == ntt::Direction::kForward ? "forward" : "inverse";
}

Json to_json(const ntt::TransformTime& time) {
  return {{"ns", time.ns},
          {"ns_per_butterfly", time.ns_per_butterfly()},
          {"bound_ratio", time.bound_ns > 0 ? Json(time.bound_ratio()) : Json(nullptr)},
          {"gbytes_per_s", time.gbytes_per_s()}};
}

Json to_json(const Report& report, const Options& options) {
  Json backends = Json::array(), results = Json::array(), skipped = Json::array();
  for (const Skipped& what : report.skipped) skipped.push_back({{"why", what.why}, {"log_n", what.log_ns}});
  for (const ntt::BackendInfo* backend : chosen_backends(options.backends)) {
    backends.push_back({{"name", backend->name},
                        {"description", backend->description},
                        {"usable", backend->usable()},
                        {"missing", backend->usable() ? "" : backend->missing()}});
  }
  for (const Row& row : report.rows) {
    results.push_back({{"backend", row.what.backend->name},
                       {"log_n", row.what.log_n},
                       {"bits", row.what.size.name},
                       {"kernel", row.kernel},
                       {"direction", name_of(row.direction)},
                       {"hot", to_json(row.hot)},
                       {"cold", to_json(row.cold)},
                       {"cold_over_hot", row.cold.ns / row.hot.ns}});
    if (row.thread_speedup > 0) results.back()["thread_speedup"] = row.thread_speedup;
  }
  return {{"cpu", describe_machine().cpu},
          {"compiler", compiler()},
          {"threads", report.threads.count},
          {"differences", report.differences},
          {"backends", backends},
          {"skipped", skipped},
          {"results", results}};
}

std::string backend_lines(const Options& options) {
  std::string text;
  for (const ntt::BackendInfo* backend : chosen_backends(options.backends)) {
    text += fmt::format("{:<11} {} ({})\n", backend->name,
                        backend->usable() ? "runs here" : "cannot run here, lacks " + backend->missing(),
                        backend->description);
  }
  return text;
}

std::string to_text(const Report& report, const Options& options) {
  std::vector<Table::Column> columns{{"backend", Table::Align::kLeft},
                                     {"q <"},
                                     {"N"},
                                     {"transform", Table::Align::kLeft},
                                     {"hot"},
                                     {"butterfly"},
                                     {"bound"},
                                     {"GB/s"},
                                     {"cold"},
                                     {"cold/hot"}};
  if (report.threads.count > 1) columns.push_back({fmt::format("{} threads", report.threads.count)});
  columns.push_back({"kernel", Table::Align::kLeft});
  Table table(columns);
  const ntt::BackendInfo* last = nullptr;
  for (const Row& row : report.rows) {
    if (last != nullptr && last != row.what.backend) table.rule();
    last = row.what.backend;
    std::vector<std::string> cells{
        std::string(row.what.backend->name),
        fmt::format("2^{}", row.what.size.name),
        fmt::format("2^{}", row.what.log_n),
        name_of(row.direction),
        format_seconds(row.hot.ns * 1e-9),
        fmt::format("{:.4f} ns", row.hot.ns_per_butterfly()),
        row.hot.bound_ns > 0 ? fmt::format("{:.0f} %", 100 / row.hot.bound_ratio()) : "",
        fmt::format("{:.1f}", row.hot.gbytes_per_s()),
        format_seconds(row.cold.ns * 1e-9),
        fmt::format("{:.2f}", row.cold.ns / row.hot.ns)};
    if (report.threads.count > 1) cells.push_back(fmt::format("{:.2f} x", row.thread_speedup));
    cells.push_back(row.kernel);
    table.add(cells);
  }
  std::string text = backend_lines(options);
  for (const Skipped& skipped : report.skipped) text += "skipped     " + sentence(skipped) + "\n";
  if (!report.rows.empty()) text += "\n" + table.text();
  for (const std::string& difference : report.differences) text += "\nWRONG WORDS  " + difference;
  if (report.differences.empty() && !report.rows.empty())
    text += fmt::format("\nEvery operation of every row gave the words of portable ({}, {}).",
                        describe_machine().cpu, compiler());
  return text;
}

int run_bench(const Options& options) {
  const Effort& effort = options.quick ? kQuick : kDefault;
  const auto [cases, skipped] = plan_cases(options, effort);
  Report report{options.threads == 0 ? Threads::all() : Threads{options.threads}, skipped, {}, {}};
  {
    Progress progress("measuring", std::ssize(cases));
    for (const Case& what : cases) {
      run_case(what, effort, report);
      progress.set_done(&what - cases.data() + 1);
    }
  }
  if (options.json) {
    print_json(to_json(report, options));
  } else {
    print_text(to_text(report, options));
  }
  for (const std::string& difference : report.differences) fmt::print(stderr, "sotto: {}\n", difference);
  return report.differences.empty() ? kDone : kDisagreement;
}

}  // namespace

Command add_bench(CLI::App& root) {
  CLI::App* app = root.add_subcommand("bench", "Check and time the kernels on this machine");
  app->footer("Example:\n  sotto bench ntt        see sotto bench ntt --help");
  app->require_subcommand(1);
  CLI::App* ntt = app->add_subcommand("ntt", "Check and time the NTT backends");
  ntt->footer(kFooter);
  auto options = std::make_shared<Options>();
  ntt->add_option("--backends", options->backends, "all, or names with commas between (default: all)")
      ->delimiter(',')
      ->type_name("NAMES");
  ntt->add_option("--log-n", options->log_ns, "Ring degrees as powers of two, 4 to 17 (default: 13,14,15,16)")
      ->delimiter(',')
      ->check(CLI::Range(4, 17).description(""))
      ->type_name("LIST");
  ntt->add_option("--bits", options->bits,
                  "Sizes of primes: the largest below 2^bits are taken (default: 46.9,50,60)")
      ->delimiter(',')
      ->type_name("LIST");
  ntt->add_flag("--quick", options->quick, "Fewer sizes and shorter measurements: a second or two");
  add_program_options(*ntt, options->json, options->threads);
  return {app, [options] { return run_bench(*options); }};
}

}  // namespace sotto::app
