#include "ckks/io/bytes.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

namespace sotto::ckks::io {
namespace {

using Word = std::uint64_t;  // ByteReader::u64 hides the name u64 in member functions

Word load_le64(const std::byte* in) noexcept {
  Word value;
  std::memcpy(&value, in, 8);
  return std::endian::native == std::endian::little ? value : __builtin_bswap64(value);
}
void store_le64(std::byte* out, Word value) noexcept {
  if (std::endian::native != std::endian::little) value = __builtin_bswap64(value);
  std::memcpy(out, &value, 8);
}

/// Up to 63 bits that begin at bit `shift` < 8 of in[0]; reads nine bytes, of which up to 57 bits need eight.
template <bool narrow>
Word load_bits(const std::byte* in, unsigned shift) noexcept {
  if (narrow) return load_le64(in) >> shift;
  const Word ninth = std::to_integer<Word>(in[8]);
  return load_le64(in) >> shift | ninth << 1 << (63 - shift);
}

template <bool narrow>
void unpack(ConstBytes in, int bits, std::span<u64> words) noexcept {
  const Word mask = (Word{1} << bits) - 1;
  const auto width = static_cast<std::size_t>(bits);
  // Words whose nine bytes lie inside the input, then the others from a padded copy of its end.
  const std::size_t inside =
      in.size() < 9 ? 0 : std::min(words.size(), ((in.size() - 9) * 8 + 7) / width + 1);
  for (std::size_t i = 0; i < inside; ++i) {
    const std::size_t bit = i * width;
    words[i] = load_bits<narrow>(in.data() + bit / 8, bit % 8) & mask;
  }
  for (std::size_t i = inside; i < words.size(); ++i) {
    const std::size_t bit = i * width;
    std::byte padded[16] = {};
    std::ranges::copy(in.subspan(bit / 8), padded);
    words[i] = load_bits<narrow>(padded, bit % 8) & mask;
  }
}

}  // namespace

std::uint64_t checked_multiply(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product;
  if (__builtin_mul_overflow(a, b, &product))
    throw Error(ErrorCode::kCorruptFile, "a length in the file overflows 64 bits");
  return product;
}

std::uint64_t checked_add(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum;
  if (__builtin_add_overflow(a, b, &sum))
    throw Error(ErrorCode::kCorruptFile, "a length in the file overflows 64 bits");
  return sum;
}

std::uint64_t packed_bytes(std::uint64_t count, int bits) {
  return checked_add(checked_multiply(count, static_cast<std::uint64_t>(bits)), 7) / 8;
}

void pack_bits(std::span<const u64> words, int bits, Bytes out) noexcept {
  assert(out.size() == packed_bytes(words.size(), bits));
  std::byte* next = out.data();
  Word pending = 0;  // the low `used` bits wait to be written
  int used = 0;
  for (const Word word : words) {
    pending |= word << used;
    used += bits;
    if (used < 64) continue;
    store_le64(next, pending);
    next += 8;
    used -= 64;
    pending = used == 0 ? 0 : word >> (bits - used);
  }
  for (; used > 0; used -= 8, pending >>= 8) *next++ = static_cast<std::byte>(pending & 0xff);
}

void unpack_bits(ConstBytes in, int bits, std::span<u64> words) noexcept {
  assert(in.size() == packed_bytes(words.size(), bits));
  bits <= 57 ? unpack<true>(in, bits, words) : unpack<false>(in, bits, words);
}

Bytes ByteWriter::take(std::size_t count) noexcept {
  assert(count <= rest_.size());
  const Bytes taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}

void ByteWriter::integer(std::uint64_t value, std::size_t width) noexcept {
  for (std::byte& byte : take(width)) {
    byte = static_cast<std::byte>(value & 0xff);
    value >>= 8;
  }
}

void ByteWriter::f64(double value) noexcept {
  integer(std::bit_cast<std::uint64_t>(value), 8);
}

void ByteWriter::bytes(ConstBytes in) noexcept {
  std::ranges::copy(in, take(in.size()).begin());
}

void ByteWriter::residues(ntt::ConstLimb x, const ntt::Modulus& q) noexcept {
  pack_bits(x, q.bits(), take(packed_bytes(x.size(), q.bits())));
}

std::uint64_t ByteReader::integer(std::string_view field, std::size_t width) {
  std::uint64_t value = 0;
  const ConstBytes in = bytes(field, width);
  for (std::size_t i = width; i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(in[i]);
  return value;
}

double ByteReader::f64(std::string_view field) {
  return std::bit_cast<double>(integer(field, 8));
}

ConstBytes ByteReader::bytes(std::string_view field, std::size_t count) {
  if (count > rest_.size()) {
    fail("it ends inside " + std::string(field) + ", which needs " + std::to_string(count) +
         " bytes at byte " + std::to_string(size_ - rest_.size()) + " of " + std::to_string(size_));
  }
  const ConstBytes taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}

void ByteReader::residues(std::string_view field, const ntt::Modulus& q, ntt::Limb x) {
  unpack_bits(bytes(field, packed_bytes(x.size(), q.bits())), q.bits(), x);
  Word below = ~Word{0};  // the top bit of word - q is set when word < q: both have at most 63 bits
  for (const Word word : x) below &= word - q.value();
  if (below >> 63 == 0)
    fail(std::string(field) + " holds a residue that is not below its prime " + std::to_string(q.value()));
}

void ByteReader::expect_end() const {
  if (!rest_.empty()) fail(std::to_string(rest_.size()) + " bytes are left over");
}

void ByteReader::fail(const std::string& what) const {
  throw Error(ErrorCode::kCorruptFile, name_ + " is damaged: " + what + "; copy it again or make it anew");
}

}  // namespace sotto::ckks::io
