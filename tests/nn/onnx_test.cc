// Every supported operator: the imported network computes what the ONNX specification says of the model.
#include "nn/onnx.h"

#include <gtest/gtest.h>

#include <cstring>

#include "tests/nn/networks.h"
#include "tests/nn/onnx_builder.h"

namespace sotto::nn {
namespace {

using namespace testing;

Conv2d float_conv(Rng& rng, int maps, int channels, int kernel, int groups = 1) {
  Conv2d conv = random_conv(rng, maps, channels, kernel, groups);
  conv.weights.values = as_floats(conv.weights.values);
  conv.bias = as_floats(conv.bias);
  return conv;
}

void add_weights(ModelWriter& model, const Conv2d& conv) {
  const Shape& shape = conv.weights.shape;
  model.tensor("w", Int64s(shape.begin(), shape.end()), conv.weights.values);
  model.tensor("b", {shape[0]}, conv.bias);
}

/// The imported model computes what one operator does.
void expect_is(const ModelWriter& model, const Operator& op, const Shape& input) {
  Rng rng;
  Network want(input);
  want.then("want", op);
  expect_equal_networks(model.import(), want.graph, rng);
}

/// The imported model maps `input` to `output`.
void expect_maps(const ModelWriter& model, const std::vector<double>& input, const Tensor& output) {
  const Graph graph = model.import();
  expect_near(evaluate(graph, Tensor(graph.value(graph.input).shape, input)), output);
}

TEST(ImportConv, ReadsStridesPadsDilationsAndGroups) {
  Rng rng;
  Conv2d conv = float_conv(rng, 6, 4, 3, 2);
  conv.stride = {2, 1};
  conv.pads = {1, 0, 2, 3};
  conv.dilation = {1, 2};
  ModelWriter model({1, 4, 9, 8});
  add_weights(model, conv);
  model.node("Conv", {"x", "w", "b"})
      .integers("strides", {2, 1})
      .integers("pads", {1, 0, 2, 3})
      .integers("dilations", {1, 2})
      .integers("kernel_shape", {3, 3})
      .integer("group", 2);
  expect_is(model, conv, {4, 9, 8});
}

TEST(ImportConv, BiasMayBeAbsent) {
  Rng rng;
  Conv2d conv = float_conv(rng, 3, 2, 3);
  ModelWriter model({1, 2, 5, 5});
  add_weights(model, conv);
  model.node("Conv", {"x", "w"});
  conv.bias.assign(3, 0.0);
  expect_is(model, conv, {2, 5, 5});
}

TEST(ImportConv, AutoPadPutsTheOddPixelAtTheEndOrTheBeginning) {
  Rng rng;
  const std::vector<std::pair<std::string, std::array<int, 4>>> cases{
      {"SAME_UPPER", {0, 1, 1, 1}}, {"SAME_LOWER", {1, 1, 0, 1}}, {"VALID", {0, 0, 0, 0}}};
  for (const auto& [mode, pads] : cases) {
    Conv2d conv = float_conv(rng, 2, 1, 3);
    conv.stride = {2, 2};  // 6 rows: 3 windows of 3 need one row more; 7 columns: two more
    conv.pads = pads;
    ModelWriter model({1, 1, 6, 7});
    add_weights(model, conv);
    model.node("Conv", {"x", "w", "b"}).integers("strides", {2, 2}).text("auto_pad", mode);
    expect_is(model, conv, {1, 6, 7});
  }
}

TEST(ImportPad, IsMergedIntoTheConvolution) {
  Rng rng;
  Conv2d conv = float_conv(rng, 2, 1, 3);
  conv.pads = {1, 2, 4, 5};
  for (const int opset : {9, 13, 18}) {
    ModelWriter model({1, 1, 6, 6}, opset);
    add_weights(model, conv);
    if (opset < 11) {
      model.node("Pad", {"x"}, "p").integers("pads", {0, 0, 0, 1, 0, 0, 3, 4});
    } else if (opset < 18) {
      model.list("pads", {0, 0, 0, 1, 0, 0, 3, 4}).tensor("zero", {}, {0.0});
      model.node("Pad", {"x", "pads", "zero"}, "p");
    } else {
      model.list("pads", {1, 0, 4, 3}).list("axes", {-1, 2});
      model.node("Pad", {"x", "pads", "", "axes"}, "p");
    }
    model.node("Conv", {"p", "w", "b"}).integers("pads", {1, 1, 1, 1});
    EXPECT_EQ(model.import().nodes.size(), 1u);
    expect_is(model, conv, {1, 6, 6});
  }
}

TEST(ImportPad, CountsInTheMeanOfAPool) {
  ModelWriter model({1, 1, 2, 2});
  model.list("pads", {0, 0, 0, 0, 0, 0, 1, 1});
  model.node("Pad", {"x", "pads"}, "p");
  model.node("AveragePool", {"p"}).integers("kernel_shape", {3, 3});
  EXPECT_EQ(model.import().nodes.size(), 1u);
  expect_maps(model, {9, 18, 27, 36}, Tensor({1, 1, 1}, 10.0));
}

TEST(ImportPad, InFrontOfAnythingElseIsANodeOfItsOwn) {
  ModelWriter model({1, 2, 1, 1});
  model.list("pads", {0, 0, 1, 0, 0, 0, 0, 1});
  model.node("Pad", {"x", "pads"}, "p");
  model.node("Relu", {"p"});
  expect_maps(model, {3, -4}, Tensor({2, 2, 2}, {0, 0, 3, 0, 0, 0, 0, 0}));
}

TEST(ImportGemm, FollowsTransBAlphaAndBeta) {
  for (const bool transposed : {false, true}) {
    ModelWriter model({1, 2});
    model.tensor("w", transposed ? Int64s{3, 2} : Int64s{2, 3},
                 transposed ? std::vector<double>{1, 4, 2, 5, 3, 6} : std::vector<double>{1, 2, 3, 4, 5, 6});
    model.tensor("c", {3}, {10, 20, 30});
    model.node("Gemm", {"x", "w", "c"}).real("alpha", 2).real("beta", 0.5).integer("transB", transposed);
    expect_maps(model, {1, 10}, Tensor({3}, {87, 114, 141}));
  }
}

TEST(ImportGemm, BroadcastsItsBias) {
  ModelWriter model({1, 2});
  model.tensor("w", {2, 2}, {1, 0, 0, 1}).tensor("c", {1, 1}, {7});
  model.node("Gemm", {"x", "w", "c"});
  expect_maps(model, {1, 2}, Tensor({2}, {8, 9}));
}

TEST(ImportMatMul, WithAddIsADenseLayer) {
  ModelWriter model({1, 2});
  model.tensor("w", {2, 3}, {1, 2, 3, 4, 5, 6}).tensor("b", {1, 3}, {-1, 0, 1});
  model.node("MatMul", {"x", "w"}, "xw");
  model.node("Add", {"b", "xw"});
  expect_maps(model, {1, 10}, Tensor({3}, {40, 52, 64}));
}

TEST(ImportBatchNormalization, UsesRunningStatistics) {
  for (const bool picture : {true, false}) {
    ModelWriter model(picture ? Int64s{1, 2, 1, 2} : Int64s{1, 2});
    model.tensor("g", {2}, {2, 1})
        .tensor("b", {2}, {10, 20})
        .tensor("m", {2}, {1, -1})
        .tensor("v", {2}, {3, 15});
    model.node("BatchNormalization", {"x", "g", "b", "m", "v"}).real("epsilon", 1).real("momentum", 0.9F);
    if (picture) expect_maps(model, {1, 3, 3, 7}, Tensor({2, 1, 2}, {10, 12, 21, 22}));
    if (!picture) expect_maps(model, {3, 7}, Tensor({2}, {12, 22}));
  }
}

TEST(ImportAveragePool, FollowsItsAttributes) {
  ModelWriter model({1, 1, 4, 4});
  model.node("AveragePool", {"x"})
      .integers("kernel_shape", {2, 2})
      .integers("strides", {2, 2})
      .integers("pads", {1, 1, 1, 1})
      .integer("count_include_pad", 1)
      .integer("ceil_mode", 1);  // the windows fit exactly, so it changes nothing
  expect_is(model, AveragePool{{2, 2}, {2, 2}, {1, 1, 1, 1}, true}, {1, 4, 4});
}

TEST(ImportMeans, OfTheWholePicture) {
  const std::vector<double> image{1, 2, 3, 6, -1, -2, -3, -6};
  ModelWriter global({1, 2, 2, 2});
  global.node("GlobalAveragePool", {"x"}, "mean");
  global.node("Flatten", {"mean"});
  expect_maps(global, image, Tensor({2}, {3, -3}));
  for (const int opset : {13, 18}) {
    ModelWriter reduced({1, 2, 2, 2}, opset);
    NodeWriter node = reduced.node("ReduceMean", {"x"}).integer("keepdims", 0);
    if (opset < 18) node.integers("axes", {-1, 2});
    if (opset >= 18) {
      reduced.list("axes", {2, 3});
      node.proto().add_input("axes");
    }
    expect_maps(reduced, image, Tensor({2}, {3, -3}));
  }
}

TEST(ImportShapes, MoveNoElement) {
  const std::vector<double> image{1, 2, 3, 4, 5, 6};
  const Tensor flat({6}, image);
  ModelWriter flatten({1, 2, 1, 3});
  flatten.node("Flatten", {"x"}).integer("axis", -3);
  expect_maps(flatten, image, flat);
  for (const Int64s& shape : {Int64s{1, 6}, Int64s{-1, 6}, Int64s{0, -1}, Int64s{6}}) {
    ModelWriter reshape({0, 2, 1, 3});
    reshape.list("s", shape);
    reshape.node("Reshape", {"x", "s"});
    expect_maps(reshape, image, flat);
  }
  ModelWriter picture({1, 6});
  picture.list("s", {1, 3, 2, 1});
  picture.node("Reshape", {"x", "s"});
  expect_maps(picture, image, Tensor({3, 2, 1}, image));
}

TEST(ImportShapes, SqueezeAndUnsqueezeBeforeAndAfterOpset13) {
  for (const int opset : {11, 13}) {
    ModelWriter model({1, 3, 1, 1}, opset);
    if (opset < 13) {
      model.node("Squeeze", {"x"}, "s").integers("axes", {2, -1});
      model.node("Unsqueeze", {"s"}).integers("axes", {1, 3});
    } else {
      model.list("out", {2, -1}).list("in", {1, 3});
      model.node("Squeeze", {"x", "out"}, "s");
      model.node("Unsqueeze", {"s", "in"});
    }
    expect_maps(model, {1, 2, 3}, Tensor({1, 3, 1}, {1, 2, 3}));
  }
}

TEST(ImportShapes, ConstantsAreReshapedAndTransposedAtImport) {
  ModelWriter model({1, 2});
  model.tensor("w", {1, 3, 2}, {1, 4, 2, 5, 3, 6}).list("shape", {3, 2});
  model.node("Reshape", {"w", "shape"}, "matrix");
  model.node("Identity", {"matrix"}, "alias");
  model.node("Transpose", {"alias"}, "columns").integers("perm", {1, 0});
  model.node("MatMul", {"x", "columns"});
  expect_maps(model, {1, 10}, Tensor({3}, {41, 52, 63}));
}

TEST(ImportShapes, TransposeOfAComputedTensorMayMoveLengthOneAxes) {
  ModelWriter model({1, 4, 3, 1});
  model.node("Transpose", {"x"}).integers("perm", {0, 3, 1, 2});
  const std::vector<double> image{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  expect_maps(model, image, Tensor({1, 4, 3}, image));
}

TEST(ImportShapes, IdentityAndDropoutLeaveNothingBehind) {
  ModelWriter model({1, 3}, 11);
  model.node("Identity", {"x"}, "a");
  model.node("Dropout", {"a"}, "b").real("ratio", 0.5F);
  model.node("Relu", {"b"});
  EXPECT_EQ(model.import().nodes.size(), 1u);
}

TEST(ImportConstant, IsReadFromItsAttribute) {
  ModelWriter model({1, 2});
  ::onnx::TensorProto& stored =
      *model.node("Constant", {}, "two").add("value", ::onnx::AttributeProto::TENSOR).mutable_t();
  stored.set_data_type(::onnx::TensorProto::FLOAT);
  stored.add_float_data(2);
  model.node("Constant", {}, "ten").real("value_float", 10);
  model.node("Mul", {"x", "two"}, "double");
  model.node("Add", {"double", "ten"});
  expect_maps(model, {1, 2}, Tensor({2}, {12, 14}));
}

TEST(ImportArithmetic, WithConstantsByChannelIsAffine) {
  for (const Int64s& dims :
       {Int64s{2, 1, 1}, Int64s{1, 2, 1, 1}, Int64s{2, 1, 2}}) {  // the last: equal inside each channel
    ModelWriter model({1, 2, 1, 2});
    model.tensor("c", dims,
                 dims == Int64s{2, 1, 2} ? std::vector<double>{2, 2, 4, 4} : std::vector<double>{2, 4});
    model.node("Mul", {"c", "x"}, "m");
    model.node("Sub", {"m", "c"}, "s");
    model.node("Div", {"s", "c"}, "d");
    model.node("Sub", {"c", "d"});
    const Graph graph = model.import();
    EXPECT_EQ(count<Affine>(graph), 4);
    EXPECT_EQ(graph.nodes.size(), 4u);
    expect_maps(model, {1, 2, 3, 4}, Tensor({2, 1, 2}, {2, 1, 2, 1}));  // c - (c x - c) / c = c - x + 1
  }
}

TEST(ImportArithmetic, ConstantsByElementGoThroughAVector) {
  ModelWriter model({1, 2, 1, 2});
  model.tensor("c", {2, 1, 2}, {1, 2, 3, 4});
  model.node("Mul", {"x", "c"});
  expect_maps(model, {10, 10, 10, 10}, Tensor({2, 1, 2}, {10, 20, 30, 40}));
}

TEST(ImportArithmetic, AddAndSubOfTwoTensors) {
  ModelWriter model({1, 3});
  model.node("Relu", {"x"}, "r");
  model.node("Add", {"r", "x"}, "a");
  model.node("Sub", {"a", "r"}, "s");
  model.node("Sub", {"s", "a"});
  expect_maps(model, {-1, 2, 3}, Tensor({3}, {0, -2, -3}));
}

TEST(ImportPowers, AreOnePolynomialOfTheirTensor) {
  ModelWriter square({1, 3});
  square.node("Mul", {"x", "x"});
  ModelWriter power({1, 3});
  power.tensor("two", {1}, {2});
  power.node("Pow", {"x", "two"});
  for (const ModelWriter& model : {square, power}) {
    const Graph graph = model.import();
    ASSERT_EQ(graph.nodes.size(), 1u);
    EXPECT_EQ(std::get<Polynomial>(graph.nodes[0].op).coefficients, (std::vector<double>{0, 0, 1}));
  }
}

TEST(ImportPowers, AProductOfTwoPolynomialsOfOneTensorIsOne) {
  ModelWriter model({1, 2});  // y = (0.5 x² - 1) · (x + 3) · x
  model.tensor("half", {}, {0.5}).tensor("one", {}, {1}).tensor("three", {}, {3});
  model.node("Mul", {"x", "x"}, "square");
  model.node("Mul", {"square", "half"}, "scaled");
  model.node("Sub", {"scaled", "one"}, "left");
  model.node("Add", {"x", "three"}, "right");
  model.node("Mul", {"left", "right"}, "product");
  model.node("Mul", {"product", "x"});
  const Graph graph = model.import();
  ASSERT_EQ(graph.nodes.size(), 1u) << "the factors that nobody reads must be gone";
  EXPECT_EQ(std::get<Polynomial>(graph.nodes[0].op).coefficients, (std::vector<double>{0, -3, -1, 1.5, 0.5}));
}

TEST(ImportRelu, IsRecognised) {
  ModelWriter model({1, 2});
  model.node("Relu", {"x"});
  EXPECT_EQ(count<Relu>(model.import()), 1);
  expect_maps(model, {-1, 1}, Tensor({2}, {0, 1}));
}

TEST(ImportTensors, EveryElementTypeHoldsTheSameNumbers) {
  using Type = ::onnx::TensorProto;
  const std::vector<double> values{1, -2, 0.5, 4};
  const auto expect_scales = [&](const std::function<void(ModelWriter&)>& add) {
    ModelWriter model({1, 4});
    add(model);
    model.node("Mul", {"x", "c"});
    expect_maps(model, {1, 1, 1, 1}, Tensor({4}, values));
  };
  expect_scales([&](ModelWriter& m) { m.tensor("c", {4}, values); });
  expect_scales([&](ModelWriter& m) {
    Type& t = m.add_tensor("c", {4}, Type::FLOAT);
    for (const double value : values) t.add_float_data(static_cast<float>(value));
  });
  expect_scales(
      [&](ModelWriter& m) { m.add_tensor("c", {4}, Type::DOUBLE).set_raw_data(values.data(), 32); });
  expect_scales([&](ModelWriter& m) {
    Type& t = m.add_tensor("c", {1, 4}, Type::DOUBLE);
    for (const double value : values) t.add_double_data(value);
  });
  const std::uint16_t halves[]{0x3C00, 0xC000, 0x3800, 0x4400};
  expect_scales([&](ModelWriter& m) { m.add_tensor("c", {4}, Type::FLOAT16).set_raw_data(halves, 8); });
  expect_scales([&](ModelWriter& m) {
    Type& t = m.add_tensor("c", {4}, Type::FLOAT16);
    for (const std::uint16_t half : halves) t.add_int32_data(half);
  });
}

TEST(ImportTensors, HalvesIncludeTheSmallestAndTheLargest) {
  const std::uint16_t halves[]{0x0001, 0x03FF, 0x0400, 0x7BFF};
  ModelWriter model({1, 4});
  model.add_tensor("c", {4}, ::onnx::TensorProto::FLOAT16).set_raw_data(halves, 8);
  model.node("Add", {"x", "c"});
  const Graph graph = model.import();
  const Tensor out = evaluate(graph, Tensor({4}));
  EXPECT_EQ(out.values, (std::vector<double>{0x1p-24, 0x3FFp-24, 0x1p-14, 65504}));
}

TEST(ImportModel, SymbolicBatchIsOne) {
  ModelWriter model({-1, 3, 2, 2});
  model.node("Relu", {"x"});
  const Graph graph = model.import();
  EXPECT_EQ(graph.value(graph.input).shape, (Shape{3, 2, 2}));
}

TEST(ImportModel, StoredTensorsMayBeListedAsInputs) {
  ModelWriter model({1, 2}, 8);
  model.tensor("c", {2}, {3, 4});
  ModelWriter::set_info(*model.model.mutable_graph()->add_input(), "c", {2});
  model.node("Mul", {"x", "c"});
  expect_maps(model, {1, 1}, Tensor({2}, {3, 4}));
}

TEST(ImportModel, WhatTheOutputDoesNotNeedIsLeftOut) {
  ModelWriter model({1, 2});
  model.add_tensor("broken", {5}, ::onnx::TensorProto::FLOAT);  // no data, and nobody reads it
  model.node("Relu", {"x"}, "dead");
  model.node("Relu", {"x"});
  EXPECT_EQ(model.import().nodes.size(), 1u);
}

TEST(ImportModel, NodeNamesAreUniqueAndPrintable) {
  ModelWriter model({1, 2});
  model.node("Relu", {"x"}, "a").name("layer");
  model.node("Relu", {"a"}, "b").name("layer");
  model.node("Relu", {"b"}).name("\xff\n");
  const Graph graph = model.import();
  EXPECT_EQ(graph.nodes[0].name, "layer");
  EXPECT_EQ(graph.nodes[1].name, "layer_1");
  EXPECT_EQ(graph.nodes[2].name, "??");
}

}  // namespace
}  // namespace sotto::nn
