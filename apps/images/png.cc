// PNG through libpng: grey, RGB or palette of at most 8 bits a sample; transparency and 16 bits are refused
// with what to do.
//
// libpng reports errors by longjmp, so the steps between setjmp and the end use only members of a struct
// without destructors: nothing is skipped by the jump. Gamma chunks are ignored, as the tools that make
// training sets do.
#include <fmt/format.h>
#include <png.h>

#include <array>
#include <csetjmp>
#include <cstring>
#include <vector>

#include "apps/images/image.h"
#include "base/error.h"

namespace sotto::app {
namespace {

/// What libpng reads from and complains to.
struct Source {
  std::span<const std::byte> bytes;
  std::size_t at = 0;
  std::array<char, 120> complaint{};
};

extern "C" {
static void take_bytes(png_structp png, png_bytep out, std::size_t count) {
  auto* source = static_cast<Source*>(png_get_io_ptr(png));
  if (count > source->bytes.size() - source->at) png_error(png, "the file ends too early");
  std::memcpy(out, source->bytes.data() + source->at, count);
  source->at += count;
}
[[noreturn]] static void keep_complaint(png_structp png, png_const_charp message) {
  auto* source = static_cast<Source*>(png_get_error_ptr(png));
  std::strncpy(source->complaint.data(), message, source->complaint.size() - 1);
  png_longjmp(png, 1);
}
static void ignore_warning(png_structp, png_const_charp) {}
}

/// Owns libpng's two objects; every call into libpng is one step of it.
class Decoder {
 public:
  Decoder(std::span<const std::byte> bytes, const std::string& name) : name_(name), source_{.bytes = bytes} {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source_, keep_complaint, ignore_warning);
    info_ = png_ == nullptr ? nullptr : png_create_info_struct(png_);
    if (info_ == nullptr) throw std::bad_alloc();
    png_set_read_fn(png_, &source_, take_bytes);
    png_set_user_limits(png_, kMaxImageSide, kMaxImageSide);
    png_set_chunk_cache_max(png_, 16);
    png_set_chunk_malloc_max(png_, kMaxImageFileBytes);
  }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { png_destroy_read_struct(&png_, &info_, nullptr); }

  nn::Tensor decode() {
    if (!read_header()) fail();
    check_kind();
    check_image_size(width_, height_, name_);
    if (!prepare()) fail();
    const std::size_t row_bytes = png_get_rowbytes(png_, info_), channels = png_get_channels(png_, info_);
    if (row_bytes != width_ * channels) fail();
    std::vector<png_byte> samples(row_bytes * height_);
    std::vector<png_bytep> rows(height_);
    for (std::size_t y = 0; y < height_; ++y) rows[y] = samples.data() + y * row_bytes;
    if (!read_rows(rows.data())) fail();
    return to_tensor(samples, channels);
  }

 private:
  bool read_header() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_info(png_, info_);
    width_ = png_get_image_width(png_, info_);
    height_ = png_get_image_height(png_, info_);
    return true;
  }

  void check_kind() const {
    if (png_get_bit_depth(png_, info_) == 16) refuse("16 bits a sample", "convert it to 8 bits a sample");
    const bool alpha = (png_get_color_type(png_, info_) & PNG_COLOR_MASK_ALPHA) != 0;
    if (alpha || png_get_valid(png_, info_, PNG_INFO_tRNS) != 0) {
      refuse("transparent pixels", "draw it on a solid background");
    }
  }

  bool prepare() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_expand(png_);  // palettes to RGB; 1, 2 and 4 bits to 8
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }

  bool read_rows(png_bytepp rows) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_image(png_, rows);
    png_read_end(png_, nullptr);
    return true;
  }

  nn::Tensor to_tensor(const std::vector<png_byte>& samples, std::size_t channels) const {
    nn::Tensor image({static_cast<int>(channels), static_cast<int>(height_), static_cast<int>(width_)});
    const std::size_t plane = width_ * height_;
    for (std::size_t i = 0; i < samples.size(); ++i)
      image[i % channels * plane + i / channels] = samples[i] / 255.0;
    return image;
  }

  [[noreturn]] void fail() const {
    throw Error(ErrorCode::kCorruptFile,
                fmt::format("{}: a damaged PNG picture: {} (at byte {} of {})", name_,
                            source_.complaint.data(), source_.at, source_.bytes.size()));
  }
  [[noreturn]] void refuse(const char* what, const char* instead) const {
    throw Error(
        ErrorCode::kUnsupported,
        fmt::format("{}: a PNG picture with {}; {} first (read are grey, RGB and palettes of at most 8 bits)",
                    name_, what, instead));
  }

  const std::string& name_;
  Source source_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::size_t width_ = 0, height_ = 0;
};

}  // namespace

nn::Tensor parse_png(std::span<const std::byte> bytes, const std::string& name) {
  return Decoder(bytes, name).decode();
}

}  // namespace sotto::app
