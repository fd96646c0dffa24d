// SHA-256 of a graph: binds a plan to the very weights that it was made for.
#pragma once

#include <string>

#include "nn/graph.h"

namespace sotto::nn {

/// 64 hexadecimal digits over structure, shapes and the bits of every weight; names do not count.
std::string model_sha256(const Graph& graph);

}  // namespace sotto::nn
