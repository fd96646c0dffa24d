// Plans as text: nothing is lost, and nothing foreign, contradictory or oversized gets in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "nn/model_hash.h"
#include "tests/nn/plans.h"
#include "tests/support/golden.h"

namespace sotto::nn {
namespace {

using ::testing::HasSubstr;
using namespace testing;
using TestNetwork = testing::Network;
using Json = nlohmann::json;

const Plan& sample() {
  static const Plan plan = [] {
    Rng rng("sample plan");
    TestNetwork net({1, 6, 6});
    Conv2d conv = tame(random_conv(rng, 2, 1, 3));
    conv.stride = {2, 2};
    net.then("conv", conv);
    const ValueId a = net.then("act", Polynomial{{0.5, 0, 1}});
    net.add("sum", Add{}, {a, a});
    net.then("fc", tame(random_dense(rng, 3, 8)));
    return make_plan(net.graph, toy_options(3));
  }();
  return plan;
}

Json sample_json() {
  return Json::parse(to_json(sample()));
}

/// The text with a seal that fits, as somebody would make it who changes a plan on purpose.
std::string resealed(Json json) {
  json.erase("sha256");
  json["sha256"] = sha256_hex(json.dump());
  return json.dump();
}

std::string refusal(const Json& json) {
  return message_of(ErrorCode::kCorruptFile, [&] { plan_from_json(resealed(json)); });
}

TEST(PlanJson, RoundTripLosesNothing) {
  Rng rng;
  for (int trial = 0; trial < 8; ++trial) {
    const std::string text = to_json(make_plan(random_network(rng), toy_options(14)));
    EXPECT_EQ(to_json(plan_from_json(text)), text);
  }
}

// Written by release 0.1.
TEST(PlanJson, TheGoldenFileStaysTheSame) {
  const std::string text = test::golden_text("format-1/plan.json", to_json(sample()));
  const Plan plan = plan_from_json(text);
  EXPECT_EQ(to_json(plan), text);
  EXPECT_EQ(plan.steps.size(), 4u);
}

TEST(PlanJson, RefusesOtherVersionsAndKinds) {
  Json json = sample_json();
  json["format"] = "sotto-plan-2";
  EXPECT_THAT(refusal(json), HasSubstr("another kind or version"));
  EXPECT_THAT(message_of(ErrorCode::kCorruptFile, [] { plan_from_json("[1, 2]"); }), HasSubstr("not a plan"));
  EXPECT_THAT(message_of(ErrorCode::kCorruptFile, [] { plan_from_json("{"); }), HasSubstr("not JSON"));
}

/// Every field of every object, once absent and once with a stranger beside it.
void for_each_object(const Json& json, const Json::json_pointer& at,
                     const std::function<void(const Json::json_pointer&)>& visit) {
  if (json.is_object()) visit(at);
  if (json.is_structured()) {
    for (const auto& [key, value] : json.items()) {
      if (json.is_array() && key != "0") continue;  // one entry stands for the list
      for_each_object(value, json.is_array() ? at / std::size_t{0} : at / key, visit);
    }
  }
}

TEST(PlanJson, RefusesMissingAndUnknownFieldsEverywhere) {
  const Json json = sample_json();
  int objects = 0;
  for_each_object(json, Json::json_pointer(), [&](const Json::json_pointer& at) {
    ++objects;
    Json extra = json;
    extra[at]["stranger"] = 1;
    EXPECT_THROW(plan_from_json(resealed(extra)), Error) << at;
    for (const auto& [key, value] : json[at].items()) {
      if (key == "sha256") continue;  // resealed() brings it back
      Json less = json;
      less[at].erase(key);
      EXPECT_THROW(plan_from_json(resealed(less)), Error) << at << " " << key;
    }
  });
  EXPECT_GE(objects, 8);
}

TEST(PlanJson, RefusesValuesOfAnotherTypeEverywhere) {
  const Json flat = sample_json().flatten();
  for (const auto& [pointer, value] : flat.items()) {
    for (const Json& strange :
         {Json("x"), Json(nullptr), Json(1e300), Json(-7), Json(Json::array({Json::object()}))}) {
      if (strange.is_string() && value.is_string()) continue;
      if (pointer == "/sha256") continue;
      Json json = sample_json();
      json[Json::json_pointer(pointer)] = strange;
      if (strange.is_number() && value.is_number_float()) continue;  // may be a number like any other
      EXPECT_THROW(plan_from_json(resealed(json)), Error) << pointer << " = " << strange;
    }
  }
}

TEST(PlanJson, RefusesNumbersThatAreNotFinite) {
  std::string text = to_json(sample());
  const auto at = text.find("\"input_scale\":") + 14;
  text.replace(at, text.find(',', at) - at, "1e999");
  EXPECT_THROW(plan_from_json(text), Error);
}

TEST(PlanJson, RefusesPartsThatContradictEachOther) {
  const auto with = [](const char* pointer, const Json& value) {
    Json json = sample_json();
    json[Json::json_pointer(pointer)] = value;
    return json;
  };
  EXPECT_THAT(refusal(with("/steps/1/level_in", 1)), HasSubstr("not where the step before leaves it"));
  EXPECT_THAT(refusal(with("/steps/0/level_out", 3)), HasSubstr("does not end at the level"));
  EXPECT_THAT(refusal(with("/steps/1/inputs/0", 2)), HasSubstr("does not exist yet"));
  EXPECT_THAT(refusal(with("/steps/0/inputs", Json::array({0, 0}))), HasSubstr("wrong number of inputs"));
  EXPECT_THAT(refusal(with("/steps/0/ring", 3)), HasSubstr("not a power of two"));
  EXPECT_THAT(refusal(with("/steps/0/folds", Json::array({512}))), HasSubstr("a fold is out of range"));
  EXPECT_THAT(refusal(with("/steps/0/blocks", Json::array())), HasSubstr("no diagonal"));
  EXPECT_THAT(refusal(with("/steps/0/blocks", Json::array({Json::array({512})}))), HasSubstr("baby step"));
  EXPECT_THAT(refusal(with("/input/base", 512)), HasSubstr("out of range"));
  EXPECT_THAT(refusal(with("/input/slots", 1024)), HasSubstr("slots"));
  EXPECT_THAT(refusal(with("/output_tensor", 2)), HasSubstr("not where the last step leaves it"));
  EXPECT_THAT(refusal(with("/keys/galois/0/step", 512)), HasSubstr("not those that the steps need"));
}

TEST(PlanJson, RefusesAPlanThatWasChanged) {
  std::string text = to_json(sample());
  const std::size_t at = text.find("\"base\": ") + 8;
  text[at] = text[at] == '0' ? '1' : '0';
  EXPECT_THAT(message_of(ErrorCode::kCorruptFile, [&] { plan_from_json(text); }), HasSubstr("its sha256 is"));
  Json open = sample_json();
  open.erase("sha256");
  EXPECT_THAT(message_of(ErrorCode::kCorruptFile, [&] { plan_from_json(open.dump()); }),
              HasSubstr("not a plan"));
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(PlanJson, RefusesLevelsAndScalesThatTheParametersDoNotHave) {
  Json high = sample_json();  // every level raised beyond the chain
  high["input_level"] = high["input_level"].get<int>() + 40;
  for (Json& step : high["steps"]) {
    step["level_in"] = step["level_in"].get<int>() + 40;
    step["level_out"] = step["level_out"].get<int>() + 40;
  }
  for (Json& key : high["keys"]["galois"]) key["level"] = key["level"].get<int>() + 40;
  high["keys"]["relin_level"] = high["keys"]["relin_level"].get<int>() + 40;
  EXPECT_THAT(refusal(high), HasSubstr("not one of the parameters"));

  Json scaled = sample_json();
  const double scale = 1.5 * scaled["steps"][0]["scale_out"].get<double>();
  scaled["steps"][0]["scale_out"] = scaled["steps"][1]["scale_in"] = scale;
  EXPECT_THAT(refusal(scaled), HasSubstr("its scale is not that of its level"));
  Json input = sample_json();
  input["input_scale"] = input["steps"][0]["scale_in"] = scale;
  EXPECT_THAT(refusal(input), HasSubstr("its scale is not that of its level"));
}

TEST(PlanJson, RefusesKeysThatAreNotThoseOfTheSteps) {
  const auto with_keys = [](auto&& change) {
    Json json = sample_json();
    change(json["keys"]);
    return refusal(json);
  };
  const char* why = "not those that the steps need";
  EXPECT_THAT(with_keys([](Json& keys) { keys["relin_level"] = -1; }), HasSubstr(why));
  EXPECT_THAT(with_keys([](Json& keys) { keys["galois"].erase(0); }), HasSubstr(why));
  EXPECT_THAT(with_keys([](Json& keys) { keys["galois"].push_back(keys["galois"][0]); }), HasSubstr(why));
  EXPECT_THAT(with_keys([](Json& keys) { keys["galois"][0]["conjugate"] = true; }), HasSubstr(why));
  EXPECT_THAT(with_keys([](Json& keys) { keys["galois"][0]["level"] = 0; }), HasSubstr(why));
}

TEST(PlanJson, RefusesTextThatIsTooLong) {
  const std::string text = to_json(sample()) + std::string(std::size_t{65} << 20, ' ');
  EXPECT_THAT(message_of(ErrorCode::kCorruptFile, [&] { plan_from_json(text); }),
              HasSubstr("at most 67108864"));
}

TEST(PlanJson, RefusesTextThatIsNestedDeeply) {
  EXPECT_THAT(message_of(ErrorCode::kCorruptFile, [] { plan_from_json(std::string(2'000'000, '[')); }),
              HasSubstr("nested deeper"));
}

TEST(PlanJson, MutatedTextNeverDoesAnythingButRefuse) {
  Rng rng;
  const std::string text = to_json(sample());
  int accepted = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    std::string bad = text;
    for (std::uint64_t k = 0, count = 1 + rng.below(3); k < count; ++k)
      bad[rng.below(bad.size())] =
          static_cast<char>(rng.below(2) == 0 ? '0' + rng.below(10) : rng.below(256));
    const Json changed = Json::parse(bad, nullptr, /*allow_exceptions=*/false);
    if (changed.is_object()) bad = resealed(changed);
    try {
      validate(plan_from_json(bad));
      ++accepted;  // a prediction or a name may be any
    } catch (const Error&) {
    }
  }
  EXPECT_LT(accepted, 4000);
}

}  // namespace
}  // namespace sotto::nn
