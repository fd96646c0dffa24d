#include "apps/images/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/file.h"

namespace sotto::app {
namespace {

bool begins_with(std::span<const std::byte> bytes, std::span<const unsigned char> magic) noexcept {
  return bytes.size() >= magic.size() &&
         std::equal(magic.begin(), magic.end(), bytes.begin(),
                    [](unsigned char want, std::byte got) { return std::byte{want} == got; });
}

bool is_png(std::span<const std::byte> bytes) noexcept {
  constexpr std::array<unsigned char, 8> kMagic{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  return begins_with(bytes, kMagic);
}

/// P1 to P7 and white space: any member of the family; parse_pnm() says which of them it reads.
bool is_pnm(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < 2 || bytes[0] != std::byte{'P'}) return false;
  return bytes[1] >= std::byte{'1'} && bytes[1] <= std::byte{'7'};
}

}  // namespace

void check_image_size(std::size_t width, std::size_t height, const std::string& name) {
  const bool sides = width >= 1 && height >= 1 && width <= kMaxImageSide && height <= kMaxImageSide;
  if (sides && width * height <= kMaxImagePixels) return;
  throw Error(
      ErrorCode::kCorruptFile,
      fmt::format("{}: a picture of {}x{} pixels is outside of what is read here: sides from 1 to {} and at "
                  "most {} pixels; scale it down first",
                  name, width, height, kMaxImageSide, kMaxImagePixels));
}

nn::Tensor parse_image(std::span<const std::byte> bytes, const std::string& name) {
  if (is_png(bytes)) return parse_png(bytes, name);
  if (is_pnm(bytes)) return parse_pnm(bytes, name);
  throw Error(ErrorCode::kUnsupported,
              fmt::format("{} is not a PGM, PPM or PNG picture; convert it first, for example with "
                          "`convert picture.jpg picture.png`",
                          name));
}

nn::Tensor read_image(const std::string& path) {
  return parse_image(read_file(path, kMaxImageFileBytes), path);
}

}  // namespace sotto::app
