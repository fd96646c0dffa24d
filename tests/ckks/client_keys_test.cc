// What a client holds and a server cannot be given; what is released, and how often.
#include "ckks/client_keys.h"

#include <type_traits>

#include "ckks/engine.h"
#include "ckks/io/objects.h"
#include "tests/ckks/scheme_fixture.h"
#include "tests/support/statistics.h"

namespace sotto::ckks {
namespace {

using ::testing::HasSubstr;

// The two sides are types apart: what follows must not compile.
template <class T>
concept Server = requires(T keys) {
  make_native_engine(keys, Threads{});
};
template <class T>
concept Opens = requires(T keys) {
  make_native_client(keys, Threads{});
};
template <class T>
concept Stored = requires(const T& object) {
  io::serialize(object);
};
static_assert(Server<KeyStorePtr> && Opens<std::shared_ptr<ClientKeys>>);
static_assert(!Server<std::shared_ptr<ClientKeys>> && !Server<std::shared_ptr<SecretKey>>);
static_assert(!Opens<std::shared_ptr<ServerKeys>>);
static_assert(!std::is_constructible_v<Evaluator, std::shared_ptr<ClientKeys>, Threads>);
static_assert(!std::is_constructible_v<Evaluator, std::shared_ptr<SecretKey>, Threads>);
static_assert(!std::is_constructible_v<Decryptor, std::shared_ptr<ServerKeys>>);
static_assert(!std::is_constructible_v<ServerKeys, ClientKeys> &&
              !std::is_constructible_v<ServerKeys, SecretKey>);
static_assert(!std::is_constructible_v<ClientKeys, ServerKeys> &&
              !std::is_constructible_v<SecretKey, ServerKeys>);
static_assert(!std::is_convertible_v<ClientKeys*, ServerKeys*> &&
              !std::is_convertible_v<ServerKeys*, ClientKeys*>);
static_assert(!std::is_copy_constructible_v<ClientKeys> && !std::is_copy_constructible_v<SecretKey>);
static_assert(Stored<ServerKeys> && Stored<SecretKey> && !Stored<ClientKeys> && !Stored<Decrypted>);

ParamsLiteral literal(int log_n = 9) {
  return {.name = "insecure_release",
          .log_n = log_n,
          .log_q = {45, 36, 36, 36},
          .log_p = {44, 44},
          .q = {},
          .p = {},
          .log_scale = 36,
          .digits = 2};
}

/// The keys of Scheme(literal, {}), made again from the same seed, under a policy.
std::shared_ptr<ClientKeys> releasing(const Scheme& scheme, const ReleasePolicy& policy,
                                      std::uint64_t released = 0) {
  Rng rng(test_seed(1));
  return std::make_shared<ClientKeys>(make_secret_key(scheme.params, rng), policy, released);
}

/// What a release adds to each coefficient: a real vector of slots is the embedding of (e(X) + e(1/X)) / 2,
/// whose coefficients 1 … N/2 - 1 are (e[k] - e[N-k]) / 2; times sqrt(2), they have the deviation of e.
std::vector<double> added_noise(const Scheme& scheme, std::span<const double> released,
                                std::span<const double> kept, int level, double scale) {
  std::vector<double> difference(released.size());
  for (std::size_t i = 0; i < difference.size(); ++i) difference[i] = released[i] - kept[i];
  const Plaintext embedded = scheme.encoder.encode(difference, level, scale);
  const std::vector<test::Big> all = test::coefficients(*scheme.params, embedded.poly);
  std::vector<double> noise;
  for (std::size_t k = 1; k < scheme.params->n() / 2; ++k)
    noise.push_back(std::numbers::sqrt2 * all[k].to_double());
  return noise;
}

TEST(Release, AddedNoiseIsNormalWithTheDeclaredDeviation) {
  Scheme scheme(literal(13), {});
  const int level = 3;
  const double scale = scheme.params->scale(level);
  const Decrypted opened = scheme.decryptor.decrypt(scheme.encrypt(scheme.random_real(), level));
  const std::vector<double> kept = scheme.decryptor.decode_private(opened);
  for (const double flooding_bits : {12.0, 20.3, 27.9}) {
    const ReleasePolicy policy{.flooding_bits = flooding_bits, .grid = 0, .releases = 8};
    Decryptor decryptor(releasing(scheme, policy));
    std::vector<double> z;
    for (std::uint64_t i = 0; i < policy.releases; ++i) {
      const std::vector<double> released = decryptor.decode_release(opened, scheme.rng);
      for (const double e : added_noise(scheme, released, kept, level, scale))
        z.push_back(e / policy.deviation());
    }
    EXPECT_GE(policy.deviation(), std::exp2(flooding_bits));
    EXPECT_NEAR(test::root_mean_square(z), 1, 0.02) << flooding_bits;
    EXPECT_LT(test::normal_chi_square(z), test::chi_square_limit(test::kNormalCells - 1)) << flooding_bits;
  }
}

TEST(Release, ReleasesOfOneValueHaveTheirOwnNoise) {
  Scheme scheme(literal(), {});
  const Decrypted opened = scheme.decryptor.decrypt(scheme.encrypt(scheme.random_real(), 3));
  Decryptor decryptor(releasing(scheme, {.flooding_bits = 12, .grid = 0, .releases = 2}));
  EXPECT_NE(decryptor.decode_release(opened, scheme.rng), decryptor.decode_release(opened, scheme.rng));
}

TEST(Release, ResultsLieOnTheGrid) {
  Scheme scheme(literal(12), {});
  const std::vector<double> x = scheme.random_real();
  const Decrypted opened = scheme.decryptor.decrypt(scheme.encrypt(x, 3));
  const double grid = 0x1p-7;
  Decryptor rounding(releasing(scheme, {.flooding_bits = 12, .grid = grid, .releases = 10}));
  const std::vector<double> rounded = rounding.decode_release(opened, scheme.rng);
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(rounded[i] / grid, std::round(rounded[i] / grid)) << "not on the grid";
    EXPECT_LE(std::fabs(rounded[i] - x[i]), grid);
  }
}

TEST(Release, TheBudgetBelongsToTheKeyAndCanBeRestored) {
  Scheme scheme(literal(), {});
  const Decrypted opened = scheme.decryptor.decrypt(scheme.encrypt(scheme.random_real(), 2));
  const ReleasePolicy policy{.flooding_bits = 10, .grid = 0, .releases = 3};
  const auto used_up = [&](Decryptor& decryptor, const ClientKeys& keys) {
    EXPECT_THAT(
        refusal_of(ErrorCode::kInvalidArgument, [&] { (void)decryptor.decode_release(opened, scheme.rng); }),
        HasSubstr("3 declared releases"));
    EXPECT_EQ(keys.released(), 3u);
  };
  const auto keys = releasing(scheme, policy);
  Decryptor first(keys), second(keys);
  EXPECT_NO_THROW((void)first.decode_release(opened, scheme.rng));
  EXPECT_NO_THROW((void)second.decode_release(opened, scheme.rng));
  const auto restored = releasing(scheme, policy, keys->released());
  Decryptor later(restored);
  EXPECT_NO_THROW((void)later.decode_release(opened, scheme.rng));
  used_up(later, *restored);
  EXPECT_NO_THROW((void)first.decode_release(opened, scheme.rng));
  used_up(second, *keys);
}

TEST(Release, RefusesMissingAndImpossiblePolicies) {
  Scheme scheme(literal(), {});
  const auto make = [&](double flooding_bits, double grid) {
    return releasing(scheme, {.flooding_bits = flooding_bits, .grid = grid, .releases = 9});
  };
  const auto opened = [&](int level) {
    return scheme.decryptor.decrypt(scheme.encrypt(scheme.random_real(), level));
  };
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, [&] { make(0, 0); }), HasSubstr("flooding_bits"));
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, [&] { make(NAN, 0); }), HasSubstr("flooding_bits"));
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, [&] { make(9, -1); }), HasSubstr("grid"));
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument,
                         [&] { (void)scheme.decryptor.decode_release(opened(1), scheme.rng); }),
              HasSubstr("no policy"));
  // q[0] of 45 bits: half of it is 2^44, and the noise may take half of that.
  const auto wide_keys = make(39, 0);
  Decryptor wide(wide_keys);
  EXPECT_THAT(
      refusal_of(ErrorCode::kInvalidArgument, [&] { (void)wide.decode_release(opened(0), scheme.rng); }),
      HasSubstr("flooding of 2^39.89 needs 44.89 bits below half the modulus of level 0, 2^44.00"));
  EXPECT_EQ(wide_keys->released(), 0u) << "a refusal spends nothing";
  EXPECT_NO_THROW((void)wide.decode_release(opened(1), scheme.rng));
  Decryptor narrow(make(37.5, 0));
  EXPECT_NO_THROW((void)narrow.decode_release(opened(0), scheme.rng));
}

TEST(Release, PoliciesFollowTheFormula) {
  const ReleasePolicy derived = ReleasePolicy::for_noise(10, 1 << 20, 0.5);
  EXPECT_NEAR(derived.flooding_bits, 10 + 20 + 10 + std::log2(12.0) / 2, 1e-9);  // t 2^(s/2) sqrt(12 tau)
  EXPECT_EQ(derived.releases, 1u << 20);
  EXPECT_EQ(derived.grid, 0.5);
  const ReleasePolicy untrusted = ReleasePolicy::for_noise(5, 16, 0, ReleasePolicy::kUntrustedSecurityBits);
  EXPECT_NEAR(untrusted.flooding_bits, 5 + 32 + 2 + std::log2(12.0) / 2, 1e-9);
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, [] { (void)ReleasePolicy::for_noise(10, 1, 0, 30); }),
              HasSubstr("30 bits of statistical security are below 40"));
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, [] { (void)ReleasePolicy::for_noise(10, 0); }),
              HasSubstr("at least one release"));
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, [] { (void)ReleasePolicy::for_noise(30, 1 << 20); }),
              HasSubstr("outside 2…52"));
}

}  // namespace
}  // namespace sotto::ckks
