// A build without ONNX says what would add it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nn/onnx.h"
#include "tests/nn/networks.h"

namespace sotto::nn {
namespace {

TEST(ImportOnnx, NamesThePackagesThatWouldAddIt) {
  const std::string message =
      testing::message_of(ErrorCode::kUnsupported, [] { import_onnx_bytes("", "model.onnx"); });
  EXPECT_THAT(message,
              ::testing::AllOf(::testing::HasSubstr("model.onnx"), ::testing::HasSubstr("libonnx-dev")));
}

}  // namespace
}  // namespace sotto::nn
