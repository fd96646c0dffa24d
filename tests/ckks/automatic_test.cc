// The automatic mode and the operations on top of it, on the engines that compute, beside doubles.
#include "ckks/automatic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <numeric>
#include <optional>

#include "base/error.h"
#include "ckks/operations.h"
#include "tests/support/precision.h"
#include "tests/support/random.h"

namespace sotto::ckks {
namespace {

using Slots = std::vector<double>;
using ComplexSlots = std::vector<std::complex<double>>;
using ::testing::HasSubstr;

ParamsPtr plain_params() {
  static const ParamsPtr params = Params::make({.name = "insecure_plain",
                                                .log_n = 7,
                                                .log_q = {50, 40, 40, 40, 40, 40, 40},
                                                .log_p = {49, 49},
                                                .q = {},
                                                .p = {},
                                                .log_scale = 40,
                                                .digits = 4});
  return params;
}

/// The nominal scale falls from 2^48 to 2^40 below level 3.
ParamsPtr falling_params() {
  static const ParamsPtr params = Params::make({.name = "insecure_falling",
                                                .log_n = 7,
                                                .log_q = {50, 40, 40, 48, 48, 48},
                                                .log_p = {54, 54},
                                                .q = {},
                                                .p = {},
                                                .log_scale = 40,
                                                .digits = 3,
                                                .levels = {},
                                                .log_scales = {40, 40, 40, 48, 48, 48}});
  return params;
}

/// Two primes a level with primes that come back: what the automatic mode must not notice.
ParamsPtr rational_params() {
  static const ParamsPtr params =
      Params::make({.name = "insecure_rational",
                    .log_n = 7,
                    .log_q = {50, 30, 30, 30, 30, 20, 20},
                    .log_p = {50, 50},
                    .q = {},
                    .p = {},
                    .log_scale = 40,
                    .digits = 4,
                    .levels = {{0, 5, 6}, {0, 1, 2, 5}, {0, 1, 2, 3, 4}, {0, 1, 2, 3, 4, 5, 6}}});
  return params;
}

Session native(const ParamsPtr& params, const KeyRequest& request) {
  return make_native_session(params, request, Threads{});
}
Session cleartext(const ParamsPtr& params, const KeyRequest&) {
  return make_cleartext_session(params);
}

struct Case {
  const char* name;
  Session (*make)(const ParamsPtr&, const KeyRequest&);
  ParamsPtr (*params)();
  double bits;
};

class AutomaticMode : public ::testing::TestWithParam<Case> {
 protected:
  AutomaticMode() : params_(GetParam().params()) { use({}); }
  void use(const Needs& needs) {
    Needs all = needs;
    all.relinearisation = true;
    all.conjugation = true;
    session_ = GetParam().make(params_, key_request(all, *params_, params_->max_level()));
    automatic_.emplace(*session_.engine);
  }
  const Automatic& automatic() const { return *automatic_; }
  int top() const { return params_->max_level(); }
  int slots() const { return static_cast<int>(params_->slots()); }
  Slots random_slots() {
    Slots x(params_->slots());
    for (double& v : x) v = random_.real(-1, 1);
    return x;
  }
  Cipher encrypted(const Slots& x) { return encrypt(*session_.client, *params_, x); }
  void expect(const Cipher& got, const Slots& want, double loose = 0) {
    EXPECT_BITS(session_.client->decrypt(got), want, GetParam().bits - loose);
  }
  double at(const Cipher& a, int slot) { return session_.client->decrypt(a)[static_cast<std::size_t>(slot)]; }
  template <class F>
  std::string refusal(ErrorCode code, F&& f) {
    try {
      f();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      return error.what();
    }
    return "not refused";
  }

  ParamsPtr params_;
  Session session_;
  std::optional<Automatic> automatic_;
  test::Rng random_;
};
INSTANTIATE_TEST_SUITE_P(Engines, AutomaticMode,
                         ::testing::Values(Case{"native", &native, &plain_params, 22},
                                           Case{"native_rational", &native, &rational_params, 22},
                                           Case{"cleartext", &cleartext, &plain_params, 35},
                                           Case{"cleartext_rational", &cleartext, &rational_params, 35}),
                         [](const auto& instance) { return instance.param.name; });

Slots zip(const Slots& a, const Slots& b, double (*f)(double, double)) {
  Slots out;
  for (std::size_t i = 0; i < a.size(); ++i) out.push_back(f(a[i], b[i]));
  return out;
}

TEST_P(AutomaticMode, FreshValuesAreSettledAtTheTop) {
  const Cipher a = encrypted(random_slots());
  EXPECT_EQ(automatic().levels_left(a), top());
  EXPECT_EQ(automatic().settle(a).level(), top());
}

TEST_P(AutomaticMode, AProductOwesItsRescaleUntilItIsUsed) {
  const Slots x = random_slots(), y = random_slots();
  const Cipher product = automatic().multiply(encrypted(x), encrypted(y));
  EXPECT_EQ(product.level(), top());
  EXPECT_EQ(automatic().levels_left(product), top() - 1);
  const Slots want = zip(x, y, [](double a, double b) { return a * b; });
  expect(product, want);
  const Cipher settled = automatic().settle(product);
  EXPECT_EQ(settled.level(), top() - 1);
  EXPECT_DOUBLE_EQ(settled.scale(), params_->scale(top() - 1));
  expect(settled, want);
}

TEST_P(AutomaticMode, SumsOfProductsAreRescaledOnce) {
  const Slots x = random_slots(), y = random_slots(), z = random_slots();
  const Cipher a = encrypted(x), b = encrypted(y), c = encrypted(z);
  const OpCounts before = session_.engine->counts();
  const Cipher sum = automatic().add(automatic().add(automatic().multiply(a, b), automatic().square(c)), a);
  EXPECT_EQ((session_.engine->counts() - before).rescale, 0);
  Slots want(x.size());
  for (std::size_t i = 0; i < want.size(); ++i) want[i] = x[i] * y[i] + z[i] * z[i] + x[i];
  expect(automatic().settle(sum), want);
  EXPECT_EQ((session_.engine->counts() - before).rescale, 1);
}

TEST_P(AutomaticMode, SumsOfProductsOfListsAreRelinearisedOnce) {
  const Slots x = random_slots(), y = random_slots();
  const std::vector<Cipher> a{encrypted(x), encrypted(y), encrypted(x)},
      b{encrypted(y), encrypted(y), encrypted(x)};
  const OpCounts before = session_.engine->counts();
  const Cipher sum = automatic().sum_of_products(a, b);
  EXPECT_EQ((session_.engine->counts() - before).relinearise, 1);
  Slots want(x.size());
  for (std::size_t i = 0; i < want.size(); ++i) want[i] = x[i] * y[i] + y[i] * y[i] + x[i] * x[i];
  expect(sum, want);
  EXPECT_THAT(refusal(ErrorCode::kInvalidArgument, [&] { automatic().sum_of_products(a, {}); }),
              HasSubstr("3 and 0"));
}

TEST_P(AutomaticMode, OperandsAtDifferentLevelsMeetExactly) {
  const Slots x = random_slots();
  const Cipher fresh = encrypted(x);
  Cipher power = fresh;
  Slots want = x;
  for (int level = top(); level > 0; --level) {  // x^k · x, the second factor ever further above
    power = automatic().settle(automatic().multiply(power, fresh));
    for (std::size_t i = 0; i < want.size(); ++i) want[i] *= x[i];
    ASSERT_EQ(power.level(), level - 1);
    EXPECT_NEAR(power.scale() / params_->scale(level - 1), 1, 0x1p-40);
    expect(power, want, 2);
    expect(automatic().subtract(fresh, power), zip(x, want, [](double a, double b) { return a - b; }), 2);
  }
  EXPECT_THAT(refusal(ErrorCode::kOutOfLevels, [&] { automatic().multiply(power, fresh); }),
              HasSubstr("level 0"));
  EXPECT_THAT(refusal(ErrorCode::kOutOfLevels, [&] { automatic().square(power); }), HasSubstr("level 0"));
  EXPECT_THAT(refusal(ErrorCode::kOutOfLevels, [&] { automatic().multiply(power, 0.5); }),
              HasSubstr("level 0"));
}

TEST_P(AutomaticMode, ConstantsAndVectorsLandOnTheScale) {
  const Slots x = random_slots(), v = random_slots();
  const Cipher a = encrypted(x);
  const Cipher b =
      automatic().settle(automatic().multiply(automatic().add(automatic().multiply(a, 0.75), v), v));
  EXPECT_EQ(b.level(), top() - 2);
  EXPECT_NEAR(b.scale() / params_->scale(b.level()), 1, 0x1p-40);
  expect(b, zip(x, v, [](double s, double t) { return (0.75 * s + t) * t; }));
  expect(automatic().add(automatic().multiply(a, -3), 0.25),
         zip(x, x, [](double s, double) { return 0.25 - 3 * s; }), 2);
  EXPECT_EQ(automatic().multiply(a, -3).level(), top());
}

TEST_P(AutomaticMode, AForeignScaleCostsALevel) {
  const Slots x = random_slots();
  const Cipher odd = session_.client->encrypt(x, top(), params_->scale(top()) * 0.37);
  const Cipher settled = automatic().settle(odd);
  EXPECT_EQ(settled.level(), top() - 1);
  EXPECT_NEAR(settled.scale() / params_->scale(top() - 1), 1, 0x1p-40);
  expect(settled, x);
}

TEST_P(AutomaticMode, PolynomialsAndMapsAreSettled) {
  use(Needs{.steps = {1}});
  const Slots x = random_slots();
  const Cipher square = automatic().square(encrypted(x));
  const Slots coefficients{0.5, -0.25, 0, 1.5};
  const Cipher p = automatic().polynomial(square, coefficients);
  EXPECT_EQ(p.level(), top() - 3);
  expect(p, zip(x, x, [](double s, double) { return 0.5 - 0.25 * s * s + 1.5 * std::pow(s, 6); }), 2);

  Slots halves(x.size(), 0.5), want(x.size());
  const LinearTransform average{.giant_step = 0, .blocks = {{{0, halves}, {1, halves}}}, .folds = {}};
  for (std::size_t i = 0; i < x.size(); ++i)
    want[i] = 0.5 * (x[i] * x[i] + std::pow(x[(i + 1) % x.size()], 2));
  const Cipher mapped = automatic().apply(average, square);
  EXPECT_EQ(mapped.level(), top() - 2);
  expect(mapped, want, 1);
}

/// The manual mode beneath: levels, scales and refusals are those of the cleartext twin to the bit.
TEST_P(AutomaticMode, OperandsOfTheManualModeMeetAsOnTheCleartextTwin) {
  const Session twin = make_cleartext_session(params_);
  const Slots x = random_slots();
  for (int high = top(); high > 0; --high) {
    for (int low = high - 1; low >= 0; --low) {
      const double scale = std::exp2(15);  // of products that fit the lowest level
      const auto run = [&](const Session& session) {
        const Cipher a = session.client->encrypt(x, high, scale), b = session.client->encrypt(x, low, scale);
        return std::vector<Cipher>{session.engine->add(a, b), session.engine->subtract(b, a),
                                   session.engine->multiply(a, b), session.engine->drop_to_level(a, low)};
      };
      const std::vector<Cipher> got = run(session_), want = run(twin);
      for (std::size_t i = 0; i < got.size(); ++i) {
        EXPECT_EQ(got[i].level(), want[i].level()) << high << " to " << low << ", " << i;
        EXPECT_EQ(got[i].scale(), want[i].scale()) << high << " to " << low << ", " << i;
      }
    }
  }
}

TEST_P(AutomaticMode, InnerSumsOfEveryLength) {
  const Slots x = random_slots();
  for (const int count : {1, 2, 3, 7, 13, 32, slots() - 1, slots()}) {
    const Needs needs = inner_sum_needs(count);
    use(needs);
    Slots want(x.size());
    for (int i = 0; i < slots(); ++i) {
      for (int j = 0; j < count; ++j)
        want[static_cast<std::size_t>(i)] += x[static_cast<std::size_t>((i + j) % slots())];
    }
    const OpCounts before = session_.engine->counts();
    expect(inner_sum(automatic(), encrypted(x), count), want, 5);
    EXPECT_LE((session_.engine->counts() - before).rotate, 2 * std::bit_width(static_cast<unsigned>(count)));
  }
  EXPECT_THAT(refusal(ErrorCode::kInvalidArgument, [&] { inner_sum(automatic(), encrypted(x), 0); }),
              HasSubstr("1…"));
}

TEST_P(AutomaticMode, DotProducts) {
  constexpr int kCount = 20;
  use(dot_needs(kCount));
  const Slots x = random_slots(), y = random_slots();
  const double want = std::inner_product(x.begin(), x.begin() + kCount, y.begin(), 0.0);
  EXPECT_NEAR(at(dot(automatic(), encrypted(x), encrypted(y), kCount), 0), want, 1e-5);
  EXPECT_NEAR(at(dot(automatic(), encrypted(x), std::span(y).first(kCount)), 0), want, 1e-5);
}

TEST_P(AutomaticMode, MatrixTimesVector) {
  for (const auto& [rows, columns] :
       {std::pair{1, 1}, std::pair{5, 9}, std::pair{9, 5}, std::pair{slots(), 3}, std::pair{3, slots()}}) {
    Slots matrix(static_cast<std::size_t>(rows * columns));
    for (double& v : matrix) v = random_.real(-1, 1);
    const LinearTransform transform = matrix_transform(matrix, rows, columns, params_->slots());
    use(transform_needs(transform));
    const Slots x = random_slots();  // also beyond the columns
    Slots want(x.size());
    for (int i = 0; i < rows; ++i) {
      for (int j = 0; j < columns; ++j)
        want[static_cast<std::size_t>(i)] +=
            matrix[static_cast<std::size_t>(i * columns + j)] * x[static_cast<std::size_t>(j)];
    }
    expect(automatic().apply(transform, encrypted(x)), want, 5);
  }
  EXPECT_THAT(refusal(ErrorCode::kInvalidArgument, [&] { matrix_transform(Slots(5), 2, 3, 64); }),
              HasSubstr("5 values for 2 rows of 3"));
  EXPECT_THAT(refusal(ErrorCode::kInvalidArgument, [&] { matrix_transform(Slots(6), 2, 3, 64); }),
              HasSubstr("every entry"));
}

TEST_P(AutomaticMode, MaskAndReplicate) {
  use(replicate_needs(8, slots()));
  const Slots x = random_slots();
  Slots masked(x.size()), repeated(x.size());
  for (int i = 0; i < slots(); ++i) {
    if (i >= 3 && i < 8) masked[static_cast<std::size_t>(i)] = x[static_cast<std::size_t>(i)];
    if (i % 8 >= 3) repeated[static_cast<std::size_t>(i)] = x[static_cast<std::size_t>(i % 8)];
  }
  const Cipher a = mask(automatic(), encrypted(x), 3, 5);
  expect(a, masked);
  expect(replicate(automatic(), a, 8), repeated, 2);
  EXPECT_THAT(refusal(ErrorCode::kInvalidArgument, [&] { mask(automatic(), a, slots() - 1, 2); }),
              HasSubstr("outside"));
  EXPECT_THAT(refusal(ErrorCode::kInvalidArgument, [&] { replicate(automatic(), a, 6); }),
              HasSubstr("no power of two"));
}

TEST_P(AutomaticMode, RealAndImaginaryParts) {
  ComplexSlots z(params_->slots());
  Slots re, im;
  for (auto& v : z) {
    v = {random_.real(-0.7, 0.7), random_.real(-0.7, 0.7)};
    re.push_back(v.real());
    im.push_back(v.imag());
  }
  const Cipher a = encrypt(*session_.client, *params_, z);
  for (const auto& [part, want] :
       {std::pair{real_part(automatic(), a), re}, std::pair{imaginary_part(automatic(), a), im}}) {
    expect(part, want, 1);
    for (const auto& v : session_.client->decrypt_complex(part)) EXPECT_NEAR(v.imag(), 0, 1e-6);
  }
}

TEST_P(AutomaticMode, MeanAndVariance) {
  constexpr int kCount = 24;
  const Needs needs = variance_needs(kCount);
  EXPECT_EQ(needs.levels, 2);
  use(needs);
  const Slots x = random_slots();
  const double mu = std::accumulate(x.begin(), x.begin() + kCount, 0.0) / kCount;
  double sigma2 = 0;
  for (int i = 0; i < kCount; ++i) sigma2 += std::pow(x[static_cast<std::size_t>(i)] - mu, 2) / kCount;
  EXPECT_NEAR(at(mean(automatic(), encrypted(x), kCount), 0), mu, 1e-6);
  const Cipher v = variance(automatic(), encrypted(x), kCount);
  EXPECT_NEAR(at(v, 0), sigma2, 1e-6);
  EXPECT_EQ(automatic().levels_left(v), top() - 2);
}

TEST(FallingScale, ProductsThereCostTwoLevelsAndKeepTheirValue) {
  const ParamsPtr params = falling_params();
  for (const bool encrypted : {true, false}) {
    const Session session =
        encrypted ? native(params, {.relin_level = 5, .galois = {}}) : cleartext(params, {});
    const Automatic automatic(*session.engine);
    const Slots x(params->slots(), 0.75);
    Cipher a = encrypt(*session.client, *params, x);
    double want = 0.75;
    for (const int level : {4, 3, 1, 0}) {  // from level 3 the product lands on 2^48 at level 2
      const Cipher product = automatic.square(a);
      EXPECT_EQ(automatic.levels_left(product), level);
      a = automatic.settle(product);
      want *= want;
      ASSERT_EQ(a.level(), level);
      EXPECT_NEAR(a.scale() / params->scale(level), 1, 0x1p-30);
      EXPECT_NEAR(session.client->decrypt(a)[3], want, 1e-6) << level;
    }
  }
}

TEST(FallingScale, PolynomialsThatCrossItAreRefused) {
  const ParamsPtr params = falling_params();
  const Session session = cleartext(params, {});
  const Cipher a = session.client->encrypt(Slots{0.5}, 3, params->scale(3));
  const Slots coefficients{0, 0, 0, 0, 0.5, 0.25, 0.125};
  EXPECT_THROW(session.engine->polynomial(a, coefficients), Error);
}

TEST(Needs, AddUpToTheKeysOfAProgram) {
  const Needs needs = dot_needs(4) + replicate_needs(16, 64) + part_needs();
  EXPECT_THAT(needs.steps, ::testing::ElementsAre(-32, -16, 1, 2));
  EXPECT_EQ(needs.levels, 2);
  const KeyRequest request = key_request(needs, *plain_params(), 3);
  EXPECT_EQ(request.relin_level, 3);
  ASSERT_EQ(request.galois.size(), 5u);
  EXPECT_TRUE(request.galois.back().id.conjugate);
}

}  // namespace
}  // namespace sotto::ckks
