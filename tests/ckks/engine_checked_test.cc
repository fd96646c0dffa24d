// What the checked engine reports: bits that fall where they must, the first operation below a threshold, and
// values that wrap around.
#include <gmock/gmock.h>

#include "base/error.h"
#include "ckks/checked.h"
#include "tests/support/random.h"

namespace sotto::ckks {
namespace {

using ::testing::HasSubstr;

class CheckedEngine : public ::testing::Test {
 protected:
  void start(double threshold_bits) {
    checked_ = make_checked_session(params_, {.relin_level = params_->max_level(), .galois = {}}, {},
                                    {.threshold_bits = threshold_bits});
  }
  Engine& engine() { return *checked_.session.engine; }
  const CheckReport& report() { return *checked_.report; }
  Cipher encrypt(double bound, int level) {
    test::Rng random;
    std::vector<double> values(params_->slots());
    for (double& v : values) v = random.real(-bound, bound);
    values[0] = bound;
    return checked_.session.client->encrypt(values, level, params_->scale(level));
  }

  ParamsPtr params_ = Params::make({.name = "insecure_checked",
                                    .log_n = 7,
                                    .log_q = {50, 40, 40, 40},
                                    .log_p = {54},
                                    .q = {},
                                    .p = {},
                                    .log_scale = 40,
                                    .digits = 4});
  CheckedSession checked_;
};

TEST_F(CheckedEngine, RecordsEveryOperationWithItsPlaceAndBits) {
  start(10);
  const Cipher a = encrypt(1, 3), b = engine().multiply_rescale(a, a);
  ASSERT_EQ(report().checks.size(), 3u);
  const char* operations[] = {"encrypt", "product", "relinearise_rescale"};
  const int levels[] = {3, 3, 2};
  for (std::size_t i = 0; i < 3; ++i) {
    const Check& check = report().checks[i];
    EXPECT_EQ(check.number, i + 1);
    EXPECT_EQ(check.operation, operations[i]);
    EXPECT_EQ(check.level, levels[i]);
    EXPECT_NEAR(check.magnitude, 1, 1e-9);
    EXPECT_GE(check.rms_bits, check.worst_bits);
    EXPECT_GT(check.worst_bits, 24);
    EXPECT_LT(check.worst_bits, 45) << "there is noise";
    EXPECT_EQ(check.bits_before, i == 0 ? 53 : report().checks[i - 1].worst_bits);
  }
  EXPECT_EQ(report().checks[2].scale, b.scale());
  EXPECT_EQ(report().first_below(), nullptr);
  EXPECT_THAT(report().summary(), HasSubstr("3 operations; "));
  EXPECT_THAT(report().summary(), HasSubstr("none is below 10.00 bits"));
  EXPECT_THAT(report().table(), HasSubstr("relinearise_rescale"));
}

TEST_F(CheckedEngine, NamesTheFirstOperationBelowTheThreshold) {
  start(16);
  const Cipher a = encrypt(1, 3);
  engine().rescale(engine().multiply_constant(a, 1, 0x1p6));  // to the scale 2^6, where rounding shows
  const Check* below = report().first_below();
  ASSERT_NE(below, nullptr);
  EXPECT_EQ(below->number, 3u);
  EXPECT_EQ(below->operation, "rescale");
  EXPECT_EQ(below->level, 2);
  EXPECT_GT(below->lost_bits(), 8);
  EXPECT_EQ(report().least_precise(), below);
  EXPECT_THAT(report().summary(),
              HasSubstr("the first below 16.00 bits is operation 3 (rescale at level 2), which lost"));
}

TEST_F(CheckedEngine, CancellationCostsTheBitsOfTheSumItself) {
  start(10);
  const Cipher a = encrypt(1, 3), same = encrypt(1, 3);  // another encryption of the same values
  engine().subtract(engine().add_constant(same, 0x1p-12), a);
  const Check& check = report().checks.back();
  EXPECT_NEAR(check.magnitude, 0x1p-12, 1e-9);
  EXPECT_NEAR(check.lost_bits(), 12.5, 3) << "relative to what is left";
  engine().subtract(a, a);
  EXPECT_EQ(report().checks.back().magnitude, 0);
  EXPECT_EQ(report().checks.back().worst_bits, 53) << "exactly zero";
}

TEST_F(CheckedEngine, NamesTheOperationWhoseValueWraps) {
  start(10);
  const Cipher a = encrypt(400, 1), low = engine().drop_to_level(a, 0);
  try {
    engine().add(low, low);
    ADD_FAILURE() << "not noticed";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("exceeds what level 0 can hold"));
    EXPECT_THAT(error.what(), HasSubstr("(operation 3 of this checked run)"));
  }
}

TEST_F(CheckedEngine, RefusesValuesOfOtherEngines) {
  start(10);
  const Session other = make_cleartext_session(params_);
  const Cipher foreign = other.client->encrypt(std::vector<double>{1}, 2, params_->scale(2));
  EXPECT_THROW(engine().negate(foreign), Error);
  EXPECT_THROW(checked_.session.client->decrypt(foreign), Error);
  EXPECT_TRUE(report().checks.empty());
  EXPECT_EQ(report().summary(), "no operation was checked");
}

}  // namespace
}  // namespace sotto::ckks
