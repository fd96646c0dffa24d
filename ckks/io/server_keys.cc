#include "ckks/io/server_keys.h"

#include <algorithm>

#include "ckks/io/format.h"

namespace sotto::ckks::io {
namespace {

enum Kind : std::uint32_t {
  kRelin = 0,
  kRotation = 1,
  kConjugation = 2
};  // kConjugation: a rotation, then the conjugation

constexpr std::uint64_t kEntryBytes = 3 * 4 + 2 * 8 + sizeof(Digest);

std::uint64_t front_bytes(const ParamsLiteral& literal, std::uint64_t entries) {
  return checked_add(literal_bytes(literal) + 4, checked_multiply(entries, kEntryBytes));
}

/// A seed, then b of every digit.
std::uint64_t key_bytes(const ParamsLiteral& literal, const Basis& basis) {
  return checked_add(sizeof(Seed), checked_multiply(static_cast<std::uint64_t>(basis.digit_count()),
                                                    poly_bytes(literal, basis, true)));
}

/// The keys of a set in file order: relinearisation, rotations and conjugations by ascending step.
std::vector<std::pair<std::optional<GaloisKeyId>, const SwitchingKey*>> in_file_order(
    const ServerKeys& keys) {
  std::vector<std::pair<std::optional<GaloisKeyId>, const SwitchingKey*>> order;
  if (keys.relin) order.emplace_back(std::nullopt, &*keys.relin);
  for (const bool conjugate : {false, true}) {
    for (const auto& [id, key] : keys.galois) {
      if (id.conjugate == conjugate) order.emplace_back(id, &key);
    }
  }
  return order;
}

void write_entry(ByteWriter& out, const KeyEntry& entry) {
  const std::uint32_t kind = !entry.galois ? kRelin : entry.galois->conjugate ? kConjugation : kRotation;
  out.u32(kind);
  out.u32(entry.galois ? static_cast<std::uint32_t>(entry.galois->step) : 0);
  out.u32(static_cast<std::uint32_t>(entry.level));
  out.u64(entry.offset);
  out.u64(entry.bytes);
  out.bytes(std::as_bytes(std::span(entry.digest)));
}

/// Writes keys one after the other through `sink(offset, bytes)`, then the header and the table of contents
/// in front of them.
template <class Sink>
void write_server_keys(const ServerKeys& keys, Sink&& sink) {
  const Params& params = *keys.params;
  const auto order = in_file_order(keys);
  std::uint64_t offset = kHeaderBytes + front_bytes(params.literal(), order.size());
  std::vector<KeyEntry> contents;
  FileBytes block;
  for (const auto& [id, key] : order) {
    const Basis& basis = params.key_basis(key->level);
    block.resize(key_bytes(params.literal(), basis));
    ByteWriter writer{Bytes(block)};
    writer.bytes(std::as_bytes(std::span(key->seed)));
    for (const EvalPoly& b : key->b) write_poly(writer, params, basis, b);
    contents.push_back({id, key->level, offset, block.size(), sha256(block)});
    sink(offset, ConstBytes(block));
    offset += block.size();
  }
  const Header header{.type = ObjectType::kServerKeys,
                      .version = literal_version(params.literal()),
                      .params_hash = params.hash(),
                      .key_id = keys.id,
                      .body_bytes = offset - kHeaderBytes,
                      .front_bytes = front_bytes(params.literal(), order.size())};
  const auto head = make_object<FileBytes>(header, [&](ByteWriter& front) {
    write_literal(front, params.literal());
    front.u32(static_cast<std::uint32_t>(contents.size()));
    for (const KeyEntry& entry : contents) write_entry(front, entry);
  });
  sink(0, ConstBytes(head));
}

/// One line of the table, checked by itself.
KeyEntry read_entry(ByteReader& in, const ParamsLiteral& literal) {
  const std::uint32_t kind = in.u32("key kind"), step = in.u32("step"), level = in.u32("key level");
  const std::uint32_t slots = std::uint32_t{1} << (literal.log_n - 1);
  const bool known = (kind == kRelin && step == 0) || (kind == kRotation && step > 0 && step < slots) ||
                     (kind == kConjugation && step < slots);
  if (!known || level >= static_cast<std::uint32_t>(literal.level_count())) {
    in.fail("its table of contents lists a key of kind " + std::to_string(kind) + ", step " +
            std::to_string(step) + ", level " + std::to_string(level));
  }
  KeyEntry entry;
  if (kind != kRelin) entry.galois = GaloisKeyId{static_cast<int>(step), kind == kConjugation};
  entry.level = static_cast<int>(level);
  entry.offset = in.u64("key offset");
  entry.bytes = in.u64("key length");
  entry.digest = in.array<32>("key digest");
  return entry;
}

/// Order in the file; equal entries are a defect.
std::pair<std::uint32_t, int> rank(const KeyEntry& entry) {
  if (!entry.galois) return {kRelin, 0};
  return {entry.galois->conjugate ? kConjugation : kRotation, entry.galois->step};
}

/// The table of contents: ascending, without gaps between keys, each of the length that its level gives, the
/// last ending the file.
std::vector<KeyEntry> read_contents(ByteReader& in, const ParamsLiteral& literal, std::uint64_t file_bytes) {
  const std::uint32_t count = in.u32("number of keys");
  if (in.remaining() != checked_multiply(count, kEntryBytes)) {
    in.fail("a table of " + std::to_string(count) + " keys does not fit " + std::to_string(in.remaining()) +
            " bytes");
  }
  std::vector<KeyEntry> contents;
  std::uint64_t offset = kHeaderBytes + front_bytes(literal, count);
  const Levels levels = levels_of(literal);
  for (std::uint32_t i = 0; i < count; ++i) {
    KeyEntry entry = read_entry(in, literal);
    if (!contents.empty() && rank(contents.back()) >= rank(entry)) in.fail("its keys are not in order");
    const std::uint64_t expected = key_bytes(literal, levels.key(entry.level));
    if (entry.offset != offset || entry.bytes != expected) {
      in.fail("key " + std::to_string(i) + " lies at byte " + std::to_string(entry.offset) + " with " +
              std::to_string(entry.bytes) + " bytes instead of " + std::to_string(offset) + " with " +
              std::to_string(expected));
    }
    offset = checked_add(offset, entry.bytes);
    contents.push_back(entry);
  }
  if (offset != file_bytes) {
    in.fail("its keys end at byte " + std::to_string(offset) + " of " + std::to_string(file_bytes));
  }
  return contents;
}

std::string entry_name(const KeyEntry& entry) {
  if (!entry.galois) return "the relinearisation key";
  return (entry.galois->conjugate ? "the conjugation key " : "the rotation key ") +
         std::to_string(entry.galois->step);
}

/// Where a limb lies in the packed half of a digit, and what its seed calls it.
struct PackedLimb {
  const ntt::Modulus* modulus;
  std::uint32_t name;
  std::uint64_t offset, bytes;
};

/// The limbs of one digit: the primes of `basis`, then all special ones.
std::vector<PackedLimb> packed_limbs(const Params& params, const Basis& basis) {
  std::vector<PackedLimb> limbs;
  std::uint64_t offset = 0;
  const auto add = [&](const ntt::Plan& plan, std::uint32_t name) {
    const std::uint64_t size = packed_bytes(params.n(), plan.modulus().bits());
    limbs.push_back({&plan.modulus(), name, offset, size});
    offset += size;
  };
  for (const int prime : basis.primes()) add(params.q(prime), chain_limb(prime));
  for (int i = 0; i < params.special_count(); ++i) add(params.p(i), special_limb(i));
  return limbs;
}

}  // namespace

FileBytes serialize(const ServerKeys& keys) {
  FileBytes file;
  write_server_keys(keys, [&](std::uint64_t offset, ConstBytes bytes) {
    file.resize(std::max<std::size_t>(file.size(), offset + bytes.size()));
    std::ranges::copy(bytes, file.begin() + static_cast<std::ptrdiff_t>(offset));
  });
  return file;
}

void save(const std::string& path, const ServerKeys& keys) {
  AtomicFile file(path);
  write_server_keys(keys, [&](std::uint64_t offset, ConstBytes bytes) { file.write_at(offset, bytes); });
  file.commit();
}

std::uint64_t server_keys_file_bytes(const Params& params, const KeyRequest& request) {
  const std::uint64_t entries = request.galois.size() + (request.relin_level >= 0 ? 1 : 0);
  std::uint64_t bytes = kHeaderBytes + front_bytes(params.literal(), entries);
  if (request.relin_level >= 0) bytes += key_bytes(params.literal(), params.key_basis(request.relin_level));
  for (const auto& galois : request.galois)
    bytes += key_bytes(params.literal(), params.key_basis(galois.level));
  return bytes;
}

ServerKeysReader::ServerKeysReader(ConstBytes file, std::string_view name, std::string_view backend)
    : name_(name), source_(file) {
  open(file.size(), backend);
}

ServerKeysReader::ServerKeysReader(const std::string& path, std::string_view backend)
    : name_(path), source_(std::in_place_type<InputFile>, path) {
  open(std::get<InputFile>(source_).size(), backend);
}

void ServerKeysReader::open(std::uint64_t file_bytes, std::string_view backend) {
  FileBytes header_scratch, front_scratch;
  const ConstBytes head = bytes(0, std::min<std::uint64_t>(file_bytes, kHeaderBytes), header_scratch);
  const Header header = read_header(head, file_bytes, ObjectType::kServerKeys, name_);
  // A table of all rotations at the largest ring is 4 MiB.
  constexpr std::uint64_t kMaxFrontBytes = kMaxLiteralBytes + (std::uint64_t{1} << 17) * kEntryBytes;
  if (header.front_bytes > kMaxFrontBytes) {
    throw Error(ErrorCode::kCorruptFile, name_ + " is damaged: a table of contents of " +
                                             std::to_string(header.front_bytes) + " bytes; copy it again");
  }
  const ConstBytes front = bytes(kHeaderBytes, header.front_bytes, front_scratch);
  verify_front(head, front, name_);
  ByteReader reader(front, name_);
  const ParamsLiteral literal = read_literal(reader, header.version);
  if (literal.log_n < 2) reader.fail("log_n is too small");
  contents_ = read_contents(reader, literal, file_bytes);
  params_ = make_params(literal, header, backend, name_);
  id_ = header.key_id;
}

std::span<const std::byte> ServerKeysReader::bytes(std::uint64_t offset, std::uint64_t count,
                                                   FileBytes& scratch) const {
  if (const auto* memory = std::get_if<ConstBytes>(&source_)) return memory->subspan(offset, count);
  scratch.resize(count);
  std::get<InputFile>(source_).read_at(offset, scratch);
  return scratch;
}

void ServerKeysReader::verify(const KeyEntry& entry) const {
  constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;
  FileBytes scratch;
  Sha256 hash;
  for (std::uint64_t done = 0; done < entry.bytes; done += kPiece) {
    hash.update(bytes(entry.offset + done, std::min(kPiece, entry.bytes - done), scratch));
  }
  if (hash.finish() != entry.digest) ByteReader({}, key_name(entry)).fail("its SHA-256 does not match");
}

SwitchingKey ServerKeysReader::expand(const KeyEntry& entry, Threads threads) const {
  const Basis& basis = params_->key_basis(entry.level);
  const std::vector<PackedLimb> limbs = packed_limbs(*params_, basis);
  const std::uint64_t digit_bytes = limbs.back().offset + limbs.back().bytes;
  SwitchingKey key;
  FileBytes head;
  key.seed = ByteReader(bytes(entry.offset, sizeof(Seed), head), key_name(entry)).array<32>("seed");
  key.level = entry.level;
  for (int digit = 0; digit < basis.digit_count(); ++digit) {
    key.b.emplace_back(params_->n(), basis.size(), params_->special_count());
    key.a.emplace_back(params_->n(), basis.size(), params_->special_count());
  }
  const int team = std::max(threads.count, 1), count = static_cast<int>(limbs.size());
  parallel_for(threads, team, [&](int member) {
    FileBytes scratch;  // of one limb
    for (int task = member; task < basis.digit_count() * count; task += team) {
      const int i = task % count;
      const auto d = static_cast<std::size_t>(task / count);
      const PackedLimb& limb = limbs[static_cast<std::size_t>(i)];
      const int group = basis.digits()[d].group;
      const std::uint64_t offset = entry.offset + sizeof(Seed) + d * digit_bytes + limb.offset;
      ByteReader(bytes(offset, limb.bytes, scratch), key_name(entry))
          .residues("digit " + std::to_string(group), *limb.modulus, key.b[d].limb(i));
      expand_uniform_limb(*params_, key.seed, UniformPart::kSwitchingKey, group, limb.name, key.a[d].limb(i));
    }
  });
  return key;
}

SwitchingKey ServerKeysReader::read(const KeyEntry& entry, Threads threads) const {
  verify(entry);
  return expand(entry, threads);
}

/// For errors.
std::string ServerKeysReader::key_name(const KeyEntry& entry) const {
  return name_ + ", " + entry_name(entry) + ",";
}

ServerKeys ServerKeysReader::read_all(Threads threads) const {
  ServerKeys keys{.params = params_, .id = id_, .relin = {}, .galois = {}};
  std::vector<SwitchingKey*> places;
  for (const KeyEntry& entry : contents_) {
    places.push_back(entry.galois ? &keys.galois[*entry.galois] : &keys.relin.emplace());
  }
  parallel_for(threads, static_cast<int>(contents_.size()), [&](int i) {
    *places[static_cast<std::size_t>(i)] = read(contents_[static_cast<std::size_t>(i)]);
  });
  return keys;
}

ServerKeys parse_server_keys(ConstBytes file, std::string_view name, std::string_view backend) {
  return ServerKeysReader(file, name, backend).read_all();
}

ServerKeys load_server_keys(const std::string& path, Threads threads, std::string_view backend) {
  return ServerKeysReader(path, backend).read_all(threads);
}

}  // namespace sotto::ckks::io
