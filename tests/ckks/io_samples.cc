#include "tests/ckks/io_samples.h"

#include <algorithm>
#include <cstring>

#include "ckks/encoder.h"
#include "ckks/encryptor.h"
#include "ckks/keygen.h"

namespace sotto::ckks::io {
namespace {

Seed seed_of(unsigned char first) {
  Seed seed{};
  seed[0] = first;
  return seed;
}

Samples make_samples() {
  ntt::set_backend("portable");  // also when another is forced: N = 16 is too small for vectors
  const ParamsPtr params = Params::make({.name = "insecure_io",
                                         .log_n = 4,
                                         .log_q = {33, 28, 28},
                                         .log_p = {41},
                                         .q = {},
                                         .p = {},
                                         .log_scale = 28,
                                         .digits = 3});
  Rng rng(seed_of(1));
  SecretKey secret = make_secret_key(params, rng);
  PublicKey public_key = make_public_key(secret, rng);
  ServerKeys server_keys = make_server_keys(
      secret, {.relin_level = 2, .galois = {{{1, false}, 2}, {{3, false}, 1}, {{0, true}, 0}}}, rng);
  const Encoder encoder(params);
  Ciphertext seeded = encrypt(secret, encoder.encode(sample_slots(), 2, params->scale(2)), rng);
  Ciphertext plain = encrypt(public_key, encoder.encode(sample_slots(), 1, params->scale(1)), rng);
  return {
      params,          std::move(secret), std::move(public_key), std::move(server_keys), std::move(seeded),
      std::move(plain)};
}

FileBytes copy_of(const SecretBytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

std::uint64_t load_le(const FileBytes& file, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = width; i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(file[at + i]);
  return value;
}

void store_le64(FileBytes& file, std::size_t at, std::uint64_t value) {
  for (std::size_t i = 0; i < 8; ++i) file[at + i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
}

/// Where the literal at the begin of a body ends, as its counts say; the file's end when that lies beyond.
std::uint64_t literal_end(const FileBytes& file) {
  const std::size_t literal = kHeaderBytes;
  const auto count_at = [&](std::uint64_t at) { return at + 4 <= file.size() ? load_le(file, at, 4) : 0; };
  std::uint64_t end = literal + 28 + count_at(literal) + 8 * (count_at(literal + 8) + count_at(literal + 12));
  if (load_le(file, 8, 4) == kLevelsFormatVersion) {
    std::uint64_t levels = count_at(end);
    for (end += 4; levels > 0 && end < file.size(); --levels) end += 4 + 4 * count_at(end);
    end += 4 + 8 * count_at(end);
  }
  return std::min<std::uint64_t>(end, file.size());
}

/// Digests of the keys that the table of contents lists, where it can be found.
void reseal_keys(FileBytes& file) {
  const std::uint64_t entries = literal_end(file) + 4;
  for (std::uint64_t entry = entries; entry + 60 <= file.size(); entry += 60) {
    const std::uint64_t offset = load_le(file, entry + 12, 8), length = load_le(file, entry + 20, 8);
    if (offset > file.size() || length > file.size() - offset) return;
    const Digest digest = sha256(ConstBytes(file).subspan(offset, length));
    std::memcpy(file.data() + entry + 28, digest.data(), digest.size());
    if (entry + 120 > load_le(file, 72, 8) + kHeaderBytes) return;  // the last one
  }
}

}  // namespace

std::vector<double> sample_slots() {
  return {0.5, -0.25, 1.0, 0.125, -1.0, 0.0, 0.75, -0.5};
}

const Samples& samples() {
  static const Samples made = make_samples();
  return made;
}

const std::vector<SampleFile>& sample_files() {
  static const std::vector<SampleFile> files = [] {
    const Samples& s = samples();
    return std::vector<SampleFile>{{"params", ObjectType::kParams, serialize(*s.params)},
                                   {"secret_key", ObjectType::kSecretKey, copy_of(serialize(s.secret))},
                                   {"public_key", ObjectType::kPublicKey, serialize(s.public_key)},
                                   {"server_keys", ObjectType::kServerKeys, serialize(s.server_keys)},
                                   {"ciphertext_seeded", ObjectType::kCiphertext, serialize(s.seeded)},
                                   {"ciphertext", ObjectType::kCiphertext, serialize(s.plain)}};
  }();
  return files;
}

FileBytes parse_and_serialize(ObjectType type, ConstBytes file) {
  const Samples& s = samples();
  switch (type) {
    case ObjectType::kParams:
      return serialize(*parse_params(file));
    case ObjectType::kSecretKey:
      return copy_of(serialize(parse_secret_key(file)));
    case ObjectType::kPublicKey:
      return serialize(parse_public_key(file));
    case ObjectType::kServerKeys:
      return serialize(parse_server_keys(file));
    case ObjectType::kCiphertext:
      return serialize(parse_ciphertext(file, s.params, s.secret.id()));
  }
  return {};
}

bool same(const EvalPoly& a, const EvalPoly& b) {
  return a.n() == b.n() && a.q_limbs() == b.q_limbs() && a.p_limbs() == b.p_limbs() &&
         std::ranges::equal(a.words().span(), b.words().span());
}
bool same(const SwitchingKey& a, const SwitchingKey& b) {
  const auto equal = [](const EvalPoly& x, const EvalPoly& y) { return same(x, y); };
  return a.seed == b.seed && a.level == b.level && std::ranges::equal(a.b, b.b, equal) &&
         std::ranges::equal(a.a, b.a, equal);
}
bool same(const Ciphertext& a, const Ciphertext& b) {
  return a.key_id == b.key_id && a.scale == b.scale && a.seed == b.seed && a.c.size() == b.c.size() &&
         same(a.c[0], b.c[0]) && same(a.c[1], b.c[1]);
}

void reseal(FileBytes& file) {
  if (file.size() < kHeaderBytes) return;
  const std::uint64_t body = file.size() - kHeaderBytes;
  store_le64(file, 64, body);
  const bool has_table = load_le(file, 12, 4) == static_cast<std::uint64_t>(ObjectType::kServerKeys);
  if (!has_table || load_le(file, 72, 8) > body) store_le64(file, 72, body);
  if (has_table) reseal_keys(file);
  const ConstBytes all(file);
  const Digest digest = sha256(all.first(80), all.subspan(kHeaderBytes, load_le(file, 72, 8)));
  std::memcpy(file.data() + 80, digest.data(), digest.size());
}

}  // namespace sotto::ckks::io
