// Numbers, tables, progress lines and statistics as the program prints them.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "apps/answer.h"
#include "apps/text/format.h"
#include "apps/text/progress.h"
#include "apps/text/table.h"
#include "base/error.h"

namespace sotto::app {
namespace {

TEST(FormatSeconds, TakesTheUnitThatGivesThreeDigits) {
  EXPECT_EQ(format_seconds(0), "0.00 ns");
  EXPECT_EQ(format_seconds(3.4e-7), "340 ns");
  EXPECT_EQ(format_seconds(3.4e-4), "340 µs");
  EXPECT_EQ(format_seconds(0.0123), "12.3 ms");
  EXPECT_EQ(format_seconds(1.2345), "1.23 s");
  EXPECT_EQ(format_seconds(59.96), "60.0 s");
  EXPECT_EQ(format_seconds(125), "2 min 05 s");
  EXPECT_EQ(format_seconds(3 * 3600 + 7 * 60 + 59), "3 h 07 min");
}

TEST(FormatSeconds, NeverShowsAThousandOfAUnit) {
  EXPECT_EQ(format_seconds(999.6e-6), "1.00 ms");
  EXPECT_EQ(format_seconds(999.6e-3), "1.00 s");
  EXPECT_EQ(format_seconds(9.999), "10.0 s");
  EXPECT_EQ(format_seconds(99.99), "100 s");
}

TEST(FormatSeconds, AdmitsThatItDoesNotKnow) {
  EXPECT_EQ(format_seconds(-1), "?");
  EXPECT_EQ(format_seconds(std::numeric_limits<double>::quiet_NaN()), "?");
}

TEST(FormatBytes, CountsInPowersOfAThousand) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1000), "1.00 kB");
  EXPECT_EQ(format_bytes(999'600), "1.00 MB");
  EXPECT_EQ(format_bytes(15'249'000), "15.2 MB");
  EXPECT_EQ(format_bytes(2'500'000'000), "2.50 GB");
}

TEST(FormatCount, AddsAnSWhereItBelongs) {
  EXPECT_EQ(format_count(0, "image"), "0 images");
  EXPECT_EQ(format_count(1, "image"), "1 image");
  EXPECT_EQ(format_count(2, "image"), "2 images");
}

TEST(Table, AlignsColumnsByWhatIsSeen) {
  Table table({{"name", Table::Align::kLeft}, {"time"}});
  table.add({"a", "340 µs"});
  table.add({"longer", "1 s"});
  table.rule();
  table.add({"all", "9.00 ms"});
  EXPECT_EQ(table.text(),
            "name       time\n"
            "──────  ───────\n"
            "a        340 µs\n"
            "longer      1 s\n"
            "──────  ───────\n"
            "all     9.00 ms\n");
}

TEST(Table, RefusesARowOfAnotherWidth) {
  Table table({{"one"}, {"two"}});
  EXPECT_THROW(table.add({"only"}), Error);
}

TEST(ProgressLine, TellsWhatIsDoneAndLeft) {
  EXPECT_EQ(progress_line("evaluating", 50, 200, 5.0, 0), "evaluating 50/200, 5.00 s, 15.0 s left");
  EXPECT_EQ(progress_line("evaluating", 0, 200, 5.0, 0), "evaluating 0/200, 5.00 s");
  EXPECT_EQ(progress_line("making keys", 0, 0, 3.0, 10.0), "making keys, 3.00 s, 7.00 s left");
  EXPECT_EQ(progress_line("inferring", 0, 5, 3.0, 10.0), "inferring 0/5, 3.00 s, 7.00 s left");
  EXPECT_EQ(progress_line("making keys", 0, 0, 12.0, 10.0), "making keys, 12.0 s");
}

TEST(Progress, SaysNothingAboutQuickWork) {
  testing::internal::CaptureStderr();
  {
    Progress progress("quick", 3);
    progress.set_done(3);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Answer, MeasuresTheErrorInPartsOfTheRange) {
  const Answer answer{.logits = {1.0, -2.0, 6.25}, .reference = {1.0, -2.0, 6.0}};
  EXPECT_DOUBLE_EQ(answer.relative_error(), 0.25 / 8.0);
  EXPECT_DOUBLE_EQ(error_bits(answer.relative_error()), 5.0);
  EXPECT_DOUBLE_EQ(answer.margin(), 5.25);
  EXPECT_EQ(answer.label(), 2);
  EXPECT_TRUE(answer.agrees());
}

TEST(Answer, KnowsItsLargestLogit) {
  const Answer answer{.logits = {3.0, -7.5, 2.0}, .reference = {}};
  EXPECT_EQ(answer.largest_logit(), 7.5);
  const Answer unknown{.logits = {3.0, std::nan("")}, .reference = {}};
  EXPECT_EQ(unknown.largest_logit(), std::numeric_limits<double>::infinity());
}

TEST(Answer, SeesThatTheLabelsDiffer) {
  const Answer answer{.logits = {3.0, 2.0}, .reference = {2.0, 3.0}};
  EXPECT_FALSE(answer.agrees());
  EXPECT_EQ(answer.reference_label(), 1);
}

TEST(Answer, HasBitsWhereNothingDiffers) {
  const Answer answer{.logits = {3.0, 2.0}, .reference = {3.0, 2.0}};
  EXPECT_DOUBLE_EQ(error_bits(answer.relative_error()), 53.0);
}

TEST(Answer, CountsALogitThatIsNoNumberAsWorst) {
  const Answer answer{.logits = {3.0, std::nan("")}, .reference = {3.0, 2.0}};
  EXPECT_EQ(answer.relative_error(), std::numeric_limits<double>::infinity());
  const Answer unknown{.logits = {3.0, 2.0}, .reference = {3.0, std::nan("")}};
  EXPECT_EQ(unknown.relative_error(), std::numeric_limits<double>::infinity());
}

TEST(Answer, HasNoBitsWhereNothingIsRight) {
  EXPECT_EQ(error_bits(std::nan("")), 0.0);
  EXPECT_EQ(error_bits(std::numeric_limits<double>::infinity()), 0.0);
  EXPECT_EQ(error_bits(2.0), 0.0);
}

TEST(Quantile, InterpolatesBetweenTheOrderedValues) {
  EXPECT_DOUBLE_EQ(median({3, 1, 2}), 2);
  EXPECT_DOUBLE_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_DOUBLE_EQ(quantile({1, 2, 3, 4, 5}, 0.95), 4.8);
  EXPECT_DOUBLE_EQ(quantile({7}, 0.95), 7);
}

}  // namespace
}  // namespace sotto::app
