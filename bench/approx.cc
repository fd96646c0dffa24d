// What approximation costs, against the targets of the design.
//
// Names: approx/{what}/…; the counter target_ratio is the time over the target of the operation (below 1:
// met).

#include <benchmark/benchmark.h>

#include <chrono>
#include <cmath>
#include <random>
#include <vector>

#include "approx/composite.h"
#include "approx/layer_search.h"
#include "approx/least_squares.h"
#include "approx/remez.h"

namespace sotto::approx {
namespace {

/// Runs `operation` and compares its time with the target.
template <class Operation>
void timed(benchmark::State& state, double target_seconds, const Operation& operation) {
  const auto begin = std::chrono::steady_clock::now();
  for (auto _ : state) operation();
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  state.counters["target_ratio"] = elapsed.count() / static_cast<double>(state.iterations()) / target_seconds;
}

void minimax_two_intervals(benchmark::State& state) {
  const Domain domain{{-1, -0.01}, {0.01, 1}};
  timed(state, 2, [&] { benchmark::DoNotOptimize(minimax(find_function("sign"), domain, 127)); });
}

void minimax_relu(benchmark::State& state) {
  const auto degree = static_cast<int>(state.range(0));
  timed(state, 10, [&] { benchmark::DoNotOptimize(minimax(find_function("relu"), {{-1, 1}}, degree)); });
}

void composite(benchmark::State& state) {
  timed(state, 5, [] { benchmark::DoNotOptimize(compose_relu({15, 15, 27})); });
}

void composite_search(benchmark::State& state) {
  const auto alpha = static_cast<int>(state.range(0));
  timed(state, 10, [&] { benchmark::DoNotOptimize(search_composites({.alpha = alpha})); });
}

void least_squares(benchmark::State& state) {
  std::mt19937_64 generator(1);
  std::normal_distribution<double> law;
  std::vector<double> x(1'000'000);
  for (double& value : x) value = law(generator);
  const Distribution inputs = samples(x);
  const Threads threads{static_cast<int>(state.range(0))};
  timed(state, 1, [&] {
    benchmark::DoNotOptimize(LeastSquares(find_function("relu"), inputs, 255, threads).mse(255));
  });
}

void layer_search(benchmark::State& state) {
  std::mt19937_64 generator(1);
  std::normal_distribution<double> law;
  std::vector<Layer> layers;
  for (int l = 0; l < 110; ++l) {
    Layer layer{std::to_string(l), std::exp(law(generator)), {}};
    for (int o = 1; o <= 14; ++o)
      layer.options.push_back({std::to_string(o), std::pow(o, -1.5), o + std::abs(law(generator)), o});
    layers.push_back(std::move(layer));
  }
  timed(state, 1, [&] { benchmark::DoNotOptimize(search_layers(layers, 10000).points.size()); });
}

BENCHMARK(minimax_two_intervals)
    ->Name("approx/minimax/two_intervals/degree:127")
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(minimax_relu)
    ->Name("approx/minimax/relu")
    ->Arg(15)
    ->Arg(63)
    ->Arg(255)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(composite)->Name("approx/composite/15,15,27")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(composite_search)
    ->Name("approx/composite_search/alpha")
    ->Arg(7)
    ->Arg(13)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(least_squares)
    ->Name("approx/least_squares/samples:1e6/degree:255/threads")
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(layer_search)
    ->Name("approx/layer_search/layers:110/options:14/steps:10000")
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace sotto::approx

BENCHMARK_MAIN();
