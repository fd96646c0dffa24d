// Keys, encryption and decryption: structure, noise, refusals.
#include "ckks/keys.h"

#include "tests/ckks/scheme_fixture.h"

namespace sotto::ckks {
namespace {

using test::Big;
using ::testing::HasSubstr;

ParamsLiteral literal(int log_n = 9) {
  return {.name = "insecure_keys",
          .log_n = log_n,
          .log_q = {45, 36, 36, 36, 36},
          .log_p = {44, 44},
          .q = {},
          .p = {},
          .log_scale = 36,
          .digits = 3};
}

TEST(Automorphism, MatchesItsActionOnCoefficients) {
  const ParamsPtr params = Params::make(literal(6));
  const std::size_t n = params->n();
  const ntt::Plan& plan = params->q(0);
  test::Rng random;
  AlignedWords x(n), direct(n), permuted(n);
  for (std::size_t k = 0; k < n; ++k) x[k] = random.below(plan.modulus().value());
  for (u64 g = 1; g < 2 * n; g += 2) {
    for (std::size_t k = 0; k < n; ++k) {  // X^k -> X^(gk), X^N = -1
      const u64 exponent = g * k % (2 * n);
      direct[exponent % n] = exponent < n ? x[k] : plan.modulus().negate(x[k]);
    }
    plan.forward(direct.span());
    AlignedWords transformed = x;
    plan.forward(transformed.span());
    plan.permute(permuted.span(), transformed.span(), ntt::Automorphism(6, g));
    ASSERT_TRUE(std::ranges::equal(permuted.span(), direct.span())) << g;
    ASSERT_EQ(g * ntt::inverse_galois_element(6, g) % (2 * n), 1u);
  }
}

TEST(Keys, GaloisElementsArePowersOfFive) {
  const ParamsPtr params = Params::make(literal());  // N = 512
  EXPECT_EQ(galois_element(*params, {.step = 1, .conjugate = false}), 5u);
  EXPECT_EQ(galois_element(*params, {.step = 3, .conjugate = false}), 125u);
  EXPECT_EQ(galois_element(*params, {.step = -1, .conjugate = false}) * 5 % 1024, 1u);
  EXPECT_EQ(galois_element(*params, {.step = 0, .conjugate = true}), 1023u);
}

TEST(Keys, SecretIsTernaryAndTheSameOnAllLimbs) {
  const ParamsPtr params = Params::make(literal());
  Rng rng(test_seed(2));
  const SecretKey key = make_secret_key(params, rng);
  CoeffPoly s = inverse(*params, EvalPoly(key.s()));
  std::array<int, 3> seen{};
  for (std::size_t k = 0; k < params->n(); ++k) {
    const u64 q0 = params->q(0).modulus().value();
    const int value = s.limb(0)[k] == q0 - 1 ? -1 : static_cast<int>(s.limb(0)[k]);
    ASSERT_LE(std::abs(value), 1);
    ++seen[static_cast<std::size_t>(value + 1)];
    for (int i = 1; i < s.limbs(); ++i) {
      const u64 q = params->limb(i, s.q_limbs()).modulus().value();
      ASSERT_EQ(s.limb(i)[k], value < 0 ? q - 1 : static_cast<u64>(value));
    }
  }
  for (int count : seen) EXPECT_NEAR(count, 512.0 / 3, 80);
}

/// b_j + a_j t - P W_j s' must be a CBD(21) error, where t and s' are the two secrets of the key.
void expect_errors(const Params& params, const SwitchingKey& key, const EvalPoly& target,
                   const EvalPoly& source) {
  ASSERT_EQ(static_cast<int>(key.b.size()), params.digits_at(key.level));
  const int q_limbs = key.level + 1;
  double squares = 0;
  for (std::size_t j = 0; j < key.b.size(); ++j) {
    EvalPoly e = key.b[j];
    for (int i = 0; i < e.limbs(); ++i) {
      const ntt::Plan& plan = params.limb(i, q_limbs);
      const int secret_limb = i < q_limbs ? i : params.max_level() + 1 + i - q_limbs;
      plan.multiply_add(e.limb(i), key.a[j].limb(i), target.limb(secret_limb));
      if (i >= q_limbs || i / params.alpha() != static_cast<int>(j)) continue;
      u64 special = 1;
      for (int p = 0; p < params.special_count(); ++p) {
        special = plan.modulus().multiply(special, plan.modulus().reduce(params.p(p).modulus().value()));
      }
      AlignedWords part(params.n());
      plan.multiply_scalar(part.span(), source.limb(i), special);
      plan.subtract(e.limb(i), e.limb(i), part.span());
    }
    for (const Big& x : test::coefficients(params, std::move(e))) {
      ASSERT_LE(std::fabs(x.to_double()), 21);
      squares += std::pow(x.to_double(), 2);
    }
  }
  const double count = static_cast<double>(params.n() * key.b.size());
  EXPECT_NEAR(squares / count, 10.5, 6 * 10.5 * std::sqrt(2 / count));
}

TEST(Keys, SwitchingKeysHideTheSecretsTheyAreMadeFor) {
  const ParamsPtr params = Params::make(literal());
  Rng rng(test_seed(3));
  const SecretKey secret = make_secret_key(params, rng);
  const ServerKeys keys = make_server_keys(secret,
                                           {.relin_level = 4,
                                            .galois = {{{.step = 3, .conjugate = false}, 4},
                                                       {{.step = 5, .conjugate = false}, 1},
                                                       {{.step = 0, .conjugate = true}, 2}}},
                                           rng);
  const EvalPoly& s = secret.s();
  EvalPoly squared(params->n(), s.q_limbs(), s.p_limbs());
  for (int i = 0; i < s.limbs(); ++i)
    params->limb(i, s.q_limbs()).multiply(squared.limb(i), s.limb(i), s.limb(i));
  expect_errors(*params, *keys.relin, s, squared);
  EXPECT_EQ(keys.relin->level, 4);
  for (const auto& [id, key] : keys.galois) {
    EvalPoly moved(params->n(), s.q_limbs(), s.p_limbs());
    const ntt::Automorphism sigma(params->log_n(),
                                  ntt::inverse_galois_element(params->log_n(), galois_element(*params, id)));
    for (int i = 0; i < s.limbs(); ++i) params->limb(i, s.q_limbs()).permute(moved.limb(i), s.limb(i), sigma);
    expect_errors(*params, key, moved, s);
  }
  EXPECT_EQ(keys.galois.at({.step = 5, .conjugate = false}).level, 1);
}

TEST(Keys, UniformHalvesComeFromTheStoredSeeds) {
  const ParamsPtr params = Params::make(literal());
  Rng rng(test_seed(4));
  const SecretKey secret = make_secret_key(params, rng);
  const ServerKeys keys = make_server_keys(secret, {.relin_level = 3, .galois = {}}, rng);
  for (std::size_t j = 0; j < keys.relin->a.size(); ++j) {
    const EvalPoly a = expand_uniform(*params, keys.relin->seed, UniformPart::kSwitchingKey,
                                      static_cast<int>(j), params->key_basis(3), 2);
    EXPECT_TRUE(std::ranges::equal(a.words().span(), keys.relin->a[j].words().span()));
  }
  const PublicKey pk = make_public_key(secret, rng);
  const EvalPoly a = expand_uniform(*params, pk.seed, UniformPart::kPublicKey, 0, params->basis(4), 0);
  EXPECT_TRUE(std::ranges::equal(a.words().span(), pk.a.words().span()));
  EXPECT_EQ(pk.id, secret.id());
}

TEST(Keys, RequestsAreNormalisedAndDoNotDisturbEachOther) {
  const ParamsPtr params = Params::make(literal());
  const auto make = [&](const KeyRequest& request, Threads threads) {
    Rng rng(test_seed(5));
    const SecretKey secret = make_secret_key(params, rng);
    return make_server_keys(secret, request, rng, threads);
  };
  const auto step = [](int s, int level) { return GaloisKeyRequest{{.step = s, .conjugate = false}, level}; };
  const ServerKeys one = make({.relin_level = -1, .galois = {step(7, 2)}}, Threads{1});
  const ServerKeys many =
      make({.relin_level = 2, .galois = {step(0, 4), step(256, 4), step(7 - 256, 1), step(7, 2), step(9, 0)}},
           Threads{2});
  EXPECT_FALSE(one.relin);
  ASSERT_EQ(many.galois.size(), 2u);
  const SwitchingKey &a = one.galois.begin()->second, &b = many.galois.begin()->second;
  EXPECT_EQ(a.level, 2);
  EXPECT_EQ(b.level, 2);
  EXPECT_EQ(a.seed, b.seed) << "a key is a function of its id, not of the list it stands in";
  for (std::size_t j = 0; j < a.b.size(); ++j)
    EXPECT_TRUE(std::ranges::equal(a.b[j].words().span(), b.b[j].words().span()));
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, [&] { make({.relin_level = 5, .galois = {}}, {}); }),
              HasSubstr("level 5 is outside 0…4"));
}

TEST(Encryption, FreshNoiseIsTheOneOfTheFormula) {
  Scheme scheme({.name = "insecure_noise",
                 .log_n = 14,
                 .log_q = {45, 36},
                 .log_p = {50},
                 .q = {},
                 .p = {},
                 .log_scale = 36,
                 .digits = 2},
                {});
  const Plaintext message = scheme.encoder.encode(scheme.random_real(), 1, scheme.params->scale(1));
  const std::vector<Big> m = test::coefficients(*scheme.params, message.poly);
  const double n = static_cast<double>(scheme.params->n());
  const double tolerance = 6 / std::sqrt(2 * n);  // of a standard deviation measured on N coefficients
  const Ciphertext seeded = encrypt(*scheme.secret, message, scheme.rng);
  EXPECT_NEAR(deviation(phase(*scheme.secret, seeded), m) / std::sqrt(10.5), 1, tolerance);
  // e0 + e1 s + e u: two ternary factors, whose 2N/3 nonzero places each carry a variance of 10.5
  const PublicKey key = make_public_key(*scheme.secret, scheme.rng);
  const Ciphertext asymmetric = encrypt(key, message, scheme.rng, Threads{2});
  EXPECT_NEAR(deviation(phase(*scheme.secret, asymmetric), m) / std::sqrt(10.5 * (1 + 4 * n / 3)), 1,
              tolerance);
}

TEST(Encryption, SeededCiphertextsKeepTheirSeed) {
  Scheme scheme(literal(), {});
  const Ciphertext a = scheme.encrypt(scheme.random_real(), 3);
  ASSERT_TRUE(a.seed);
  const EvalPoly expanded =
      expand_uniform(*scheme.params, *a.seed, UniformPart::kCiphertext, 0, scheme.params->basis(3), 0);
  EXPECT_TRUE(std::ranges::equal(expanded.words().span(), a.c[1].words().span()));
  EXPECT_FALSE(encrypt(make_public_key(*scheme.secret, scheme.rng),
                       scheme.encoder.encode(scheme.random_real(), 1, 0x1p36), scheme.rng)
                   .seed);
  EXPECT_NE(scheme.encrypt(scheme.random_real(), 3).seed, a.seed) << "the same message twice";
}

TEST(Encryption, DecryptionInvertsItAtEveryLevel) {
  Scheme scheme(literal(), {});
  const PublicKey key = make_public_key(*scheme.secret, scheme.rng);
  const auto z = scheme.random_complex();
  for (int level = 0; level <= 4; ++level) {
    EXPECT_BITS(scheme.open(scheme.encrypt(z, level)), z, 27);
    EXPECT_BITS(scheme.open(encrypt(key, scheme.encoder.encode(z, level, 0x1p36), scheme.rng)), z, 22);
  }
}

TEST(Decryption, RefusesOtherKeysAndParameters) {
  Scheme scheme(literal(), {});
  const Ciphertext a = scheme.encrypt(scheme.random_real(), 1);
  Rng rng(test_seed(6));
  const Decryptor stranger(std::make_shared<ClientKeys>(make_secret_key(scheme.params, rng)));
  EXPECT_THAT(refusal_of(ErrorCode::kMissingKey, [&] { (void)stranger.decrypt(a); }),
              HasSubstr("another secret key"));
  const Decryptor foreign(std::make_shared<ClientKeys>(make_secret_key(Params::make(literal(8)), rng)));
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, [&] { (void)foreign.decrypt(a); }),
              HasSubstr("other parameters"));
}

TEST(Decryption, RefusesShapesBeforeItReadsThem) {
  Scheme scheme(literal(), {});
  const Ciphertext a = scheme.encrypt(scheme.random_real(), 2);
  const auto refused = [&](const Ciphertext& broken, const char* why) {
    EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, [&] { (void)scheme.decryptor.decrypt(broken); }),
                HasSubstr(why));
  };
  refused(Ciphertext{}, "decrypt: the ciphertext is empty");
  Ciphertext broken = a;
  broken.c.clear();
  refused(broken, "0 parts");
  broken = a;
  broken.c.resize(4, a.c[0]);
  refused(broken, "4 parts");
  broken = a;
  broken.c[1] = EvalPoly(scheme.params->n(), 2);
  refused(broken, "2 limbs");
  broken = a;
  broken.c[0] = EvalPoly(scheme.params->n() / 2, 3);
  refused(broken, "256 coefficients");
}

TEST(Decryption, ValuesAreDecodedByTheKeyThatOpenedThem) {
  Scheme scheme(literal(), {});
  Decrypted opened = scheme.decryptor.decrypt(scheme.encrypt(scheme.random_real(), 1));
  Rng rng(test_seed(7));
  const Decryptor stranger(std::make_shared<ClientKeys>(make_secret_key(scheme.params, rng)));
  EXPECT_THAT(refusal_of(ErrorCode::kMissingKey, [&] { (void)stranger.decode_private(opened); }),
              HasSubstr("decode_private: the value was decrypted with another secret key"));
  const Decryptor foreign(std::make_shared<ClientKeys>(make_secret_key(Params::make(literal(8)), rng)));
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, [&] { (void)foreign.decode_private_complex(opened); }),
              HasSubstr("other parameters"));
  const Decrypted taken = std::move(opened);
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, [&] { (void)scheme.decryptor.decode_private(opened); }),
              HasSubstr("moved away"));
  EXPECT_NO_THROW((void)scheme.decryptor.decode_private(taken));
}

TEST(Encryption, RefusesPlaintextsOfOtherParameters) {
  Scheme scheme(literal(), {});
  ParamsLiteral other = literal();
  other.log_scale = 35.5;  // the same ring and shape of chain
  const ParamsPtr params = Params::make(other);
  const Plaintext plain = Encoder(params).encode(scheme.random_real(), 1, 0x1p36);
  const PublicKey key = make_public_key(*scheme.secret, scheme.rng);
  for (const auto& use :
       std::vector<std::function<void()>>{[&] { (void)encrypt(*scheme.secret, plain, scheme.rng); },
                                          [&] { (void)encrypt(key, plain, scheme.rng); }}) {
    EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, use), HasSubstr("other parameters"));
  }
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, [&] { (void)encrypt(*scheme.secret, {}, scheme.rng); }),
              HasSubstr("plaintext is empty"));
}

}  // namespace
}  // namespace sotto::ckks
