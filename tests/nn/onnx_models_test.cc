// Real files: the model that this repository ships, and, where they are on this machine, public models and
// test images.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "nn/onnx.h"
#include "nn/passes/passes.h"
#include "tests/nn/datasets.h"
#include "tests/nn/networks.h"

namespace sotto::nn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace testing;

#define SKIP_WITHOUT(path)            \
  if (!std::filesystem::exists(path)) \
  GTEST_SKIP() << (path) << " is not here; set SOTTO_DATA to the folder of the data sets"

const std::filesystem::path kSource = SOTTO_SOURCE_DIR;
const std::string kShipped = (kSource / "models" / "mnist-cryptonets.onnx").string();

nlohmann::json shipped_card() {
  return nlohmann::json::parse(read_file(kSource / "models" / "mnist-cryptonets.json"));
}

/// Pixels of `bytes` divided by 255.
Tensor grey_image(const unsigned char* bytes) {
  Tensor image({1, 28, 28});
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = bytes[i] / 255.0;
  return image;
}

TEST(ShippedModel, GivesTheLogitsOfItsCard) {
  const Graph graph = import_onnx(kShipped);
  const nlohmann::json card = shipped_card();
  int compared = 0;
  for (const auto& [file, logits] : card.at("reference_logits").items()) {
    const std::string pgm = read_file(kSource / "samples" / file);
    const auto* pixels = reinterpret_cast<const unsigned char*>(pgm.data() + pgm.size() - 784);
    expect_near(evaluate(graph, grey_image(pixels)), Tensor({10}, logits.get<std::vector<double>>()), 1e-12);
    ++compared;
  }
  EXPECT_EQ(compared, 10);
}

TEST(ShippedModel, IsAlreadySimple) {
  std::vector<std::string> operators;
  for (const Node& node : simplify(import_onnx(kShipped)).nodes) operators.push_back(operator_name(node.op));
  EXPECT_EQ(operators,
            (std::vector<std::string>{"Conv2d", "Polynomial", "Reshape", "Dense", "Polynomial", "Dense"}));
}

TEST(ShippedModel, HasTheAccuracyOfItsCard) {
#ifdef SOTTO_TEST_ZLIB
  const auto folder = data_folder() / "mnist";
  SKIP_WITHOUT(folder / "t10k-images-idx3-ubyte.gz");
  const std::string images = unpack_gz(folder / "t10k-images-idx3-ubyte.gz", 16 + 10000 * 784);
  const std::string labels = unpack_gz(folder / "t10k-labels-idx1-ubyte.gz", 8 + 10000);
  const Graph graph = import_onnx(kShipped);
  int correct = 0;
  for (std::size_t i = 0; i < 10000; ++i) {
    const auto* pixels = reinterpret_cast<const unsigned char*>(images.data() + 16 + i * 784);
    correct += argmax(evaluate(graph, grey_image(pixels)).values) == labels[8 + i];
  }
  EXPECT_EQ(correct, shipped_card().at("measured").at("correct"));
#else
  GTEST_SKIP() << "built without zlib";
#endif
}

TEST(PublicModel, MaxPoolingIsRefusedByName) {
  const auto path = data_folder() / "pretrained" / "onnx" / "mnist-8.onnx";
  SKIP_WITHOUT(path);
  EXPECT_THAT(message_of(ErrorCode::kUnsupported, [&] { import_onnx(path.string()); }),
              AllOf(HasSubstr("mnist-8.onnx"), HasSubstr("node 'Pooling66' (MaxPool)"),
                    HasSubstr("average pooling")));
}

/// Share of the first 50 CIFAR-10 test images that the network names rightly.
[[maybe_unused]] double accuracy_on_cifar(const Graph& graph, const std::string& records,
                                          const std::array<double, 3>& mean,
                                          const std::array<double, 3>& deviation) {
  int correct = 0;
  for (std::size_t i = 0; i < 50; ++i) {
    const auto* record = reinterpret_cast<const unsigned char*>(records.data() + i * 3073);
    Tensor image({3, 32, 32});
    for (std::size_t p = 0; p < image.size(); ++p)
      image[p] = (record[1 + p] / 255.0 - mean[p / 1024]) / deviation[p / 1024];
    correct += argmax(evaluate(graph, image).values) == record[0];
  }
  return correct / 50.0;
}

TEST(PublicModel, ResNet20ClassifiesCifar) {
#ifdef SOTTO_TEST_LZMA
  const auto path = data_folder() / "pretrained" / "onnx" / "resnet20_cifar10_pre.onnx";
  const auto images = data_folder() / "cifar10" / "test_batch.bin.xz";
  SKIP_WITHOUT(path);
  SKIP_WITHOUT(images);
  const Graph graph = import_onnx(path.string());
  EXPECT_EQ(count<Conv2d>(graph), 21);  // 19 of 3x3, 2 shortcuts of 1x1
  EXPECT_EQ(count<Relu>(graph), 19);
  EXPECT_EQ(count<Add>(graph), 9);
  // 91.65 % on all 10,000 images: 50 images leave a standard deviation of 4 %.
  EXPECT_GE(
      accuracy_on_cifar(graph, unpack_xz(images, 50 * 3073), {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}),
      0.84);
#else
  GTEST_SKIP() << "built without liblzma";
#endif
}

TEST(PublicModel, ResNet32ForCifar100IsImported) {
  const auto path = data_folder() / "pretrained" / "onnx" / "resnet32_cifar100_pre.onnx";
  SKIP_WITHOUT(path);
  const Graph graph = import_onnx(path.string());
  EXPECT_EQ(count<Relu>(graph), 31);
  EXPECT_EQ(graph.value(graph.output).shape, (Shape{100}));
}

}  // namespace
}  // namespace sotto::nn
