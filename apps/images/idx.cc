#include "apps/images/idx.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>

#include "base/error.h"

namespace sotto::app {
namespace {

constexpr std::size_t kMaxSide = 4096;         // of an image
constexpr std::size_t kMaxItems = 10'000'000;  // of a file
constexpr std::size_t kMaxWindowBytes = std::size_t{1} << 30;

/// A file that zlib inflates on the way when it is gzipped.
class GzFile {
 public:
  explicit GzFile(const std::string& path) : path_(path), file_(gzopen(path.c_str(), "rb")) {
    if (file_ == nullptr) {
      throw Error(ErrorCode::kIo, fmt::format("{}: cannot be opened: {}", path, std::strerror(errno)));
    }
    gzbuffer(file_, 1 << 17);
  }
  GzFile(const GzFile&) = delete;
  GzFile& operator=(const GzFile&) = delete;
  ~GzFile() { gzclose_r(file_); }

  /// Bytes read: less than asked for only at the end of the file.
  std::size_t read(std::span<std::uint8_t> out) {
    std::size_t total = 0;
    while (total < out.size()) {
      const auto chunk = static_cast<unsigned>(std::min<std::size_t>(out.size() - total, 1 << 20));
      const int got = gzread(file_, out.data() + total, chunk);
      if (got < 0) fail_read();
      if (got == 0) break;
      total += static_cast<std::size_t>(got);
    }
    // A gzip stream that is cut short shows at its end as a pending error.
    int error = Z_OK;
    gzerror(file_, &error);
    if (error != Z_OK) fail_read();
    return total;
  }

 private:
  [[noreturn]] void fail_read() const {
    int error = Z_OK;
    const char* message = gzerror(file_, &error);
    if (error == Z_ERRNO) throw Error(ErrorCode::kIo, fmt::format("{}: {}", path_, std::strerror(errno)));
    throw Error(ErrorCode::kCorruptFile, fmt::format("{}: a damaged gzip file: {}", path_, message));
  }

  const std::string& path_;
  gzFile file_;
};

/// Reads and drops `bytes` bytes; what is missing of them is returned.
std::size_t skip(GzFile& file, std::size_t bytes) {
  std::vector<std::uint8_t> scratch(std::min<std::size_t>(bytes, 1 << 20));
  while (bytes != 0) {
    const std::size_t got = file.read(std::span(scratch).first(std::min(bytes, scratch.size())));
    if (got == 0) break;
    bytes -= got;
  }
  return bytes;
}

[[noreturn]] void fail(const std::string& path, const std::string& why) {
  throw Error(ErrorCode::kCorruptFile, fmt::format("{}: not an IDX file that fits: {}", path, why));
}

/// Bytes 0 0 8 rank, then `rank` sides of four bytes, most significant first.
std::vector<std::size_t> read_header(GzFile& file, const std::string& path, std::size_t rank) {
  std::array<std::uint8_t, 4> magic{};
  if (file.read(magic) != magic.size()) fail(path, "it ends within its first four bytes");
  if (magic[0] != 0 || magic[1] != 0 || magic[2] != 8) {
    fail(path, fmt::format("it begins with {:02x}{:02x}{:02x}, unsigned bytes begin with 000008", magic[0],
                           magic[1], magic[2]));
  }
  if (magic[3] != rank) fail(path, fmt::format("it has {} sides where {} are wanted", magic[3], rank));
  std::vector<std::size_t> sides;
  for (std::size_t i = 0; i < rank; ++i) {
    std::array<std::uint8_t, 4> b{};
    if (file.read(b) != b.size()) fail(path, "it ends within its header");
    const std::size_t side =
        std::size_t{b[0]} << 24 | std::size_t{b[1]} << 16 | std::size_t{b[2]} << 8 | b[3];
    const std::size_t limit = i == 0 ? kMaxItems : kMaxSide;
    if (side == 0 || side > limit)
      fail(path, fmt::format("side {} is {}, allowed are 1 to {}", i, side, limit));
    sides.push_back(side);
  }
  return sides;
}

std::string find_file(const std::filesystem::path& folder, const std::string& name) {
  for (const char* suffix : {".gz", ""}) {
    const std::filesystem::path path = folder / (name + suffix);
    std::error_code ignored;
    if (std::filesystem::is_regular_file(path, ignored)) return path;
  }
  return {};
}

}  // namespace

IdxFile read_idx(const std::string& path, std::size_t rank, std::size_t first, std::size_t count) {
  GzFile file(path);
  IdxFile result{.sides = read_header(file, path, rank), .window = {}};
  std::size_t item_bytes = 1;  // at most 2^24: two sides of at most 2^12
  for (std::size_t i = 1; i < rank; ++i) item_bytes *= result.sides[i];
  first = std::min(first, result.sides[0]);
  count = std::min(count, result.sides[0] - first);
  if (count > kMaxWindowBytes / item_bytes) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}: {} items of {} bytes are more than the {} bytes held at once; ask for fewer",
                            path, count, item_bytes, kMaxWindowBytes));
  }
  // The window grows with what is really there, so a header cannot make it large.
  std::size_t missing = skip(file, first * item_bytes);
  while (missing == 0 && result.window.size() < count * item_bytes) {
    const std::size_t at = result.window.size();
    const std::size_t chunk = std::min<std::size_t>(count * item_bytes - at, 1 << 20);
    result.window.resize(at + chunk);
    missing = chunk - file.read(std::span(result.window).subspan(at));
  }
  if (missing == 0) missing = skip(file, (result.sides[0] - first - count) * item_bytes);
  if (missing != 0) {
    fail(path, fmt::format("its header promises {} items of {} bytes, and it ends before", result.sides[0],
                           item_bytes));
  }
  if (skip(file, 1) == 0) fail(path, fmt::format("more follows behind its {} items", result.sides[0]));
  return result;
}

nn::Tensor LabelledImages::image(std::size_t i) const {
  nn::Tensor tensor({1, rows, columns});
  const std::size_t size = tensor.size();
  for (std::size_t k = 0; k < size; ++k) tensor[k] = pixels[i * size + k] / 255.0;
  return tensor;
}

LabelledImages read_mnist(const std::string& folder, const std::string& split, std::size_t offset,
                          std::size_t count) {
  const std::string prefix = split == "train" ? "train" : "t10k";
  const std::string images_name = prefix + "-images-idx3-ubyte", labels_name = prefix + "-labels-idx1-ubyte";
  const std::filesystem::path root(folder);
  for (const auto& place : {root, root / "mnist"}) {
    const std::string images_path = find_file(place, images_name),
                      labels_path = find_file(place, labels_name);
    if (images_path.empty() || labels_path.empty()) continue;
    IdxFile images = read_idx(images_path, 3, offset, count),
            labels = read_idx(labels_path, 1, offset, count);
    if (images.sides[0] != labels.sides[0]) {
      throw Error(ErrorCode::kCorruptFile, fmt::format("{}: {} images but {} labels", place.string(),
                                                       images.sides[0], labels.sides[0]));
    }
    if (labels.window.size() != count) {
      throw Error(
          ErrorCode::kInvalidArgument,
          fmt::format("{}: {} images from number {} on are asked for and the {} set has {}; lower --count or "
                      "--offset",
                      place.string(), count, offset, split, images.sides[0]));
    }
    return {static_cast<int>(images.sides[1]),
            static_cast<int>(images.sides[2]),
            std::move(images.window),
            std::move(labels.window),
            images.sides[0],
            place};
  }
  throw Error(
      ErrorCode::kIo,
      fmt::format("MNIST is not there: looked for {} and {} (with .gz or without) in {} and {}; name their "
                  "folder with --data or SOTTO_DATA",
                  images_name, labels_name, root.string(), (root / "mnist").string()));
}

}  // namespace sotto::app
