// The transforms of every backend that this CPU can run.
//
// Names: ntt/{forward|inverse}/{backend}/logN:{log_n}/q:{bits}b/{hot|cold}; ntt/measure.h says what the two
// are. Counters: ns_per_butterfly; bound_ratio, the time over that of the same butterflies on registers
// alone; gbytes_per_s; and, of cold, cold_over_hot. Rates and hot times are measured next to each benchmark.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "ntt/compare.h"
#include "ntt/measure.h"

namespace sotto::ntt {
namespace {

constexpr double kHotSeconds = 0.02;  // of the hot time that a cold one is compared with
constexpr int kSmallestCold = 12;     // 32 smaller limbs with their twiddles fit the caches

struct Case {
  const BackendInfo* backend;
  int log_n;
  PrimeSize size;
  Direction direction;
  bool cold;

  std::string name() const {
    return std::string("ntt/") + (direction == Direction::kForward ? "forward" : "inverse") + "/" +
           std::string(backend->name) + "/logN:" + std::to_string(log_n) + "/q:" + std::string(size.name) +
           "b/" + (cold ? "cold" : "hot");
  }
};

void run(benchmark::State& state, const Case& c) {
  Workload workload(c.backend->name, c.size, c.log_n, c.cold ? kColdLimbs : 1);
  if (const std::string difference = compare_with_portable(workload.plan()); !difference.empty()) {
    state.SkipWithError(difference.c_str());
    return;
  }
  for (std::size_t i = 0; i < workload.count(); ++i) workload.transform(c.direction, i);  // warm up
  const double before = calibrate_butterfly_ns(workload.plan(), c.direction);
  std::size_t i = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (auto _ : state) {
    workload.transform(c.direction, i);
    benchmark::ClobberMemory();
    i = i + 1 == workload.count() ? 0 : i + 1;
  }
  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - begin;
  const double after = calibrate_butterfly_ns(workload.plan(), c.direction);
  TransformTime time{c.log_n, elapsed.count() / static_cast<double>(state.iterations()), 0};
  time.bound_ns = std::min(before, after) * time.butterflies();
  state.counters["ns_per_butterfly"] = time.ns_per_butterfly();
  state.counters["bound_ratio"] = time.bound_ratio();
  state.counters["gbytes_per_s"] = time.gbytes_per_s();
  if (c.cold) {
    state.counters["cold_over_hot"] = time.ns / time_transform(workload, c.direction, 1, kHotSeconds).ns;
  }
}

void register_case(const Case& c) {
  benchmark::RegisterBenchmark(c.name().c_str(), [c](benchmark::State& state) {
    run(state, c);
  })->Unit(benchmark::kMicrosecond);
}

void register_all() {
  for (const Direction direction : {Direction::kForward, Direction::kInverse}) {
    for (const BackendInfo& backend : backends()) {
      for (int log_n = 4; log_n <= 17; ++log_n) {
        for (const PrimeSize& size : prime_sizes()) {
          if (!measurable(backend, size, log_n)) continue;
          register_case({&backend, log_n, size, direction, false});
          if (log_n >= kSmallestCold) register_case({&backend, log_n, size, direction, true});
        }
      }
    }
  }
}

}  // namespace
}  // namespace sotto::ntt

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  sotto::ntt::register_all();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
