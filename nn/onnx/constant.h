// Tensors that an ONNX file stores: weights, shapes, axes. Decoded to doubles with every length checked
// first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace onnx {
class TensorProto;
}

namespace sotto::nn::onnx_import {

using Dims = std::vector<std::int64_t>;  // as in the file, batch axis included; every entry at least 1

std::string to_string(const Dims& dims);  // "1x5x13x13"; "scalar" when empty
std::size_t element_count(const Dims& dims);

struct Constant {
  Dims dims;
  std::vector<double>
      values;  // [element_count(dims)] in C order, finite; integers up to 2^53 in magnitude are exact
};

/// Throws Error kCorruptFile when dims and data disagree or a number is NaN or infinite, kUnsupported for
/// other element types and for data outside the file.
Constant decode(const ::onnx::TensorProto& tensor);

/// The entries as integers; throws unless every one is an integer below 2^31 in magnitude.
std::vector<std::int64_t> to_integers(const Constant& constant);

/// The one entry of a constant of one entry.
double to_scalar(const Constant& constant);

/// The axes in another order: out.dims[i] = dims[order[i]].
Constant transposed(const Constant& constant, const std::vector<std::size_t>& order);

/// Repeats the constant along its axes of length 1 (numpy's rule) until it has shape `to`; throws when that
/// is impossible.
std::vector<double> broadcast(const Constant& constant, const Dims& to);

}  // namespace sotto::nn::onnx_import
