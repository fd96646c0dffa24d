#include "apps/images/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <optional>

#include "apps/images/idx.h"
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

/// "t10k-images-idx3-ubyte.gz:17" is image 17 of that file; a file whose own name ends like that is a
/// picture.
struct IdxReference {
  std::string path;
  std::size_t number = 0;
};
std::optional<IdxReference> idx_reference(const std::string& path) {
  const std::size_t colon = path.rfind(':');
  if (colon == std::string::npos || colon + 1 == path.size()) return std::nullopt;
  IdxReference reference{.path = path.substr(0, colon)};
  const char* const end = path.data() + path.size();
  const auto [stop, error] = std::from_chars(path.data() + colon + 1, end, reference.number);
  std::error_code ignored;
  if (error != std::errc() || stop != end || std::filesystem::exists(path, ignored)) return std::nullopt;
  return reference;
}

nn::Tensor read_idx_image(const IdxReference& reference) {
  const IdxFile file = read_idx(reference.path, 3, reference.number, 1);
  if (file.window.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}: there is no image {}; its {} images are 0 to {}", reference.path,
                            reference.number, file.sides[0], file.sides[0] - 1));
  }
  nn::Tensor tensor({1, static_cast<int>(file.sides[1]), static_cast<int>(file.sides[2])});
  std::ranges::transform(file.window, tensor.values.begin(), [](std::uint8_t v) { return v / 255.0; });
  return tensor;
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
                          "`convert picture.jpg picture.png`, or name image K of an IDX file as FILE:K",
                          name));
}

nn::Tensor read_image(const std::string& path) {
  if (const auto reference = idx_reference(path)) return read_idx_image(*reference);
  return parse_image(read_file(path, kMaxImageFileBytes), path);
}

}  // namespace sotto::app
