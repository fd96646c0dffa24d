// ONNX in, Graph out. An unsupported operator, attribute or shape is refused with its node name and what is supported.
#pragma once

#include <string>

#include "nn/graph.h"

namespace sotto::nn {

/// Reads a model file. Accepts Conv (stride, pads, groups, dilations, auto_pad), Gemm, MatMul, Add, Sub, Mul, Div (constants, and Add/Mul of tensors), Pow, BatchNormalization,
/// AveragePool, GlobalAveragePool, ReduceMean over H and W, Flatten, Reshape, Squeeze, Identity, Dropout, Constant, Pad (zeros, merged into Conv), Relu. Batch axis 1 or symbolic.
/// Throws Error kUnsupported / kCorruptFile / kIo.
Graph import_onnx(const std::string& path);

}  // namespace sotto::nn
