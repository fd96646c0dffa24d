// The parser of foreign JSON: what is too deep, too long or no JSON is refused with its name.
#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sotto {
namespace {

using ::testing::HasSubstr;

std::string refusal(const std::string& text, std::size_t max_bytes = 1 << 24) {
  try {
    parse_json(text, max_bytes, "card.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kCorruptFile);
    return error.what();
  }
  return "it was accepted";
}

std::string nested(int depth, const std::string& open, const std::string& close) {
  std::string text;
  for (int i = 0; i < depth; ++i) text += open;
  text += "1";
  for (int i = 0; i < depth; ++i) text += close;
  return text;
}

TEST(Json, KeepsValuesAndTheOrderOfFields) {
  const auto json = parse_json<nlohmann::ordered_json>(R"({"b": [1, {"c": "x"}], "a": 0.1})", 100, "text");
  EXPECT_EQ(json.dump(), R"({"b":[1,{"c":"x"}],"a":0.1})");
}

TEST(Json, RefusesWhatIsNestedTooDeep) {
  for (const auto& [open, close] : {std::pair<std::string, std::string>{"[", "]"}, {R"({"a":)", "}"}}) {
    EXPECT_EQ(refusal(nested(kMaxJsonDepth, open, close)), "it was accepted");
    EXPECT_THAT(refusal(nested(kMaxJsonDepth + 1, open, close)),
                HasSubstr("card.json: JSON nested deeper than 32 levels"));
  }
  EXPECT_THAT(refusal(std::string(2'000'000, '[')), HasSubstr("nested deeper"));
}

TEST(Json, RefusesWhatIsTooLongOrNoJson) {
  EXPECT_THAT(refusal("[1, 2, 3]", 8), HasSubstr("9 bytes of JSON where at most 8"));
  EXPECT_THAT(refusal("{"), HasSubstr("card.json: not JSON"));
  EXPECT_THAT(refusal("[1] 2"), HasSubstr("not JSON"));
}

}  // namespace
}  // namespace sotto
