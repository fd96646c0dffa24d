// The published vectors of tests/data/kat-1, made by a model that shares nothing with the engine (tests/kat):
// the engine gives every value of them, on every backend and with one and two threads, and refuses every file
// of the negative ones. README.md beside the vectors says what each value is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "base/json.h"
#include "ckks/decryptor.h"
#include "ckks/encryptor.h"
#include "ckks/evaluator.h"
#include "ckks/io/format.h"
#include "ckks/io/server_keys.h"
#include "ckks/keygen.h"
#include "ntt/primes.h"

namespace sotto::ckks {
namespace {

using Json = nlohmann::json;
using Limbs = std::vector<std::vector<u64>>;  // [limb][n]

Json read_vectors(const std::string& name) {
  const std::string path = std::string(SOTTO_SOURCE_DIR) + "/tests/data/kat-1/" + name + ".json";
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return parse_json(text.str(), std::size_t{1} << 20, path);
}

std::string to_hex(io::ConstBytes bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const std::byte b : bytes) {
    hex += kDigits[std::to_integer<std::size_t>(b >> 4)];
    hex += kDigits[std::to_integer<std::size_t>(b & std::byte{15})];
  }
  return hex;
}

io::FileBytes from_hex(const std::string& hex) {
  io::FileBytes bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::string hex_sha256(io::ConstBytes bytes) {
  const io::Digest digest = io::sha256(bytes);
  return to_hex(std::as_bytes(std::span(digest)));
}

template <Domain D>
Limbs limbs_of(const RnsPoly<D>& poly) {
  Limbs out;
  for (int i = 0; i < poly.limbs(); ++i) out.emplace_back(poly.limb(i).begin(), poly.limb(i).end());
  return out;
}

/// A decimal number of either sign modulo a prime.
u64 residue_of(const std::string& number, u64 prime) {
  const bool negative = number.front() == '-';
  u64 x = 0;
  for (const char digit : number.substr(negative ? 1 : 0)) {
    x = static_cast<u64>((ntt::u128{x} * 10 + static_cast<u64>(digit - '0')) % prime);
  }
  return negative && x != 0 ? prime - x : x;
}

/// Published coefficients of a toy ring, which are integers, against their residues.
void expect_integers(const Json& published, const Params& params, const Limbs& got, const std::string& what) {
  if (!published.contains("integers")) return;
  Limbs want;
  for (std::size_t i = 0; i < got.size(); ++i) {
    want.emplace_back();
    for (const std::string number : published["integers"])
      want[i].push_back(residue_of(number, params.literal().q[i]));
  }
  EXPECT_EQ(want, got) << what;
}

/// One published polynomial: a hash for each limb, and for toy rings its words.
void expect_limbs(const Json& published, const Limbs& got, const std::string& what) {
  ASSERT_EQ(published.at("sha256").size(), got.size()) << what;
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(published["sha256"][i], hex_sha256(std::as_bytes(std::span(got[i])))) << what << ", limb " << i;
  }
  if (published.contains("words")) {
    EXPECT_EQ(published["words"].get<Limbs>(), got) << what;
  }
}

template <class Map>
std::vector<std::string> names_of(const Map& map) {
  std::vector<std::string> names;
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

std::vector<std::string> names_in(const Json& object) {
  return names_of(object.get<std::map<std::string, Json>>());
}

// --- the formulas of the README ---

constexpr u64 kFirst = 2654435761, kSecond = 2246822519;

/// floor((factor (k+1)^power mod 2^32) / 2^12) - 2^19.
std::int64_t weyl(u64 k, u64 factor, int power) {
  const u64 x = factor * (power == 2 ? (k + 1) * (k + 1) : k + 1);
  return static_cast<std::int64_t>((x & 0xffffffff) >> 12) - (std::int64_t{1} << 19);
}

Plaintext message(const ParamsPtr& params, u64 factor, int power) {
  std::vector<std::int64_t> coefficients;
  for (std::size_t k = 0; k < params->n(); ++k) coefficients.push_back(weyl(k, factor, power));
  Plaintext m{params, EvalPoly(params->n(), params->max_level() + 1), params->scale(params->max_level())};
  for (int i = 0; i < m.poly.limbs(); ++i) {
    to_residues(params->q(i).modulus(), coefficients, m.poly.limb(i));
    params->q(i).forward(m.poly.limb(i));
  }
  return m;
}

/// Coefficients next to a tie of the division by the chain primes from `first` on.
Ciphertext ties(const ParamsPtr& params, const KeyId& key_id, int first) {
  const int limbs = params->max_level() + 1;
  const std::size_t n = params->n();
  ntt::u128 divisor = 1;
  for (int i = first; i < limbs; ++i) divisor *= params->q(i).modulus().value();
  Ciphertext out{.params = params,
                 .c = {},
                 .scale = std::exp2(2 * params->literal().log_scale),
                 .key_id = key_id,
                 .seed = {}};
  for (const bool reversed : {false, true}) {
    EvalPoly part(n, limbs);
    for (std::size_t k = 0; k < n; ++k) {
      const ntt::u128 x = ((k + 1) * kFirst & 0xffffffff) * divisor + divisor / 2 - divisor / 65536 +
                          2 * k * divisor / (n * 65536);
      for (int i = 0; i < limbs; ++i) {
        part.limb(i)[reversed ? n - 1 - k : k] = static_cast<u64>(x % params->q(i).modulus().value());
      }
    }
    for (int i = 0; i < limbs; ++i) params->q(i).forward(part.limb(i));
    out.c.push_back(std::move(part));
  }
  return out;
}

// --- one run of the program on the engine ---

struct Program {
  Program(const Json& vectors, std::string_view backend, int thread_count)
      : label(std::string(backend) + " with " + std::to_string(thread_count) + " threads"),
        params(Params::make(literal_from_json(vectors.at("params").dump()), backend)),
        threads{thread_count},
        rng(root_of(vectors)),
        client(std::make_shared<ClientKeys>(make_secret_key(params, rng))),
        secret(&client->secret()),
        public_key(make_public_key(*secret, rng, threads)) {
    const int top = params->max_level();
    const KeyRequest request{
        .relin_level = top,
        .galois = {{{.step = 1, .conjugate = false}, top}, {{.step = 0, .conjugate = true}, top - 1}}};
    server = std::make_shared<const ServerKeys>(make_server_keys(*secret, request, rng, threads));
    compute();
  }

  static Seed root_of(const Json& vectors) {
    const io::FileBytes bytes = from_hex(vectors.at("root_seed"));
    Seed seed{};
    std::ranges::transform(bytes, seed.begin(),
                           [](std::byte b) { return std::to_integer<unsigned char>(b); });
    return seed;
  }

  void compute() {
    const Evaluator evaluator(resident(server), threads);
    const int top = params->max_level();
    const auto make = [&](const char* name, Ciphertext c) { ciphertexts.emplace(name, std::move(c)); };
    const auto made = [&](const char* name) -> const Ciphertext& { return ciphertexts.at(name); };
    make("first", encrypt(*secret, message(params, kFirst, 1), rng, threads));
    make("second", encrypt(public_key, message(params, kSecond, 2), rng, threads));
    make("product", evaluator.product(made("first"), made("second")));
    make("relinearised", evaluator.relinearise(made("product")));
    make("rescaled", evaluator.rescale(made("relinearised")));
    make("multiplied", evaluator.multiply_rescale(made("first"), made("second")));
    make("squared", evaluator.square(made("first")));
    make("rotated", evaluator.rotate(made("first"), 1));
    make("rotated_low", evaluator.rotate(made("multiplied"), 1));
    make("conjugated", evaluator.conjugate(evaluator.drop_to_level(made("second"), top - 1)));
    make("ties", ties(params, secret->id(), top));
    make("ties_rescaled", evaluator.rescale(made("ties")));
    make("digit_ties", ties(params, secret->id(), (params->digits_at(top) - 1) * params->alpha()));
    make("digit_ties_rotated", evaluator.rotate(made("digit_ties"), 1));
  }

  std::map<std::string, Limbs> polynomials() const {
    std::map<std::string, Limbs> out{{"secret", limbs_of(secret->s())},
                                     {"public_key.b", limbs_of(public_key.b)},
                                     {"public_key.a", limbs_of(public_key.a)}};
    for (const auto& [name, key] : switching_keys()) {
      for (std::size_t j = 0; j < key->b.size(); ++j) {
        out[name + ".b[" + std::to_string(j) + "]"] = limbs_of(key->b[j]);
        out[name + ".a[" + std::to_string(j) + "]"] = limbs_of(key->a[j]);
      }
    }
    for (const auto& [name, c] : ciphertexts) {
      for (std::size_t i = 0; i < c.c.size(); ++i) {
        out[name + ".c[" + std::to_string(i) + "]"] = limbs_of(c.c[i]);
      }
    }
    return out;
  }

  std::map<std::string, const SwitchingKey*> switching_keys() const {
    return {{"relin", &*server->relin},
            {"rotation_1", &server->galois.at({.step = 1, .conjugate = false})},
            {"conjugation", &server->galois.at({.step = 0, .conjugate = true})}};
  }

  std::map<std::string, io::FileBytes> files() const {
    const io::SecretBytes secret_bytes = io::serialize(*secret);
    std::map<std::string, io::FileBytes> out{
        {"params", io::serialize(*params)},
        {"secret_key", io::FileBytes(secret_bytes.begin(), secret_bytes.end())},
        {"public_key", io::serialize(public_key)},
        {"server_keys", io::serialize(*server)}};
    for (const auto& [name, c] : ciphertexts) {
      if (c.c.size() == 2) out[name] = io::serialize(c);
    }
    return out;
  }

  /// Residues of the coefficients of c0 + c1 s (+ c2 s^2).
  Limbs phase(const Ciphertext& a) const {
    EvalPoly m = a.c.back();
    for (std::size_t part = a.c.size() - 1; part-- > 0;) {
      for (int i = 0; i < m.limbs(); ++i) {
        params->q(i).multiply(m.limb(i), m.limb(i), secret->s().limb(i));
        params->q(i).add(m.limb(i), m.limb(i), a.c[part].limb(i));
      }
    }
    return limbs_of(inverse(*params, std::move(m)));
  }

  std::string label;
  ParamsPtr params;
  Threads threads;
  Rng rng;
  std::shared_ptr<ClientKeys> client;
  const SecretKey* secret;
  PublicKey public_key;
  std::shared_ptr<const ServerKeys> server;
  std::map<std::string, Ciphertext> ciphertexts;
};

// --- the tests ---

struct Set {
  Json vectors;
  std::vector<std::unique_ptr<Program>> runs;  // every usable backend that takes its primes, 1 and 2 threads
};

const Set& set_named(const std::string& name) {
  static std::map<std::string, Set> sets;
  const auto [entry, fresh] = sets.try_emplace(name);
  if (!fresh) return entry->second;
  Set& set = entry->second;
  set.vectors = read_vectors(name);
  const int log_n = set.vectors["params"]["log_n"].get<int>();
  auto primes = set.vectors["q"].get<std::vector<u64>>();
  for (const u64 p : set.vectors["p"]) primes.push_back(p);
  for (const ntt::BackendInfo& backend : ntt::backends()) {
    const auto takes = [&](u64 q) { return backend.supports(ntt::Modulus(q), log_n); };
    if (!backend.usable() || !std::ranges::all_of(primes, takes)) continue;
    for (const int threads : {1, 2}) {
      set.runs.push_back(std::make_unique<Program>(set.vectors, backend.name, threads));
    }
  }
  return set;
}

class KnownAnswers : public ::testing::TestWithParam<const char*> {
 protected:
  const Set& set() const { return set_named(GetParam()); }
  const Json& vectors() const { return set().vectors; }
};

TEST_P(KnownAnswers, RunOnPortableAtLeast) {
  EXPECT_THAT(set().runs, ::testing::Contains(::testing::Pointee(::testing::ResultOf(
                              [](const Program& run) { return run.params->backend(); }, "portable"))));
}

TEST_P(KnownAnswers, SizesGiveThePrimesTheRootsAndTheHash) {
  const Params& params = *set().runs.front()->params;
  EXPECT_EQ(vectors()["q"], Json(params.literal().q));
  EXPECT_EQ(vectors()["p"], Json(params.literal().p));
  std::vector<u64> psi_q, psi_p;
  for (const u64 q : params.literal().q)
    psi_q.push_back(ntt::primitive_root(ntt::Modulus(q), params.log_n()));
  for (const u64 p : params.literal().p)
    psi_p.push_back(ntt::primitive_root(ntt::Modulus(p), params.log_n()));
  EXPECT_EQ(vectors()["psi_q"], Json(psi_q));
  EXPECT_EQ(vectors()["psi_p"], Json(psi_p));
  EXPECT_EQ(vectors()["params_hash"], to_hex(std::as_bytes(std::span(params.hash()))));
}

TEST_P(KnownAnswers, TheRootSeedGivesEverySeedAndTheKeyId) {
  for (const auto& run : set().runs) {
    const auto hex = [](const auto& bytes) { return to_hex(std::as_bytes(std::span(bytes))); };
    std::map<std::string, std::string> seeds{{"public_key", hex(run->public_key.seed)},
                                             {"first", hex(*run->ciphertexts.at("first").seed)}};
    std::map<std::string, int> levels;
    for (const auto& [name, key] : run->switching_keys()) {
      seeds[name] = hex(key->seed);
      levels[name] = key->level;
    }
    EXPECT_EQ(vectors()["seeds"], Json(seeds)) << run->label;
    EXPECT_EQ(vectors()["keys"], Json(levels)) << run->label;
    EXPECT_EQ(vectors()["key_id"], hex(run->secret->id())) << run->label;
  }
}

TEST_P(KnownAnswers, NoMoreSeedsAreDrawnThanPublished) {
  Program again(vectors(), set().runs.front()->params->backend(), 1);
  const SeedIndex next{.object = vectors()["seeds_drawn"].get<u64>(), .digit = 0, .limb = 0};
  EXPECT_EQ(again.rng.next_seed(), derive_seed(Program::root_of(vectors()), "rng", ParamsHash{}, next));
}

TEST_P(KnownAnswers, EveryKeyAndCiphertextHasThePublishedWords) {
  for (const auto& run : set().runs) {
    const std::map<std::string, Limbs> got = run->polynomials();
    EXPECT_EQ(names_in(vectors()["polynomials"]), names_of(got));
    for (const auto& [name, limbs] : got) {
      expect_limbs(vectors()["polynomials"].at(name), limbs, run->label + ": " + name);
    }
  }
}

TEST_P(KnownAnswers, LevelsAndScalesAreExact) {
  for (const auto& run : set().runs) {
    EXPECT_EQ(names_in(vectors()["ciphertexts"]), names_of(run->ciphertexts));
    for (const auto& [name, c] : run->ciphertexts) {
      EXPECT_EQ(vectors()["ciphertexts"][name]["level"], c.level()) << name;
      EXPECT_EQ(vectors()["ciphertexts"][name]["scale"].get<double>(), c.scale) << name;
    }
  }
}

TEST_P(KnownAnswers, DecryptionsAreThePublishedPolynomials) {
  for (const auto& run : set().runs) {
    for (const auto& [name, published] : vectors()["decrypted"].items()) {
      const Limbs phase = run->phase(run->ciphertexts.at(name));
      expect_limbs(published, phase, run->label + ": " + name);
      expect_integers(published, *run->params, phase, run->label + ": " + name);
    }
  }
}

TEST_P(KnownAnswers, DecodedSlotsAgreeToTheAccuracyOfDoubles) {
  const Program& run = *set().runs.front();
  const Decryptor decryptor(run.client);
  for (const auto& [name, published] : vectors()["decoded"].items()) {
    const auto slots = decryptor.decode_private_complex(decryptor.decrypt(run.ciphertexts.at(name)));
    for (const Json& slot : published) {
      const std::complex<double> want(slot[1].get<double>(), slot[2].get<double>());
      EXPECT_LT(std::abs(slots[slot[0].get<std::size_t>()] - want), 0x1p-40) << name << ", slot " << slot[0];
    }
  }
}

TEST_P(KnownAnswers, TheEncodingHasThePublishedCoefficients) {
  const Json& published = vectors()["encoding"];
  for (const auto& run : set().runs) {
    std::vector<std::complex<double>> slots(run->params->slots());
    for (const Json& slot : published["slots"]) {
      slots[slot[0].get<std::size_t>()] = {slot[1].get<double>(), slot[2].get<double>()};
    }
    const int top = run->params->max_level();
    EvalPoly poly =
        Encoder(run->params).encode(slots, top, published["scale"].get<double>(), run->threads).poly;
    expect_limbs(published["polynomial"], limbs_of(poly), run->label);
    const Limbs coefficients = limbs_of(inverse(*run->params, std::move(poly)));
    expect_limbs(published["coefficients"], coefficients, run->label);
    expect_integers(published["coefficients"], *run->params, coefficients, run->label);
  }
}

TEST_P(KnownAnswers, MessagesAreThoseOfTheFormulas) {
  const ParamsPtr& params = set().runs.front()->params;
  for (const auto& [name, factor, power] : {std::tuple{"first", kFirst, 1}, {"second", kSecond, 2}}) {
    const Limbs coefficients = limbs_of(inverse(*params, message(params, factor, power).poly));
    expect_limbs(vectors()["messages"][name], coefficients, name);
    expect_integers(vectors()["messages"][name], *params, coefficients, name);
  }
}

void expect_file(const Json& published, io::ConstBytes got, const std::string& what) {
  EXPECT_EQ(published["bytes"], got.size()) << what;
  EXPECT_EQ(published["sha256"], hex_sha256(got)) << what;
  if (published.contains("hex")) {
    EXPECT_EQ(published["hex"], to_hex(got)) << what;
  }
}

TEST_P(KnownAnswers, FilesAreThePublishedBytes) {
  for (const auto& run : set().runs) {
    const auto got = run->files();
    EXPECT_EQ(names_in(vectors()["files"]), names_of(got));
    for (const auto& [name, bytes] : got) {
      expect_file(vectors()["files"].at(name), bytes, run->label + ": " + name);
    }
  }
}

/// Parses a file as its user would, beside the keys of a run, and writes the object again.
io::FileBytes rewritten(const std::string& kind, io::ConstBytes file, const Program& run) {
  const std::string_view backend = run.params->backend();
  if (kind == "params") return io::serialize(*io::parse_params(file, "the file", backend));
  if (kind == "secret_key") {
    const io::SecretBytes bytes = io::serialize(io::parse_secret_key(file, "the file", backend));
    return {bytes.begin(), bytes.end()};
  }
  if (kind == "public_key") return io::serialize(io::parse_public_key(file, "the file", backend));
  if (kind == "server_keys") return io::serialize(io::parse_server_keys(file, "the file", backend));
  return io::serialize(io::parse_ciphertext(file, run.params, run.secret->id()));
}

TEST_P(KnownAnswers, FilesAreReadAndWrittenAgain) {
  for (const auto& run : set().runs) {
    for (const auto& [name, bytes] : run->files()) {
      EXPECT_EQ(rewritten(name, bytes, *run), bytes) << run->label << ": " << name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, KnownAnswers,
                         ::testing::Values("insecure_kat-4", "insecure_kat-4-wide", "kat-12", "kat-13"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(NegativeVectors, EveryFileIsRefusedWithItsCode) {
  const Json document = read_vectors("negative");
  const Program& run = *set_named(document.at("beside")).runs.front();
  for (const Json& vector : document.at("vectors")) {
    const io::FileBytes file = from_hex(vector["hex"]);
    try {
      rewritten(vector["kind"], file, run);
      ADD_FAILURE() << vector["name"] << " was accepted, against the rule: " << vector["rule"];
    } catch (const Error& error) {
      EXPECT_EQ(vector["error"], error_code_name(error.code())) << vector["name"] << ": " << error.what();
    }
  }
  EXPECT_GT(document["vectors"].size(), 90u);
}

}  // namespace
}  // namespace sotto::ckks
