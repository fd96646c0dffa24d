// One ONNX node as its converter sees it: typed attributes, inputs by position, one output. No protobuf
// beyond this file.
//
// A converter must read or expressly ignore every attribute; one that is left over is refused, so that no
// file means something else than what we compute.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "nn/onnx/builder.h"

namespace onnx {
class AttributeProto;
class NodeProto;
}  // namespace onnx

namespace sotto::nn::onnx_import {

class NodeView {
 public:
  NodeView(const ::onnx::NodeProto& proto, std::string name, int opset, Builder& builder);

  const std::string& name() const { return name_; }  // printable, never empty
  int opset() const { return opset_; }
  Builder& builder() { return builder_; }
  [[noreturn]] void refuse(const std::string& sentence) const;  // kUnsupported

  // Attributes. Each throws when the file has another type there, or a number beyond 32 bits.
  int integer(const char* attribute, int fallback);
  double real(const char* attribute, double fallback);
  std::string text(const char* attribute, const char* fallback);
  std::optional<std::vector<std::int64_t>> integers(const char* attribute);
  std::optional<Constant> constant_attribute(
      const char* attribute);  // a tensor, a number or a list of numbers
  void ignore(const char* attribute) { read_.insert(attribute); }
  void refuse_other_attributes() const;

  // Inputs.
  bool has_input(std::size_t index) const;
  const Operand& input(std::size_t index);
  bool input_is_constant(std::size_t index) { return input(index).constant != nullptr; }
  const Constant& constant(std::size_t index, const char* role);
  /// A list that newer files store as an input and older ones as an attribute.
  std::optional<std::vector<std::int64_t>> integers(const char* attribute, std::size_t input,
                                                    int input_since_opset);
  /// A computed input, its padding done.
  Operand computed(std::size_t index);
  /// A computed 1xCxHxW input, padding left to the converter.
  Operand picture(std::size_t index);

  // Output.
  void define(Operand operand);
  void define(ValueId value, const Dims& dims);
  void define_picture(ValueId value);  // 1xCxHxW
  ValueId append(Operator op, std::vector<ValueId> inputs) {
    return builder_.append(name_, std::move(op), std::move(inputs));
  }

 private:
  const ::onnx::AttributeProto* find(const char* attribute, int type);

  const ::onnx::NodeProto& proto_;
  std::string name_;
  int opset_;
  Builder& builder_;
  std::set<std::string> read_;
};

/// `axis` counted from the end when negative; throws unless it is one of `rank` axes.
std::size_t normalized_axis(std::int64_t axis, std::size_t rank);

}  // namespace sotto::nn::onnx_import
