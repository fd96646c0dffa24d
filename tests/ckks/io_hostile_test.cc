// Files from outside are hostile: every flipped byte, every truncation, every false length is an Error and
// never a crash or an object.
#include <gmock/gmock.h>

#include "tests/ckks/io_samples.h"
#include "tests/support/random.h"

namespace sotto::ckks::io {
namespace {

using ::testing::HasSubstr;

class HostileFiles : public ::testing::TestWithParam<std::size_t> {
 protected:
  const SampleFile& sample() const { return sample_files()[GetParam()]; }
  /// The sentence of the refusal, or "" when the file was accepted.
  std::string refusal(const FileBytes& file) const {
    try {
      parse_and_serialize(sample().type, file);
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == ErrorCode::kCorruptFile || error.code() == ErrorCode::kInsecure)
          << error.what();
      return error.what();
    }
    return "";
  }
  FileBytes with_u32(std::size_t at, std::uint32_t value) const {
    FileBytes file = sample().bytes;
    for (std::size_t i = 0; i < 4; ++i) file[at + i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
    return file;
  }
};

TEST_P(HostileFiles, TheFileItselfIsAcceptedAndCanonical) {
  EXPECT_EQ(parse_and_serialize(sample().type, sample().bytes), sample().bytes);
}

TEST_P(HostileFiles, EveryFlippedByteIsDetected) {
  FileBytes file = sample().bytes;
  for (std::size_t i = 0; i < file.size(); ++i) {
    for (const std::uint8_t flip : std::array<std::uint8_t, 4>{0x01, 0x10, 0x80, 0xff}) {
      file[i] ^= std::byte{flip};
      ASSERT_NE(refusal(file), "") << "byte " << i << " of " << file.size() << " xor " << int{flip};
      file[i] = sample().bytes[i];
    }
  }
}

TEST_P(HostileFiles, EveryTruncationIsDetected) {
  for (std::size_t length = 0; length < sample().bytes.size(); ++length) {
    const FileBytes file(sample().bytes.begin(),
                         sample().bytes.begin() + static_cast<std::ptrdiff_t>(length));
    ASSERT_NE(refusal(file), "") << length << " bytes";
  }
}

TEST_P(HostileFiles, EveryTruncationIsDetectedEvenWhenSealedAnew) {
  for (std::size_t length = kHeaderBytes; length < sample().bytes.size(); ++length) {
    FileBytes file(sample().bytes.begin(), sample().bytes.begin() + static_cast<std::ptrdiff_t>(length));
    reseal(file);
    ASSERT_NE(refusal(file), "") << length << " bytes";
  }
}

TEST_P(HostileFiles, TrailingBytesAreDetected) {
  for (const std::size_t extra : {1, 60, 4096}) {
    FileBytes file = sample().bytes;
    file.resize(file.size() + extra);
    EXPECT_THAT(refusal(file), HasSubstr(std::to_string(file.size()) + " bytes of"));
    reseal(file);
    EXPECT_NE(refusal(file), "");
  }
}

// A forged seal lets changes through to the parsers. What they accept must be a true object: written again,
// it is the same file.
TEST_P(HostileFiles, SealedChangesAreRefusedOrMeanWhatTheySay) {
  test::Rng random;
  std::size_t accepted = 0;
  for (int round = 0; round < 4000; ++round) {
    FileBytes file = sample().bytes;
    for (std::uint64_t changes = 1 + random.below(3); changes > 0; --changes) {
      file[random.below(file.size())] = static_cast<std::byte>(random.below(256));
    }
    reseal(file);
    try {
      const FileBytes again = parse_and_serialize(sample().type, file);
      ++accepted;
      ASSERT_EQ(again, file) << "round " << round;
    } catch (const Error&) {
    }
  }
  RecordProperty("accepted", static_cast<int>(accepted));
}

TEST_P(HostileFiles, OtherMagicVersionAndTypeAreNamed) {
  EXPECT_THAT(refusal(with_u32(0, 0x474e5089)),
              HasSubstr("is not a Sotto " + std::string(type_name(sample().type)) + ": bad magic"));
  EXPECT_THAT(refusal(with_u32(8, 7)),
              HasSubstr("has format version 7, this program reads versions 1 and 2"));
  EXPECT_THAT(refusal(with_u32(12, 77)), HasSubstr("unknown object type 77"));
  for (const SampleFile& other : sample_files()) {
    if (other.type == sample().type) continue;
    const std::string expected = "is a Sotto " + std::string(type_name(other.type)) + ", not a Sotto ";
    EXPECT_THAT(refusal(other.bytes), HasSubstr(expected));
  }
  EXPECT_THAT(refusal({}), HasSubstr("bad magic"));
}

TEST_P(HostileFiles, ADigestOfOneByteLessIsNoDigest) {
  FileBytes file = sample().bytes;
  file[80] ^= std::byte{1};
  EXPECT_THAT(refusal(file), HasSubstr("SHA-256 does not match"));
}

// Lengths in headers that would overflow, or ask for all memory, are compared with the file before anything
// is allocated.
TEST_P(HostileFiles, HugeLengthsAreRefused) {
  for (const std::size_t field : {64, 68, 72, 76}) {
    for (const std::uint32_t value : {0u, 0x7fffffffu, 0xffffffffu}) {
      if (with_u32(field, value) == sample().bytes) continue;
      EXPECT_NE(refusal(with_u32(field, value)), "") << "field " << field;
    }
  }
  if (sample().type == ObjectType::kCiphertext) return;
  // The literal: name length, log_n, counts and digits; then the number of keys.
  for (std::size_t field = 112; field < 132; field += 4) {
    for (const std::uint32_t value : {0u, 65u, 1u << 17, 0xffffffffu}) {
      FileBytes file = with_u32(field, value);
      reseal(file);
      EXPECT_NE(refusal(file), "") << "field " << field << " = " << value;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllObjects, HostileFiles, ::testing::Range(std::size_t{0}, sample_files().size()),
                         [](const auto& test) { return sample_files()[test.param].name; });

TEST(HostileServerKeys, TheTableOfContentsMustDescribeTheFile) {
  const FileBytes& original = sample_files()[3].bytes;
  const std::size_t table = kHeaderBytes + literal_bytes(samples().params->literal());
  const auto refusal_with = [&](std::size_t at, std::uint32_t value) -> std::string {
    FileBytes file = original;
    for (std::size_t i = 0; i < 4; ++i) file[at + i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
    reseal(file);
    try {
      parse_server_keys(file, "keys.sotto");
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  ASSERT_EQ(original[table], std::byte{4}) << "four keys";
  EXPECT_THAT(refusal_with(table, 5), HasSubstr("a table of 5 keys does not fit"));
  EXPECT_THAT(refusal_with(table, 0xffffffff), HasSubstr("keys.sotto is damaged"));
  const std::size_t second = table + 4 + 60;  // the rotation by 1
  EXPECT_THAT(refusal_with(second, 3), HasSubstr("a key of kind 3"));
  EXPECT_THAT(refusal_with(second + 4, 0), HasSubstr("step 0"));
  EXPECT_THAT(refusal_with(second + 4, 8), HasSubstr("step 8"));
  EXPECT_THAT(refusal_with(second + 4, 3), HasSubstr("not in order"));
  EXPECT_THAT(refusal_with(second + 8, 3), HasSubstr("level 3"));
  EXPECT_THAT(refusal_with(second + 8, 1), HasSubstr("instead of"));
  EXPECT_THAT(refusal_with(second + 12, 0), HasSubstr("lies at byte 0"));
  EXPECT_THAT(refusal_with(second + 24, 0xffffffff), HasSubstr("instead of"));
}

TEST(HostileCiphertexts, FieldsAreRangeChecked) {
  const auto refusal_with = [](std::size_t at, ConstBytes value) -> std::string {
    FileBytes file = sample_files()[4].bytes;
    std::copy(value.begin(), value.end(), file.begin() + static_cast<std::ptrdiff_t>(at));
    reseal(file);
    try {
      parse_ciphertext(file, samples().params, samples().secret.id());
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const auto u32 = [&](std::size_t at, std::uint32_t value) {
    return refusal_with(at, std::as_bytes(std::span(&value, 1)));
  };
  const auto f64 = [&](double value) {
    return refusal_with(kHeaderBytes + 12, std::as_bytes(std::span(&value, 1)));
  };
  EXPECT_THAT(u32(kHeaderBytes, 3), HasSubstr("level 3 is not in 0…2"));
  EXPECT_THAT(u32(kHeaderBytes, 1), HasSubstr("level 1 needs"));
  EXPECT_THAT(u32(kHeaderBytes + 4, 3), HasSubstr("3 parts"));
  EXPECT_THAT(u32(kHeaderBytes + 8, 2), HasSubstr("flag 2"));
  EXPECT_THAT(u32(kHeaderBytes + 8, 0), HasSubstr("needs"));
  for (const double scale : {0.0, -1.0, std::nan(""), HUGE_VAL, 0x1p90})
    EXPECT_THAT(f64(scale), HasSubstr("scale")) << scale;
  EXPECT_EQ(f64(0x1p88), "");
}

}  // namespace
}  // namespace sotto::ckks::io
