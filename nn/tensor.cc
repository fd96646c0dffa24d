// Small functions of tensors.
#include "nn/tensor.h"

#include <algorithm>

#include "base/error.h"

namespace sotto::nn {

std::string to_string(const Shape& shape) {
  if (shape.empty()) return "()";
  std::string text;
  for (const int dimension : shape) {
    if (!text.empty()) text += 'x';
    text += std::to_string(dimension);
  }
  return text;
}

int argmax(const std::vector<double>& values) {
  if (values.empty())
    throw Error(ErrorCode::kInvalidArgument, "argmax: an empty vector has no largest value");
  return static_cast<int>(std::max_element(values.begin(), values.end()) - values.begin());
}

}  // namespace sotto::nn
