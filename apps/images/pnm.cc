// Netpbm pictures: P2 and P5 (grey), P3 and P6 (colour), maxval 1 to 65535, one picture a file.
#include <fmt/format.h>

#include "apps/images/image.h"
#include "base/error.h"

namespace sotto::app {
namespace {

bool is_space(unsigned char c) noexcept {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Walks over the bytes of a file; every refusal names the file and the byte.
class Reader {
 public:
  Reader(std::span<const std::byte> bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  std::size_t left() const noexcept { return bytes_.size() - at_; }
  unsigned char take() noexcept { return static_cast<unsigned char>(bytes_[at_++]); }

  /// A decimal number at most `limit`, behind white space and comments (# to the end of the line).
  std::size_t number(std::size_t limit, const char* what) {
    skip_space();
    std::size_t value = 0, digits = 0;
    for (; left() != 0 && peek() >= '0' && peek() <= '9'; ++digits) {
      value = value * 10 + static_cast<std::size_t>(take() - '0');
      if (value > limit) fail(fmt::format("its {} is over {}", what, limit));
    }
    if (digits == 0) fail(fmt::format("its {} is missing", what));
    return value;
  }

  /// The single white space between maxval and the samples.
  void separator() {
    if (left() == 0 || !is_space(peek())) fail("white space is missing behind its maxval");
    ++at_;
  }

  void skip_space() noexcept {
    while (left() != 0 && (is_space(peek()) || peek() == '#')) {
      if (take() != '#') continue;
      while (left() != 0 && peek() != '\n') ++at_;
    }
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw Error(ErrorCode::kCorruptFile, fmt::format("{}: {} (at byte {})", name_, why, at_));
  }

 private:
  unsigned char peek() const noexcept { return static_cast<unsigned char>(bytes_[at_]); }

  std::span<const std::byte> bytes_;
  std::size_t at_ = 2;  // behind the magic
  const std::string& name_;
};

struct Header {
  bool text = false;
  int channels = 1;
  std::size_t width = 0, height = 0, maxval = 0;
  std::size_t samples() const noexcept { return static_cast<std::size_t>(channels) * width * height; }
};

Header read_header(char kind, Reader& in, const std::string& name) {
  if (kind != '2' && kind != '3' && kind != '5' && kind != '6') {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("{}: a Netpbm picture of kind P{}; P2, P3, P5 and P6 are read", name, kind));
  }
  constexpr std::size_t kMaxNumber = 1'000'000'000;  // far over every limit, far under an overflow
  Header header{.text = kind < '4', .channels = kind == '3' || kind == '6' ? 3 : 1};
  header.width = in.number(kMaxNumber, "width");
  header.height = in.number(kMaxNumber, "height");
  check_image_size(header.width, header.height, name);
  header.maxval = in.number(65535, "maxval");
  if (header.maxval == 0) in.fail("its maxval is 0");
  return header;
}

/// Refuses before allocation what cannot hold the promised samples, and binary files that hold more.
void check_length(const Header& header, const Reader& in) {
  const std::size_t samples = header.samples();
  const std::size_t sample_bytes = header.maxval > 255 ? 2 : 1;
  // A text sample takes a digit, and white space in front of it.
  const std::size_t needed = header.text ? 2 * samples : sample_bytes * samples;
  if (in.left() < needed) {
    in.fail(fmt::format("its header promises {} samples, which take at least {} bytes, and {} are left",
                        samples, needed, in.left()));
  }
  if (!header.text && in.left() > needed) {
    in.fail(fmt::format("{} bytes follow behind its {} samples; one picture a file is read",
                        in.left() - needed, samples));
  }
}

std::size_t read_sample(const Header& header, Reader& in) {
  if (header.text) return in.number(65535, "sample");
  std::size_t value = in.take();
  if (header.maxval > 255) value = value << 8 | in.take();  // most significant byte first
  return value;
}

}  // namespace

nn::Tensor parse_pnm(std::span<const std::byte> bytes, const std::string& name) {
  if (bytes.size() < 2) throw Error(ErrorCode::kCorruptFile, name + ": an empty picture");
  Reader in(bytes, name);
  const Header header = read_header(static_cast<char>(bytes[1]), in, name);
  if (!header.text) in.separator();
  check_length(header, in);

  const std::size_t plane = header.width * header.height;
  nn::Tensor image({header.channels, static_cast<int>(header.height), static_cast<int>(header.width)});
  for (std::size_t pixel = 0; pixel < plane; ++pixel) {
    for (std::size_t c = 0; c < static_cast<std::size_t>(header.channels); ++c) {
      const std::size_t value = read_sample(header, in);
      if (value > header.maxval)
        in.fail(fmt::format("a sample of {} is over its maxval of {}", value, header.maxval));
      image[c * plane + pixel] = static_cast<double>(value) / static_cast<double>(header.maxval);
    }
  }
  in.skip_space();
  if (in.left() != 0)
    in.fail(fmt::format("more follows behind its {} samples; one picture a file is read", header.samples()));
  return image;
}

}  // namespace sotto::app
