// Polynomials of a ciphertext: time, and how many products with their rescale that is.
//
// Names: polynomial/degree:{d}/shape:{dense,even}/logN:{log_n}/limbs:{l}/threads:{t}, Chebyshev basis, N =
// 2^14, with as many levels as the degree needs. The counter multiply_ratio divides by the time of one
// multiply_rescale at the top level, measured in the same run; `products` is what the plan says. Lower levels
// are cheaper and shared relinearisations are saved, constants are not free: both show in the ratio.

#include <benchmark/benchmark.h>

#include <chrono>
#include <map>
#include <string>

#include "ckks/polynomial.h"

namespace sotto::ckks {
namespace {

constexpr int kLevels = 7;

struct Bench {
  explicit Bench(Threads threads)
      : params(Params::make({.name = "bench-14-8",
                             .log_n = 14,
                             .log_q = {48, 40, 40, 40, 40, 40, 40, 40},
                             .log_p = {48, 48},
                             .q = {},
                             .p = {},
                             .log_scale = 40,
                             .digits = 4})),
        session(make_native_session(params, {.relin_level = kLevels, .galois = {}}, threads)) {
    std::vector<double> slots;
    for (std::size_t i = 0; i < params->slots(); ++i) slots.push_back(0.001 * static_cast<double>(i % 1000));
    cipher = session.client->encrypt(slots, kLevels, params->scale(kLevels));
  }
  /// Seconds of one multiply_rescale, the best of some.
  double multiply_seconds() const {
    double best = 1;
    for (int repeat = 0; repeat < 20; ++repeat) {
      const auto begin = std::chrono::steady_clock::now();
      benchmark::DoNotOptimize(session.engine->multiply_rescale(cipher, cipher));
      const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
      best = std::min(best, elapsed.count());
    }
    return best;
  }

  ParamsPtr params;
  Session session;
  Cipher cipher;
};

Bench& bench_of(int threads) {
  static std::map<int, Bench> made;
  return made.try_emplace(threads, Threads{threads}).first->second;
}

void run(benchmark::State& state, std::size_t degree, bool even, int threads) {
  Bench& bench = bench_of(threads);
  Polynomial p{.basis = PolynomialBasis::kChebyshev, .coefficients = std::vector<double>(degree + 1)};
  for (std::size_t k = 0; k <= degree; k += even ? 2 : 1)
    p.coefficients[k] = 1.0 / static_cast<double>(k + 1);
  const PolynomialPlan plan = make_polynomial_plan(bench.params, {.polynomials = {p}, .level = kLevels});
  Engine& engine = *bench.session.engine;
  benchmark::DoNotOptimize(evaluate(engine, plan, bench.cipher));  // warm up
  const double multiply = bench.multiply_seconds();
  const auto begin = std::chrono::steady_clock::now();
  for (auto _ : state) benchmark::DoNotOptimize(evaluate(engine, plan, bench.cipher));
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  state.counters["multiply_ratio"] = elapsed.count() / static_cast<double>(state.iterations()) / multiply;
  state.counters["products"] = static_cast<double>(plan.counts.multiply);
}

void register_all() {
  for (const int threads : {1, 2}) {
    for (const std::size_t degree : {15, 31, 63, 127}) {
      for (const bool even : {false, true}) {
        const std::string name = "polynomial/degree:" + std::to_string(degree) +
                                 (even ? "/shape:even" : "/shape:dense") +
                                 "/logN:14/limbs:8/threads:" + std::to_string(threads);
        benchmark::RegisterBenchmark(name.c_str(),
                                     [=](benchmark::State& state) { run(state, degree, even, threads); })
            ->Unit(benchmark::kMillisecond)
            ->UseRealTime();
      }
    }
  }
}

}  // namespace
}  // namespace sotto::ckks

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  sotto::ckks::register_all();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
