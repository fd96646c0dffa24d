#include "nn/onnx/node.h"

#include <onnx/onnx_pb.h>

#include <cmath>
#include <limits>

#include "base/error.h"

namespace sotto::nn::onnx_import {
namespace {

using ::onnx::AttributeProto;

[[noreturn]] void corrupt(const std::string& sentence) {
  throw Error(ErrorCode::kCorruptFile, sentence);
}

std::int64_t checked(std::int64_t value, const char* attribute) {
  if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max()) {
    corrupt(std::string("attribute '") + attribute + "' is " + std::to_string(value) + ", beyond 32 bits");
  }
  return value;
}

double checked(float value, const char* attribute) {
  if (!std::isfinite(value)) corrupt(std::string("attribute '") + attribute + "' is not a finite number");
  return value;
}

}  // namespace

NodeView::NodeView(const ::onnx::NodeProto& proto, std::string name, int opset, Builder& builder)
    : proto_(proto), name_(std::move(name)), opset_(opset), builder_(builder) {}

void NodeView::refuse(const std::string& sentence) const {
  throw Error(ErrorCode::kUnsupported, sentence);
}

const AttributeProto* NodeView::find(const char* attribute, int type) {
  for (const AttributeProto& candidate : proto_.attribute()) {
    if (candidate.name() != attribute) continue;
    // Files of the first IR version have no types; then the field that is filled decides, and an absent one
    // reads as 0.
    if (candidate.type() != type && candidate.type() != AttributeProto::UNDEFINED) {
      corrupt(std::string("attribute '") + attribute + "' has type " + std::to_string(candidate.type()) +
              "; " + std::to_string(type) + " is expected");
    }
    read_.insert(attribute);
    return &candidate;
  }
  return nullptr;
}

int NodeView::integer(const char* attribute, int fallback) {
  const AttributeProto* found = find(attribute, AttributeProto::INT);
  return found == nullptr ? fallback : static_cast<int>(checked(std::int64_t{found->i()}, attribute));
}

double NodeView::real(const char* attribute, double fallback) {
  const AttributeProto* found = find(attribute, AttributeProto::FLOAT);
  return found == nullptr ? fallback : checked(found->f(), attribute);
}

std::string NodeView::text(const char* attribute, const char* fallback) {
  const AttributeProto* found = find(attribute, AttributeProto::STRING);
  return found == nullptr ? fallback : found->s();
}

std::optional<std::vector<std::int64_t>> NodeView::integers(const char* attribute) {
  const AttributeProto* found = find(attribute, AttributeProto::INTS);
  if (found == nullptr) return std::nullopt;
  for (const std::int64_t value : found->ints()) checked(value, attribute);
  return std::vector<std::int64_t>(found->ints().begin(), found->ints().end());
}

std::optional<Constant> NodeView::constant_attribute(const char* attribute) {
  for (const AttributeProto& candidate : proto_.attribute()) {
    if (candidate.name() != attribute) continue;
    read_.insert(attribute);
    switch (candidate.type()) {
      case AttributeProto::TENSOR:
        return decode(candidate.t());
      case AttributeProto::FLOAT:
        return Constant{{}, {checked(candidate.f(), attribute)}};
      case AttributeProto::INT:
        return Constant{{}, {static_cast<double>(checked(std::int64_t{candidate.i()}, attribute))}};
      case AttributeProto::FLOATS:
      case AttributeProto::INTS:
        break;
      default:
        refuse(std::string("attribute '") + attribute + "' is neither a tensor nor numbers");
    }
    Constant list;
    for (const float value : candidate.floats()) list.values.push_back(checked(value, attribute));
    for (const std::int64_t value : candidate.ints())
      list.values.push_back(static_cast<double>(checked(value, attribute)));
    if (list.values.empty()) corrupt(std::string("attribute '") + attribute + "' is an empty list");
    list.dims = {static_cast<std::int64_t>(list.values.size())};
    return list;
  }
  return std::nullopt;
}

void NodeView::refuse_other_attributes() const {
  for (const AttributeProto& attribute : proto_.attribute()) {
    if (read_.count(attribute.name()) == 0)
      refuse("attribute '" + printable(attribute.name()) + "' is not supported");
  }
}

bool NodeView::has_input(std::size_t index) const {
  return index < static_cast<std::size_t>(proto_.input_size()) &&
         !proto_.input(static_cast<int>(index)).empty();
}

const Operand& NodeView::input(std::size_t index) {
  if (!has_input(index)) corrupt("input " + std::to_string(index) + " is missing");
  return builder_.find(proto_.input(static_cast<int>(index)));
}

const Constant& NodeView::constant(std::size_t index, const char* role) {
  const Operand& operand = input(index);
  if (operand.constant == nullptr) {
    refuse(std::string("its ") + role + " '" + printable(proto_.input(static_cast<int>(index))) +
           "' is computed; only a stored one is supported");
  }
  return *operand.constant;
}

std::optional<std::vector<std::int64_t>> NodeView::integers(const char* attribute, std::size_t input,
                                                            int input_since_opset) {
  if (opset_ < input_since_opset) return integers(attribute);
  if (!has_input(input)) return std::nullopt;
  return to_integers(constant(input, attribute));
}

Operand NodeView::computed(std::size_t index) {
  const Operand& operand = input(index);
  if (operand.constant != nullptr)
    refuse("its input " + std::to_string(index) + " is a stored tensor; fold constants before the export");
  return builder_.without_pads(operand, name_ + "/pad");
}

Operand NodeView::picture(std::size_t index) {
  Operand operand = input(index);
  if (operand.constant != nullptr || operand.dims.size() != 4 || operand.dims[0] != 1) {
    refuse("its input has shape " + to_string(operand.dims) +
           "; a computed picture 1 x channels x height x width is needed");
  }
  return operand;
}

void NodeView::define(Operand operand) {
  if (proto_.output_size() < 1 || proto_.output(0).empty()) corrupt("it has no output");
  builder_.define(proto_.output(0), std::move(operand));
}

void NodeView::define(ValueId value, const Dims& dims) {
  define(builder_.as(value, dims, name_ + "/reshape"));
}

void NodeView::define_picture(ValueId value) {
  const Shape& shape = builder_.graph().value(value).shape;
  define(Operand{nullptr, value, {1, shape[0], shape[1], shape[2]}, {}});
}

std::size_t normalized_axis(std::int64_t axis, std::size_t rank) {
  const std::int64_t count = static_cast<std::int64_t>(rank), positive = axis < 0 ? axis + count : axis;
  if (positive < 0 || positive >= count) {
    corrupt("axis " + std::to_string(axis) + " does not exist in a tensor of " + std::to_string(rank) +
            " axes");
  }
  return static_cast<std::size_t>(positive);
}

}  // namespace sotto::nn::onnx_import
