// The transforms and limb kernels of every backend that this CPU can run.
//
// Names: ntt/{kernel}/{backend}/logN:{log_n}/q:{bits}b/{hot|cold}. Hot repeats one limb; cold walks through
// 32 limbs of different primes, as a key switch does, so that limbs and twiddles come from the outer caches.

#include <benchmark/benchmark.h>

#include <chrono>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "ntt/primes.h"
#include "ntt/registry.h"

namespace sotto::ntt {
namespace {

constexpr std::size_t kColdLimbs = 32;
constexpr std::size_t kRows = 4;  // digits of an inner product, primes of a base conversion

/// `count` primes of one size, a plan and operands for each.
struct Workload {
  Workload(std::string_view backend, int log_n, int bits, std::size_t count) {
    std::vector<u64> primes;
    while (primes.size() < count) primes.push_back(largest_prime_below(bits, log_n, primes));
    plans = make_plans(primes, log_n, backend);
    std::mt19937_64 random(1);
    for (u64 q : primes) {
      for (std::size_t r = 0; r <= 2 * kRows; ++r) {
        AlignedWords limb(std::size_t{1} << log_n);
        for (u64& word : limb.span()) word = random() % q;
        limbs.push_back(std::move(limb));
      }
    }
    const auto n = static_cast<std::uint32_t>(plans.front()->n());
    // The automorphism X -> X^5 on bit-reversed evaluations: word i comes from the index of 5 (2 brv(i) + 1)
    // mod 2N.
    const auto reverse = [&](std::uint32_t i) {
      std::uint32_t r = 0;
      for (int b = 0; b < log_n; ++b) r |= ((i >> b) & 1u) << (log_n - 1 - b);
      return r;
    };
    for (std::uint32_t i = 0; i < n; ++i)
      rotation.push_back(reverse(((5 * (2 * reverse(i) + 1)) % (2 * n) - 1) / 2));
  }

  /// Operand r of prime i; the last of each prime is the output.
  Limb limb(std::size_t i, std::size_t r) { return limbs[i * (2 * kRows + 1) + r].span(); }
  std::vector<const u64*> rows(std::size_t i, std::size_t first) {
    std::vector<const u64*> pointers;
    for (std::size_t r = 0; r < kRows; ++r) pointers.push_back(limb(i, first + r).data());
    return pointers;
  }

  std::vector<PlanPtr> plans;
  std::vector<AlignedWords> limbs;
  std::vector<std::uint32_t> rotation;
};

struct Kernel {
  const char* name;
  double words_moved;  // read and written for each word of a limb, tables left out
  std::function<void(Workload&, std::size_t)> run;
};

bool is_transform(const Kernel& kernel) {
  return kernel.name == std::string_view("forward") || kernel.name == std::string_view("inverse");
}

const std::vector<Kernel>& kernels() {
  static const std::vector<Kernel> table{
      {"forward", 2, [](Workload& w, std::size_t i) { w.plans[i]->forward(w.limb(i, 0)); }},
      {"inverse", 2, [](Workload& w, std::size_t i) { w.plans[i]->inverse(w.limb(i, 0)); }},
      {"add", 3,
       [](Workload& w, std::size_t i) { w.plans[i]->add(w.limb(i, 2), w.limb(i, 0), w.limb(i, 1)); }},
      {"multiply", 3,
       [](Workload& w, std::size_t i) { w.plans[i]->multiply(w.limb(i, 2), w.limb(i, 0), w.limb(i, 1)); }},
      {"multiply_add", 4,
       [](Workload& w, std::size_t i) {
         w.plans[i]->multiply_add(w.limb(i, 2), w.limb(i, 0), w.limb(i, 1));
       }},
      {"subtract_multiply_scalar", 3,
       [](Workload& w, std::size_t i) {
         w.plans[i]->subtract_multiply_scalar(w.limb(i, 2), w.limb(i, 0), w.limb(i, 1), 12345);
       }},
      {"inner_product4", 2 * kRows + 1,
       [](Workload& w, std::size_t i) {
         w.plans[i]->inner_product(w.limb(i, 2 * kRows), w.rows(i, 0), w.rows(i, kRows));
       }},
      {"combine4", kRows + 1,
       [](Workload& w, std::size_t i) {
         w.plans[i]->combine(w.limb(i, 2 * kRows), w.rows(i, 0),
                             std::vector<u64>{1234567, 2345678, 3456789, 4567890});
       }},
      {"round_quotient4", kRows + 1,
       [](Workload& w, std::size_t i) {
         w.plans[i]->round_quotient(w.limb(i, 2 * kRows), w.rows(i, 0), std::vector<u64>(kRows, u64{1} << 27),
                                    52);
       }},
      {"reduce", 2, [](Workload& w, std::size_t i) { w.plans[i]->reduce(w.limb(i, 2), w.limb(i, 0)); }},
      {"permute", 2.5,
       [](Workload& w, std::size_t i) { w.plans[i]->permute(w.limb(i, 2), w.limb(i, 0), w.rotation); }},
  };
  return table;
}

void run(benchmark::State& state, const Kernel& kernel, std::string_view backend, int log_n, int bits,
         bool cold) {
  Workload workload(backend, log_n, bits, cold ? kColdLimbs : 1);
  for (std::size_t i = 0; i < workload.plans.size(); ++i) kernel.run(workload, i);  // warm up
  std::size_t i = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (auto _ : state) {
    kernel.run(workload, i);
    benchmark::ClobberMemory();
    i = (i + 1) % workload.plans.size();
  }
  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - begin;
  const double ns = elapsed.count() / static_cast<double>(state.iterations());
  const double n = static_cast<double>(std::size_t{1} << log_n);
  state.counters["gbytes_per_s"] = kernel.words_moved * 8 * n / ns;
  if (is_transform(kernel)) state.counters["ns_per_butterfly"] = ns / (n / 2 * log_n);
}

void register_all() {
  for (const Kernel& kernel : kernels()) {
    for (const BackendInfo& backend : backends()) {
      if (!backend.usable()) continue;
      for (int log_n : {13, 14, 15, 16}) {
        for (int bits : is_transform(kernel) ? std::vector<int>{40, 46, 48, 50, 60} : std::vector<int>{40}) {
          if (!backend.supports(Modulus((u64{1} << bits) - 1), log_n)) continue;
          for (bool cold : {false, true}) {
            const std::string name = "ntt/" + std::string(kernel.name) + "/" + std::string(backend.name) +
                                     "/logN:" + std::to_string(log_n) + "/q:" + std::to_string(bits) + "b/" +
                                     (cold ? "cold" : "hot");
            benchmark::RegisterBenchmark(name.c_str(), [=, &kernel, &backend](benchmark::State& state) {
              run(state, kernel, backend.name, log_n, bits, cold);
            })->Unit(benchmark::kMicrosecond);
          }
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
