// Small ONNX models for the tests of the importer, written with the official protobuf classes.
#pragma once

#include <onnx/onnx_pb.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "nn/graph.h"
#include "nn/onnx.h"

namespace sotto::nn::testing {

using Int64s = std::vector<std::int64_t>;

inline void set_dims(::onnx::TensorProto& tensor, const Int64s& dims) {
  for (const std::int64_t dimension : dims) tensor.add_dims(dimension);
}

/// One node under construction.
class NodeWriter {
 public:
  explicit NodeWriter(::onnx::NodeProto* node) : node_(node) {}
  NodeWriter& integer(const std::string& name, std::int64_t value) {
    add(name, ::onnx::AttributeProto::INT).set_i(value);
    return *this;
  }
  NodeWriter& real(const std::string& name, float value) {
    add(name, ::onnx::AttributeProto::FLOAT).set_f(value);
    return *this;
  }
  NodeWriter& text(const std::string& name, const std::string& value) {
    add(name, ::onnx::AttributeProto::STRING).set_s(value);
    return *this;
  }
  NodeWriter& integers(const std::string& name, const Int64s& values) {
    ::onnx::AttributeProto& attribute = add(name, ::onnx::AttributeProto::INTS);
    for (const std::int64_t value : values) attribute.add_ints(value);
    return *this;
  }
  NodeWriter& name(const std::string& name) {
    node_->set_name(name);
    return *this;
  }
  ::onnx::NodeProto& proto() { return *node_; }
  ::onnx::AttributeProto& add(const std::string& name, ::onnx::AttributeProto::AttributeType type) {
    ::onnx::AttributeProto* attribute = node_->add_attribute();
    attribute->set_name(name);
    attribute->set_type(type);
    return *attribute;
  }

 private:
  ::onnx::NodeProto* node_;
};

/// A model with the input "x" and, once finished, the output "y".
class ModelWriter {
 public:
  explicit ModelWriter(const Int64s& input_dims, int opset = 13) {
    model.set_ir_version(7);
    model.mutable_graph()->set_name("test");
    auto* domain = model.add_opset_import();
    domain->set_version(opset);
    set_info(*model.mutable_graph()->add_input(), "x", input_dims);
    set_info(*model.mutable_graph()->add_output(), "y", {});
  }

  /// A float tensor in raw bytes.
  ModelWriter& tensor(const std::string& name, const Int64s& dims, const std::vector<double>& values) {
    ::onnx::TensorProto& made = add_tensor(name, dims, ::onnx::TensorProto::FLOAT);
    const std::vector<float> narrow(values.begin(), values.end());
    made.set_raw_data(narrow.data(), narrow.size() * sizeof(float));
    return *this;
  }
  /// An int64 tensor of one axis.
  ModelWriter& list(const std::string& name, const Int64s& values) {
    ::onnx::TensorProto& made =
        add_tensor(name, {static_cast<std::int64_t>(values.size())}, ::onnx::TensorProto::INT64);
    for (const std::int64_t value : values) made.add_int64_data(value);
    return *this;
  }
  ::onnx::TensorProto& add_tensor(const std::string& name, const Int64s& dims,
                                  ::onnx::TensorProto::DataType type) {
    ::onnx::TensorProto& made = *model.mutable_graph()->add_initializer();
    made.set_name(name);
    made.set_data_type(type);
    set_dims(made, dims);
    return made;
  }

  NodeWriter node(const std::string& op, std::initializer_list<const char*> inputs,
                  const std::string& output = "y") {
    ::onnx::NodeProto* made = model.mutable_graph()->add_node();
    made->set_op_type(op);
    made->set_name("the " + op);
    for (const char* name : inputs) made->add_input(name);
    made->add_output(output);
    return NodeWriter(made);
  }

  static void set_info(::onnx::ValueInfoProto& info, const std::string& name, const Int64s& dims) {
    info.set_name(name);
    auto* type = info.mutable_type()->mutable_tensor_type();
    type->set_elem_type(::onnx::TensorProto::FLOAT);
    for (const std::int64_t dimension : dims) {
      auto* made = type->mutable_shape()->add_dim();
      if (dimension > 0) made->set_dim_value(dimension);
      if (dimension <= 0) made->set_dim_param("N");
    }
  }

  std::string bytes() const { return model.SerializeAsString(); }
  Graph import() const { return import_onnx_bytes(bytes(), "test.onnx"); }

  ::onnx::ModelProto model;
};

/// Rounds to what a float holds, so that a model in floats and the expected graph in doubles have the same
/// weights.
inline std::vector<double> as_floats(std::vector<double> values) {
  for (double& value : values) value = static_cast<double>(static_cast<float>(value));
  return values;
}

}  // namespace sotto::nn::testing
