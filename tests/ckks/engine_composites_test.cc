// What the composites promise before any engine runs: steps, counts, and what is refused.
#include <gmock/gmock.h>

#include "base/error.h"
#include "ckks/engine.h"

namespace sotto::ckks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A transform over four slots from (block, baby) pairs.
LinearTransform transform(int giant_step, std::size_t blocks,
                          const std::vector<std::pair<std::size_t, int>>& terms, std::vector<int> folds) {
  LinearTransform t{.giant_step = giant_step,
                    .blocks = std::vector<std::vector<LinearTransform::Term>>(blocks),
                    .folds = std::move(folds)};
  for (const auto& [block, baby] : terms) t.blocks[block].push_back({baby, std::vector<double>(4, 1.0)});
  return t;
}

TEST(LinearTransform, ListsTheStepsItNeeds) {
  EXPECT_THAT(transform(2, 2, {{0, 0}, {0, 3}, {1, 3}}, {1, 0}).rotation_steps(), ElementsAre(1, 2, 3));
  EXPECT_THAT(transform(0, 1, {{0, 0}}, {}).rotation_steps(), ElementsAre());
  // The giant step is needed only when something lies behind the first block.
  EXPECT_THAT(transform(2, 2, {{0, 1}}, {}).rotation_steps(), ElementsAre(1));
  EXPECT_THAT(transform(2, 2, {{1, 1}}, {}).rotation_steps(), ElementsAre(1, 2));
}

TEST(LinearTransform, SeparateGiantStepsNeedAKeyForEachBlock) {
  LinearTransform t = transform(4, 5, {{0, 0}, {2, 3}, {4, 3}}, {1});
  EXPECT_THAT(t.rotation_steps(), ElementsAre(1, 3, 4));
  EXPECT_EQ(t.apply_counts().rotate, 6);
  t.giants = GiantSteps::kSeparate;
  EXPECT_THAT(t.rotation_steps(), ElementsAre(1, 3, 8, 16));
  EXPECT_EQ(t.apply_counts().rotate, 4);
}

TEST(LinearTransform, CountsWhatApplyDoes) {
  EXPECT_EQ(transform(2, 3, {{0, 0}, {0, 3}, {2, 3}}, {1, 0}).apply_counts(),
            (OpCounts{.add = 4, .multiply_plain = 3, .rotate = 4, .rescale = 1}));
  EXPECT_EQ(transform(0, 1, {{0, 0}}, {}).apply_counts(), (OpCounts{.multiply_plain = 1, .rescale = 1}));
}

TEST(LinearTransform, IsCheckedBeforeUse) {
  const auto refusal = [](const LinearTransform& t) -> std::string {
    try {
      validate(t, 4);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal(transform(2, 2, {{0, 0}, {1, 3}}, {1})), "");
  EXPECT_THAT(refusal(transform(2, 2, {}, {})), HasSubstr("no diagonal"));
  EXPECT_THAT(refusal(transform(0, 2, {{1, 0}}, {})), HasSubstr("several blocks need a giant step"));
  EXPECT_THAT(refusal(transform(4, 2, {{1, 0}}, {})), HasSubstr("giant step 4 is out of range"));
  EXPECT_THAT(refusal(transform(0, 1, {{0, -1}}, {})), HasSubstr("baby step -1 is out of range"));
  EXPECT_THAT(refusal(transform(0, 1, {{0, 0}}, {4})), HasSubstr("fold 4 is out of range"));
  LinearTransform wrapping = transform(2, 3, {{2, 0}}, {});
  EXPECT_EQ(refusal(wrapping), "");
  wrapping.giants = GiantSteps::kSeparate;
  EXPECT_THAT(refusal(wrapping), HasSubstr("a block moves by 4, out of range for separate giant steps"));
  LinearTransform longer = transform(0, 1, {{0, 0}}, {});
  longer.blocks[0][0].values.push_back(1.0);
  EXPECT_THAT(refusal(longer), HasSubstr("a diagonal has 5 values (the parameters have 4 slots)"));
}

TEST(OpCounts, AddAndSubtractEveryField) {
  const OpCounts one{1, 2, 3, 4, 5, 6, 7, 8};
  OpCounts two = one;
  two += one;
  EXPECT_EQ(two, (OpCounts{2, 4, 6, 8, 10, 12, 14, 16}));
  EXPECT_EQ(two - one, one);
}

}  // namespace
}  // namespace sotto::ckks
