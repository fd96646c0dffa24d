#include "ckks/io/objects.h"

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "ckks/io/format.h"
#include "ckks/text.h"

namespace sotto::ckks::io {
namespace {

constexpr std::size_t kCiphertextFields = 3 * 4 + 8;

std::uint64_t ternary_bytes(int log_n) {
  return std::uint64_t{1} << (log_n - 2);
}  // 2 bits a coefficient

Header header_of(ObjectType type, const Params& params, const KeyId& key_id, std::uint64_t body_bytes) {
  const bool has_literal = type != ObjectType::kCiphertext;
  return {.type = type,
          .version = has_literal ? literal_version(params.literal()) : kFormatVersion,
          .params_hash = params.hash(),
          .key_id = key_id,
          .body_bytes = body_bytes,
          .front_bytes = body_bytes};
}

void require_body(const OpenObject& object, const ByteReader& body, std::uint64_t fields) {
  if (body.remaining() == fields) return;
  body.fail("its parameters ask for " + std::to_string(fields) + " bytes after them, it has " +
            std::to_string(body.remaining()) + " of a body of " + std::to_string(object.header.body_bytes));
}

/// Coefficients -1, 0, 1 as the two-bit numbers 0, 1, 2, four in a byte, the first lowest. No branch depends
/// on the secret.
void write_ternary(ByteWriter& out, const SecretKey& key) {
  const ntt::Plan& plan = key.params()->q(0);
  AlignedWords s(plan.n());
  const WipeAtExit guard(s);
  std::ranges::copy(key.s().limb(0), s.data());
  plan.inverse(s.span());
  const Bytes packed = out.rest().first(plan.n() / 4);
  for (std::size_t i = 0; i < packed.size(); ++i) {
    u64 byte = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      const u64 x = s[4 * i + j];                        // 0, 1 or q - 1
      const u64 is_negative = u64{0} - ((1 - x) >> 63);  // all ones for q - 1
      byte |= ((x + 1) & ~is_negative) << (2 * j);
    }
    packed[i] = static_cast<std::byte>(byte);
  }
}

EvalPoly read_ternary(ByteReader& in, const Params& params) {
  SmallPoly coefficients(params.n());
  const ConstBytes packed = in.bytes("the secret", params.n() / 4);
  bool valid = true;
  for (std::size_t i = 0; i < params.n(); ++i) {
    const int code = std::to_integer<int>(packed[i / 4] >> (2 * (i % 4))) & 3;
    valid &= code != 3;
    coefficients.values()[i] = code - 1;
  }
  if (!valid) in.fail("its coefficients are not ternary");
  EvalPoly s(params.n(), params.chain_count(), params.special_count());
  for (int i = 0; i < s.limbs(); ++i) {
    const ntt::Plan& plan = params.limb(i, s.q_limbs());
    to_residues(plan.modulus(), coefficients.values(), s.limb(i));
    plan.forward(s.limb(i));
  }
  return s;
}

void require_binding(const Header& header, const Params& params, const KeyId& key_id, std::string_view name) {
  if (header.params_hash != params.hash()) {
    throw Error(ErrorCode::kCorruptFile, std::string(name) + " was made for other parameters (hash " +
                                             short_hex(header.params_hash) + ", need " +
                                             short_hex(params.hash()) + " of \"" + params.name() +
                                             "\"); encrypt again with the key files in use");
  }
  if (header.key_id != key_id) {
    throw Error(ErrorCode::kCorruptFile, std::string(name) + " was made with another key (id " +
                                             short_hex(header.key_id) + ", need " + short_hex(key_id) +
                                             "); use the key it belongs to or encrypt again");
  }
}

template <class Parse>
auto load_file(const std::string& path, std::uint64_t max_bytes, Parse&& parse) {
  const FileBytes bytes = read_file(path, max_bytes);
  return parse(ConstBytes(bytes));
}

}  // namespace

FileBytes serialize(const Params& params) {
  const ParamsLiteral& literal = params.literal();
  return make_object<FileBytes>(header_of(ObjectType::kParams, params, {}, literal_bytes(literal)),
                                [&](ByteWriter& body) { write_literal(body, literal); });
}

ParamsPtr parse_params(ConstBytes file, std::string_view name, std::string_view backend) {
  OpenObject object = open_object(file, ObjectType::kParams, name);
  const ParamsLiteral literal = read_literal(object.body, object.header.version);
  object.body.expect_end();
  if (object.header.key_id != KeyId{}) object.body.fail("parameters belong to no key");
  return make_params(literal, object.header, backend, name);
}

SecretBytes serialize(const SecretKey& key) {
  const Params& params = *key.params();
  const std::uint64_t bytes = literal_bytes(params.literal()) + ternary_bytes(params.log_n());
  return make_object<SecretBytes>(header_of(ObjectType::kSecretKey, params, key.id(), bytes),
                                  [&](ByteWriter& body) {
                                    write_literal(body, params.literal());
                                    write_ternary(body, key);
                                  });
}

SecretKey parse_secret_key(ConstBytes file, std::string_view name, std::string_view backend) {
  OpenObject object = open_object(file, ObjectType::kSecretKey, name);
  const ParamsLiteral literal = read_literal(object.body, object.header.version);
  if (literal.log_n < 2) object.body.fail("log_n is too small");
  require_body(object, object.body, ternary_bytes(literal.log_n));
  const ParamsPtr params = make_params(literal, object.header, backend, name);
  return SecretKey(params, object.header.key_id, read_ternary(object.body, *params));
}

FileBytes serialize(const PublicKey& key) {
  const Params& params = *key.params;
  const std::uint64_t bytes = literal_bytes(params.literal()) + sizeof(Seed) +
                              poly_bytes(params.literal(), params.basis(params.max_level()), false);
  return make_object<FileBytes>(header_of(ObjectType::kPublicKey, params, key.id, bytes),
                                [&](ByteWriter& body) {
                                  write_literal(body, params.literal());
                                  body.bytes(std::as_bytes(std::span(key.seed)));
                                  write_poly(body, params, params.basis(params.max_level()), key.b);
                                });
}

PublicKey parse_public_key(ConstBytes file, std::string_view name, std::string_view backend) {
  OpenObject object = open_object(file, ObjectType::kPublicKey, name);
  const ParamsLiteral literal = read_literal(object.body, object.header.version);
  const Levels levels = levels_of(literal);
  const Basis& basis = levels.at(levels.max_level());
  require_body(object, object.body, checked_add(sizeof(Seed), poly_bytes(literal, basis, false)));
  PublicKey key;
  key.params = make_params(literal, object.header, backend, name);
  key.id = object.header.key_id;
  key.seed = object.body.array<32>("seed");
  key.b = read_poly(object.body, "the public key", *key.params, basis, false);
  key.a = expand_uniform(*key.params, key.seed, UniformPart::kPublicKey, 0, basis, 0);
  return key;
}

FileBytes serialize(const Ciphertext& ciphertext) {
  require_shape("serialize", ciphertext);
  const Params& params = *ciphertext.params;
  if (ciphertext.c.size() != 2) {
    throw Error(ErrorCode::kInvalidArgument, "serialize: the ciphertext has " +
                                                 std::to_string(ciphertext.c.size()) +
                                                 " parts instead of 2; relinearise it first");
  }
  const bool seeded = ciphertext.seed.has_value();
  const std::uint64_t bytes = ciphertext_file_bytes(params, ciphertext.level(), seeded) - kHeaderBytes;
  return make_object<FileBytes>(header_of(ObjectType::kCiphertext, params, ciphertext.key_id, bytes),
                                [&](ByteWriter& body) {
                                  body.u32(static_cast<std::uint32_t>(ciphertext.level()));
                                  body.u32(2);
                                  body.u32(seeded ? 1 : 0);
                                  body.f64(ciphertext.scale);
                                  if (seeded) body.bytes(std::as_bytes(std::span(*ciphertext.seed)));
                                  const Basis& basis = params.basis(ciphertext.level());
                                  write_poly(body, params, basis, ciphertext.c[0]);
                                  if (!seeded) write_poly(body, params, basis, ciphertext.c[1]);
                                });
}

Ciphertext parse_ciphertext(ConstBytes file, const ParamsPtr& params, const KeyId& key_id,
                            std::string_view name) {
  auto [header, body] = open_object(file, ObjectType::kCiphertext, name);
  if (header.version != kFormatVersion)
    body.fail("ciphertexts are of version " + std::to_string(kFormatVersion));
  require_binding(header, *params, key_id, name);
  const std::uint32_t level = body.u32("level"), parts = body.u32("number of parts"),
                      seeded = body.u32("seeded flag");
  if (level > static_cast<std::uint32_t>(params->max_level())) {
    body.fail("level " + std::to_string(level) + " is not in 0…" + std::to_string(params->max_level()));
  }
  if (parts != 2 || seeded > 1)
    body.fail("it has " + std::to_string(parts) + " parts and flag " + std::to_string(seeded));
  const std::uint64_t expected = ciphertext_file_bytes(*params, static_cast<int>(level), seeded == 1);
  if (file.size() != expected) {
    body.fail("level " + std::to_string(level) + " needs " + std::to_string(expected) + " bytes, it has " +
              std::to_string(file.size()));
  }
  Ciphertext ciphertext{.params = params, .c = {}, .scale = body.f64("scale"), .key_id = key_id, .seed = {}};
  if (!std::isfinite(ciphertext.scale) || !(ciphertext.scale > 0) ||
      std::log2(ciphertext.scale) >= params->log_q(static_cast<int>(level))) {
    body.fail("its scale is not between 0 and the modulus of its level");
  }
  if (seeded == 1) ciphertext.seed = body.array<32>("seed");
  const Basis& basis = params->basis(static_cast<int>(level));
  ciphertext.c.push_back(read_poly(body, "part 0", *params, basis, false));
  ciphertext.c.push_back(
      seeded == 1 ? expand_uniform(*params, *ciphertext.seed, UniformPart::kCiphertext, 0, basis, 0)
                  : read_poly(body, "part 1", *params, basis, false));
  body.expect_end();
  return ciphertext;
}

void save(const std::string& path, const Params& params) {
  write_file_atomic(path, serialize(params));
}
void save(const std::string& path, const SecretKey& key) {
  write_file_atomic(path, serialize(key), FileAccess::kOwnerOnly);
}
void save(const std::string& path, const PublicKey& key) {
  write_file_atomic(path, serialize(key));
}
void save(const std::string& path, const Ciphertext& ciphertext) {
  write_file_atomic(path, serialize(ciphertext));
}

ParamsPtr load_params(const std::string& path, std::string_view backend) {
  return load_file(path, kHeaderBytes + kMaxLiteralBytes,
                   [&](ConstBytes bytes) { return parse_params(bytes, path, backend); });
}

SecretKey load_secret_key(const std::string& path, std::string_view backend) {
  // One buffer for the largest there is: a vector that grows would leave copies in freed memory.
  SecretBytes buffer(kHeaderBytes + kMaxLiteralBytes + ternary_bytes(17));
  const std::size_t size = InputFile(path).read_all(buffer);
  return parse_secret_key(ConstBytes(buffer).first(size), path, backend);
}

PublicKey load_public_key(const std::string& path, std::string_view backend) {
  constexpr std::uint64_t kLargestPoly = (std::uint64_t{1} << 17) * 8 * 128;  // 128 limbs of 2^17 words
  return load_file(path, kHeaderBytes + kMaxLiteralBytes + sizeof(Seed) + kLargestPoly,
                   [&](ConstBytes bytes) { return parse_public_key(bytes, path, backend); });
}

Ciphertext load_ciphertext(const std::string& path, const ParamsPtr& params, const KeyId& key_id) {
  return load_file(path, ciphertext_file_bytes(*params, params->max_level(), false),
                   [&](ConstBytes bytes) { return parse_ciphertext(bytes, params, key_id, path); });
}

std::uint64_t ciphertext_file_bytes(const Params& params, int level, bool seeded) {
  const std::uint64_t part = poly_bytes(params.literal(), params.basis(level), false);
  return kHeaderBytes + kCiphertextFields + (seeded ? sizeof(Seed) + part : 2 * part);
}

}  // namespace sotto::ckks::io
