#include "ckks/io/objects.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/file.h"
#include "ckks/decryptor.h"
#include "ckks/encoder.h"
#include "ckks/encryptor.h"
#include "ckks/key_store.h"
#include "ckks/keygen.h"
#include "ckks/text.h"
#include "tests/ckks/io_samples.h"

namespace sotto::ckks::io {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

template <class F>
Error refusal_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was refused";
  return {ErrorCode::kInvalidArgument, ""};
}

double worst_error(const SecretKey& key, const Ciphertext& a) {
  const Decryptor decryptor(std::make_shared<ClientKeys>(parse_secret_key(serialize(key))));
  const std::vector<double> got = decryptor.decode_private(decryptor.decrypt(a)), want = sample_slots();
  double worst = 0;
  for (std::size_t i = 0; i < want.size(); ++i) worst = std::max(worst, std::abs(got[i] - want[i]));
  return worst;
}

class FileFolder : public ::testing::Test {
 protected:
  FileFolder() {
    std::string pattern = (fs::temp_directory_path() / "sotto-io-test-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~FileFolder() override { fs::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  fs::path folder_;
};

TEST(Objects, ParametersComeBack) {
  const Params& params = *samples().params;
  const ParamsPtr back = parse_params(serialize(params));
  EXPECT_EQ(back->hash(), params.hash());
  EXPECT_EQ(back->name(), params.name());
  EXPECT_EQ(back->literal().q, params.literal().q);
  EXPECT_EQ(back->literal().p, params.literal().p);
  EXPECT_EQ(back->scale(0), params.scale(0));
}

TEST(Objects, SecretKeysComeBack) {
  const SecretKey back = parse_secret_key(serialize(samples().secret));
  EXPECT_TRUE(same(back.s(), samples().secret.s()));
  EXPECT_EQ(back.id(), samples().secret.id());
  EXPECT_EQ(back.params()->hash(), samples().params->hash());
}

TEST(Objects, PublicKeysComeBackWithTheirUniformHalf) {
  const PublicKey& key = samples().public_key;
  const PublicKey back = parse_public_key(serialize(key));
  EXPECT_EQ(back.id, key.id);
  EXPECT_EQ(back.seed, key.seed);
  EXPECT_TRUE(same(back.b, key.b));
  EXPECT_TRUE(same(back.a, key.a));
}

TEST(Objects, ServerKeysComeBackAtTheirLevels) {
  const ServerKeys& keys = samples().server_keys;
  const ServerKeys back = parse_server_keys(serialize(keys));
  EXPECT_EQ(back.id, keys.id);
  ASSERT_TRUE(back.relin.has_value());
  EXPECT_TRUE(same(*back.relin, *keys.relin));
  ASSERT_EQ(back.galois.size(), 3u);
  for (const auto& [id, key] : keys.galois) {
    ASSERT_TRUE(back.galois.contains(id)) << id.step;
    EXPECT_TRUE(same(back.galois.at(id), key)) << id.step;
  }
}

TEST(Objects, EmptyServerKeysAreAFileToo) {
  const ServerKeys none{.params = samples().params, .id = samples().secret.id(), .relin = {}, .galois = {}};
  const ServerKeys back = parse_server_keys(serialize(none));
  EXPECT_FALSE(back.relin.has_value());
  EXPECT_TRUE(back.galois.empty());
}

TEST(Objects, CiphertextsComeBackAndOpen) {
  const Samples& s = samples();
  for (const Ciphertext* original : {&s.seeded, &s.plain}) {
    const Ciphertext back = parse_ciphertext(serialize(*original), s.params, s.secret.id());
    EXPECT_TRUE(same(back, *original));
    EXPECT_LT(worst_error(s.secret, back), 0x1p-15);
  }
}

TEST(Objects, AnExpandedCiphertextIsTheSeededOne) {
  Ciphertext full = samples().seeded;
  full.seed.reset();
  const FileBytes file = serialize(full);
  EXPECT_EQ(file.size(), ciphertext_file_bytes(*samples().params, 2, false));
  const Ciphertext back = parse_ciphertext(file, samples().params, samples().secret.id());
  EXPECT_TRUE(same(back.c[1], samples().seeded.c[1]));
}

TEST(Objects, AProductMustBeRelinearisedFirst) {
  Ciphertext product = samples().plain;
  product.c.push_back(product.c[0]);
  EXPECT_THAT(refusal_of([&] { serialize(product); }).what(), HasSubstr("relinearise it first"));
}

TEST(Objects, OtherParametersAndKeysAreRefusedWithBothNames) {
  const Samples& s = samples();
  const FileBytes file = serialize(s.seeded);
  ParamsLiteral literal = s.params->literal();
  literal.log_scale = 28.01;
  const ParamsPtr other = Params::make(literal);
  const Error params_refusal = refusal_of([&] { parse_ciphertext(file, other, s.secret.id(), "image.ct"); });
  EXPECT_EQ(params_refusal.code(), ErrorCode::kCorruptFile);
  EXPECT_THAT(params_refusal.what(),
              HasSubstr("image.ct was made for other parameters (hash " + short_hex(s.params->hash()) +
                        ", need " + short_hex(other->hash())));
  KeyId id = s.secret.id();
  id[3] ^= 1;
  const Error key_refusal = refusal_of([&] { parse_ciphertext(file, s.params, id, "image.ct"); });
  EXPECT_EQ(key_refusal.code(), ErrorCode::kCorruptFile);
  EXPECT_THAT(key_refusal.what(), HasSubstr("image.ct was made with another key (id " +
                                            short_hex(s.secret.id()) + ", need " + short_hex(id)));
}

TEST(Objects, InsecureParametersNeedTheirName) {
  ParamsLiteral literal = samples().params->literal();
  const ParamsPtr honest = Params::make(literal);
  FileBytes file = serialize(*honest);
  const std::size_t name = kHeaderBytes + 28;
  ASSERT_EQ(file[name], std::byte{'i'});
  file[name] = std::byte{'I'};
  reseal(file);
  EXPECT_THAT(refusal_of([&] { parse_params(file, "p.sotto"); }).what(),
              HasSubstr("p.sotto holds parameters that are refused"));
}

TEST(Sizes, AreKnownBeforeAnythingIsMade) {
  const Samples& s = samples();
  EXPECT_EQ(serialize(s.seeded).size(), ciphertext_file_bytes(*s.params, 2, true));
  EXPECT_EQ(serialize(s.plain).size(), ciphertext_file_bytes(*s.params, 1, false));
  const KeyRequest request{.relin_level = 2, .galois = {{{1, false}, 2}, {{3, false}, 1}, {{0, true}, 0}}};
  EXPECT_EQ(serialize(s.server_keys).size(), server_keys_file_bytes(*s.params, request));
}

// What the first network needs: N = 2^13, six limbs of 173 bits in all, one special prime.
TEST(Sizes, OfTheDigitsNetwork) {
  const ParamsPtr params = Params::make({.name = "digits-13",
                                         .log_n = 13,
                                         .log_q = {33, 28, 28, 28, 28, 28},
                                         .log_p = {41},
                                         .q = {},
                                         .p = {},
                                         .log_scale = 28,
                                         .digits = 6});
  EXPECT_LE(ciphertext_file_bytes(*params, 5, true), 180'000u);
  EXPECT_LE(ciphertext_file_bytes(*params, 0, false), 68'000u);
  Rng rng(Seed{});
  const SecretKey secret = make_secret_key(params, rng);
  EXPECT_LE(serialize(secret).size(), 2500u);
  const Ciphertext image = encrypt(secret, Encoder(params).encode(sample_slots(), 5, params->scale(5)), rng);
  EXPECT_EQ(serialize(image).size(), ciphertext_file_bytes(*params, 5, true));
  const KeyRequest request{.relin_level = 5, .galois = {{{1, false}, 5}, {{2, false}, 3}}};
  EXPECT_EQ(serialize(make_server_keys(secret, request, rng)).size(),
            server_keys_file_bytes(*params, request));
}

// What deep networks and bootstrapping need: N = 2^16, 32 limbs, 8 special primes, 4 digits. No key is made.
TEST(Sizes, OfAKeyOfTheLargestRing) {
  ParamsLiteral literal{.name = "deep-16",
                        .log_n = 16,
                        .log_q = std::vector<int>(32, 40),
                        .log_p = std::vector<int>(8, 48),
                        .q = {},
                        .p = {},
                        .log_scale = 40,
                        .digits = 4};
  literal.log_q[0] = 48;
  const ParamsPtr params = Params::make(literal);
  std::uint64_t widths = 0;  // primes lie on both sides of 2^40
  for (int i = 0; i < 40; ++i) widths += static_cast<std::uint64_t>(params->limb(i, 32).modulus().bits());
  const KeyRequest one{.relin_level = -1, .galois = {{{1, false}, 31}}};
  const std::uint64_t bytes = server_keys_file_bytes(*params, one) - server_keys_file_bytes(*params, {});
  EXPECT_EQ(bytes, 60 + 32 + 4 * 65536 / 8 * widths);
  EXPECT_LE(bytes, 55'300'000u);
  EXPECT_EQ(expanded_key_bytes(*params, 31), std::uint64_t{2 * 4 * 40 * 8} << 16);
}

TEST_F(FileFolder, ObjectsGoThroughFiles) {
  const Samples& s = samples();
  save(path("params"), *s.params);
  save(path("secret"), s.secret);
  save(path("public"), s.public_key);
  save(path("server"), s.server_keys);
  save(path("image"), s.seeded);
  EXPECT_EQ(load_params(path("params"))->hash(), s.params->hash());
  EXPECT_TRUE(same(load_secret_key(path("secret")).s(), s.secret.s()));
  EXPECT_TRUE(same(load_public_key(path("public")).b, s.public_key.b));
  EXPECT_TRUE(same(*load_server_keys(path("server"), Threads{2}).relin, *s.server_keys.relin));
  EXPECT_TRUE(same(load_ciphertext(path("image"), s.params, s.secret.id()), s.seeded));
  EXPECT_EQ(read_file(path("server"), 1 << 20), serialize(s.server_keys)) << "streamed and in memory";
}

TEST_F(FileFolder, SecretsAreReadableByTheOwnerOnly) {
  save(path("secret"), samples().secret);
  struct stat status {};
  ASSERT_EQ(::stat(path("secret").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(FileFolder, OneKeyIsReadWithoutTheOthers) {
  save(path("server"), samples().server_keys);
  // Damage in the last key does not disturb the first; it shows when that key is read.
  FileBytes file = read_file(path("server"), 1 << 20);
  file.back() ^= std::byte{1};
  write_file_atomic(path("server"), ConstBytes(file));
  const ServerKeysReader reader(path("server"));
  ASSERT_EQ(reader.contents().size(), 4u);
  EXPECT_FALSE(reader.contents()[0].galois.has_value());
  EXPECT_EQ(reader.contents()[2].galois, (GaloisKeyId{3, false}));
  EXPECT_TRUE(same(reader.read(reader.contents()[2]), samples().server_keys.galois.at({3, false})));
  EXPECT_THAT(refusal_of([&] { reader.read(reader.contents()[3]); }).what(),
              HasSubstr("the conjugation key 0, is damaged"));
  EXPECT_THAT(refusal_of([&] { reader.read_all(); }).what(), HasSubstr("SHA-256 does not match"));
}

TEST_F(FileFolder, RefusalsNameTheFile) {
  save(path("params"), *samples().params);
  EXPECT_THAT(refusal_of([&] { load_secret_key(path("params")); }).what(),
              HasSubstr(path("params") + " is a Sotto parameter file, not a Sotto secret key"));
  const Error absent = refusal_of([&] { load_server_keys(path("absent")); });
  EXPECT_EQ(absent.code(), ErrorCode::kIo);
  EXPECT_THAT(absent.what(), HasSubstr("No such file"));
  write_file_atomic(path("noise"), std::string(1 << 16, 'x'));
  EXPECT_THAT(refusal_of([&] { load_server_keys(path("noise")); }).what(),
              HasSubstr("is not a Sotto server key set: bad magic"));
  EXPECT_THAT(refusal_of([&] { load_ciphertext(path("noise"), samples().params, {}); }).what(),
              HasSubstr("longer than"));
}

}  // namespace
}  // namespace sotto::ckks::io
