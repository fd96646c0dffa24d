// Linear maps on slots: 32 diagonals in 4 blocks of 8 babies, a giant step between blocks by Horner.
//
//   linear             no diagonal repeats: each is a word for each coefficient and limb
//   linear_periodic    all repeat 16 times, as in the inner stages of an FFT: runs of 16 words
//
// Both are b(l+a) + 3(b+1)(l+a) + 2(l+a) transforms. Counters and names: bench/support/scheme.h; cpu_ms is
// the processor time of a call, diagonal_mib the memory of the diagonals.
#include <ctime>

#include "bench/support/scheme.h"
#include "ckks/linear.h"

namespace sotto::bench {
namespace {

constexpr int kBabies = 8, kBlocks = 4;

void linear(benchmark::State& state, Scheme& s, std::size_t repeats) {
  const std::size_t slots = s.params->slots(), period = slots / repeats;
  ckks::LinearTransform map{.giant_step = kBabies, .blocks = {}, .folds = {}};
  for (int k = 0; k < kBlocks; ++k) {
    auto& block = map.blocks.emplace_back();
    for (int baby = 0; baby < kBabies; ++baby) {
      std::vector<double> values(slots);
      for (std::size_t i = 0; i < slots; ++i) values[i] = 1e-3 * static_cast<double>(i % period % 1009);
      block.push_back({baby, std::move(values)});
    }
  }
  const int level = s.params->max_level(), b = s.params->digits();
  const ckks::EncodedTransform transform =
      encode_transform(map, s.encoder, *s.params, level, s.params->scale(level), Threads::all());
  const double transforms = static_cast<double>(b + (kBlocks - 1) * (b + 1) + 2) * s.limbs();
  std::clock_t ticks = 0;
  std::int64_t calls = 0;
  run_with_ratio(state, s, transforms, [&] {
    const std::clock_t begin = std::clock();
    benchmark::DoNotOptimize(apply_transform(*s.evaluator, transform, s.cipher));
    ticks += std::clock() - begin;
    ++calls;
  });
  state.counters["cpu_ms"] = 1e3 * static_cast<double>(ticks) / CLOCKS_PER_SEC / static_cast<double>(calls);
  state.counters["diagonal_mib"] = static_cast<double>(transform.bytes()) / (1 << 20);
}

constexpr Operation kOperations[] = {
    {"linear", [](benchmark::State& state, Scheme& s) { linear(state, s, 1); }},
    {"linear_periodic", [](benchmark::State& state, Scheme& s) { linear(state, s, 16); }}};

}  // namespace
}  // namespace sotto::bench

int main(int argc, char** argv) {
  return sotto::bench::run_operations(sotto::bench::kOperations, argc, argv);
}
