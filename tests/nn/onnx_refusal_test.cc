// What the importer does not support, or must not believe, is refused with the node, the reason and what is
// supported.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>

#include "tests/nn/networks.h"
#include "tests/nn/onnx_builder.h"

namespace sotto::nn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace testing;

struct Case {
  const char* says;
  std::function<void(ModelWriter&)> build;
  Int64s input{1, 2, 4, 4};
  ErrorCode code = ErrorCode::kUnsupported;
  int opset = 13;
};

void expect_refused(const Case& c) {
  ModelWriter model(c.input, c.opset);
  c.build(model);
  const std::string message = message_of(c.code, [&] { model.import(); });
  EXPECT_THAT(message, AllOf(HasSubstr("model 'test.onnx': "), HasSubstr(c.says)));
}

void one_filter(ModelWriter& m) {
  m.tensor("w", {1, 2, 1, 1}, {1, 1});
}

TEST(ImportRefuses, UnknownOperatorsWithTheListOfKnownOnes) {
  ModelWriter model({1, 2, 4, 4});
  model.node("MaxPool", {"x"});
  EXPECT_THAT(message_of(ErrorCode::kUnsupported, [&] { model.import(); }),
              AllOf(HasSubstr("node 'the MaxPool' (MaxPool)"), HasSubstr("average pooling"),
                    HasSubstr("Supported: Add, AveragePool, "), HasSubstr("Unsqueeze")));
  expect_refused({"without it", [](ModelWriter& m) { m.node("Softmax", {"x"}); }});
  expect_refused({"of domain 'com.example'", [](ModelWriter& m) {
                    m.node("Add", {"x", "x"}).proto().set_domain("com.example");
                  }});
}

TEST(ImportRefuses, AttributesThatItDoesNotKnow) {
  expect_refused({"attribute 'axis' is not supported",
                  [](ModelWriter& m) { m.node("Relu", {"x"}).integer("axis", 1); }});
  expect_refused(
      {"dilations", [](ModelWriter& m) {
         m.node("AveragePool", {"x"}).integers("kernel_shape", {2, 2}).integers("dilations", {2, 2});
       }});
  expect_refused({"attribute 'transA' has type 1; 2",
                  [](ModelWriter& m) {
                    m.tensor("w", {2, 2}, {1, 0, 0, 1});
                    m.node("Gemm", {"x", "w"}).real("transA", 1);
                  },
                  {1, 2},
                  ErrorCode::kCorruptFile});
  expect_refused({"beyond 32 bits",
                  [](ModelWriter& m) {
                    one_filter(m);
                    m.node("Conv", {"x", "w"}).integer("group", std::int64_t{1} << 40);
                  },
                  {1, 2, 4, 4},
                  ErrorCode::kCorruptFile});
  expect_refused({"'alpha' is not a finite",
                  [](ModelWriter& m) {
                    m.tensor("w", {2, 2}, {1, 0, 0, 1});
                    m.node("Gemm", {"x", "w"}).real("alpha", NAN);
                  },
                  {1, 2},
                  ErrorCode::kCorruptFile});
}

TEST(ImportRefuses, ConvolutionsOfOtherShapes) {
  expect_refused({"computed picture",
                  [](ModelWriter& m) {
                    one_filter(m), m.node("Conv", {"x", "w"});
                  },
                  {1, 2}});
  expect_refused({"only two-dimensional", [](ModelWriter& m) {
                    m.tensor("w", {1, 2, 1}, {1, 1});
                    m.node("Conv", {"x", "w"});
                  }});
  expect_refused({"needs 2 in the second place",
                  [](ModelWriter& m) {
                    m.tensor("w", {1, 1, 1, 1}, {1});
                    m.node("Conv", {"x", "w"});
                  },
                  {1, 2, 4, 4},
                  ErrorCode::kInvalidArgument});
  expect_refused({"weights 'x' is computed", [](ModelWriter& m) { m.node("Conv", {"x", "x"}); }});
  expect_refused({"kernel_shape does not agree", [](ModelWriter& m) {
                    one_filter(m);
                    m.node("Conv", {"x", "w"}).integers("kernel_shape", {3, 3});
                  }});
  expect_refused({"auto_pad 'ODD' is unknown", [](ModelWriter& m) {
                    one_filter(m), m.node("Conv", {"x", "w"}).text("auto_pad", "ODD");
                  }});
  expect_refused({"a padding of -1", [](ModelWriter& m) {
                    one_filter(m), m.node("Conv", {"x", "w"}).integers("pads", {0, 0, -1, 0});
                  }});
  expect_refused({"'strides' has 1 entries", [](ModelWriter& m) {
                    one_filter(m), m.node("Conv", {"x", "w"}).integers("strides", {1});
                  }});
}

TEST(ImportRefuses, DenseLayersThatDoNotFit) {
  expect_refused({"flatten the input",
                  [](ModelWriter& m) {
                    m.tensor("w", {3, 2}, {1, 2, 3, 4, 5, 6}), m.node("Gemm", {"x", "w"});
                  },
                  {1, 2}});
  expect_refused({"transA",
                  [](ModelWriter& m) {
                    m.tensor("w", {2, 1}, {1, 2}), m.node("Gemm", {"x", "w"}).integer("transA", 1);
                  },
                  {1, 2}});
  expect_refused({"does not multiply", [](ModelWriter& m) {
                    m.tensor("w", {4, 2}, std::vector<double>(8, 1)), m.node("MatMul", {"x", "w"});
                  }});
  expect_refused({"is a stored tensor",
                  [](ModelWriter& m) {
                    m.tensor("w", {2, 2}, {1, 2, 3, 4}), m.node("MatMul", {"w", "w"});
                  },
                  {1, 2}});
}

TEST(ImportRefuses, NormalisationsThatAreNotInferences) {
  const auto add = [](ModelWriter& m, double variance) {
    m.tensor("one", {2}, {1, 1}).tensor("v", {2}, {1, variance});
    return m.node("BatchNormalization", {"x", "one", "one", "one", "v"});
  };
  expect_refused({"training mode", [&](ModelWriter& m) { add(m, 1).integer("training_mode", 1); }});
  expect_refused({"epsilon of channel 1", [&](ModelWriter& m) { add(m, -1); }});
  expect_refused({"spatial",
                  [&](ModelWriter& m) { add(m, 1).integer("spatial", 0); },
                  {1, 2, 4, 4},
                  ErrorCode::kUnsupported,
                  7});
  expect_refused({"does not broadcast", [](ModelWriter& m) {
                    m.tensor("c", {3}, {1, 1, 1});
                    m.node("BatchNormalization", {"x", "c", "c", "c", "c"});
                  }});
  expect_refused({"training mode", [](ModelWriter& m) {
                    m.tensor("ratio", {}, {0.5}).tensor("mode", {}, {1});
                    m.node("Dropout", {"x", "ratio", "mode"});
                  }});
}

TEST(ImportRefuses, PoolsAndMeansOfOtherKinds) {
  expect_refused({"ceil_mode", [](ModelWriter& m) {
                    m.node("AveragePool", {"x"})
                        .integers("kernel_shape", {3, 3})
                        .integers("strides", {2, 2})
                        .integer("ceil_mode", 1);
                  }});
  expect_refused({"the kernel is 0",
                  [](ModelWriter& m) { m.node("AveragePool", {"x"}); },
                  {1, 2, 4, 4},
                  ErrorCode::kInvalidArgument});
  expect_refused({"axes 2 and 3", [](ModelWriter& m) { m.node("ReduceMean", {"x"}).integers("axes", {1}); }});
  expect_refused({"axes 2 and 3", [](ModelWriter& m) { m.node("ReduceMean", {"x"}); }});
  expect_refused({"axis 4 does not exist",
                  [](ModelWriter& m) {
                    m.node("ReduceMean", {"x"}).integers("axes", {3, 4});
                  },
                  {1, 2, 4, 4},
                  ErrorCode::kCorruptFile});
}

TEST(ImportRefuses, PaddingThatIsNotZerosAroundAPicture) {
  const auto pad = [](ModelWriter& m, const Int64s& pads) {
    m.list("pads", pads).tensor("value", {}, {1});
    return m.node("Pad", {"x", "pads"});
  };
  expect_refused({"only height and width", [&](ModelWriter& m) { pad(m, {0, 1, 0, 0, 0, 0, 0, 0}); }});
  expect_refused({"a padding of -1", [&](ModelWriter& m) { pad(m, {0, 0, -1, 0, 0, 0, 0, 0}); }});
  expect_refused({"two pads for each axis", [&](ModelWriter& m) { pad(m, {1, 1}); }});
  expect_refused({"mode 'constant'", [&](ModelWriter& m) {
                    pad(m, {0, 0, 1, 0, 0, 0, 0, 0}).text("mode", "reflect");
                  }});
  expect_refused({"pads with 1.0", [&](ModelWriter& m) {
                    pad(m, {0, 0, 1, 0, 0, 0, 0, 0}).proto().add_input("value");
                  }});
}

TEST(ImportRefuses, ArithmeticThatTheGraphHasNot) {
  expect_refused({"two different computed tensors", [](ModelWriter& m) {
                    m.node("Relu", {"x"}, "r");
                    m.node("Mul", {"x", "r"});
                  }});
  expect_refused({"divisor 'x' is computed", [](ModelWriter& m) {
                    m.tensor("c", {}, {1}), m.node("Div", {"c", "x"});
                  }});
  expect_refused({"has a zero", [](ModelWriter& m) { m.tensor("c", {}, {0}), m.node("Div", {"x", "c"}); }});
  expect_refused({"exponent 0.5", [](ModelWriter& m) {
                    m.tensor("c", {}, {0.5}), m.node("Pow", {"x", "c"});
                  }});
  expect_refused({"where one number is supported", [](ModelWriter& m) {
                    m.tensor("c", {2}, {2, 3}), m.node("Pow", {"x", "c"});
                  }});
  expect_refused({"does not broadcast to the tensor's 1x2x4x4", [](ModelWriter& m) {
                    m.tensor("c", {3}, {1, 2, 3}), m.node("Add", {"x", "c"});
                  }});
  expect_refused({"must have one shape", [](ModelWriter& m) {
                    m.node("GlobalAveragePool", {"x"}, "mean");
                    m.node("Add", {"x", "mean"});
                  }});
}

TEST(ImportRefuses, ShapesThatDoNotFit) {
  const auto reshape = [](const Int64s& shape) {
    return [shape](ModelWriter& m) { m.list("s", shape), m.node("Reshape", {"x", "s"}); };
  };
  expect_refused({"cannot reshape 1x2x4x4 to 1x33", reshape({1, 33})});
  expect_refused({"cannot reshape", reshape({-1, -1})});
  expect_refused({"cannot reshape", reshape({-1, 5})});
  expect_refused({"cannot reshape", reshape({1 << 20, 1 << 20, 1 << 20})});
  expect_refused({"small integers", reshape({std::int64_t{1} << 50}), {1, 2, 4, 4}, ErrorCode::kCorruptFile});
  expect_refused({"channels first", [](ModelWriter& m) {
                    m.node("Transpose", {"x"}).integers("perm", {0, 2, 3, 1});
                  }});
  expect_refused({"named twice", [](ModelWriter& m) {
                    m.node("Transpose", {"x"}).integers("perm", {0, 1, 1, 2});
                  }});
  expect_refused({"is not 1 long", [](ModelWriter& m) { m.list("a", {1}), m.node("Squeeze", {"x", "a"}); }});
  expect_refused(
      {"axis 9 does not exist", [](ModelWriter& m) { m.node("Flatten", {"x"}).integer("axis", 9); }});
}

TEST(ImportRefuses, TensorsWhoseDataDoNotFit) {
  using Type = ::onnx::TensorProto;
  const auto add = [](const std::function<void(ModelWriter&)>& make) {
    return [make](ModelWriter& m) { make(m), m.node("Add", {"x", "c"}); };
  };
  const Int64s input{1, 2, 4, 4};
  const auto corrupt = ErrorCode::kCorruptFile;
  expect_refused(
      {"tensor 'c': a stored tensor should have 2 entries but has 12 bytes",
       add([](ModelWriter& m) { m.add_tensor("c", {2}, Type::FLOAT).set_raw_data(std::string(12, '\0')); }),
       input, corrupt});
  expect_refused({"should have 2 entries but has 0",
                  add([](ModelWriter& m) { m.add_tensor("c", {2}, Type::FLOAT); }), input, corrupt});
  expect_refused(
      {"impossible dimension", add([](ModelWriter& m) { m.tensor("c", {0}, {}); }), input, corrupt});
  expect_refused(
      {"impossible dimension", add([](ModelWriter& m) { m.tensor("c", {-4}, {}); }), input, corrupt});
  const std::int64_t big = std::int64_t{1} << 32;
  expect_refused({"impossible dimension", add([&](ModelWriter& m) {
                    m.tensor("c", {big, big}, {});
                  }),
                  input, corrupt});
  expect_refused({"impossible dimension", add([&](ModelWriter& m) {
                    m.tensor("c", {1 << 20, 1 << 20, 1 << 20, 16}, {});
                  }),
                  input, corrupt});
  expect_refused({"entry 1 of a stored tensor is not a finite", add([](ModelWriter& m) {
                    m.tensor("c", {2}, {1, NAN});
                  }),
                  input, corrupt});
  expect_refused(
      {"not a finite", add([](ModelWriter& m) { m.tensor("c", {1}, {INFINITY}); }), input, corrupt});
  expect_refused(
      {"element type 9", add([](ModelWriter& m) { m.add_tensor("c", {1}, Type::BOOL).add_int32_data(1); })});
  expect_refused({"outside the file", add([](ModelWriter& m) {
                    m.add_tensor("c", {1}, Type::FLOAT).set_data_location(Type::EXTERNAL);
                  })});
  expect_refused({"beyond 2^53", add([](ModelWriter& m) { m.list("c", {(std::int64_t{1} << 53) + 1}); }),
                  input, corrupt});
}

TEST(ImportRefuses, GraphsThatAreNotOneChainOfCauses) {
  const Int64s input{1, 2};
  const auto corrupt = ErrorCode::kCorruptFile;
  expect_refused({"reads 'b' before a node makes it",
                  [](ModelWriter& m) { m.node("Relu", {"b"}), m.node("Relu", {"x"}, "b"); }, input, corrupt});
  expect_refused({"cycle", [](ModelWriter& m) { m.node("Add", {"x", "y"}); }, input, corrupt});
  expect_refused(
      {"'nothing' is not the input", [](ModelWriter& m) { m.node("Relu", {"nothing"}); }, input, corrupt});
  expect_refused({"stands for two tensors",
                  [](ModelWriter& m) { m.node("Relu", {"x"}), m.node("Relu", {"x"}); }, input, corrupt});
  expect_refused({"stands for two tensors",
                  [](ModelWriter& m) { m.tensor("c", {1}, {1}).tensor("c", {1}, {1}).node("Relu", {"x"}); },
                  input, corrupt});
  expect_refused(
      {"'y' is not the input", [](ModelWriter& m) { m.node("Relu", {"x"}, "z"); }, input, corrupt});
  expect_refused({"does not depend on the input", [](ModelWriter& m) { m.tensor("y", {1}, {1}); }, input});
  expect_refused({"input 1 is missing", [](ModelWriter& m) { m.node("Add", {"x"}); }, input, corrupt});
  expect_refused({"it has no output", [](ModelWriter& m) { m.node("Relu", {"x"}).proto().clear_output(); },
                  input, corrupt});
}

TEST(ImportRefuses, OtherThanOneInputAndOneOutput) {
  expect_refused({"2 inputs: 'x', 'second'", [](ModelWriter& m) {
                    ModelWriter::set_info(*m.model.mutable_graph()->add_input(), "second", {1, 2});
                    m.node("Add", {"x", "second"});
                  }});
  expect_refused({"2 outputs: 'y', 'second'", [](ModelWriter& m) {
                    ModelWriter::set_info(*m.model.mutable_graph()->add_output(), "second", {1, 2});
                    m.node("Relu", {"x"});
                  }});
  expect_refused({"has 0 inputs;",
                  [](ModelWriter& m) { m.model.mutable_graph()->clear_input(), m.node("Relu", {"x"}); }});
}

TEST(ImportRefuses, InputsThatAreNotOneImage) {
  const auto relu = [](ModelWriter& m) { m.node("Relu", {"x"}); };
  expect_refused({"has shape 4x2", relu, {4, 2}});
  expect_refused({"has shape 1x2x3", relu, {1, 2, 3}});
  expect_refused({"no fixed size on axis 2", relu, {1, 3, 0, 4}});
  expect_refused({"too large", relu, {1, 3, std::int64_t{1} << 40, 4}});
  expect_refused({"too large", relu, {1, 1 << 14, 1 << 14, 4}, ErrorCode::kInvalidArgument});
  expect_refused(
      {"element type 7", [&](ModelWriter& m) {
         m.model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(7);
         relu(m);
       }});
}

TEST(ImportRefuses, OpsetsThatItDoesNotKnow) {
  const auto relu = [](ModelWriter& m) { m.node("Relu", {"x"}); };
  expect_refused({"uses opset 6; 7 to 18", relu, {1, 2}, ErrorCode::kUnsupported, 6});
  expect_refused({"uses opset 19; 7 to 18", relu, {1, 2}, ErrorCode::kUnsupported, 19});
}

TEST(ImportRefuses, AnOutputThatIsDeclaredOtherwise) {
  expect_refused({"'y' is declared with another shape than 1x2",
                  [](ModelWriter& m) {
                    ModelWriter::set_info(*m.model.mutable_graph()->mutable_output(0), "y", {1, 3});
                    m.node("Relu", {"x"});
                  },
                  {1, 2},
                  ErrorCode::kCorruptFile});
}

TEST(ImportRefuses, FilesThatAreNotModels) {
  const auto refusal = [](const std::string& bytes) {
    return message_of(ErrorCode::kCorruptFile, [&] { import_onnx_bytes(bytes, "f.onnx"); });
  };
  EXPECT_THAT(refusal(""), HasSubstr("model 'f.onnx': it is not an ONNX model"));
  EXPECT_THAT(refusal("not a protobuf at all"), HasSubstr("not an ONNX model"));
  EXPECT_THAT(message_of(ErrorCode::kIo, [] { import_onnx("/does/not/exist.onnx"); }),
              HasSubstr("cannot open model '/does/not/exist.onnx'"));
  EXPECT_THAT(message_of(ErrorCode::kIo, [] { import_onnx("/"); }), HasSubstr("not a regular file"));
}

TEST(ImportRefuses, FilesBeyondTheSizeLimitUnread) {
  const std::filesystem::path path = std::filesystem::path(::testing::TempDir()) / "sotto_huge.onnx";
  std::ofstream(path).put('x');
  std::filesystem::resize_file(path, (std::uintmax_t{512} << 20) + 1);  // sparse: takes no space
  EXPECT_THAT(message_of(ErrorCode::kUnsupported, [&] { import_onnx(path.string()); }),
              HasSubstr("at most 536870912 are read"));
  std::filesystem::remove(path);
}

/// A valid model with every kind of field that the importer reads.
std::string rich_model() {
  ModelWriter model({0, 1, 6, 6});
  model.tensor("w", {2, 1, 3, 3}, std::vector<double>(18, 0.25))
      .tensor("b", {2}, {1, 2})
      .list("pads", {0, 0, 1, 1, 0, 0, 1, 1});
  model.tensor("dense", {3, 18}, std::vector<double>(54, 0.5))
      .list("shape", {1, -1})
      .tensor("c", {2, 1, 1}, {2, 3});
  model.node("Pad", {"x", "pads"}, "p");
  model.node("Conv", {"p", "w", "b"}, "conv")
      .integers("strides", {1, 1})
      .integers("kernel_shape", {3, 3})
      .integer("group", 1);
  model.node("Mul", {"conv", "c"}, "scaled");
  model.node("Mul", {"scaled", "scaled"}, "square");
  model.node("AveragePool", {"square"}, "pool").integers("kernel_shape", {2, 2}).integers("strides", {2, 2});
  model.node("Reshape", {"pool", "shape"}, "flat");
  model.node("Gemm", {"flat", "dense"}).real("alpha", 1).integer("transB", 1);
  return model.bytes();
}

/// Imports damaged bytes: success or an Error, nothing else. A model that is accepted must run.
void survive(const std::string& bytes) {
  try {
    const Graph graph = import_onnx_bytes(bytes, "damaged.onnx");
    std::size_t elements = 0;
    for (const Value& value : graph.values) elements += element_count(value.shape);
    if (elements < (1U << 16)) evaluate(graph, Tensor(graph.value(graph.input).shape, 0.5));
  } catch (const Error&) {
  }
}

TEST(ImportFuzz, NoFlippedBitNoPrefixAndNoRandomDamageCrashes) {
  const std::string whole = rich_model();
  ASSERT_NO_THROW(import_onnx_bytes(whole, "whole.onnx"));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    survive(whole.substr(0, at));
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      survive(flipped);
    }
  }
  std::mt19937 random(20240);
  for (int round = 0; round < 5000; ++round) {
    std::string damaged = whole;
    for (int hits = 1 + static_cast<int>(random() % 6); hits > 0; --hits) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    survive(damaged);
  }
}

}  // namespace
}  // namespace sotto::nn
