// The golden files: one of each object, written by release 0.1, which must open for ever, and one for each
// rule of docs/file-formats.md that a file can break, which must be refused for ever and for that reason.
#include <gmock/gmock.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

#include "ckks/engine.h"
#include "ckks/io/stored_keys.h"
#include "ckks/keygen.h"
#include "tests/ckks/io_samples.h"
#include "tests/support/golden.h"
#include "tests/support/refusal.h"

namespace sotto::ckks::io {
namespace {

using ::testing::HasSubstr;

FileBytes golden(const std::string& name) {
  for (const SampleFile& sample : sample_files()) {
    if (sample.name == name) return test::golden("format-1/" + name + ".sotto", sample.bytes);
  }
  return {};
}

TEST(GoldenFiles, OpenAndStayTheSameBytes) {
  for (const SampleFile& sample : sample_files()) {
    const FileBytes file = golden(sample.name);
    EXPECT_EQ(parse_and_serialize(sample.type, file), file) << sample.name;
  }
}

TEST(GoldenFiles, ParametersAsTextStayTheSame) {
  const std::string text = test::golden_text("format-1/params.json", to_json(samples().params->literal()));
  EXPECT_EQ(to_json(literal_from_json(text)), text);
  EXPECT_EQ(Params::make(literal_from_json(text))->hash(), samples().params->hash());
}

TEST(GoldenFiles, CiphertextsDecryptUnderTheGoldenKey) {
  const auto secret = std::make_shared<ClientKeys>(parse_secret_key(golden("secret_key")));
  const auto client = make_native_client(secret, Threads{});
  for (const char* name : {"ciphertext", "ciphertext_seeded"}) {
    const Cipher image =
        native_cipher(parse_ciphertext(golden(name), secret->secret().params(), secret->secret().id()));
    const std::vector<double> got = client->decrypt(image), want = sample_slots();
    for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 0x1p-15) << name << " " << i;
  }
}

TEST(GoldenFiles, KeysSwitchAndOpenTheCiphertext) {
  const auto secret = std::make_shared<ClientKeys>(parse_secret_key(golden("secret_key")));
  const auto keys = resident(parse_server_keys(golden("server_keys")));
  const auto engine = make_native_engine(keys, Threads{});
  const auto client = make_native_client(secret, Threads{});
  const Cipher image =
      native_cipher(parse_ciphertext(golden("ciphertext_seeded"), keys->params(), keys->id()));
  const Cipher squared = engine->rescale(engine->square(engine->rotate(image, 1)));
  const std::vector<double> got = client->decrypt(squared), want = sample_slots();
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double x = want[(i + 1) % want.size()];
    EXPECT_NEAR(got[i], x * x, 0x1p-13) << "slot " << i;
  }
}

// Version 2: parameters that name their levels. Keys from the disk are those of the set here too.
TEST(GoldenFiles, OfParametersThatNameTheirLevelsStayTheSame) {
  const ParamsPtr params =
      Params::make({.name = "insecure_rational",
                    .log_n = 4,
                    .log_q = {50, 30, 30, 30, 30, 20, 20},
                    .log_p = {50, 50},
                    .q = {},
                    .p = {},
                    .log_scale = 40,
                    .digits = 4,
                    .levels = {{0, 5, 6}, {0, 1, 2, 5}, {0, 1, 2, 3, 4}, {0, 1, 2, 3, 4, 5, 6}}});
  Rng rng(Seed{});
  const SecretKey secret = make_secret_key(params, rng);
  const ServerKeys made = make_server_keys(
      secret, {.relin_level = 3, .galois = {{{1, false}, 1}, {{2, false}, 0}, {{0, true}, 2}}}, rng);
  EXPECT_EQ(to_json(literal_from_json(test::golden_text("format-2/params.json", to_json(params->literal())))),
            to_json(params->literal()));
  const FileBytes file = test::golden("format-2/server_keys.sotto", serialize(made));
  EXPECT_EQ(file[8], std::byte{2});
  const ServerKeys keys = parse_server_keys(file);
  EXPECT_EQ(serialize(keys), file);
  EXPECT_EQ(keys.params->hash(), params->hash());
  const KeyStorePtr all = resident(ServerKeys(keys));
  const StoredKeys stored(ServerKeysReader(file), expanded_key_bytes(*params, 3), Threads{2});
  for (const auto& [name, level] : all->levels()) {
    const auto key = stored.find(name);
    EXPECT_TRUE(same(*key, *all->find(name))) << describe(name);
    std::uint64_t words = 0;
    for (const auto* half : {&key->b, &key->a}) {
      for (const EvalPoly& poly : *half) words += poly.words().size();
    }
    EXPECT_EQ(expanded_key_bytes(*params, level), 8 * words) << describe(name);
  }
}

/// A golden object with one rule broken and every other kept: checksums are made true again unless they are
/// the rule.
struct Broken {
  std::string name;    // begins with the number of the rule
  std::string object;  // of sample_files()
  std::function<void(FileBytes&)> change;
  bool sealed;
  std::string reason;  // part of the sentence
  ErrorCode code = ErrorCode::kCorruptFile;
};

void put(FileBytes& file, std::size_t at, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) file[at + i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
}
std::function<void(FileBytes&)> put_u32(std::size_t at, std::uint32_t value) {
  return [=](FileBytes& file) { put(file, at, value, 4); };
}
std::function<void(FileBytes&)> put_f64(std::size_t at, double value) {
  return [=](FileBytes& file) { put(file, at, std::bit_cast<std::uint64_t>(value), 8); };
}
std::function<void(FileBytes&)> flip(std::ptrdiff_t at) {  // from the end when negative
  return [=](FileBytes& file) { *(at < 0 ? file.end() + at : file.begin() + at) ^= std::byte{1}; };
}
/// All bits of the six bytes there, and so of a whole residue: primes have at most 41 bits.
std::function<void(FileBytes&)> raise_residue(std::ptrdiff_t at) {
  return [=](FileBytes& file) {
    const auto first = at < 0 ? file.end() + at : file.begin() + at;
    std::fill(first, first + 6, std::byte{0xff});
  };
}

constexpr std::size_t kBody = kHeaderBytes;

const std::vector<Broken>& broken_files() {
  static const std::size_t literal = literal_bytes(samples().params->literal());
  static const std::size_t primes = kBody + literal - 4 * 8;  // three of the chain, one special
  static const std::size_t table = kBody + literal;           // the number of keys
  static const std::size_t relin = table + 4,
                           one = relin + 60;  // lines of the relinearisation key and rotation 1
  static const std::vector<Broken> all{
      {"1_magic", "params", put_u32(0, 0x474e5089), true, "bad magic"},
      {"1_version", "ciphertext", put_u32(8, 3), true,
       "has format version 3, this program reads versions 1 and 2"},
      {"1_type_unknown", "secret_key", put_u32(12, 6), true, "unknown object type 6"},
      {"1_type_other", "public_key", put_u32(12, 2), true, "is a Sotto secret key, not a Sotto public key"},
      {"1_header_cut", "params", [](FileBytes& f) { f.resize(100); }, false, "less than a header"},
      {"1_shorter", "public_key", [](FileBytes& f) { f.pop_back(); }, false, "is truncated"},
      {"1_longer", "ciphertext", [](FileBytes& f) { f.push_back({}); }, false, "is damaged: it has"},
      {"1_front_beyond_body", "server_keys", [](FileBytes& f) { put(f, 72, f.size() - kBody + 1, 8); }, false,
       "it claims a body of"},
      {"1_front_is_a_part", "ciphertext", [](FileBytes& f) { put(f, 72, 20, 8); }, false,
       "SHA-256 covers only a part"},
      {"2_front_digest", "secret_key", flip(-1), false, "SHA-256 does not match"},
      {"2_digest_of_header", "ciphertext", flip(50), false, "SHA-256 does not match"},
      {"2_key_digest", "server_keys", flip(-1), false, "the conjugation key 0, is damaged: its SHA-256"},
      {"3_name_too_long", "params", put_u32(kBody, 65), true, "its parameters are out of range"},
      {"3_log_n", "public_key", put_u32(kBody + 4, 18), true, "its parameters are out of range"},
      {"3_prime_count", "secret_key", put_u32(kBody + 8, 0xffffffff), true,
       "its parameters are out of range"},
      {"3_special_count", "params", put_u32(kBody + 12, 2), true, "it ends inside p"},
      {"3_key_count", "server_keys", put_u32(table, 0x04000000), true, "does not fit"},
      {"3_key_level_too_long", "server_keys", put_u32(relin + 8, 1), true, "instead of"},
      {"3_level_of_other_length", "ciphertext", put_u32(kBody, 2), true, "level 2 needs"},
      {"4_residue_of_public_key", "public_key", raise_residue(-6), true, "not below its prime"},
      {"4_residue_of_server_keys", "server_keys", raise_residue(-6), true, "not below its prime"},
      {"4_residue_of_ciphertext", "ciphertext", raise_residue(-6), true, "not below its prime"},
      {"4_secret_coefficient", "secret_key", [](FileBytes& f) { f.back() |= std::byte{0xc0}; }, true,
       "its coefficients are not ternary"},
      {"4_key_level", "server_keys", put_u32(relin + 8, 3), true, "level 3"},
      {"4_key_kind", "server_keys", put_u32(relin, 3), true, "a key of kind 3"},
      {"4_key_step", "server_keys", put_u32(one + 4, 8), true, "step 8"},
      {"4_table_order", "server_keys", put_u32(one + 4, 3), true, "not in order"},
      {"4_table_gap", "server_keys", [](FileBytes& f) { put(f, one + 12, 1, 8); }, true, "lies at byte 1 "},
      {"4_ciphertext_level", "ciphertext", put_u32(kBody, 3), true, "level 3 is not in 0…2"},
      {"4_ciphertext_parts", "ciphertext", put_u32(kBody + 4, 3), true, "3 parts"},
      {"4_ciphertext_flag", "ciphertext", put_u32(kBody + 8, 2), true, "flag 2"},
      {"4_scale_zero", "ciphertext", put_f64(kBody + 12, 0), true, "its scale"},
      {"4_scale_infinite", "ciphertext", put_f64(kBody + 12, HUGE_VAL), true, "its scale"},
      {"4_scale_above_modulus", "ciphertext", put_f64(kBody + 12, 0x1p62), true, "its scale"},
      {"4_left_over", "params", [](FileBytes& f) { f.push_back({}); }, true, "left over"},
      {"4_composite_prime", "params", [](FileBytes& f) { put(f, primes, 8589934593, 8); }, true, "refused"},
      {"4_insecure_without_the_word", "params", [](FileBytes& f) { f[kBody + 28] = std::byte{'I'}; }, true,
       "holds parameters that are refused", ErrorCode::kInsecure},
      {"5_hash_of_other_params", "params", flip(16), true, "its parameters have hash"},
      {"5_ciphertext_of_other_params", "ciphertext", flip(16), true, "other parameters"},
      {"5_ciphertext_of_other_key", "ciphertext_seeded", flip(48), true, "another"},
  };
  return all;
}

class BrokenFiles : public ::testing::TestWithParam<std::size_t> {};

TEST_P(BrokenFiles, AreRefusedForTheirReason) {
  const Broken& broken = broken_files()[GetParam()];
  const auto sample = std::ranges::find(sample_files(), broken.object, &SampleFile::name);
  FileBytes made = sample->bytes;
  broken.change(made);
  if (broken.sealed) reseal(made);
  const FileBytes file = test::golden("format-1-refused/" + broken.name + ".sotto", made);
  EXPECT_EQ(file, made);
  EXPECT_THAT(test::refusal([&] { parse_and_serialize(sample->type, file); }, broken.code),
              HasSubstr(broken.reason));
}

INSTANTIATE_TEST_SUITE_P(EachRule, BrokenFiles, ::testing::Range(std::size_t{0}, broken_files().size()),
                         [](const auto& test) { return "Rule" + broken_files()[test.param].name; });

}  // namespace
}  // namespace sotto::ckks::io
