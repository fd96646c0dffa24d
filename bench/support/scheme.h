// What the benchmarks of the scheme share: parameter sets, keys and ciphertexts, and the yardstick.
//
// Names: {operation}/logN:{log_n}/limbs:{l}/digits:{d}/threads:{t}; l limbs at the level of the operation,
// the top one. All sets have 128 bits of security, and P exceeds the largest digit by 5 to 8 bits.
//
// The yardstick is the cold transform: one forward transform of each limb modulo QP in turn, one thread,
// measured before and after the operation in the same run. The counter ntt_ratio is the time of an operation
// times its threads over that of the transforms it consists of, both medians.
#pragma once

#include <benchmark/benchmark.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ckks/decryptor.h"
#include "ckks/encoder.h"
#include "ckks/encryptor.h"
#include "ckks/evaluator.h"
#include "ckks/keygen.h"

namespace sotto::bench {

/// Keys and ciphertexts of one parameter set at its top level, and an evaluator for a number of threads.
struct Scheme {
  static constexpr int kHoisted = 8;  // rotations that share one decomposition

  explicit Scheme(const ckks::ParamsLiteral& literal);

  /// Limbs of a polynomial modulo QP: l + a.
  int limbs() const noexcept { return params->chain_count() + params->special_count(); }
  /// (b + 2 rotations)(l + a): the transforms of rotations that share one decomposition, and of a product
  /// with its relinearisation and rescale.
  double transforms(int rotations) const noexcept { return (params->digits() + 2.0 * rotations) * limbs(); }
  /// Bytes of one switching key.
  double key_bytes() const noexcept {
    return 2.0 * params->digits() * limbs() * static_cast<double>(params->n()) * sizeof(u64);
  }
  std::shared_ptr<const ckks::SwitchingKey> rotation_key() const {
    return keys->find(evaluator->rotation(1));
  }

  Threads threads;
  ckks::Rng rng;
  ckks::ParamsPtr params;
  ckks::Encoder encoder;
  std::shared_ptr<ckks::ClientKeys> client;
  ckks::KeyStorePtr keys;
  std::unique_ptr<ckks::Evaluator> evaluator;
  std::unique_ptr<ckks::Decryptor> decryptor;
  std::vector<int> steps;
  std::vector<double> slots;
  ckks::Plaintext plain;
  ckks::Ciphertext cipher, answer;  // at the top level and at level 0
};

/// Seconds of each call, the calls that Google Benchmark times.
class Timer {
 public:
  /// Repeats work() as long as `state` asks.
  template <class Work>
  void run(benchmark::State& state, Work&& work) {
    for (auto _ : state) {
      const double begin = now();
      work();
      seconds_.push_back(now() - begin);
    }
  }
  double median() const;
  static double now();

 private:
  std::vector<double> seconds_;
};

/// Seconds of one cold transform, the median of several walks through all limbs modulo QP.
double cold_transform_seconds(const Scheme& scheme);

struct Operation {
  const char* name;
  /// Times one operation and sets its counters.
  void (*run)(benchmark::State&, Scheme&);
};

/// Runs work() with the counter ntt_ratio: it consists of `transforms` transforms. Returns seconds a call.
template <class Work>
double run_with_ratio(benchmark::State& state, Scheme& scheme, double transforms, Work&& work) {
  work();  // warm up
  const double before = cold_transform_seconds(scheme);
  Timer timer;
  timer.run(state, work);
  const double transform = (before + cold_transform_seconds(scheme)) / 2, seconds = timer.median();
  state.counters["ntt_ratio"] = seconds * scheme.threads.count / (transforms * transform);
  state.counters["ntt_us"] = transform * 1e6;
  state.counters["median_us"] = seconds * 1e6;
  return seconds;
}

/// main(): every operation on every parameter set, with 1 and 2 threads.
int run_operations(std::span<const Operation> operations, int argc, char** argv);

}  // namespace sotto::bench
