// What all files of Sotto have in common: the header, its checks, and the parameter literal.
// docs/file-formats.md gives every byte.
//
//   0 magic "SOTTO" 00 00 00 | 8 u32 format version | 12 u32 type | 16 params hash [32] | 48 key id [16]
//   64 u64 body bytes | 72 u64 front bytes | 80 SHA-256 [32] of bytes 0…79 and the front | 112 body
//
// The front is the part of the body that the header's SHA-256 covers: all of it, save in server keys, where
// the front ends with a table of contents that holds the SHA-256 of each key behind it, so that one key can
// be read and checked without the others. The check finds accidents; it is no signature.
#pragma once

#include <memory>

#include "ckks/io/bytes.h"
#include "ckks/keys.h"

struct evp_md_ctx_st;  // EVP_MD_CTX of OpenSSL

namespace sotto::ckks::io {

enum class ObjectType : std::uint32_t { kParams = 1, kSecretKey, kPublicKey, kServerKeys, kCiphertext };
/// "ciphertext", for errors.
std::string_view type_name(ObjectType type) noexcept;

/// Objects with parameters that name their levels or scales are written as version 2, all others as
/// version 1.
inline constexpr std::uint32_t kFormatVersion = 1, kLevelsFormatVersion = 2;
inline constexpr std::size_t kHeaderBytes = 112;
inline constexpr std::uint64_t kMaxBodyBytes = std::uint64_t{1} << 40;

using Digest = std::array<unsigned char, 32>;
/// SHA-256 of bytes that come in pieces.
class Sha256 {
 public:
  Sha256();
  void update(ConstBytes bytes);
  Digest finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};
/// SHA-256 of a followed by b.
Digest sha256(ConstBytes a, ConstBytes b = {});

struct Header {
  ObjectType type;
  std::uint32_t version = kFormatVersion;
  ParamsHash params_hash{};
  KeyId key_id{};  // zeros for params
  std::uint64_t body_bytes = 0, front_bytes = 0;
};

/// Fills the first kHeaderBytes of a file whose front is `front`.
void write_header(const Header& header, ConstBytes front, Bytes out);

/// Checks magic, version, type and lengths against a file of `file_bytes` bytes. `name` is the file's name
/// for errors.
Header read_header(ConstBytes header, std::uint64_t file_bytes, ObjectType type, std::string_view name);
/// Throws unless the front is the one that the header was written for.
void verify_front(ConstBytes header, ConstBytes front, std::string_view name);

/// An object held in memory whole: header checked, body = front verified.
struct OpenObject {
  Header header;
  ByteReader body;
};
OpenObject open_object(ConstBytes file, ObjectType type, std::string_view name);

/// A whole file: `fill` writes the front_bytes of the body.
template <class Buffer, class Fill>
Buffer make_object(const Header& header, Fill&& fill) {
  Buffer file(kHeaderBytes + header.front_bytes);
  const Bytes all(file);
  ByteWriter body(all.subspan(kHeaderBytes));
  fill(body);
  write_header(header, all.subspan(kHeaderBytes), all);
  return file;
}

// --- the parameter literal, first in every body that carries one ---

/// 128 primes in 128 levels with their scales, and a name of 64 bytes, take 68.2 KB.
inline constexpr std::uint64_t kMaxLiteralBytes = 70000;
/// The version of files that carry it.
std::uint32_t literal_version(const ParamsLiteral& literal) noexcept;
std::uint64_t literal_bytes(const ParamsLiteral& literal);
void write_literal(ByteWriter& out, const ParamsLiteral& literal);
/// Bounded by hard caps (128 primes, log_n ≤ 17); exact primes only; levels without defect. Everything else
/// is Params::make's to check.
ParamsLiteral read_literal(ByteReader& in, std::uint32_t version);
/// The levels of a literal that was read.
Levels levels_of(const ParamsLiteral& literal);
/// The parameters of a literal from a file, whose hash must be the header's.
ParamsPtr make_params(const ParamsLiteral& literal, const Header& header, std::string_view backend,
                      std::string_view name);

/// Bytes of a polynomial packed limb by limb: the primes of `basis`, then all special ones if `special`.
std::uint64_t poly_bytes(const ParamsLiteral& literal, const Basis& basis, bool special);
void write_poly(ByteWriter& out, const Params& params, const Basis& basis, const EvalPoly& poly);
EvalPoly read_poly(ByteReader& in, std::string_view field, const Params& params, const Basis& basis,
                   bool special);

}  // namespace sotto::ckks::io
