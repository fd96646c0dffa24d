#include "ckks/io/format.h"

#include <openssl/evp.h>

#include <algorithm>
#include <bit>

#include "ckks/text.h"

namespace sotto::ckks::io {
namespace {

constexpr std::array<unsigned char, 8> kMagic = {'S', 'O', 'T', 'T', 'O', 0, 0, 0};
constexpr std::size_t kCheckedHeaderBytes = kHeaderBytes - sizeof(Digest);
constexpr std::size_t kMaxNameBytes = 64, kMaxPrimes = 128;
constexpr std::uint32_t kMaxLogN = 17;

ConstBytes as_bytes(std::span<const unsigned char> in) {
  return std::as_bytes(in);
}

[[noreturn]] void refuse(std::string_view name, const std::string& what) {
  throw Error(ErrorCode::kCorruptFile, std::string(name) + " " + what);
}

std::string article(ObjectType type) {
  return "a Sotto " + std::string(type_name(type));
}

bool is_known(std::uint32_t type) noexcept {
  return type >= static_cast<std::uint32_t>(ObjectType::kParams) &&
         type <= static_cast<std::uint32_t>(ObjectType::kCiphertext);
}

void require_sha256(bool good) {
  if (good) return;
  throw Error(ErrorCode::kUnsupported, "files: OpenSSL offers no SHA-256; check the OpenSSL installation");
}

}  // namespace

std::string_view type_name(ObjectType type) noexcept {
  switch (type) {
    case ObjectType::kParams:
      return "parameter file";
    case ObjectType::kSecretKey:
      return "secret key";
    case ObjectType::kPublicKey:
      return "public key";
    case ObjectType::kServerKeys:
      return "server key set";
    case ObjectType::kCiphertext:
      return "ciphertext";
  }
  return "file";
}

void Sha256::Free::operator()(evp_md_ctx_st* context) const noexcept {
  EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  require_sha256(context_ && EVP_DigestInit_ex2(context_.get(), EVP_sha256(), nullptr) == 1);
}

void Sha256::update(ConstBytes bytes) {
  require_sha256(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

Digest Sha256::finish() {
  Digest digest;
  require_sha256(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
  return digest;
}

Digest sha256(ConstBytes a, ConstBytes b) {
  Sha256 hash;
  hash.update(a);
  hash.update(b);
  return hash.finish();
}

void write_header(const Header& header, ConstBytes front, Bytes out) {
  ByteWriter writer(out.first(kHeaderBytes));
  writer.bytes(as_bytes(kMagic));
  writer.u32(header.version);
  writer.u32(static_cast<std::uint32_t>(header.type));
  writer.bytes(as_bytes(header.params_hash));
  writer.bytes(as_bytes(header.key_id));
  writer.u64(header.body_bytes);
  writer.u64(header.front_bytes);
  writer.bytes(as_bytes(sha256(out.first(kCheckedHeaderBytes), front)));
}

Header read_header(ConstBytes header, std::uint64_t file_bytes, ObjectType type, std::string_view name) {
  ByteReader reader(header, std::string(name));
  const std::size_t magic_bytes = std::min(header.size(), kMagic.size());
  const auto magic = reader.bytes("magic", magic_bytes);
  if (header.empty() || !std::ranges::equal(magic, as_bytes(kMagic).first(magic_bytes))) {
    refuse(name, "is not " + article(type) + ": bad magic");
  }
  if (header.size() < kHeaderBytes) {
    refuse(name,
           "is truncated: " + std::to_string(file_bytes) + " bytes are less than a header; copy it again");
  }
  const std::uint32_t version = reader.u32("version");
  if (version != kFormatVersion && version != kLevelsFormatVersion) {
    refuse(name, "has format version " + std::to_string(version) + ", this program reads versions " +
                     std::to_string(kFormatVersion) + " and " + std::to_string(kLevelsFormatVersion) +
                     "; make it anew with this program");
  }
  const std::uint32_t found = reader.u32("type");
  if (found != static_cast<std::uint32_t>(type)) {
    refuse(name, is_known(found) ? "is " + article(static_cast<ObjectType>(found)) + ", not " + article(type)
                                 : "is damaged: unknown object type " + std::to_string(found));
  }
  const Header result{.type = type,
                      .version = version,
                      .params_hash = reader.array<32>("params hash"),
                      .key_id = reader.array<16>("key id"),
                      .body_bytes = reader.u64("body length"),
                      .front_bytes = reader.u64("front length")};
  if (result.body_bytes > kMaxBodyBytes || result.front_bytes > result.body_bytes) {
    refuse(name, "is damaged: it claims a body of " + std::to_string(result.body_bytes) + " bytes");
  }
  const std::uint64_t expected = checked_add(kHeaderBytes, result.body_bytes);
  if (file_bytes != expected) {
    refuse(name, (file_bytes < expected ? "is truncated: it has " : "is damaged: it has ") +
                     std::to_string(file_bytes) + " bytes of " + std::to_string(expected) +
                     "; copy it again");
  }
  return result;
}

void verify_front(ConstBytes header, ConstBytes front, std::string_view name) {
  const Digest digest = sha256(header.first(kCheckedHeaderBytes), front);
  if (!std::ranges::equal(as_bytes(digest), header.subspan(kCheckedHeaderBytes, digest.size()))) {
    refuse(name, "is damaged: its SHA-256 does not match; copy it again or make it anew");
  }
}

OpenObject open_object(ConstBytes file, ObjectType type, std::string_view name) {
  const ConstBytes head = file.first(std::min(file.size(), kHeaderBytes));
  const Header header = read_header(head, file.size(), type, name);
  const ConstBytes body = file.subspan(kHeaderBytes);
  if (header.front_bytes != header.body_bytes) {
    refuse(name, "is damaged: its SHA-256 covers only a part of it");
  }
  verify_front(head, body, name);
  return {header, ByteReader(body, std::string(name))};
}

std::uint32_t literal_version(const ParamsLiteral& literal) noexcept {
  return literal.is_plain() ? kFormatVersion : kLevelsFormatVersion;
}

std::uint64_t literal_bytes(const ParamsLiteral& literal) {
  std::uint64_t bytes = 5 * 4 + 8 + literal.name.size() + 8 * (literal.q.size() + literal.p.size());
  if (literal.is_plain()) return bytes;
  bytes += 4 + 4 + 8 * literal.log_scales.size();
  for (const std::vector<int>& primes : literal.levels) bytes += 4 + 4 * primes.size();
  return bytes;
}

void write_literal(ByteWriter& out, const ParamsLiteral& literal) {
  out.u32(static_cast<std::uint32_t>(literal.name.size()));
  out.u32(static_cast<std::uint32_t>(literal.log_n));
  out.u32(static_cast<std::uint32_t>(literal.q.size()));
  out.u32(static_cast<std::uint32_t>(literal.p.size()));
  out.u32(static_cast<std::uint32_t>(literal.digits));
  out.f64(literal.log_scale);
  out.bytes(std::as_bytes(std::span(literal.name)));
  for (const auto* primes : {&literal.q, &literal.p}) {
    for (const auto prime : *primes) out.u64(prime);
  }
  if (literal.is_plain()) return;
  out.u32(static_cast<std::uint32_t>(literal.levels.size()));
  for (const std::vector<int>& primes : literal.levels) {
    out.u32(static_cast<std::uint32_t>(primes.size()));
    for (const int prime : primes) out.u32(static_cast<std::uint32_t>(prime));
  }
  out.u32(static_cast<std::uint32_t>(literal.log_scales.size()));
  for (const double log_scale : literal.log_scales) out.f64(log_scale);
}

namespace {

/// What version 2 has behind the primes.
void read_levels(ByteReader& in, ParamsLiteral& literal) {
  const auto q_count = static_cast<std::uint32_t>(literal.q.size());
  const std::uint32_t level_count = in.u32("number of levels");
  if (level_count > q_count) in.fail("it has more levels than primes");
  for (std::uint32_t level = 0; level < level_count; ++level) {
    const std::uint32_t size = in.u32("size of a level");
    if (size > q_count) in.fail("a level has more primes than the chain");
    std::vector<int> primes;
    for (std::uint32_t i = 0; i < size; ++i) {
      const std::uint32_t prime = in.u32("prime of a level");
      if (prime >= q_count)
        in.fail("a level names prime " + std::to_string(prime) + " of " + std::to_string(q_count));
      primes.push_back(static_cast<int>(prime));
    }
    literal.levels.push_back(std::move(primes));
  }
  if (const std::string defect = Levels::defect(static_cast<int>(q_count), literal.levels); !defect.empty())
    in.fail(defect);
  const std::uint32_t scales = in.u32("number of scales");
  if (scales != 0 && scales != static_cast<std::uint32_t>(literal.level_count()))
    in.fail("it has " + std::to_string(scales) + " scales for " + std::to_string(literal.level_count()) +
            " levels");
  for (std::uint32_t i = 0; i < scales; ++i) literal.log_scales.push_back(in.f64("log_scale of a level"));
  if (literal.is_plain()) in.fail("it names neither levels nor scales and must be of version 1");
}

}  // namespace

ParamsLiteral read_literal(ByteReader& in, std::uint32_t version) {
  const std::uint32_t name_bytes = in.u32("name length"), log_n = in.u32("log_n"),
                      q_count = in.u32("number of q"), p_count = in.u32("number of p"),
                      digits = in.u32("digits");
  if (name_bytes > kMaxNameBytes || log_n > kMaxLogN || q_count == 0 || q_count > kMaxPrimes ||
      p_count > kMaxPrimes || digits == 0 || digits > q_count) {
    in.fail("its parameters are out of range");
  }
  ParamsLiteral literal;
  literal.log_n = static_cast<int>(log_n);
  literal.digits = static_cast<int>(digits);
  literal.log_scale = in.f64("log_scale");
  for (const std::byte c : in.bytes("name", name_bytes)) literal.name += static_cast<char>(c);
  for (std::uint32_t i = 0; i < q_count; ++i) literal.q.push_back(in.u64("q"));
  for (std::uint32_t i = 0; i < p_count; ++i) literal.p.push_back(in.u64("p"));
  if (version == kLevelsFormatVersion) read_levels(in, literal);
  return literal;
}

Levels levels_of(const ParamsLiteral& literal) {
  const int chain = static_cast<int>(literal.q.size());
  return Levels(chain, (chain + literal.digits - 1) / literal.digits, literal.levels);
}

ParamsPtr make_params(const ParamsLiteral& literal, const Header& header, std::string_view backend,
                      std::string_view name) {
  ParamsPtr params;
  try {
    params = Params::make(literal, backend);
  } catch (const Error& error) {
    const bool insecure = error.code() == ErrorCode::kInsecure;
    throw Error(insecure ? ErrorCode::kInsecure : ErrorCode::kCorruptFile,
                std::string(name) + " holds parameters that are refused: " + error.what());
  }
  if (params->hash() != header.params_hash) {
    refuse(name, "is damaged: its parameters have hash " + short_hex(params->hash()) +
                     " and its header says " + short_hex(header.params_hash));
  }
  return params;
}

std::uint64_t poly_bytes(const ParamsLiteral& literal, const Basis& basis, bool special) {
  const std::uint64_t n = std::uint64_t{1} << literal.log_n;
  std::uint64_t bytes = 0;
  const auto add_limb = [&](std::uint64_t prime) {
    bytes = checked_add(bytes, packed_bytes(n, static_cast<int>(std::bit_width(prime))));
  };
  for (const int prime : basis.primes()) add_limb(literal.q[static_cast<std::size_t>(prime)]);
  if (special) std::ranges::for_each(literal.p, add_limb);
  return bytes;
}

namespace {

const ntt::Modulus& modulus_of(const Params& params, const Basis& basis, int limb) {
  return (limb < basis.size() ? params.q(basis.prime(limb)) : params.p(limb - basis.size())).modulus();
}

}  // namespace

void write_poly(ByteWriter& out, const Params& params, const Basis& basis, const EvalPoly& poly) {
  for (int i = 0; i < poly.limbs(); ++i) out.residues(poly.limb(i), modulus_of(params, basis, i));
}

EvalPoly read_poly(ByteReader& in, std::string_view field, const Params& params, const Basis& basis,
                   bool special) {
  EvalPoly poly(params.n(), basis.size(), special ? params.special_count() : 0);
  for (int i = 0; i < poly.limbs(); ++i) in.residues(field, modulus_of(params, basis, i), poly.limb(i));
  return poly;
}

}  // namespace sotto::ckks::io
