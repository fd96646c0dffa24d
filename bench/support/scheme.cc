#include "bench/support/scheme.h"

#include <algorithm>
#include <chrono>

namespace sotto::bench {
namespace {

using ckks::ParamsLiteral;

ParamsLiteral set(const char* name, int log_n, int q0, int scale, int limbs, std::vector<int> log_p,
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
}

const std::vector<ParamsLiteral>& sets() {
  const auto primes = [](std::size_t count, int bits) { return std::vector<int>(count, bits); };
  static const std::vector<ParamsLiteral> all{
      set("bench-13-2", 13, 36, 30, 2, {43}, 2),
      set("bench-13-5", 13, 43, 30, 5, {48}, 5),
      set("bench-13-6", 13, 33, 28, 6, {41}, 6),
      set("bench-14-7", 14, 48, 40, 7, primes(2, 48), 4),
      set("bench-14-8", 14, 48, 40, 8, primes(2, 48), 4),
      set("bench-15-16", 15, 48, 40, 16, primes(4, 44), 4),
      set("bench-16-28", 16, 48, 40, 28, primes(7, 42), 4),
      set("bench-16-28-3", 16, 48, 40, 28, primes(9, 46), 3),
      set("bench-16-32", 16, 48, 40, 32, primes(8, 42), 4),
  };
  return all;
}

std::string label(const char* operation, const ParamsLiteral& literal, int threads) {
  return std::string(operation) + "/logN:" + std::to_string(literal.log_n) +
         "/limbs:" + std::to_string(literal.log_q.size()) + "/digits:" + std::to_string(literal.digits) +
         "/threads:" + std::to_string(threads);
}

/// One set at a time is in memory: its keys are up to 1.5 GiB.
Scheme& scheme_of(const ParamsLiteral& literal, int threads) {
  static std::unique_ptr<Scheme> made;
  if (!made || made->params->name() != literal.name) {
    made.reset();
    made = std::make_unique<Scheme>(literal);
  }
  if (made->threads.count != threads) {
    made->threads = Threads{threads};
    made->evaluator = std::make_unique<ckks::Evaluator>(made->keys, made->threads);
  }
  return *made;
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace

Scheme::Scheme(const ParamsLiteral& literal) : params(ckks::Params::make(literal)), encoder(params) {
  const int level = params->max_level();
  client = std::make_shared<ckks::ClientKeys>(ckks::make_secret_key(params, rng));
  ckks::KeyRequest request{.relin_level = level, .galois = {}};
  for (int step = 1; step <= kHoisted; ++step) {
    request.galois.push_back({{.step = step, .conjugate = false}, level});
    steps.push_back(step);
  }
  keys = ckks::resident(ckks::make_server_keys(client->secret(), request, rng, Threads::all()));
  evaluator = std::make_unique<ckks::Evaluator>(keys, threads);
  for (std::size_t i = 0; i < params->slots(); ++i) slots.push_back(0.001 * static_cast<double>(i % 1000));
  plain = encoder.encode(slots, level, params->scale(level));
  cipher = encrypt(client->secret(), plain, rng);
  answer = evaluator->drop_to_level(cipher, 0);
  decryptor = std::make_unique<ckks::Decryptor>(client);
}

double Timer::now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double Timer::median() const {
  return median_of(seconds_);
}

double cold_transform_seconds(const Scheme& scheme) {
  constexpr int kWalks = 15;
  const ckks::Params& params = *scheme.params;
  ckks::EvalPoly work = ckks::expand_uniform(params, ckks::Seed{}, ckks::UniformPart::kSwitchingKey, 0,
                                             params.basis(params.max_level()), params.special_count());
  std::vector<double> seconds;
  for (int walk = 0; walk <= kWalks; ++walk) {  // the first one warms up
    const double begin = Timer::now();
    for (int i = 0; i < work.limbs(); ++i) params.limb(i, work.q_limbs()).forward(work.limb(i));
    if (walk > 0) seconds.push_back((Timer::now() - begin) / work.limbs());
  }
  return median_of(std::move(seconds));
}

int run_operations(std::span<const Operation> operations, int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  for (const ParamsLiteral& literal : sets()) {
    for (const int threads : {1, 2}) {
      for (const Operation& operation : operations) {
        const auto run = [&literal, &operation, threads](benchmark::State& state) {
          operation.run(state, scheme_of(literal, threads));
        };
        benchmark::RegisterBenchmark(label(operation.name, literal, threads).c_str(), run)
            ->Unit(benchmark::kMicrosecond)
            ->UseRealTime();
      }
    }
  }
  benchmark::AddCustomContext("ntt_backend", std::string(ckks::Params::make(sets().front())->backend()));
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace sotto::bench
