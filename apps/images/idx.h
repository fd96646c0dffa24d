// MNIST in its published form: IDX files of images and labels, plain or gzipped.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/tensor.h"

namespace sotto::app {

/// The part of a data set that was asked for.
struct LabelledImages {
  int rows = 0, columns = 0;
  std::vector<std::uint8_t> pixels;  // [count][rows][columns]
  std::vector<std::uint8_t> labels;  // [count]
  std::size_t total = 0;             // images in the file
  std::string folder;                // where they were found

  std::size_t count() const noexcept { return labels.size(); }
  nn::Tensor image(std::size_t i) const;  // (1, rows, columns) in [0, 1]
};

/// Reads images offset … offset + count - 1 of `split` ("test" or "train") from `folder` or its sub-folder
/// mnist. Both files are read to their end, so that their lengths and checksums are known to be right. Throws
/// Error kIo naming every place that was looked at, kCorruptFile, or kInvalidArgument when the data set is
/// smaller.
LabelledImages read_mnist(const std::string& folder, const std::string& split, std::size_t offset,
                          std::size_t count);

/// One IDX file of unsigned bytes: its sides and a window of its items.
struct IdxFile {
  std::vector<std::size_t> sides;    // [count, rows, columns] or [count]
  std::vector<std::uint8_t> window;  // items first … first + count - 1
};
/// `rank` sides are expected. The window is cut to the items that there are.
IdxFile read_idx(const std::string& path, std::size_t rank, std::size_t first, std::size_t count);

}  // namespace sotto::app
