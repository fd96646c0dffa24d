// The PNG reader: bytes of another encoder, pictures that libpng writes here in every kind, and damage of
// every sort.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>
#include <zlib.h>

#include <array>

#include "apps/images/image.h"
#include "tests/apps/mutate.h"
#include "tests/support/refusal.h"

namespace sotto::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

nn::Tensor parse(const Bytes& bytes) {
  return parse_image(bytes, "picture.test");
}

std::string refusal(const Bytes& bytes) {
  return test::refusal([&] { parse(bytes); });
}

void check_values(std::span<const std::byte> bytes) {
  for (const double v : parse_image(bytes, "picture.test").values) {
    EXPECT_GE(v, 0.0);
    EXPECT_LE(v, 1.0);
  }
}

struct Drawing {
  png_uint_32 width = 0, height = 0;
  int bit_depth = 8, color_type = PNG_COLOR_TYPE_GRAY, interlace = PNG_INTERLACE_NONE;
  std::vector<png_byte> rows;  // packed as PNG packs them
  std::vector<png_color> palette = {};
  bool transparent_entry = false;
};

Bytes write_png(Drawing drawing) {
  Bytes out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &out,
      [](png_structp p, png_bytep data, std::size_t count) {
        auto& bytes = *static_cast<Bytes*>(png_get_io_ptr(p));
        const auto* begin = reinterpret_cast<const std::byte*>(data);
        bytes.insert(bytes.end(), begin, begin + count);
      },
      nullptr);
  png_set_IHDR(png, info, drawing.width, drawing.height, drawing.bit_depth, drawing.color_type,
               drawing.interlace, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (!drawing.palette.empty()) {
    png_set_PLTE(png, info, drawing.palette.data(), static_cast<int>(drawing.palette.size()));
  }
  if (drawing.transparent_entry) {
    const std::array<png_byte, 1> alpha{0};
    png_set_tRNS(png, info, alpha.data(), 1, nullptr);
  }
  png_write_info(png, info);
  const std::size_t row_bytes = png_get_rowbytes(png, info);
  std::vector<png_bytep> rows;
  for (std::size_t y = 0; y < drawing.height; ++y) rows.push_back(drawing.rows.data() + y * row_bytes);
  png_write_image(png, rows.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return out;
}

Bytes small_rgb() {
  return write_png(
      {.width = 2, .height = 1, .color_type = PNG_COLOR_TYPE_RGB, .rows = {255, 0, 51, 0, 255, 102}});
}

TEST(Png, ReadsTheBytesOfAnotherEncoder) {
  // 2x2, 8-bit grey, samples 0 51 / 255 102; made with Python's zlib and struct, filter 0.
  const unsigned char kGolden[] = {0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d,
                                   0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02,
                                   0x08, 0x00, 0x00, 0x00, 0x00, 0x57, 0xdd, 0x52, 0xf8, 0x00, 0x00, 0x00,
                                   0x0e, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0x60, 0x30, 0x66, 0xf8,
                                   0x9f, 0x06, 0x00, 0x03, 0x36, 0x01, 0x99, 0xcc, 0xff, 0x4e, 0x7e, 0x00,
                                   0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};
  const nn::Tensor image = parse(Bytes(reinterpret_cast<const std::byte*>(std::begin(kGolden)),
                                       reinterpret_cast<const std::byte*>(std::end(kGolden))));
  EXPECT_THAT(image.shape, ElementsAre(1, 2, 2));
  EXPECT_THAT(image.values, ElementsAre(0, 0.2, 1, 0.4));
}

TEST(Png, ReadsRgbAsPlanes) {
  const nn::Tensor image = parse(small_rgb());
  EXPECT_THAT(image.shape, ElementsAre(3, 1, 2));
  EXPECT_THAT(image.values, ElementsAre(1, 0, 0, 1, 0.2, 0.4));
}

TEST(Png, WidensOneTwoAndFourBits) {
  EXPECT_THAT(parse(write_png({.width = 4, .height = 1, .bit_depth = 1, .rows = {0b1010'0000}})).values,
              ElementsAre(1, 0, 1, 0));
  EXPECT_THAT(parse(write_png({.width = 4, .height = 1, .bit_depth = 2, .rows = {0b0001'1011}})).values,
              ElementsAre(0, 85 / 255.0, 170 / 255.0, 1));
  EXPECT_THAT(parse(write_png({.width = 2, .height = 1, .bit_depth = 4, .rows = {0x3f}})).values,
              ElementsAre(0.2, 1));
}

TEST(Png, LooksPalettesUp) {
  const nn::Tensor image = parse(write_png({.width = 2,
                                            .height = 1,
                                            .color_type = PNG_COLOR_TYPE_PALETTE,
                                            .rows = {1, 0},
                                            .palette = {{255, 0, 51}, {0, 255, 102}}}));
  EXPECT_THAT(image.shape, ElementsAre(3, 1, 2));
  EXPECT_THAT(image.values, ElementsAre(0, 1, 1, 0, 0.4, 0.2));
}

TEST(Png, UndoesInterlacing) {
  Drawing drawing{.width = 9, .height = 9, .rows = std::vector<png_byte>(81)};
  for (std::size_t i = 0; i < 81; ++i) drawing.rows[i] = static_cast<png_byte>(3 * i);
  const nn::Tensor plain = parse(write_png(drawing));
  drawing.interlace = PNG_INTERLACE_ADAM7;
  EXPECT_EQ(parse(write_png(drawing)).values, plain.values);
}

TEST(Png, RefusesTransparencyAndSixteenBits) {
  EXPECT_THAT(
      refusal(write_png({.width = 1, .height = 1, .color_type = PNG_COLOR_TYPE_RGBA, .rows = {1, 2, 3, 4}})),
      HasSubstr("transparent pixels; draw it on a solid background"));
  EXPECT_THAT(refusal(write_png({.width = 1, .height = 1, .color_type = PNG_COLOR_TYPE_GA, .rows = {1, 2}})),
              HasSubstr("transparent pixels"));
  EXPECT_THAT(refusal(write_png({.width = 1,
                                 .height = 1,
                                 .color_type = PNG_COLOR_TYPE_PALETTE,
                                 .rows = {0},
                                 .palette = {{1, 2, 3}},
                                 .transparent_entry = true})),
              HasSubstr("transparent pixels"));
  EXPECT_THAT(refusal(write_png({.width = 1, .height = 1, .bit_depth = 16, .rows = {1, 2}})),
              HasSubstr("16 bits a sample; convert it"));
}

TEST(Png, RefusesSidesOverTheLimit) {
  EXPECT_THAT(refusal(write_png({.width = 4097, .height = 1, .rows = std::vector<png_byte>(4097)})),
              HasSubstr("a damaged PNG picture"));
  EXPECT_THAT(
      refusal(write_png(
          {.width = 2048, .height = 2049, .bit_depth = 1, .rows = std::vector<png_byte>(256 * 2049)})),
      HasSubstr("2048x2049 pixels"));
}

TEST(Png, SaysWhereItIsDamaged) {
  Bytes bytes = small_rgb();
  bytes[20] ^= std::byte{1};  // in the header, so its checksum fails
  EXPECT_THAT(refusal(bytes), HasSubstr("a damaged PNG picture: IHDR: CRC error (at byte "));
}

TEST(Png, RefusesEveryPrefix) {
  expect_every_prefix_refused(check_values, small_rgb());
}

TEST(Png, SurvivesMutations) {
  survive_mutations(check_values, small_rgb(), 20000);
}

/// Damage behind intact checksums reaches the decoder proper: flips of every bit in data and headers, CRCs
/// recomputed.
TEST(Png, SurvivesMutationsBehindGoodChecksums) {
  const Bytes whole = small_rgb();
  const auto word_at = [](const Bytes& b, std::size_t i) {
    return std::to_integer<std::uint32_t>(b[i]) << 24 | std::to_integer<std::uint32_t>(b[i + 1]) << 16 |
           std::to_integer<std::uint32_t>(b[i + 2]) << 8 | std::to_integer<std::uint32_t>(b[i + 3]);
  };
  for (std::size_t chunk = 8; chunk + 12 <= whole.size(); chunk += 12 + word_at(whole, chunk)) {
    const std::size_t length = word_at(whole, chunk), checksum = chunk + 8 + length;
    for (std::size_t bit = 0; bit < 8 * length; ++bit) {
      Bytes damaged = whole;
      damaged[chunk + 8 + bit / 8] ^= std::byte{1} << bit % 8;
      const auto* covered = reinterpret_cast<const Bytef*>(damaged.data()) + chunk + 4;
      const auto crc = static_cast<std::uint32_t>(crc32(0, covered, static_cast<uInt>(length + 4)));
      for (int i = 0; i < 4; ++i) damaged[checksum + i] = static_cast<std::byte>(crc >> (24 - 8 * i));
      refuses(check_values, damaged);
    }
  }
}

}  // namespace
}  // namespace sotto::app
