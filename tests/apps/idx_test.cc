// The reader of MNIST's files, plain and gzipped, whole and damaged.
#include "apps/images/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "apps/images/image.h"
#include "base/error.h"
#include "tests/support/refusal.h"

namespace sotto::app {
namespace {

using test::refusal;

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class Idx : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = fs::temp_directory_path() / "sotto-idx-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }
  std::string write_gz(const std::string& name, const std::string& bytes) const {
    const std::string path = folder_ / name;
    gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    return path;
  }
  fs::path folder_;
};

std::string word(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}
std::string magic(int rank) {
  return {'\0', '\0', '\x08', static_cast<char>(rank)};
}

/// Three images of 2x2 whose pixels count up from 0, labels 7, 8, 9.
const std::string kImages =
    magic(3) + word(3) + word(2) + word(2) + std::string("\0\1\2\3\4\5\6\7\10\11\12\13", 12);
const std::string kLabels = magic(1) + word(3) + "\7\10\11";

TEST_F(Idx, ReadsAWindowOfAPlainFile) {
  const IdxFile file = read_idx(write("i", kImages), 3, 1, 1);
  EXPECT_THAT(file.sides, ElementsAre(3, 2, 2));
  EXPECT_THAT(file.window, ElementsAre(4, 5, 6, 7));
}

TEST_F(Idx, CutsTheWindowToWhatThereIs) {
  const std::string path = write("l", kLabels);
  EXPECT_THAT(read_idx(path, 1, 1, 100).window, ElementsAre(8, 9));
  EXPECT_THAT(read_idx(path, 1, 100, 1).window, ElementsAre());
}

TEST_F(Idx, ReadsTheSameFromAGzippedFile) {
  EXPECT_EQ(read_idx(write_gz("i.gz", kImages), 3, 0, 3).window,
            read_idx(write("i", kImages), 3, 0, 3).window);
}

TEST_F(Idx, RefusesEveryPrefixOfAPlainFile) {
  for (std::size_t length = 0; length < kImages.size(); ++length) {
    const std::string path = write("i", kImages.substr(0, length));
    EXPECT_THAT(refusal([&] { read_idx(path, 3, 0, 1); }), HasSubstr(path)) << length << " bytes";
  }
}

TEST_F(Idx, RefusesEveryPrefixOfAGzippedFile) {
  const std::string whole = [&] {
    std::ifstream file(write_gz("i.gz", kImages), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::string path = write("cut.gz", whole.substr(0, length));
    EXPECT_THAT(refusal([&] { read_idx(path, 3, 0, 1); }), HasSubstr(path)) << length << " bytes";
  }
}

TEST_F(Idx, NeverReadsOtherPixelsFromFlippedGzipData) {
  std::ifstream file(write_gz("i.gz", kImages), std::ios::binary);
  const std::string whole(std::istreambuf_iterator<char>(file), {});
  const std::vector<std::uint8_t> good = read_idx(write("i", kImages), 3, 0, 3).window;
  int refused = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x10);
    const std::string path = write("flipped.gz", flipped);
    try {
      // Bits that fill up the last byte of the stream, and fields of gzip's header, mean nothing: then all is
      // as it was.
      EXPECT_EQ(read_idx(path, 3, 0, 3).window, good) << "byte " << i;
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, static_cast<int>(whole.size()) - 12);
}

TEST_F(Idx, RefusesBytesBehindTheItems) {
  EXPECT_THAT(refusal([&] { read_idx(write("i", kImages + "x"), 3, 0, 1); }),
              HasSubstr("more follows behind its 3"));
}

TEST_F(Idx, RefusesOtherKindsAndSides) {
  const auto read = [&](const std::string& bytes, std::size_t rank) {
    return refusal([&] { read_idx(write("f", bytes), rank, 0, 1); });
  };
  EXPECT_THAT(read("P5 28 28 255\n", 3), HasSubstr("it begins with 503520"));
  EXPECT_THAT(read(kLabels, 3), HasSubstr("it has 1 sides where 3 are wanted"));
  EXPECT_THAT(read(magic(1) + word(0), 1), HasSubstr("side 0 is 0"));
  EXPECT_THAT(read(magic(1) + word(0xffffffff), 1), HasSubstr("side 0 is 4294967295"));
  EXPECT_THAT(read(magic(3) + word(1) + word(1) + word(4097), 3), HasSubstr("side 2 is 4097"));
  EXPECT_THAT(read(magic(3) + word(9'999'999) + word(4096) + word(4096), 3), HasSubstr("it ends before"));
  EXPECT_THAT(
      refusal([&] { read_idx(write("f", magic(3) + word(9'999'999) + word(4096) + word(4096)), 3, 0, 100); }),
      HasSubstr("ask for fewer"));
}

TEST_F(Idx, NamesAFileThatCannotBeOpened) {
  EXPECT_THAT(refusal([&] { read_idx(folder_ / "missing", 1, 0, 1); }),
              HasSubstr("missing: cannot be opened: No such"));
}

class Mnist : public Idx {};

TEST_F(Mnist, FindsBothFilesAndScalesPixels) {
  fs::create_directory(folder_ / "mnist");
  write_gz("mnist/t10k-images-idx3-ubyte.gz", kImages);
  write("mnist/t10k-labels-idx1-ubyte", kLabels);
  const LabelledImages data = read_mnist(folder_, "test", 1, 2);
  EXPECT_EQ(data.count(), 2u);
  EXPECT_EQ(data.total, 3u);
  EXPECT_THAT(data.labels, ElementsAre(8, 9));
  EXPECT_THAT(data.image(1).shape, ElementsAre(1, 2, 2));
  EXPECT_THAT(data.image(1).values, ElementsAre(8 / 255.0, 9 / 255.0, 10 / 255.0, 11 / 255.0));
}

TEST_F(Mnist, TellsWhatItLookedForAndWhere) {
  const std::string sentence = refusal([&] { read_mnist(folder_, "train", 0, 1); });
  EXPECT_THAT(sentence, HasSubstr("train-images-idx3-ubyte and train-labels-idx1-ubyte"));
  EXPECT_THAT(sentence, HasSubstr((folder_ / "mnist").string()));
  EXPECT_THAT(sentence, HasSubstr("SOTTO_DATA"));
}

TEST_F(Mnist, RefusesMoreThanThereIs) {
  write("t10k-images-idx3-ubyte", kImages);
  write("t10k-labels-idx1-ubyte", kLabels);
  EXPECT_THAT(refusal([&] { read_mnist(folder_, "test", 2, 2); }),
              HasSubstr("2 images from number 2 on are asked for and the test set has 3"));
}

TEST_F(Mnist, RefusesLabelsOfAnotherNumber) {
  write("t10k-images-idx3-ubyte", kImages);
  write("t10k-labels-idx1-ubyte", magic(1) + word(2) + "\7\10");
  EXPECT_THAT(refusal([&] { read_mnist(folder_, "test", 0, 1); }), HasSubstr("3 images but 2 labels"));
}

TEST_F(Mnist, ReadsThePublishedFiles) {
  const char* folder = std::getenv("SOTTO_DATA");
  const fs::path data = folder != nullptr ? fs::path(folder) : fs::path(SOTTO_SOURCE_DIR) / "../shared/data";
  if (!fs::exists(data / "mnist") && !fs::exists(data / "t10k-images-idx3-ubyte.gz")) {
    GTEST_SKIP() << "MNIST is not in " << data << "; name its folder with SOTTO_DATA";
  }
  const LabelledImages test = read_mnist(data, "test", 0, 10);
  EXPECT_EQ(test.total, 10000u);
  EXPECT_EQ(test.rows, 28);
  EXPECT_THAT(test.labels, ElementsAre(7, 2, 1, 0, 4, 1, 4, 9, 5, 9));
}

TEST_F(Idx, OneImageIsNamedByItsNumber) {
  for (const std::string& path : {write("images", kImages), write_gz("images.gz", kImages)}) {
    const nn::Tensor image = read_image(path + ":2");
    EXPECT_EQ(image.shape, (nn::Shape{1, 2, 2}));
    EXPECT_THAT(image.values, ElementsAre(8 / 255.0, 9 / 255.0, 10 / 255.0, 11 / 255.0));
    EXPECT_THAT(refusal([&] { read_image(path + ":3"); }), HasSubstr("no image 3; its 3 images are 0 to 2"));
    EXPECT_THAT(refusal([&] { read_image(path); }), HasSubstr("FILE:K"));
  }
  EXPECT_THAT(refusal([&] { read_image(folder_ / "absent:0"); }), HasSubstr("cannot be opened"));
}

TEST_F(Idx, APictureWhoseNameEndsLikeANumberIsAPicture) {
  const std::string path = write("digit.pgm:7", "P2 1 1 255 51\n");
  EXPECT_THAT(read_image(path).values, ElementsAre(0.2));
}

}  // namespace
}  // namespace sotto::app
