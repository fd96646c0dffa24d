// Keys that stay on the disk: what it costs to read one, beside the rotation that it is read for.
//
// Names: {operation}/logN:{log_n}/limbs:{l}/digits:{d}/threads:{t}; keys at the top level, all parameters at
// 128 bits, the file in the page cache. `verify` is the SHA-256 of a key, paid once; `expand` unpacks one
// half of it and expands the other from its seed, paid at every reading; `rotation` has its key in memory,
// `rotation_stored` reads it each time.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ckks/encoder.h"
#include "ckks/encryptor.h"
#include "ckks/evaluator.h"
#include "ckks/io/stored_keys.h"
#include "ckks/keygen.h"

namespace sotto::ckks {
namespace {

struct Set {
  const char* name;
  int log_n, limbs, bits;
  std::vector<int> log_p;
  int digits;
};
const std::vector<Set>& sets() {
  static const std::vector<Set> all{{"bench-14-8", 14, 8, 40, {48, 48}, 4},
                                    {"bench-15-16", 15, 16, 40, {48, 48, 48, 48}, 4},
                                    {"bench-16-32", 16, 32, 40, std::vector<int>(8, 48), 4}};
  return all;
}

/// One key of a set in a file, and a ciphertext to rotate.
struct Bench {
  Bench(const Set& set, Threads t) : threads(t) {
    ParamsLiteral literal{.name = set.name,
                          .log_n = set.log_n,
                          .log_q = {},
                          .log_p = set.log_p,
                          .q = {},
                          .p = {},
                          .log_scale = static_cast<double>(set.bits),
                          .digits = set.digits};
    literal.log_q.assign(static_cast<std::size_t>(set.limbs), set.bits);
    literal.log_q[0] = 48;
    const ParamsPtr params = Params::make(literal);
    const int level = params->max_level();
    Rng rng;
    const SecretKey secret = make_secret_key(params, rng);
    ServerKeys keys =
        make_server_keys(secret, {.relin_level = -1, .galois = {{{1, false}, level}}}, rng, threads);
    path = (std::filesystem::temp_directory_path() / ("sotto-bench-" + std::to_string(set.log_n) + ".keys"))
               .string();
    io::save(path, keys);
    reader = std::make_unique<io::ServerKeysReader>(path);
    stored = std::make_unique<Evaluator>(
        std::make_shared<const io::StoredKeys>(io::ServerKeysReader(path), 0, threads), threads);
    in_memory = std::make_unique<Evaluator>(resident(std::move(keys)), threads);
    const std::vector<double> slots(params->slots(), 0.5);
    cipher =
        encrypt(secret, Encoder(params).encode(slots, level, params->scale(level), threads), rng, threads);
  }
  ~Bench() { std::remove(path.c_str()); }
  Bench(const Bench&) = delete;

  Threads threads;
  std::string path;
  std::unique_ptr<io::ServerKeysReader> reader;
  std::unique_ptr<Evaluator> stored, in_memory;
  Ciphertext cipher;
};

struct Operation {
  const char* name;
  void (*run)(Bench&);
};
const std::vector<Operation>& operations() {
  static const std::vector<Operation> all{
      {"verify", [](Bench& b) { b.reader->verify(b.reader->contents()[0]); }},
      {"expand",
       [](Bench& b) { benchmark::DoNotOptimize(b.reader->expand(b.reader->contents()[0], b.threads)); }},
      {"rotation", [](Bench& b) { benchmark::DoNotOptimize(b.in_memory->rotate(b.cipher, 1)); }},
      {"rotation_stored", [](Bench& b) { benchmark::DoNotOptimize(b.stored->rotate(b.cipher, 1)); }},
  };
  return all;
}

void run(benchmark::State& state, const Operation& operation, const Set& set, int threads) {
  static std::unique_ptr<Bench> kept;  // one set at a time: a key of the largest takes 168 MB
  static std::string kept_name;
  const std::string name = set.name + std::to_string(threads);
  if (kept_name != name) {
    kept.reset();
    kept = std::make_unique<Bench>(set, Threads{threads});
    kept_name = name;
  }
  Bench& b = *kept;
  operation.run(b);  // warm up
  for (auto _ : state) operation.run(b);
  state.counters["key_file_bytes"] = static_cast<double>(b.reader->contents()[0].bytes);
}

void register_all() {
  for (const Set& set : sets()) {
    for (const int threads : {1, 2}) {
      for (const Operation& operation : operations()) {
        const std::string name = std::string(operation.name) + "/logN:" + std::to_string(set.log_n) +
                                 "/limbs:" + std::to_string(set.limbs) +
                                 "/digits:" + std::to_string(set.digits) +
                                 "/threads:" + std::to_string(threads);
        benchmark::RegisterBenchmark(
            name.c_str(),
            [&operation, &set, threads](benchmark::State& state) { run(state, operation, set, threads); })
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
