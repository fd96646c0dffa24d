// The converters: each turns one ONNX node into nodes of the graph, or refuses it.
#pragma once

#include <map>
#include <string>

#include "nn/onnx/node.h"

namespace sotto::nn::onnx_import {

using Converter = void (*)(NodeView& node);

/// ONNX operator names to converters.
const std::map<std::string, Converter>& converters();

// operators_linear.cc
void convert_conv(NodeView& node);
void convert_gemm(NodeView& node);
void convert_matmul(NodeView& node);
void convert_batch_normalization(NodeView& node);
void convert_average_pool(NodeView& node);
void convert_global_average_pool(NodeView& node);
void convert_reduce_mean(NodeView& node);

// operators_elementwise.cc
void convert_add(NodeView& node);
void convert_sub(NodeView& node);
void convert_mul(NodeView& node);
void convert_div(NodeView& node);
void convert_pow(NodeView& node);
void convert_relu(NodeView& node);

// operators_shape.cc: elements stay where they are
void convert_reshape(NodeView& node);
void convert_flatten(NodeView& node);
void convert_squeeze(NodeView& node);
void convert_unsqueeze(NodeView& node);
void convert_transpose(NodeView& node);
void convert_identity(NodeView& node);
void convert_dropout(NodeView& node);
void convert_constant(NodeView& node);
void convert_pad(NodeView& node);

}  // namespace sotto::nn::onnx_import
