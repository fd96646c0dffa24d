// One computation on every NTT backend that this machine can run: the same words, at different speeds.
//
// docs/ntt-backends.md says how to write another. Next: examples/8_classify.cc, a whole network.
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "ckks/encoder.h"
#include "ckks/encryptor.h"
#include "ckks/evaluator.h"
#include "ckks/io/objects.h"
#include "ckks/keygen.h"
#include "ckks/named_params.h"
#include "ntt/registry.h"

namespace ckks = sotto::ckks;

namespace {

struct Result {
  ckks::io::FileBytes ciphertext;
  double milliseconds = 0;
};

/// Everything from one seed: keys, encryption, a rotation.
Result run(std::string_view backend) {
  const ckks::ParamsPtr params = ckks::Params::make(ckks::params::find("L13").literal, backend);
  ckks::Rng rng(ckks::Seed{1, 2, 3});  // a fixed seed: for tests and examples, never for secrets
  const ckks::SecretKey secret = ckks::make_secret_key(params, rng);
  const int top = params->max_level();
  const ckks::KeyRequest request{.relin_level = -1, .galois = {{{.step = 1, .conjugate = false}, top}}};
  const ckks::Evaluator evaluator(ckks::resident(ckks::make_server_keys(secret, request, rng)));
  const ckks::Plaintext message =
      ckks::Encoder(params).encode(std::vector{0.25, 0.5, 0.75}, top, params->scale(top));
  const ckks::Ciphertext a = ckks::encrypt(secret, message, rng);
  ckks::Ciphertext rotated = evaluator.rotate(a, 1);
  const auto begin = std::chrono::steady_clock::now();
  constexpr int kRepeats = 20;
  for (int i = 0; i < kRepeats; ++i) rotated = evaluator.rotate(a, 1);
  const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - begin;
  return {ckks::io::serialize(rotated), elapsed.count() / kRepeats};
}

}  // namespace

int main() {
  const Result reference = run("portable");
  bool equal = true;
  for (const sotto::ntt::BackendInfo& backend : sotto::ntt::backends()) {
    if (!backend.usable()) {
      std::printf("%-12s this machine lacks %s\n", std::string(backend.name).c_str(),
                  backend.missing().c_str());
      continue;
    }
    const Result result = run(backend.name);
    const bool same = result.ciphertext == reference.ciphertext;
    equal = equal && same;
    std::printf("%-12s a rotation in %.3f ms, %s\n", std::string(backend.name).c_str(), result.milliseconds,
                same ? "the words of portable" : "OTHER WORDS");
  }
  return equal ? 0 : 1;
}
