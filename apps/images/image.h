// Pictures as tensors (C, H, W) of numbers in [0, 1]: a sample v of a picture with white at `maxval` becomes
// v / maxval.
//
// PGM and PPM (P2, P3, P5, P6; 8 or 16 bits) and PNG (8 bits a sample or fewer; grey, RGB or palette, no
// transparency), and one image of an IDX file, named FILE:K. The kind of a picture is told by its first
// bytes, never by the file's name. Files are hostile: sides and sample counts are compared with fixed limits
// and with the bytes that are there before anything is allocated.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "nn/tensor.h"

namespace sotto::app {

inline constexpr int kMaxImageSide = 4096;
inline constexpr std::size_t kMaxImagePixels = std::size_t{1} << 22;
inline constexpr std::size_t kMaxImageFileBytes = std::size_t{64} << 20;

/// `path` names a picture, or image K of an IDX file (plain or gzipped) as "FILE:K", K from 0. Throws Error
/// kIo (cannot read), kUnsupported (another kind of file), kCorruptFile (damaged), kInvalidArgument (no image
/// K), each naming `path`.
nn::Tensor read_image(const std::string& path);

/// The same for bytes in memory; `name` stands in the errors.
nn::Tensor parse_image(std::span<const std::byte> bytes, const std::string& name);
nn::Tensor parse_pnm(std::span<const std::byte> bytes, const std::string& name);
nn::Tensor parse_png(std::span<const std::byte> bytes, const std::string& name);

/// Throws kCorruptFile unless both sides are within [1, kMaxImageSide] and the pixels within kMaxImagePixels.
void check_image_size(std::size_t width, std::size_t height, const std::string& name);

}  // namespace sotto::app
