// What the cleartext twin sees and encrypted engines cannot: values that would wrap around the modulus of
// their level.
#include <gmock/gmock.h>

#include "base/error.h"
#include "ckks/engine.h"

namespace sotto::ckks {
namespace {

using ::testing::HasSubstr;

/// 8 slots, too few for vector backends; q[0] of 33 bits and scale 2^28 leave values below 2^4 at level 0.
class CleartextEngine : public ::testing::Test {
 protected:
  ParamsPtr params_ = Params::make({.name = "insecure_cleartext",
                                    .log_n = 4,
                                    .log_q = {33, 28, 28},
                                    .log_p = {41},
                                    .q = {},
                                    .p = {},
                                    .log_scale = 28,
                                    .digits = 3},
                                   "portable");
  Session session_ = make_cleartext_session(params_);

  Cipher encrypt(double value, int level) {
    return session_.client->encrypt(std::vector<double>(8, value), level, params_->scale(level));
  }
  template <class F>
  void expect_overflow(F&& f, const std::string& operation) {
    try {
      f();
      ADD_FAILURE() << operation << " let a value wrap around";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      EXPECT_THAT(error.what(), HasSubstr(operation + ": |value| 2^"));
      EXPECT_THAT(error.what(), HasSubstr("exceeds what level "));
    }
  }
};

TEST_F(CleartextEngine, ReportsValuesThatWouldWrapAround) {
  Engine& engine = *session_.engine;
  const Cipher low = encrypt(10, 0), middle = encrypt(200, 1);
  const Cipher high = session_.client->encrypt(std::vector<double>(8, 1000.0), 2, params_->scale(0));
  expect_overflow([&] { engine.add(low, low); }, "add");
  expect_overflow([&] { engine.subtract(low, engine.negate(low)); }, "subtract");
  expect_overflow([&] { engine.add_constant(low, 9.0); }, "add_constant");
  expect_overflow([&] { engine.multiply_constant(low, 10.0, 1.0); }, "multiply_constant");
  expect_overflow([&] { engine.drop_to_level(middle, 0); }, "drop_to_level");
  expect_overflow([&] { engine.multiply(middle, middle); }, "multiply");
  expect_overflow([&] { engine.square(middle); }, "multiply");
  expect_overflow([&] { engine.add(high, low); }, "add");  // at the lower level
  const Plain ten = engine.encode(std::vector<double>(8, 10.0), 0, params_->scale(0));
  expect_overflow([&] { engine.add_plain(low, ten); }, "add_plain");
  const Plain hundred = engine.encode(std::vector<double>(8, 100.0), 1, params_->scale(1));
  expect_overflow([&] { engine.multiply_plain(middle, hundred); }, "multiply_plain");
  const LinearTransform t{.giant_step = 0, .blocks = {{{0, std::vector<double>(8, 100.0)}}}, .folds = {}};
  expect_overflow([&] { engine.apply(*engine.prepare(t, 1, params_->scale(1)), middle); }, "apply");
  expect_overflow([&] { encrypt(16.5, 0); }, "encrypt");
  EXPECT_NO_THROW(engine.add(encrypt(7.5, 0), encrypt(7.5, 0)));
}

TEST_F(CleartextEngine, MeasuresComplexValuesByTheirMagnitude) {
  Engine& engine = *session_.engine;
  const std::vector<std::complex<double>> z(8, {12, 12});
  expect_overflow([&] { session_.client->encrypt_complex(z, 0, params_->scale(0)); }, "encrypt");
  expect_overflow([&] { engine.encode_complex(z, 0, params_->scale(0)); }, "encode");
  const Cipher a = encrypt(12, 0);
  EXPECT_NO_THROW(engine.multiply_by_i(a));
  expect_overflow([&] { engine.add(a, engine.multiply_by_i(a)); }, "add");
}

TEST_F(CleartextEngine, ZerosAtTheEndsOfADiagonalAreZeros) {
  Engine& engine = *session_.engine;
  const std::vector<double> x{1, 2, 3, 4, 5, 6, 7, 8};
  const Cipher a = session_.client->encrypt(x, 2, params_->scale(2));
  const LinearTransform t{.giant_step = 4,
                          .blocks = {{{6, {0, 0, 1, 1, 1, 1, 0, 0}}, {1, std::vector<double>(8)}},
                                     {{3, {2, 0, 0, 0, 0, 0, 0, 0}}}},
                          .folds = {}};
  // Block 0: slots 2…5 take x shifted by 6; block 1: 2 x[3] in slot 0, moved by 4 to slot 4.
  EXPECT_EQ(session_.client->decrypt(engine.apply(*engine.prepare(t, 2, params_->scale(2)), a)),
            (std::vector<double>{0, 0, 1, 2, 3 + 8, 4, 0, 0}));
}

TEST_F(CleartextEngine, RefusesTransformsOfOtherParameters) {
  ParamsLiteral other = params_->literal();
  other.log_scale = 27.75;
  const Session stranger = make_cleartext_session(Params::make(other, "portable"));
  const LinearTransform t{.giant_step = 0, .blocks = {{{0, std::vector<double>(8, 1.0)}}}, .folds = {}};
  const PreparedLinearPtr prepared = stranger.engine->prepare(t, 1, 0x1p28);
  const Cipher a = encrypt(1, 1);
  try {
    session_.engine->apply(*prepared, a);
    ADD_FAILURE() << "applied";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("apply: made for other parameters"));
  }
}

TEST_F(CleartextEngine, RefusesValuesOfOtherEngines) {
  Session trace = make_trace_session(params_);
  const Cipher foreign = trace.client->encrypt(std::vector<double>{1.0}, 1, params_->scale(1));
  EXPECT_THROW(session_.engine->negate(foreign), Error);
  EXPECT_THROW(session_.client->decrypt(foreign), Error);
}

}  // namespace
}  // namespace sotto::ckks
