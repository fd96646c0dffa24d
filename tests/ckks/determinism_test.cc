// One seed, one result: the same words on every backend and any number of threads.
#include "ckks/linear.h"
#include "tests/ckks/scheme_fixture.h"

namespace sotto::ckks {
namespace {

ParamsLiteral literal() {
  return {.name = "insecure_determinism",
          .log_n = 10,
          .log_q = {49, 40, 40, 40},
          .log_p = {49, 46},
          .q = {},
          .p = {},
          .log_scale = 40,
          .digits = 2};
}

/// Keys, an encryption, a product, a rotation, a linear map: all words that come out.
std::vector<u64> program(std::string_view backend, Threads threads) {
  const ParamsPtr params = Params::make(literal(), backend);
  EXPECT_EQ(params->backend(), backend);
  Rng rng(Seed{1, 2, 3});
  const SecretKey secret = make_secret_key(params, rng);
  const PublicKey pk = make_public_key(secret, rng, threads);
  KeyRequest request{.relin_level = 3, .galois = {}};
  for (int step : {1, 2, 3, 4, 5, 6, 7, 8, 64})
    request.galois.push_back({{.step = step, .conjugate = false}, 3});
  const ServerKeys keys = make_server_keys(secret, request, rng, threads);
  const Evaluator evaluator(resident(keys), threads);
  const Encoder encoder(params);

  std::vector<double> x(params->slots());
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = std::fmod(0.618033988749895 * static_cast<double>(i), 1.0) - 0.5;
  const Ciphertext a = encrypt(secret, encoder.encode(x, 3, params->scale(3), threads), rng, threads);
  const Ciphertext b = encrypt(pk, encoder.encode(x, 3, params->scale(3), threads), rng, threads);
  LinearTransform map{.giant_step = 8, .blocks = {{{0, x}, {3, x}}, {{1, x}, {3, x}}}, .folds = {64}};
  std::vector<Ciphertext> results{a,
                                  b,
                                  evaluator.multiply(a, b),
                                  evaluator.multiply_rescale(a, b),
                                  evaluator.rescale(evaluator.square(a)),
                                  evaluator.rotate(b, 5)};
  results.push_back(
      apply_transform(evaluator, encode_transform(map, encoder, *params, 3, 0x1p40, threads), a));
  for (Ciphertext& c : evaluator.rotate_many(a, std::vector{1, 2, 3, 4, 5, 6, 7, 8}))
    results.push_back(std::move(c));

  std::vector<u64> words;
  const auto take = [&](const EvalPoly& poly) {
    words.insert(words.end(), poly.words().data(), poly.words().data() + poly.words().size());
  };
  for (const Ciphertext& c : results) std::ranges::for_each(c.c, take);
  std::ranges::for_each(keys.relin->b, take);
  for (const auto& [id, key] : keys.galois) std::ranges::for_each(key.b, take);
  return words;
}

TEST(Determinism, BackendsAndThreadsDoNotMatter) {
  const std::vector<u64> want = program("portable", Threads{1});
  for (const ntt::BackendInfo& backend : ntt::backends()) {
    if (!backend.usable()) continue;
    for (const int threads : {1, 2, 3}) {
      EXPECT_TRUE(program(backend.name, Threads{threads}) == want)
          << backend.name << " with " << threads << " threads";
    }
  }
}

}  // namespace
}  // namespace sotto::ckks
