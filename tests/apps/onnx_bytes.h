// A model file of one node, written byte by byte: what a test needs of protobuf's wire format, which is tags,
// lengths and varints.
#pragma once

#include <cstdint>
#include <string>

namespace sotto::app {

inline std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}
inline std::string number_field(int field, std::uint64_t value) {
  return varint(static_cast<std::uint64_t>(field) << 3) + varint(value);
}
inline std::string bytes_field(int field, const std::string& content) {
  return varint(static_cast<std::uint64_t>(field) << 3 | 2) + varint(content.size()) + content;
}

/// A ValueInfoProto: name, and float32 of shape (1, 1, 28, 28).
inline std::string image_value(const std::string& name) {
  std::string shape;
  for (const std::uint64_t side : {1, 1, 28, 28}) shape += bytes_field(1, number_field(1, side));
  const std::string tensor_type = number_field(1, 1) + bytes_field(2, shape);
  return bytes_field(1, name) + bytes_field(2, bytes_field(1, tensor_type));
}

/// A ModelProto of opset 13: y = op(x), elementwise on a picture.
inline std::string onnx_with_one_node(const std::string& op, const std::string& node_name) {
  const std::string node =
      bytes_field(1, "x") + bytes_field(2, "y") + bytes_field(3, node_name) + bytes_field(4, op);
  const std::string graph = bytes_field(1, node) + bytes_field(2, "one-node") +
                            bytes_field(11, image_value("x")) + bytes_field(12, image_value("y"));
  const std::string opset = bytes_field(1, "") + number_field(2, 13);
  return number_field(1, 7) + bytes_field(7, graph) + bytes_field(8, opset);
}

}  // namespace sotto::app
