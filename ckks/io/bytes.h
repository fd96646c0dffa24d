// The byte layer of files: bounded little-endian reading and writing, and residues packed at the bit width of
// their prime.
//
// A writer fills a buffer of exactly the computed length; a reader never passes the end of its own. Both are
// used for files from outside, so lengths are added and multiplied with overflow checks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "ntt/plan.h"

namespace sotto::ckks::io {

using Bytes = std::span<std::byte>;
using ConstBytes = std::span<const std::byte>;

/// a b and a + b; Error kCorruptFile when 64 bits cannot hold them.
std::uint64_t checked_multiply(std::uint64_t a, std::uint64_t b);
std::uint64_t checked_add(std::uint64_t a, std::uint64_t b);

/// Bytes of `count` words at `bits` bits each, the last byte padded with zeros.
std::uint64_t packed_bytes(std::uint64_t count, int bits);

/// Bit `i` of word w is bit w·bits + i of the output, where bit k is bit k mod 8 of byte k / 8. Words below
/// 2^bits, 1 ≤ bits ≤ 63; out.size() = packed_bytes(words.size(), bits).
void pack_bits(std::span<const u64> words, int bits, Bytes out) noexcept;
void unpack_bits(ConstBytes in, int bits, std::span<u64> words) noexcept;

class ByteWriter {
 public:
  explicit ByteWriter(Bytes out) noexcept : rest_(out) {}
  void u32(std::uint32_t value) noexcept { integer(value, 4); }
  void u64(std::uint64_t value) noexcept { integer(value, 8); }
  void f64(double value) noexcept;
  void bytes(ConstBytes in) noexcept;
  /// Residues below q at bit_width(q) bits each.
  void residues(ntt::ConstLimb x, const ntt::Modulus& q) noexcept;
  Bytes rest() noexcept { return rest_; }

 private:
  Bytes take(std::size_t count) noexcept;
  void integer(std::uint64_t value, std::size_t width) noexcept;
  Bytes rest_;
};

class ByteReader {
 public:
  /// `name` stands in errors: the file, and what part of it this is.
  ByteReader(ConstBytes in, std::string name) : rest_(in), name_(std::move(name)), size_(in.size()) {}
  std::uint32_t u32(std::string_view field) { return static_cast<std::uint32_t>(integer(field, 4)); }
  std::uint64_t u64(std::string_view field) { return integer(field, 8); }
  double f64(std::string_view field);
  ConstBytes bytes(std::string_view field, std::size_t count);
  template <std::size_t count>
  std::array<unsigned char, count> array(std::string_view field) {
    std::array<unsigned char, count> value;
    const ConstBytes in = bytes(field, count);
    for (std::size_t i = 0; i < count; ++i) value[i] = std::to_integer<unsigned char>(in[i]);
    return value;
  }
  /// Fills x; every residue must be below q.
  void residues(std::string_view field, const ntt::Modulus& q, ntt::Limb x);
  std::size_t remaining() const noexcept { return rest_.size(); }
  void expect_end() const;
  /// Error kCorruptFile: the name, what is wrong, and that the file must be copied or made again.
  [[noreturn]] void fail(const std::string& what) const;

 private:
  std::uint64_t integer(std::string_view field, std::size_t width);
  ConstBytes rest_;
  std::string name_;
  std::size_t size_;
};

}  // namespace sotto::ckks::io
