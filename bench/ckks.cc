// The operations of the scheme: rotation, multiplication, encoding, encryption.
//
// Names: {operation}/logN:{log_n}/limbs:{l}/digits:{d}/threads:{t}; l limbs at the level of the operation,
// all parameters at 128 bits. The counter ntt_ratio divides the time of an operation by the time of the
// transforms it consists of, (b+2)(l+a) for a rotation, measured on cold limbs in the same run: what a key
// switch costs beyond its NTTs.

#include <benchmark/benchmark.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "ckks/decryptor.h"
#include "ckks/encryptor.h"
#include "ckks/evaluator.h"
#include "ckks/keygen.h"

namespace sotto::ckks {
namespace {

const std::vector<ParamsLiteral>& sets() {
  const auto set = [](const char* name, int log_n, int q0, int scale, int limbs, std::vector<int> log_p,
                      int digits) {
    ParamsLiteral literal{.name = name,
                          .log_n = log_n,
                          .log_q = std::vector<int>(static_cast<std::size_t>(limbs), scale),
                          .log_p = std::move(log_p),
                          .q = {},
                          .p = {},
                          .log_scale = static_cast<double>(scale),
                          .digits = digits};
    literal.log_q[0] = q0;
    return literal;
  };
  static const std::vector<ParamsLiteral> all{
      set("bench-13-6", 13, 33, 28, 6, {41}, 6),
      set("bench-13-5", 13, 43, 30, 5, {48}, 5),
      set("bench-14-8", 14, 48, 40, 8, {48, 48}, 4),
      set("bench-15-16", 15, 48, 40, 16, {48, 48, 48, 48}, 4),
  };
  return all;
}

constexpr int kHoisted = 8;

/// Keys and ciphertexts of one parameter set at its top level.
struct Bench {
  explicit Bench(const ParamsLiteral& literal, Threads t)
      : threads(t), params(Params::make(literal)), encoder(params) {
    const int level = params->max_level();
    client = std::make_shared<ClientKeys>(make_secret_key(params, rng));
    KeyRequest request{.relin_level = level, .galois = {}};
    for (int step = 1; step <= kHoisted; ++step) {
      request.galois.push_back({{.step = step, .conjugate = false}, level});
      steps.push_back(step);
    }
    evaluator = std::make_unique<Evaluator>(
        resident(make_server_keys(client->secret(), request, rng, threads)), threads);
    for (std::size_t i = 0; i < params->slots(); ++i) slots.push_back(0.001 * static_cast<double>(i % 1000));
    plain = encoder.encode(slots, level, params->scale(level), threads);
    cipher = encrypt(client->secret(), plain, rng, threads);
    answer = evaluator->drop_to_level(cipher, 0);
    decryptor = std::make_unique<Decryptor>(client);
  }

  /// (b+2)(l+a) for a rotation: the transforms of `rotations` rotations that share one decomposition.
  double transforms(int rotations) const {
    const int limbs = params->max_level() + 1 + params->special_count();
    return (params->digits() + 2.0 * rotations) * limbs;
  }
  /// Seconds of one transform, over all limbs of a ciphertext and the special ones in turn.
  double transform_seconds() const {
    EvalPoly work = expand_uniform(*params, Seed{}, UniformPart::kSwitchingKey, 0, params->basis(params->max_level()),
                                   params->special_count());
    double best = 1;
    for (int repeat = 0; repeat < 20; ++repeat) {
      const auto begin = std::chrono::steady_clock::now();
      for (int i = 0; i < work.limbs(); ++i) params->limb(i, work.q_limbs()).forward(work.limb(i));
      const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
      best = std::min(best, elapsed.count() / work.limbs());
    }
    return best;
  }

  Threads threads;
  Rng rng;
  ParamsPtr params;
  Encoder encoder;
  std::shared_ptr<ClientKeys> client;
  std::unique_ptr<Evaluator> evaluator;
  std::unique_ptr<Decryptor> decryptor;
  std::vector<int> steps;
  std::vector<double> slots;
  Plaintext plain;
  Ciphertext cipher, answer;  // at the top level and at level 0
};

Bench& bench_of(std::size_t set, int threads) {
  static std::map<std::pair<std::size_t, int>, std::unique_ptr<Bench>> made;
  auto& bench = made[{set, threads}];
  if (!bench) bench = std::make_unique<Bench>(sets()[set], Threads{threads});
  return *bench;
}

struct Operation {
  const char* name;
  int rotations;  // whose transforms ntt_ratio divides by; 0 = no such counter
  void (*run)(Bench&);
};

const std::vector<Operation>& operations() {
  static const std::vector<Operation> all{
      {"rotation", 1, [](Bench& b) { benchmark::DoNotOptimize(b.evaluator->rotate(b.cipher, 1)); }},
      {"rotation_hoisted8", kHoisted,
       [](Bench& b) { benchmark::DoNotOptimize(b.evaluator->rotate_many(b.cipher, b.steps)); }},
      {"multiply", 1,
       [](Bench& b) { benchmark::DoNotOptimize(b.evaluator->multiply_rescale(b.cipher, b.cipher)); }},
      {"multiply_plain", 0,
       [](Bench& b) { benchmark::DoNotOptimize(b.evaluator->multiply_plain(b.cipher, b.plain)); }},
      {"rescale", 0, [](Bench& b) { benchmark::DoNotOptimize(b.evaluator->rescale(b.cipher)); }},
      {"encode", 0,
       [](Bench& b) {
         benchmark::DoNotOptimize(b.encoder.encode(b.slots, b.plain.level(), b.plain.scale, b.threads));
       }},
      {"decode", 0,
       [](Bench& b) {
         benchmark::DoNotOptimize(b.decryptor->decode_private(b.decryptor->decrypt(b.answer, b.threads)));
       }},
      {"encrypt", 0,
       [](Bench& b) { benchmark::DoNotOptimize(encrypt(b.client->secret(), b.plain, b.rng, b.threads)); }},
      {"rotation_key", 0,
       [](Bench& b) {
         const KeyRequest one{.relin_level = -1,
                              .galois = {{{.step = 9, .conjugate = false}, b.params->max_level()}}};
         benchmark::DoNotOptimize(make_server_keys(b.client->secret(), one, b.rng, b.threads));
       }},
  };
  return all;
}

void run(benchmark::State& state, const Operation& operation, std::size_t set, int threads) {
  Bench& bench = bench_of(set, threads);
  operation.run(bench);  // warm up
  const auto begin = std::chrono::steady_clock::now();
  for (auto _ : state) operation.run(bench);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  if (operation.rotations == 0) return;
  const double transforms = bench.transform_seconds() * bench.transforms(operation.rotations) / threads;
  state.counters["ntt_ratio"] = elapsed.count() / static_cast<double>(state.iterations()) / transforms;
}

void register_all() {
  for (std::size_t set = 0; set < sets().size(); ++set) {
    const ParamsLiteral& literal = sets()[set];
    for (const int threads : {1, 2}) {
      for (const Operation& operation : operations()) {
        const std::string name = std::string(operation.name) + "/logN:" + std::to_string(literal.log_n) +
                                 "/limbs:" + std::to_string(literal.log_q.size()) +
                                 "/digits:" + std::to_string(literal.digits) +
                                 "/threads:" + std::to_string(threads);
        benchmark::RegisterBenchmark(
            name.c_str(),
            [&operation, set, threads](benchmark::State& state) { run(state, operation, set, threads); })
            ->Unit(benchmark::kMicrosecond)
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
  benchmark::AddCustomContext("ntt_backend",
                              std::string(sotto::ckks::Params::make(sotto::ckks::sets()[0])->backend()));
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
