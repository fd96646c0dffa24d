// Plans as text: nothing is lost, and nothing foreign, contradictory or oversized gets in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/nn/plans.h"

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

std::string refusal(const Json& json) {
  return message_of(ErrorCode::kCorruptFile, [&] { plan_from_json(json.dump()); });
}

TEST(PlanJson, RoundTripLosesNothing) {
  Rng rng;
  for (int trial = 0; trial < 8; ++trial) {
    const std::string text = to_json(make_plan(random_network(rng), toy_options(14)));
    EXPECT_EQ(to_json(plan_from_json(text)), text);
  }
}

TEST(PlanJson, RefusesOtherVersionsAndKinds) {
  Json json = sample_json();
  json["format"] = "sotto-plan-2";
  EXPECT_THAT(refusal(json), HasSubstr("another kind or version"));
  EXPECT_THAT(message_of(ErrorCode::kCorruptFile, [] { plan_from_json("[1, 2]"); }),
              HasSubstr("must be an object"));
  EXPECT_THAT(message_of(ErrorCode::kCorruptFile, [] { plan_from_json("{"); }), HasSubstr("parse"));
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
    EXPECT_THROW(plan_from_json(extra.dump()), Error) << at;
    for (const auto& [key, value] : json[at].items()) {
      Json less = json;
      less[at].erase(key);
      EXPECT_THROW(plan_from_json(less.dump()), Error) << at << " " << key;
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
      if (pointer.starts_with("/params/")) continue;  // Params::make() judges them
      Json json = sample_json();
      json[Json::json_pointer(pointer)] = strange;
      if (strange.is_number() && value.is_number_float()) continue;  // may be a number like any other
      EXPECT_THROW(plan_from_json(json.dump()), Error) << pointer << " = " << strange;
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
  EXPECT_THAT(refusal(with("/steps/0/level_out", 3)), HasSubstr("takes one level"));
  EXPECT_THAT(refusal(with("/steps/1/inputs/0", 2)), HasSubstr("does not exist yet"));
  EXPECT_THAT(refusal(with("/steps/0/inputs", Json::array({0, 0}))), HasSubstr("wrong number of inputs"));
  EXPECT_THAT(refusal(with("/steps/0/ring", 3)), HasSubstr("not a power of two"));
  EXPECT_THAT(refusal(with("/steps/0/folds", Json::array({512}))), HasSubstr("a fold is out of range"));
  EXPECT_THAT(refusal(with("/steps/0/blocks", Json::array())), HasSubstr("no diagonal"));
  EXPECT_THAT(refusal(with("/steps/0/blocks", Json::array({Json::array({512})}))), HasSubstr("baby step"));
  EXPECT_THAT(refusal(with("/input/base", 512)), HasSubstr("out of range"));
  EXPECT_THAT(refusal(with("/input/slots", 1024)), HasSubstr("slots"));
  EXPECT_THAT(refusal(with("/output_tensor", 2)), HasSubstr("not where the last step leaves it"));
  EXPECT_THAT(refusal(with("/keys/galois/0/step", 512)), HasSubstr("rotation is out of range"));
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
