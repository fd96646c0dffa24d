// The Netpbm reader: every kind against hand-made bytes, then everything that can be wrong with a file.
#include "apps/images/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apps/mutate.h"
#include "tests/support/refusal.h"

namespace sotto::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

nn::Tensor parse(const std::string& text) {
  return parse_image(to_bytes(text), "picture.test");
}

std::string refusal(const std::string& text) {
  return test::refusal([&] { parse(text); });
}

void check_values(std::span<const std::byte> bytes) {
  for (const double v : parse_image(bytes, "picture.test").values) {
    EXPECT_GE(v, 0.0);
    EXPECT_LE(v, 1.0);
  }
}

TEST(Pnm, ReadsTextGreyWithComments) {
  const nn::Tensor image = parse("P2 # grey\n# made by hand\n3 2\n4\n0 1 2\n3 4 # last\n0\n");
  EXPECT_THAT(image.shape, ElementsAre(1, 2, 3));
  EXPECT_THAT(image.values, ElementsAre(0, 0.25, 0.5, 0.75, 1, 0));
}

TEST(Pnm, ReadsTextColourAsPlanes) {
  const nn::Tensor image = parse("P3 2 1 255  255 0 51  0 255 102\n");
  EXPECT_THAT(image.shape, ElementsAre(3, 1, 2));
  EXPECT_THAT(image.values, ElementsAre(1, 0, 0, 1, 0.2, 0.4));
}

TEST(Pnm, ReadsBinaryGrey) {
  const nn::Tensor image = parse(std::string("P5\n2 2\n255\n\x00\x33\xff\x66", 15));
  EXPECT_THAT(image.shape, ElementsAre(1, 2, 2));
  EXPECT_THAT(image.values, ElementsAre(0, 0.2, 1, 0.4));
}

TEST(Pnm, ReadsBinaryColourAsPlanes) {
  const nn::Tensor image = parse(std::string("P6 1 2 5\n\x01\x02\x03\x04\x05\x00", 15));
  EXPECT_THAT(image.shape, ElementsAre(3, 2, 1));
  EXPECT_THAT(image.values, ElementsAre(0.2, 0.8, 0.4, 1, 0.6, 0));
}

TEST(Pnm, ReadsSixteenBitsMostSignificantByteFirst) {
  const nn::Tensor image = parse(std::string("P5 2 1 65535\n\x80\x00\xff\xff", 17));
  EXPECT_THAT(image.values, ElementsAre(32768.0 / 65535.0, 1));
}

TEST(Pnm, TakesTheFirstSampleForWhatItIs) {
  // 0x20 and 0x23 are a blank and a #: behind the one separator they are samples, not white space or a
  // comment.
  const nn::Tensor image = parse("P5 3 1 255\n #\n");
  EXPECT_THAT(image.values, ElementsAre(0x20 / 255.0, 0x23 / 255.0, 0x0a / 255.0));
}

TEST(Pnm, ReadsTheBundledSamples) {
  for (int digit = 0; digit < 10; ++digit) {
    const nn::Tensor image =
        read_image(std::string(SOTTO_SOURCE_DIR) + "/samples/digit-" + std::to_string(digit) + ".pgm");
    EXPECT_THAT(image.shape, ElementsAre(1, 28, 28));
    EXPECT_EQ(*std::max_element(image.values.begin(), image.values.end()), 1.0);
  }
}

TEST(Pnm, RefusesWhatAHeaderCannotMean) {
  EXPECT_THAT(refusal("P5"), HasSubstr("its width is missing"));
  EXPECT_THAT(refusal("P5 x"), HasSubstr("its width is missing"));
  EXPECT_THAT(refusal("P5 2"), HasSubstr("its height is missing"));
  EXPECT_THAT(refusal("P5 2 2 "), HasSubstr("its maxval is missing"));
  EXPECT_THAT(refusal("P5 2 2 0\n...."), HasSubstr("its maxval is 0"));
  EXPECT_THAT(refusal("P5 2 2 65536\n........"), HasSubstr("its maxval is over 65535"));
  EXPECT_THAT(refusal("P5 2 2 -1\n...."), HasSubstr("its maxval is missing"));
  EXPECT_THAT(refusal("P5 2 2 255x...."), HasSubstr("white space is missing"));
  EXPECT_THAT(refusal("P5 99999999999999999999999 2 255\n"), HasSubstr("its width is over"));
}

TEST(Pnm, RefusesSidesBeforeItAllocates) {
  EXPECT_THAT(refusal("P5 0 2 255\n"), HasSubstr("0x2 pixels"));
  EXPECT_THAT(refusal("P5 4097 1 255\n"), HasSubstr("4097x1 pixels"));
  EXPECT_THAT(refusal("P6 4096 4096 255\n"), HasSubstr("4096x4096 pixels"));
  EXPECT_THAT(refusal("P2 2048 2048 255\n1 2 3"), HasSubstr("promises 4194304 samples"));
}

TEST(Pnm, RefusesTooFewAndTooManySamples) {
  EXPECT_THAT(refusal("P5 2 2 255\nabc"),
              HasSubstr("promises 4 samples, which take at least 4 bytes, and 3 are left"));
  EXPECT_THAT(refusal("P5 2 2 255\nabcde"), HasSubstr("1 bytes follow behind its 4 samples"));
  EXPECT_THAT(refusal("P2 2 2 255\n1 2 3   "), HasSubstr("its sample is missing"));
  EXPECT_THAT(refusal("P2 2 2 255\n1 2 3 4 5"), HasSubstr("more follows behind its 4 samples"));
}

TEST(Pnm, RefusesASampleOverItsMaxval) {
  EXPECT_THAT(refusal("P2 2 1 9\n9 10"), HasSubstr("a sample of 10 is over its maxval of 9"));
  EXPECT_THAT(refusal("P5 2 1 9\n\t\n"), HasSubstr("a sample of 10 is over its maxval of 9"));
}

TEST(Pnm, NamesTheKindsThatAreRead) {
  EXPECT_THAT(refusal("P4 8 1 x"), HasSubstr("kind P4; P2, P3, P5 and P6 are read"));
  EXPECT_THAT(refusal("P7\nWIDTH 1"), HasSubstr("kind P7"));
}

TEST(Image, RefusesWhatIsNoPicture) {
  EXPECT_THAT(refusal(""), HasSubstr("is not a PGM, PPM or PNG picture"));
  EXPECT_THAT(refusal("\xff\xd8\xff\xe0 JFIF"), HasSubstr("is not a PGM, PPM or PNG picture"));
}

TEST(Image, NamesAFileThatIsNotThere) {
  try {
    read_image("/no/such/picture.pgm");
    FAIL() << "it was read";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kIo);
    EXPECT_THAT(error.what(), HasSubstr("/no/such/picture.pgm"));
  }
}

TEST(Pnm, RefusesEveryPrefix) {
  expect_every_prefix_refused(check_values, to_bytes(std::string("P6 2 2 255\nabcdefghijkl")));
  expect_every_prefix_refused(check_values, to_bytes(std::string("P5 1 2 65535\nabcd")));
}

TEST(Pnm, SurvivesMutations) {
  survive_mutations(check_values, to_bytes("P2\n3 2\n9\n0 1 2\n3 4 5\n"), 20000);
  survive_mutations(check_values, to_bytes("P6 2 2 255\nabcdefghijkl"), 20000);
}

}  // namespace
}  // namespace sotto::app
