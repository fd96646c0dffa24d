// The limb kernels, base conversion and batches of every backend that this CPU can run.
//
// Names: ntt/{kernel}/{backend}/logN:{log_n}/q:{bits}b/{hot|cold}. Hot repeats one limb; cold walks through
// 32 limbs of different primes, as a key switch does, so that they come from the outer caches or from memory.
// Counters:
//   gbytes_per_s  words read and written, tables left out
//   copy_ratio    (permute) the time of memcpy of the same limbs over that of the kernel; memcpy of a large
//                 block does not read the lines that it writes, which no kernel can do whose output is used
//   pass_ratio    (permute) the same for add_scalar, which loads and stores word by word like the kernel
//   issue_bound   (combine, convert) the time of its 52-bit products on registers alone over that of the
//                 kernel: 1 is the arithmetic limit of the CPU
//   speedup       (batches) of the threads over one thread
// Ratios come from pairs of runs next to each other, the median of 15.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "ntt/base_conversion.h"
#include "ntt/batch.h"
#include "ntt/primes.h"
#include "ntt/registry.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace sotto::ntt {
namespace {

constexpr std::size_t kColdLimbs = 32;
constexpr std::size_t kRows = 4;  // digits of an inner product, primes of a base conversion
constexpr int kBits = 47;

double time_ns(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
}

/// Time of `reference` over that of `work`, each `repeat` times, the median of pairs.
double time_ratio(int repeat, const std::function<void()>& reference, const std::function<void()>& work) {
  constexpr int kPairs = 15;
  std::vector<double> ratios;
  const auto time = [&](const std::function<void()>& f) {
    return time_ns([&] {
      for (int i = 0; i < repeat; ++i) f();
    });
  };
  for (int pair = 0; pair < kPairs; ++pair) {
    const double bound = time(reference);
    ratios.push_back(bound / time(work));
  }
  std::ranges::nth_element(ratios, ratios.begin() + kPairs / 2);
  return ratios[kPairs / 2];
}

#ifdef __x86_64__
/// `count` vpmadd52 on registers alone, ten accumulators side by side: more than latency times throughput.
[[gnu::target("avx512f,avx512ifma")]] void run_products(std::size_t count) {
  __m512i a[10];
  const __m512i w = _mm512_set1_epi64(12345);
  std::fill_n(a, 10, w);
  for (std::size_t done = 0; done < count; done += 10) {
    a[0] = _mm512_madd52lo_epu64(a[0], w, w);
    a[1] = _mm512_madd52lo_epu64(a[1], w, w);
    a[2] = _mm512_madd52lo_epu64(a[2], w, w);
    a[3] = _mm512_madd52lo_epu64(a[3], w, w);
    a[4] = _mm512_madd52lo_epu64(a[4], w, w);
    a[5] = _mm512_madd52lo_epu64(a[5], w, w);
    a[6] = _mm512_madd52lo_epu64(a[6], w, w);
    a[7] = _mm512_madd52lo_epu64(a[7], w, w);
    a[8] = _mm512_madd52lo_epu64(a[8], w, w);
    a[9] = _mm512_madd52lo_epu64(a[9], w, w);
    asm volatile("" : "+v"(a[0]), "+v"(a[1]), "+v"(a[2]), "+v"(a[3]), "+v"(a[4]));
    asm volatile("" : "+v"(a[5]), "+v"(a[6]), "+v"(a[7]), "+v"(a[8]), "+v"(a[9]));
  }
}
#else
void run_products(std::size_t) {}
#endif

/// `count` primes, a plan and operands for each.
struct Workload {
  Workload(std::string_view backend, int log_n, std::size_t count, std::size_t rows = 2 * kRows + 1)
      : limbs_of_prime(rows), sigma(log_n, 5) {
    const std::vector<u64> primes = primes_below(u64{1} << kBits, log_n, count);
    plans = make_plans(primes, log_n, backend);
    std::mt19937_64 random(1);
    for (u64 q : primes) {
      for (std::size_t r = 0; r < rows; ++r) {
        AlignedWords limb(std::size_t{1} << log_n);
        for (u64& word : limb.span()) word = random() % q;
        limbs.push_back(std::move(limb));
      }
      factors.push_back(plans[factors.size()]->combine_factors(std::vector<u64>(kRows, q / 3)));
    }
  }

  /// Operand r of prime i; the last of each prime is the output.
  Limb limb(std::size_t i, std::size_t r) { return limbs[i * limbs_of_prime + r].span(); }
  std::array<const u64*, kRows> rows(std::size_t i, std::size_t first) {
    std::array<const u64*, kRows> pointers;
    for (std::size_t r = 0; r < kRows; ++r) pointers[r] = limb(i, first + r).data();
    return pointers;
  }

  std::size_t limbs_of_prime;
  std::vector<PlanPtr> plans;
  std::vector<AlignedWords> limbs;
  std::vector<std::vector<u64>> factors;  // [prime][kRows] for combine()
  std::vector<u64> tau = std::vector<u64>(kRows, u64{1} << 21);
  Automorphism sigma;
};

using Run = std::function<void(Workload&, std::size_t)>;

struct Kernel {
  const char* name;
  double words_moved;  // read and written for each word of a limb
  double products;     // 52-bit products for each 8 words in avx512ifma; 0: bound by memory
  Run run;
};

const std::vector<Kernel>& kernels() {
  static const std::vector<Kernel> table{
      {"add", 3, 0,
       [](Workload& w, std::size_t i) { w.plans[i]->add(w.limb(i, 2), w.limb(i, 0), w.limb(i, 1)); }},
      {"subtract", 3, 0,
       [](Workload& w, std::size_t i) { w.plans[i]->subtract(w.limb(i, 2), w.limb(i, 0), w.limb(i, 1)); }},
      {"negate", 2, 0, [](Workload& w, std::size_t i) { w.plans[i]->negate(w.limb(i, 2), w.limb(i, 0)); }},
      {"multiply", 3, 0,
       [](Workload& w, std::size_t i) { w.plans[i]->multiply(w.limb(i, 2), w.limb(i, 0), w.limb(i, 1)); }},
      {"multiply_add", 4, 0,
       [](Workload& w, std::size_t i) {
         w.plans[i]->multiply_add(w.limb(i, 2), w.limb(i, 0), w.limb(i, 1));
       }},
      {"multiply_scalar", 2, 0,
       [](Workload& w, std::size_t i) { w.plans[i]->multiply_scalar(w.limb(i, 2), w.limb(i, 0), 12345); }},
      {"add_scalar", 2, 0,
       [](Workload& w, std::size_t i) { w.plans[i]->add_scalar(w.limb(i, 2), w.limb(i, 0), 12345); }},
      {"subtract_multiply_scalar", 3, 0,
       [](Workload& w, std::size_t i) {
         w.plans[i]->subtract_multiply_scalar(w.limb(i, 2), w.limb(i, 0), w.limb(i, 1), 12345);
       }},
      {"reduce", 2, 0, [](Workload& w, std::size_t i) { w.plans[i]->reduce(w.limb(i, 2), w.limb(i, 0)); }},
      {"permute", 2, 0,
       [](Workload& w, std::size_t i) { w.plans[i]->permute(w.limb(i, 2), w.limb(i, 0), w.sigma); }},
      {"inner_product4", 2 * kRows + 1, 2 * kRows + 5,
       [](Workload& w, std::size_t i) {
         w.plans[i]->inner_product(w.limb(i, 2 * kRows), w.rows(i, 0), w.rows(i, kRows));
       }},
      {"combine4", kRows + 1, 2 * kRows + 2,
       [](Workload& w, std::size_t i) {
         w.plans[i]->combine(w.limb(i, 2 * kRows), w.rows(i, 0), w.factors[i]);
       }},
      {"round_quotient4", kRows + 1, kRows,
       [](Workload& w, std::size_t i) {
         w.plans[i]->round_quotient(w.limb(i, 2 * kRows), w.rows(i, 0), w.tau, 52);
       }},
  };
  return table;
}

void run(benchmark::State& state, const Kernel& kernel, std::string_view backend, int log_n, bool cold) {
  Workload w(backend, log_n, cold ? kColdLimbs : 1);
  const std::size_t n = std::size_t{1} << log_n, primes = w.plans.size();
  const auto walk = [&] {
    for (std::size_t i = 0; i < primes; ++i) kernel.run(w, i);
    benchmark::ClobberMemory();
  };
  const auto copy = [&] {
    for (std::size_t i = 0; i < primes; ++i) {
      std::memcpy(w.limb(i, 2).data(), w.limb(i, 0).data(), n * sizeof(u64));
      benchmark::ClobberMemory();
    }
  };
  const auto pass = [&] {
    for (std::size_t i = 0; i < primes; ++i) w.plans[i]->add_scalar(w.limb(i, 2), w.limb(i, 0), 1);
    benchmark::ClobberMemory();
  };
  walk();
  std::size_t i = 0;
  double ns = 0;
  for (auto _ : state) {
    ns += time_ns([&] { kernel.run(w, i); });
    benchmark::ClobberMemory();
    i = i + 1 == primes ? 0 : i + 1;
  }
  const double words = static_cast<double>(n) * static_cast<double>(state.iterations());
  state.counters["gbytes_per_s"] = kernel.words_moved * 8 * words / ns;
  const int repeat = static_cast<int>(std::max<std::size_t>(1, (std::size_t{1} << 18) / (n * primes)));
  if (kernel.name == std::string_view("permute")) {
    state.counters["copy_ratio"] = time_ratio(repeat, copy, walk);
    state.counters["pass_ratio"] = time_ratio(repeat, pass, walk);
  }
  if (kernel.products > 0 && backend == "avx512ifma") {
    const auto count = static_cast<std::size_t>(kernel.products * static_cast<double>(n * primes / 8));
    state.counters["issue_bound"] = time_ratio(
        repeat, [&] { run_products(count); }, walk);
  }
}

/// 8 primes to 32 others, the whole of it: for each 8 coefficients 8 products by a constant (3 each), the
/// quotient (8) and 32 targets of 9 rows (2 each and 2 for the reduction).
void run_conversion(benchmark::State& state, std::string_view backend, int log_n) {
  constexpr std::size_t kSources = 8, kTargets = 32, kProducts = 3 * kSources + kSources + kTargets * 20;
  const std::size_t n = std::size_t{1} << log_n;
  Workload w(backend, log_n, kSources + kTargets, 1);
  std::vector<const Plan*> from, to;
  std::vector<BaseConversion::Target> targets;
  for (std::size_t i = 0; i < w.plans.size(); ++i) {
    (i < kSources ? from : to).push_back(w.plans[i].get());
    if (i >= kSources) targets.push_back({static_cast<int>(i - kSources), w.limb(i, 0)});
  }
  const BaseConversion conversion(from, to);
  AlignedWords scratch(n * static_cast<std::size_t>(conversion.rows()));
  for (std::size_t i = 0; i < kSources; ++i) std::ranges::copy(w.limb(i, 0), &scratch[i * n]);
  const auto convert = [&] {
    for (int tile = 0; tile < conversion.tiles(); ++tile) conversion.prepare(scratch.span(), tile);
    conversion.convert(targets, scratch.span());
    benchmark::ClobberMemory();
  };
  convert();
  for (auto _ : state) convert();
  if (backend == "avx512ifma") {
    state.counters["issue_bound"] = time_ratio(
        1, [&] { run_products(kProducts * n / 8); }, convert);
  }
}

/// 32 limbs of different primes in one call.
void run_batch(benchmark::State& state, Direction direction, std::string_view backend, int log_n,
               int threads) {
  Workload w(backend, log_n, kColdLimbs, 1);
  std::vector<LimbTask> tasks;
  for (std::size_t i = 0; i < kColdLimbs; ++i) tasks.push_back({w.plans[i].get(), w.limb(i, 0)});
  const auto transform = [&](int team) { transform_all(direction, tasks, Threads{team}); };
  transform(threads);
  for (auto _ : state) transform(threads);
  if (threads > 1) {
    state.counters["speedup"] = time_ratio(
        1, [&] { transform(1); }, [&] { transform(threads); });
  }
}

void register_backend_runs(const BackendInfo& backend) {
  const auto add = [&](const std::string& kernel, int log_n, const std::string& kind, auto&& body) {
    const std::string name = "ntt/" + kernel + "/" + std::string(backend.name) +
                             "/logN:" + std::to_string(log_n) + "/q:" + std::to_string(kBits) + "b/" + kind;
    benchmark::RegisterBenchmark(name.c_str(), body)->Unit(benchmark::kMicrosecond)->UseRealTime();
  };
  const std::string_view name = backend.name;
  for (const Kernel& kernel : kernels()) {
    for (int log_n = 12; log_n <= 16; ++log_n) {
      for (bool cold : {false, true}) {
        add(kernel.name, log_n, cold ? "cold" : "hot",
            [=, &kernel](benchmark::State& state) { run(state, kernel, name, log_n, cold); });
      }
    }
  }
  for (int log_n = 13; log_n <= 16; ++log_n) {
    add("convert8to32", log_n, "cold", [=](benchmark::State& state) { run_conversion(state, name, log_n); });
    for (const Direction direction : {Direction::kForward, Direction::kInverse}) {
      for (int threads : {1, 2}) {
        add(direction == Direction::kForward ? "forward32" : "inverse32", log_n,
            "cold/threads:" + std::to_string(threads),
            [=](benchmark::State& state) { run_batch(state, direction, name, log_n, threads); });
      }
    }
  }
}

}  // namespace
}  // namespace sotto::ntt

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  for (const sotto::ntt::BackendInfo& backend : sotto::ntt::backends()) {
    if (backend.usable()) sotto::ntt::register_backend_runs(backend);
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
