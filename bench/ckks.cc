// Operations without a key switch, and the making of keys.
//
//   encode         N/2 real values at the top level
//   decode         all limbs of the top level, coefficients to values
//   decrypt        a ciphertext at level 0, with its decoding: what a client does with an answer
//   encrypt        under the secret key, one half seeded
//   multiply_plain, rescale
//   rotation_key   one key at the top level. Counter bound_ratio: its time over that of what it consists of,
//                  measured in the same run: b(l+a) transforms of errors, and as many limbs of AES-256-CTR
//                  and a limb for each error
//
// Counters and names: bench/support/scheme.h.

#include <openssl/evp.h>

#include <algorithm>

#include "bench/support/scheme.h"

namespace sotto::bench {
namespace {

/// Runs work(), warmed up.
template <class Work>
double run_plain(benchmark::State& state, Work&& work) {
  work();
  Timer timer;
  timer.run(state, work);
  state.counters["median_us"] = timer.median() * 1e6;
  return timer.median();
}

void encode(benchmark::State& state, Scheme& s) {
  run_plain(state, [&] {
    benchmark::DoNotOptimize(s.encoder.encode(s.slots, s.plain.level(), s.plain.scale, s.threads));
  });
}

void decode(benchmark::State& state, Scheme& s) {
  const ckks::CoeffPoly message = inverse(*s.params, ckks::EvalPoly(s.plain.poly), s.threads);
  run_plain(state, [&] { benchmark::DoNotOptimize(s.encoder.decode(message, s.plain.scale, s.threads)); });
}

void decrypt(benchmark::State& state, Scheme& s) {
  run_plain(state, [&] {
    benchmark::DoNotOptimize(
        s.decryptor->decode_private(s.decryptor->decrypt(s.answer, s.threads), s.threads));
  });
}

void encrypt(benchmark::State& state, Scheme& s) {
  run_plain(state,
            [&] { benchmark::DoNotOptimize(ckks::encrypt(s.client->secret(), s.plain, s.rng, s.threads)); });
}

void multiply_plain(benchmark::State& state, Scheme& s) {
  run_plain(state, [&] { benchmark::DoNotOptimize(s.evaluator->multiply_plain(s.cipher, s.plain)); });
}

void rescale(benchmark::State& state, Scheme& s) {
  const ckks::Ciphertext product = s.evaluator->multiply_plain(s.cipher, s.plain);
  run_plain(state, [&] { benchmark::DoNotOptimize(s.evaluator->rescale(product)); });
}

/// Seconds of one limb of the key stream of AES-256-CTR, in pieces that stay in L1, the least of several.
double stream_seconds(std::size_t n) {
  constexpr int kBytes = 4096;
  std::vector<unsigned char> block(kBytes), key(32), counter(16);
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  EVP_EncryptInit_ex2(context, EVP_aes_256_ctr(), key.data(), counter.data(), nullptr);
  double best = 1;
  for (int repeat = 0; repeat < 15; ++repeat) {
    const double begin = Timer::now();
    int written = 0;
    for (std::size_t done = 0; done < n * sizeof(u64); done += kBytes)
      EVP_EncryptUpdate(context, block.data(), &written, block.data(), kBytes);
    best = std::min(best, Timer::now() - begin);
  }
  EVP_CIPHER_CTX_free(context);
  return best;
}

void rotation_key(benchmark::State& state, Scheme& s) {
  const ckks::KeyRequest one{.relin_level = -1,
                             .galois = {{{.step = 9, .conjugate = false}, s.params->max_level()}}};
  const double seconds = run_plain(
      state, [&] { benchmark::DoNotOptimize(make_server_keys(s.client->secret(), one, s.rng, s.threads)); });
  const double digits = s.params->digits(), limbs = digits * s.limbs(),
               stream = stream_seconds(s.params->n());
  const double bound = limbs * cold_transform_seconds(s) + (limbs + digits) * stream;
  state.counters["bound_ratio"] = seconds * s.threads.count / bound;
  state.counters["stream_us"] = stream * 1e6;
}

constexpr Operation kOperations[] = {{"encode", encode},
                                     {"decode", decode},
                                     {"decrypt", decrypt},
                                     {"encrypt", encrypt},
                                     {"multiply_plain", multiply_plain},
                                     {"rescale", rescale},
                                     {"rotation_key", rotation_key}};

}  // namespace
}  // namespace sotto::bench

int main(int argc, char** argv) {
  return sotto::bench::run_operations(sotto::bench::kOperations, argc, argv);
}
