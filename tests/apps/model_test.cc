// Model cards and the preprocessing that they ask for.
#include "apps/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "nn/reference.h"
#include "tests/support/refusal.h"

namespace sotto::app {
namespace {

using test::refusal;

using testing::ElementsAre;
using testing::HasSubstr;

ModelCard parse(const std::string& body) {
  return parse_model_card(R"({"format":"sotto-model-card-1")" + body + "}", "card.json", "fc2");
}

TEST(ModelCard, ReadsTheFieldsThatTheProgramUses) {
  const ModelCard card =
      parse(R"(,"preprocessing":{"divide_by":128,"mean":[0.5],"std":0.25},"classes":["cat","dog"],
      "ranges":{"over":"all","fc1":{"max_abs":3},"fc2":{"max_abs":8.5}},"file":{"sha256":"ab"},"anything":"else")");
  EXPECT_EQ(card.divide_by, 128);
  EXPECT_THAT(card.mean, ElementsAre(0.5));
  EXPECT_THAT(card.std, ElementsAre(0.25));
  EXPECT_THAT(card.classes, ElementsAre("cat", "dog"));
  EXPECT_EQ(card.max_logit, 17);
  EXPECT_EQ(card.model_sha256, "ab");
}

TEST(ModelCard, LeavesDefaultsWhereItIsSilent) {
  const ModelCard card = parse("");
  EXPECT_EQ(card.divide_by, 255);
  EXPECT_TRUE(card.mean.empty() && card.std.empty() && card.classes.empty());
  EXPECT_FALSE(card.max_logit.has_value());
}

TEST(ModelCard, RefusesWhatItCannotMean) {
  const auto card = [](const std::string& body) { return refusal([&] { parse(body); }); };
  EXPECT_THAT(card(R"(,"preprocessing":3)"), HasSubstr("preprocessing must be an object"));
  EXPECT_THAT(card(R"(,"preprocessing":{"crop":3})"), HasSubstr("preprocessing.crop is not known"));
  EXPECT_THAT(card(R"(,"preprocessing":{"divide_by":0})"), HasSubstr("divide_by must be a number over 0"));
  EXPECT_THAT(card(R"(,"preprocessing":{"divide_by":"255"})"),
              HasSubstr("divide_by must be a number over 0"));
  EXPECT_THAT(card(R"(,"preprocessing":{"std":[1,0]})"), HasSubstr("std must be a number over 0"));
  EXPECT_THAT(card(R"(,"preprocessing":{"mean":["a"]})"), HasSubstr("mean must be a list of numbers"));
  EXPECT_THAT(card(R"(,"classes":"ten")"), HasSubstr("classes must be a list of names"));
  EXPECT_THAT(card(R"(,"classes":[1])"), HasSubstr("classes must be a list of names"));
  EXPECT_THAT(card(R"(,"ranges":{"fc2":{"max_abs":-1}})"), HasSubstr("ranges.fc2.max_abs"));
  EXPECT_THAT(card(R"(,"file":{"sha256":1})"), HasSubstr("file.sha256 must be a text"));
  EXPECT_THAT(refusal([] { parse_model_card("[1]", "card.json", ""); }), HasSubstr("not a JSON object"));
  EXPECT_THAT(refusal([] { parse_model_card("{", "card.json", ""); }), HasSubstr("card.json: not JSON"));
  EXPECT_THAT(refusal([] { parse_model_card(std::string(2'000'000, '['), "card.json", ""); }),
              HasSubstr("nested deeper"));
  EXPECT_THAT(refusal([] { parse_model_card(R"({"format":"other"})", "card.json", ""); }),
              HasSubstr("format is not"));
}

/// (2, 1, 1) in, one output: 3 a + 5 b.
nn::Graph weighted_sum() {
  nn::Graph graph;
  graph.name = "weighted-sum";
  graph.input = nn::add_value(graph, "x", {2, 1, 1});
  nn::Dense dense{.weights = nn::Tensor({1, 2}, {3, 5}), .bias = {0}};
  graph.output = nn::add_node(graph, "sum", std::move(dense), {graph.input});
  return graph;
}

TEST(Preprocessing, ChangesNothingByDefault) {
  EXPECT_EQ(with_preprocessing(weighted_sum(), {}).nodes.size(), 1u);
  EXPECT_EQ(with_preprocessing(weighted_sum(), {.mean = {0}, .std = {1, 1}}).nodes.size(), 1u);
}

TEST(Preprocessing, DividesAndNormalisesEachChannel) {
  const ModelCard card{.divide_by = 51, .mean = {1, 2}, .std = {0.5}};
  const nn::Graph graph = with_preprocessing(weighted_sum(), card);
  // Pixels 51 and 102 arrive as 0.2 and 0.4; the network must see (1 - 1) / 0.5 = 0 and (2 - 2) / 0.5 = 0.
  EXPECT_NEAR(nn::evaluate(graph, nn::Tensor({2, 1, 1}, {0.2, 0.4})).values[0], 0, 1e-12);
  // 153 and 51: (3 - 1) / 0.5 = 4 and (1 - 2) / 0.5 = -2.
  EXPECT_NEAR(nn::evaluate(graph, nn::Tensor({2, 1, 1}, {0.6, 0.2})).values[0], 3 * 4 - 5 * 2, 1e-12);
}

TEST(Preprocessing, RefusesAnotherNumberOfChannels) {
  EXPECT_THAT(refusal([] {
                with_preprocessing(weighted_sum(), {.mean = {1, 2, 3}});
              }),
              HasSubstr("3 values for preprocessing.mean and the network reads 2 channels"));
}

TEST(ImageShape, NamesBothSizes) {
  EXPECT_THAT(refusal([] {
                check_image_shape(nn::Tensor({3, 32, 30}), {1, 28, 28}, "cat.png");
              }),
              testing::AllOf(HasSubstr("cat.png"), HasSubstr("3x32x30"), HasSubstr("1x28x28")));
}

TEST(Model, NamesLabelsWhereTheCardDoes) {
  const Model model{.path = "m", .card = {.classes = {"cat", "1"}}, .graph = {}};
  EXPECT_EQ(model.label_name(0), "0 (cat)");
  EXPECT_EQ(model.label_name(1), "1");
  EXPECT_EQ(model.label_name(2), "2");
}

}  // namespace
}  // namespace sotto::app
