// ONNX in, Graph out. An unsupported operator, attribute or shape is refused with its node name and what is
// supported.
#pragma once

#include <string>
#include <string_view>

#include "nn/graph.h"

namespace sotto::nn {

/// Reads a model file of opset 7 to 18. Accepts Conv (stride, pads, groups, dilations, auto_pad), Gemm,
/// MatMul, Add, Sub, Mul, Div (by constants; Add and Sub of two tensors, Mul of two polynomials of one
/// tensor), Pow, BatchNormalization, AveragePool, GlobalAveragePool, ReduceMean over H and W, Flatten,
/// Reshape, Squeeze, Unsqueeze, Transpose (of constants, or where it moves no element), Identity, Dropout,
/// Constant, Pad (zeros, merged into Conv), Relu. Batch axis 1 or symbolic; one input, one output. Throws
/// Error kUnsupported / kCorruptFile / kIo.
Graph import_onnx(const std::string& path);

/// The same for a file in memory; `name` stands in the messages.
Graph import_onnx_bytes(std::string_view bytes, const std::string& name);

}  // namespace sotto::nn
