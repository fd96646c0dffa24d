#include "nn/onnx/constant.h"

#include <onnx/onnx_pb.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "base/error.h"

namespace sotto::nn::onnx_import {
namespace {

using ::onnx::TensorProto;

// Elements: more than a file of the largest size can hold.
constexpr std::size_t kMaxConstant = std::size_t{1} << 28;

static_assert(std::endian::native == std::endian::little, "raw tensor data is little-endian");

[[noreturn]] void corrupt(const std::string& sentence) {
  throw Error(ErrorCode::kCorruptFile, sentence);
}
[[noreturn]] void unsupported(const std::string& sentence) {
  throw Error(ErrorCode::kUnsupported, sentence);
}

Dims checked_dims(const TensorProto& tensor) {
  Dims dims(tensor.dims().begin(), tensor.dims().end());
  if (dims.size() > 8)
    unsupported("a stored tensor has " + std::to_string(dims.size()) + " dimensions; at most 8 are read");
  std::size_t count = 1;
  for (const std::int64_t dimension : dims) {
    if (dimension < 1 || static_cast<std::uint64_t>(dimension) > kMaxConstant / count) {
      corrupt("a stored tensor has an impossible dimension of " + std::to_string(dimension));
    }
    count *= static_cast<std::size_t>(dimension);
  }
  return dims;
}

/// IEEE half precision: 1 sign, 5 exponent, 10 fraction bits.
double from_half(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double magnitude = exponent == 31  ? (fraction == 0 ? INFINITY : NAN)
                           : exponent == 0 ? std::ldexp(fraction, -24)
                                           : std::ldexp(1024 + fraction, exponent - 25);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

double from_half_word(std::int32_t word) {
  return from_half(static_cast<std::uint16_t>(word));
}

double from_integer(std::int64_t value) {
  constexpr std::int64_t kExact = std::int64_t{1} << 53;
  if (value < -kExact || value > kExact)
    corrupt("a stored tensor has the integer " + std::to_string(value) + ", beyond 2^53");
  return static_cast<double>(value);
}

template <class Word>
double identity(Word value) {
  return static_cast<double>(value);
}

/// Converts `count` entries from the raw bytes or from the typed list, whichever the file uses.
template <class Word, class List, class FromWord, class FromList>
std::vector<double> entries(const TensorProto& tensor, std::size_t count, const List& list,
                            FromWord from_word, FromList from_list) {
  const std::string& raw = tensor.raw_data();
  if (tensor.has_raw_data() ? raw.size() != count * sizeof(Word)
                            : static_cast<std::size_t>(list.size()) != count) {
    corrupt("a stored tensor should have " + std::to_string(count) + " entries but has " +
            (tensor.has_raw_data() ? std::to_string(raw.size()) + " bytes"
                                   : std::to_string(list.size()) + " entries"));
  }
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (tensor.has_raw_data()) {
      Word word;
      std::memcpy(&word, raw.data() + i * sizeof(Word), sizeof(Word));
      values[i] = from_word(word);
    } else {
      values[i] = from_list(list[static_cast<int>(i)]);
    }
    if (!std::isfinite(values[i]))
      corrupt("entry " + std::to_string(i) + " of a stored tensor is not a finite number");
  }
  return values;
}

std::vector<double> entries(const TensorProto& tensor, std::size_t count) {
  switch (tensor.data_type()) {
    case TensorProto::FLOAT:
      return entries<float>(tensor, count, tensor.float_data(), identity<float>, identity<float>);
    case TensorProto::DOUBLE:
      return entries<double>(tensor, count, tensor.double_data(), identity<double>, identity<double>);
    case TensorProto::FLOAT16:
      return entries<std::uint16_t>(tensor, count, tensor.int32_data(), from_half, from_half_word);
    case TensorProto::INT32:
      return entries<std::int32_t>(tensor, count, tensor.int32_data(), identity<std::int32_t>,
                                   identity<std::int32_t>);
    case TensorProto::INT64:
      return entries<std::int64_t>(tensor, count, tensor.int64_data(), from_integer, from_integer);
    default:
      unsupported("a stored tensor has element type " + std::to_string(tensor.data_type()) +
                  "; float (1), double (11), float16 (10), int32 (6) and int64 (7) are read");
  }
}

}  // namespace

std::string to_string(const Dims& dims) {
  if (dims.empty()) return "scalar";
  std::string text;
  for (const std::int64_t dimension : dims) {
    if (!text.empty()) text += 'x';
    text += std::to_string(dimension);
  }
  return text;
}

std::size_t element_count(const Dims& dims) {
  std::size_t count = 1;
  for (const std::int64_t dimension : dims) count *= static_cast<std::size_t>(dimension);
  return count;
}

Constant decode(const TensorProto& tensor) {
  if (tensor.data_location() == TensorProto::EXTERNAL || tensor.external_data_size() > 0) {
    unsupported("a tensor's data lies outside the file; export the model as one file");
  }
  if (tensor.has_segment())
    unsupported("a tensor is stored in segments; export the model with whole tensors");
  Constant constant{checked_dims(tensor), {}};
  constant.values = entries(tensor, element_count(constant.dims));
  return constant;
}

std::vector<std::int64_t> to_integers(const Constant& constant) {
  std::vector<std::int64_t> integers;
  for (const double value : constant.values) {
    if (value != std::floor(value) || std::abs(value) >= 0x1p31) {
      corrupt("a list of axes or sizes holds " + std::to_string(value) + "; small integers are expected");
    }
    integers.push_back(static_cast<std::int64_t>(value));
  }
  return integers;
}

double to_scalar(const Constant& constant) {
  if (constant.values.size() != 1)
    unsupported("a constant of shape " + to_string(constant.dims) + " stands where one number is supported");
  return constant.values.front();
}

Constant transposed(const Constant& constant, const std::vector<std::size_t>& order) {
  const std::size_t rank = order.size();
  Dims strides(rank, 1);  // of the source axes
  for (std::size_t axis = rank; axis-- > 1;) strides[axis - 1] = strides[axis] * constant.dims[axis];
  Constant result{Dims(rank), std::vector<double>(constant.values.size())};
  for (std::size_t axis = 0; axis < rank; ++axis) result.dims[axis] = constant.dims[order[axis]];

  Dims position(rank, 0);  // in the result, counted up like an odometer
  for (double& value : result.values) {
    std::int64_t source = 0;
    for (std::size_t axis = 0; axis < rank; ++axis) source += position[axis] * strides[order[axis]];
    value = constant.values[static_cast<std::size_t>(source)];
    for (std::size_t axis = rank; axis-- > 0;) {
      if (++position[axis] < result.dims[axis]) break;
      position[axis] = 0;
    }
  }
  return result;
}

std::vector<double> broadcast(const Constant& constant, const Dims& to) {
  const std::size_t rank = to.size();
  bool fits = constant.dims.size() <= rank;
  Dims strides(rank, 0);  // 0 along the axes that repeat
  std::int64_t stride = 1;
  for (std::size_t back = 1; fits && back <= constant.dims.size(); ++back) {
    const std::int64_t size = constant.dims[constant.dims.size() - back];
    fits = size == 1 || size == to[rank - back];
    if (size != 1) strides[rank - back] = stride;
    stride *= size;
  }
  if (!fits)
    unsupported("a constant of shape " + to_string(constant.dims) + " does not broadcast to the tensor's " +
                to_string(to));

  std::vector<double> values(element_count(to));
  Dims position(rank, 0);
  std::int64_t source = 0;
  for (double& value : values) {
    value = constant.values[static_cast<std::size_t>(source)];
    for (std::size_t axis = rank; axis-- > 0;) {
      source += strides[axis];
      if (++position[axis] < to[axis]) break;
      source -= strides[axis] * to[axis];
      position[axis] = 0;
    }
  }
  return values;
}

}  // namespace sotto::nn::onnx_import
