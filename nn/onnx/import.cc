// From the bytes of a model to its graph: what holds for the file as a whole. The nodes are converted in
// operators_*.cc.
#include <onnx/onnx_pb.h>

#include <cctype>
#include <limits>

#include "base/error.h"
#include "nn/onnx.h"
#include "nn/onnx/operators.h"

namespace sotto::nn {
namespace onnx_import {

const std::map<std::string, Converter>& converters() {
  static const std::map<std::string, Converter> table{
      {"Add", convert_add},
      {"AveragePool", convert_average_pool},
      {"BatchNormalization", convert_batch_normalization},
      {"Constant", convert_constant},
      {"Conv", convert_conv},
      {"Div", convert_div},
      {"Dropout", convert_dropout},
      {"Flatten", convert_flatten},
      {"Gemm", convert_gemm},
      {"GlobalAveragePool", convert_global_average_pool},
      {"Identity", convert_identity},
      {"MatMul", convert_matmul},
      {"Mul", convert_mul},
      {"Pad", convert_pad},
      {"Pow", convert_pow},
      {"ReduceMean", convert_reduce_mean},
      {"Relu", convert_relu},
      {"Reshape", convert_reshape},
      {"Squeeze", convert_squeeze},
      {"Sub", convert_sub},
      {"Transpose", convert_transpose},
      {"Unsqueeze", convert_unsqueeze},
  };
  return table;
}

namespace {

using ::onnx::GraphProto;
using ::onnx::ModelProto;
using ::onnx::NodeProto;
using ::onnx::TensorProto;
using ::onnx::TensorShapeProto;
using ::onnx::ValueInfoProto;

constexpr int kOldestOpset = 7, kNewestOpset = 18;
constexpr int kMaxNodes = 10000;

[[noreturn]] void corrupt(const std::string& sentence) {
  throw Error(ErrorCode::kCorruptFile, sentence);
}
[[noreturn]] void unsupported(const std::string& sentence) {
  throw Error(ErrorCode::kUnsupported, sentence);
}

ModelProto parse(std::string_view bytes) {
  ModelProto model;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !model.has_graph()) {
    corrupt("it is not an ONNX model, or is cut short");
  }
  if (model.graph().node_size() > kMaxNodes) {
    unsupported("it has " + std::to_string(model.graph().node_size()) + " nodes; at most " +
                std::to_string(kMaxNodes) + " are supported");
  }
  return model;
}

bool is_onnx_domain(const std::string& domain) {
  return domain.empty() || domain == "ai.onnx";
}

int opset_of(const ModelProto& model) {
  std::int64_t version = 0;
  for (const auto& opset : model.opset_import()) {
    if (is_onnx_domain(opset.domain())) version = opset.version();
  }
  if (version < kOldestOpset || version > kNewestOpset) {
    unsupported("it uses opset " + std::to_string(version) + "; " + std::to_string(kOldestOpset) + " to " +
                std::to_string(kNewestOpset) + " are supported, so export it again with one of them");
  }
  return static_cast<int>(version);
}

template <class Infos>
std::string names_of(const Infos& infos) {
  std::string names;
  for (const ValueInfoProto* info : infos)
    names += (names.empty() ? "'" : ", '") + printable(info->name()) + "'";
  return names;
}

/// The one input that is not a stored tensor (older files list those as inputs too).
const ValueInfoProto& only_input(const GraphProto& graph, const Builder& builder) {
  std::vector<const ValueInfoProto*> inputs;
  for (const ValueInfoProto& input : graph.input()) {
    if (!builder.defined(input.name())) inputs.push_back(&input);
  }
  if (inputs.size() != 1) {
    unsupported("it has " + std::to_string(inputs.size()) + " inputs" +
                (inputs.empty() ? "" : ": " + names_of(inputs)) + "; exactly one is supported");
  }
  return *inputs.front();
}

const ValueInfoProto& only_output(const GraphProto& graph) {
  std::vector<const ValueInfoProto*> outputs;
  for (const ValueInfoProto& output : graph.output()) outputs.push_back(&output);
  if (outputs.size() != 1) {
    unsupported("it has " + std::to_string(outputs.size()) + " outputs" +
                (outputs.empty() ? "" : ": " + names_of(outputs)) + "; exactly one is supported");
  }
  return *outputs.front();
}

/// The declared dimensions of the input, with 1 for a symbolic or missing batch.
Dims input_dims(const ValueInfoProto& input) {
  const std::string who = "its input '" + printable(input.name()) + "' ";
  const auto& type = input.type().tensor_type();
  if (type.elem_type() != TensorProto::FLOAT && type.elem_type() != TensorProto::DOUBLE &&
      type.elem_type() != TensorProto::FLOAT16) {
    unsupported(who + "has element type " + std::to_string(type.elem_type()) +
                "; float (1), double (11) and float16 (10) are supported");
  }
  Dims dims;
  for (const TensorShapeProto::Dimension& dimension : type.shape().dim()) {
    const std::int64_t size = dimension.dim_value();  // 0 when symbolic
    if (size < 1 && !dims.empty()) {
      unsupported(who + "has no fixed size on axis " + std::to_string(dims.size()) +
                  "; only the batch axis may be symbolic");
    }
    if (size > static_cast<std::int64_t>(kMaxElements))
      unsupported(who + "has a dimension of " + std::to_string(size) + ", which is too large");
    dims.push_back(size < 1 ? 1 : size);
  }
  if ((dims.size() != 4 && dims.size() != 2) || dims[0] != 1) {
    unsupported(who + "has shape " + to_string(dims) +
                "; batch x channels x height x width and batch x features are supported, with a batch of 1 "
                "or a symbolic one");
  }
  return dims;
}

/// A file that declares another output than its nodes make is not what it seems.
void check_output(const ValueInfoProto& output, const Operand& made) {
  const TensorShapeProto& declared = output.type().tensor_type().shape();
  if (declared.dim_size() == 0) return;  // not declared
  bool agrees = static_cast<std::size_t>(declared.dim_size()) == made.dims.size();
  for (int i = 0; agrees && i < declared.dim_size(); ++i) {
    agrees = declared.dim(i).dim_value() <= 0 ||
             declared.dim(i).dim_value() == made.dims[static_cast<std::size_t>(i)];
  }
  if (!agrees) {
    corrupt("its output '" + printable(output.name()) + "' is declared with another shape than " +
            to_string(made.dims) + ", which its nodes make");
  }
}

std::string supported_operators() {
  std::string list;
  for (const auto& [name, converter] : converters()) list += (list.empty() ? "" : ", ") + name;
  return list;
}

/// What to do instead, for the operators that people meet first.
std::string advice(const std::string& op) {
  if (op == "MaxPool")
    return "a maximum cannot be computed on encrypted data at a bearable price; train with average pooling. ";
  if (op == "Softmax" || op == "LogSoftmax" || op == "Sigmoid" || op == "ArgMax") {
    return "if it is the last node, export the model without it: the logits have the same largest entry. ";
  }
  return "";
}

/// A name that is printable and not empty; Builder makes it unique.
std::string display_name(const NodeProto& node) {
  if (!node.name().empty()) return printable(node.name());
  return node.output_size() > 0 && !node.output(0).empty() ? printable(node.output(0))
                                                           : printable(node.op_type());
}

/// Throws when a node reads what only a later node makes.
void require_order(const NodeProto& node, const Builder& builder,
                   const std::set<std::string>& made_somewhere) {
  for (const std::string& name : node.input()) {
    if (name.empty() || builder.defined(name) || made_somewhere.count(name) == 0) continue;
    corrupt("it reads '" + printable(name) +
            "' before a node makes it; the nodes are in no topological order, or form a cycle");
  }
}

void convert_node(const NodeProto& proto, int opset, const std::set<std::string>& made_somewhere,
                  Builder& builder) {
  const std::string name = display_name(proto);
  try {
    const auto converter = converters().find(proto.op_type());
    if (converter == converters().end() || !is_onnx_domain(proto.domain())) {
      const std::string domain =
          is_onnx_domain(proto.domain()) ? "" : " of domain '" + printable(proto.domain()) + "'";
      unsupported("this operator" + domain + " is not supported; " + advice(proto.op_type()) +
                  "Supported: " + supported_operators());
    }
    require_order(proto, builder, made_somewhere);
    NodeView node(proto, name, opset, builder);
    converter->second(node);
    node.refuse_other_attributes();
  } catch (const Error& error) {
    throw Error(error.code(), "node '" + name + "' (" + printable(proto.op_type()) + "): " + error.what());
  }
}

Graph convert(const ModelProto& model) {
  const GraphProto& proto = model.graph();
  const int opset = opset_of(model);
  Builder builder(proto.name().empty() ? "model" : printable(proto.name()));
  for (const TensorProto& tensor : proto.initializer()) builder.add_initializer(tensor.name(), tensor);
  const ValueInfoProto& input = only_input(proto, builder);
  const ValueInfoProto& output = only_output(proto);
  builder.add_input(input.name(), input_dims(input));
  std::set<std::string> made_somewhere;
  for (const NodeProto& node : proto.node())
    made_somewhere.insert(node.output().begin(), node.output().end());
  for (const NodeProto& node : proto.node()) convert_node(node, opset, made_somewhere, builder);
  check_output(output, builder.find(output.name()));
  return std::move(builder).finish(output.name());
}

}  // namespace
}  // namespace onnx_import

Graph import_onnx_bytes(std::string_view bytes, const std::string& name) {
  try {
    return onnx_import::convert(onnx_import::parse(bytes));
  } catch (const Error& error) {
    throw Error(error.code(), "model '" + name + "': " + error.what());
  }
}

}  // namespace sotto::nn
