#include "ckks/io/bytes.h"

#include <gmock/gmock.h>

#include "tests/support/random.h"

namespace sotto::ckks::io {
namespace {

using ::testing::HasSubstr;

template <class F>
std::string refusal_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kCorruptFile);
    return error.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return "";
}

/// The definition in the header, bit by bit.
std::vector<std::byte> pack_by_definition(const std::vector<u64>& words, int bits) {
  std::vector<std::byte> out(packed_bytes(words.size(), bits));
  for (std::size_t w = 0; w < words.size(); ++w) {
    for (int i = 0; i < bits; ++i) {
      const std::size_t k = w * static_cast<std::size_t>(bits) + static_cast<std::size_t>(i);
      if ((words[w] >> i & 1) != 0) out[k / 8] |= std::byte{1} << (k % 8);
    }
  }
  return out;
}

TEST(BitPacking, EveryWidthFollowsItsDefinitionAndComesBack) {
  test::Rng random;
  for (int bits = 1; bits <= 63; ++bits) {
    for (const std::size_t count : {0, 1, 7, 16, 64, 129}) {
      std::vector<u64> words(count), back(count);
      for (u64& word : words)
        word = random.below(4) == 0 ? (u64{1} << bits) - 1 : random.word() >> (64 - bits);
      std::vector<std::byte> packed(packed_bytes(count, bits));
      pack_bits(words, bits, packed);
      ASSERT_EQ(packed, pack_by_definition(words, bits)) << bits << " bits, " << count << " words";
      unpack_bits(packed, bits, back);
      ASSERT_EQ(back, words) << bits << " bits, " << count << " words";
    }
  }
}

TEST(ByteReader, ReadsWhatTheWriterWrote) {
  std::vector<std::byte> file(4 + 8 + 8 + 3);
  ByteWriter out{Bytes(file)};
  out.u32(0x01020304);
  out.u64(0xfedcba9876543210);
  out.f64(-0.1);
  out.bytes(ConstBytes(file).first(3));
  EXPECT_TRUE(out.rest().empty());
  EXPECT_EQ(file[0], std::byte{4}) << "little-endian";

  ByteReader in(file, "f");
  EXPECT_EQ(in.u32("a"), 0x01020304u);
  EXPECT_EQ(in.u64("b"), 0xfedcba9876543210u);
  EXPECT_EQ(in.f64("c"), -0.1);
  EXPECT_THAT(refusal_of([&] { in.expect_end(); }), HasSubstr("3 bytes are left over"));
  EXPECT_EQ(in.array<3>("d"), (std::array<unsigned char, 3>{4, 3, 2}));
  in.expect_end();
}

TEST(ByteReader, NeverPassesTheEnd) {
  const std::vector<std::byte> file(7);
  ByteReader in(file, "f.sotto");
  in.u32("first");
  const std::string refusal = refusal_of([&] { in.u64("scale"); });
  EXPECT_THAT(refusal, HasSubstr("f.sotto is damaged: it ends inside scale"));
  EXPECT_THAT(refusal, HasSubstr("byte 4 of 7"));
  refusal_of([&] { in.bytes("all of memory", SIZE_MAX); });
  EXPECT_EQ(in.remaining(), 3u);
}

TEST(ByteReader, ResiduesMustBeBelowTheirPrime) {
  const ntt::Modulus q(97);  // 7 bits: 97 … 127 can be written and mean nothing
  for (const u64 word : {u64{96}, u64{97}, u64{127}}) {
    std::vector<u64> words(16, 1), back(16);
    words[13] = word;
    std::vector<std::byte> packed(packed_bytes(16, q.bits()));
    pack_bits(words, q.bits(), packed);
    ByteReader in(packed, "f");
    if (word < 97) {
      in.residues("limb", q, back);
      EXPECT_EQ(back, words);
    } else {
      EXPECT_THAT(refusal_of([&] { in.residues("limb", q, back); }), HasSubstr("not below its prime 97"));
    }
  }
}

TEST(Lengths, OverflowIsAnErrorAndNotASmallNumber) {
  EXPECT_EQ(checked_multiply(1u << 31, 1u << 31), u64{1} << 62);
  EXPECT_EQ(checked_add(UINT64_MAX, 0), UINT64_MAX);
  refusal_of([] { checked_multiply(u64{1} << 32, u64{1} << 32); });
  refusal_of([] { checked_add(UINT64_MAX, 1); });
  refusal_of([] { packed_bytes(UINT64_MAX / 2, 3); });
}

}  // namespace
}  // namespace sotto::ckks::io
