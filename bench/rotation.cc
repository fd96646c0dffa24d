// Whole operations that switch keys: a rotation, eight of one ciphertext, a product.
//
//   rotation           one Galois element: (b+2)(l+a) transforms
//   rotation_hoisted8  eight that share the decomposition: (b+16)(l+a)
//   multiply           product, relinearisation and rescale, fused: (b+2)(l+a)
//
// Counters and names: bench/support/scheme.h.

#include "bench/support/scheme.h"

namespace sotto::bench {
namespace {

void rotation(benchmark::State& state, Scheme& s) {
  run_with_ratio(state, s, s.transforms(1),
                 [&] { benchmark::DoNotOptimize(s.evaluator->rotate(s.cipher, 1)); });
}

void rotation_hoisted(benchmark::State& state, Scheme& s) {
  run_with_ratio(state, s, s.transforms(Scheme::kHoisted),
                 [&] { benchmark::DoNotOptimize(s.evaluator->rotate_many(s.cipher, s.steps)); });
}

void multiply(benchmark::State& state, Scheme& s) {
  run_with_ratio(state, s, s.transforms(1),
                 [&] { benchmark::DoNotOptimize(s.evaluator->multiply_rescale(s.cipher, s.cipher)); });
}

constexpr Operation kOperations[] = {
    {"rotation", rotation}, {"rotation_hoisted8", rotation_hoisted}, {"multiply", multiply}};

}  // namespace
}  // namespace sotto::bench

int main(int argc, char** argv) {
  return sotto::bench::run_operations(sotto::bench::kOperations, argc, argv);
}
