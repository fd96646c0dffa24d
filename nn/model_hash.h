// SHA-256: of a graph, which binds a plan to the very weights that it was made for, and of any bytes.
#pragma once

#include <string>
#include <string_view>

#include "nn/graph.h"

namespace sotto::nn {

/// 64 hexadecimal digits over structure, shapes and the bits of every weight; names do not count.
std::string model_sha256(const Graph& graph);

/// 64 hexadecimal digits over these bytes.
std::string sha256_hex(std::string_view bytes);

}  // namespace sotto::nn
