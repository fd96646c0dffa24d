// The phases of a key switch (ckks/keyswitch.h), each against its own transforms:
//
//   decompose      l
//   inner_product  b(l+a) - l; key_gbytes_per_s: words of the key read, once each, over its time
//   mod_down       2(l+a)
//
// Counters and names: bench/support/scheme.h.

#include "bench/support/scheme.h"

namespace sotto::bench {
namespace {

void decompose(benchmark::State& state, Scheme& s) {
  run_with_ratio(state, s, s.params->chain_count(), [&] {
    benchmark::DoNotOptimize(s.evaluator->switcher().decompose(s.cipher.c[1], s.threads));
  });
}

void inner_product(benchmark::State& state, Scheme& s) {
  const ckks::KeySwitcher& switcher = s.evaluator->switcher();
  const ckks::Decomposition digits = switcher.decompose(s.cipher.c[1], s.threads);
  const auto held = s.rotation_key();
  const ckks::SwitchingKey* const key = held.get();
  const double transforms = s.params->digits() * s.limbs() - (s.params->chain_count());
  const double seconds = run_with_ratio(state, s, transforms, [&] {
    benchmark::DoNotOptimize(switcher.inner_products(digits, {&key, 1}, s.threads));
  });
  state.counters["key_mbytes"] = s.key_bytes() * 1e-6;
  state.counters["key_gbytes_per_s"] = s.key_bytes() / seconds * 1e-9;
}

void mod_down(benchmark::State& state, Scheme& s) {
  const ckks::KeySwitcher& switcher = s.evaluator->switcher();
  const auto held = s.rotation_key();
  const ckks::SwitchingKey* const key = held.get();
  const ckks::Decomposition digits = switcher.decompose(s.cipher.c[1], s.threads);
  const RecycledVector<ckks::ExtendedPair> u = switcher.inner_products(digits, {&key, 1}, s.threads);
  run_with_ratio(state, s, 2.0 * s.limbs(),
                 [&] { benchmark::DoNotOptimize(switcher.mod_down(u.front(), false, s.threads)); });
}

constexpr Operation kOperations[] = {
    {"decompose", decompose}, {"inner_product", inner_product}, {"mod_down", mod_down}};

}  // namespace
}  // namespace sotto::bench

int main(int argc, char** argv) {
  return sotto::bench::run_operations(sotto::bench::kOperations, argc, argv);
}
