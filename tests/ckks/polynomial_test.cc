// Plans of polynomials (depths, products, what is refused) and their evaluation: against Horner and Clenshaw
// in long double on the cleartext twin, in bits on ciphertexts, and counted by the trace.
#include "ckks/polynomial.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"
#include "tests/support/precision.h"
#include "tests/support/random.h"

namespace sotto::ckks {
namespace {

using ::testing::HasSubstr;

std::vector<double> leading(std::size_t degree, double coefficient) {
  std::vector<double> c(degree + 1);
  c[degree] = coefficient;
  return c;
}

TEST(PolynomialDepth, IsTheNumberOfBitsOfTheDegree) {
  const int ceil_log2_of_successor[] = {0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5};
  for (std::size_t degree = 0; degree <= 16; ++degree) {
    EXPECT_EQ(polynomial_depth(leading(degree, 0.5)), ceil_log2_of_successor[degree]) << degree;
  }
}

TEST(PolynomialDepth, AMonicPowerOfTwoSavesALevel) {
  const int depth[] = {0, 0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4};
  for (std::size_t degree = 1; degree <= 16; ++degree) {
    EXPECT_EQ(polynomial_depth(leading(degree, 1.0)), depth[degree]) << degree;
    std::vector<double> dense = leading(degree, 1.0);
    for (std::size_t k = 0; k < degree; ++k) dense[k] = 0.25;
    EXPECT_EQ(polynomial_depth(dense), depth[degree]) << degree;
  }
  EXPECT_EQ(polynomial_depth(leading(2, -1.0)), 2);
}

TEST(PolynomialDepth, LeadingZerosDoNotCount) {
  EXPECT_EQ(polynomial_depth(std::vector<double>{0, 0, 1, 0, 0}), 1);
  EXPECT_EQ(polynomial_depth(std::vector<double>{3, 0, 0}), 0);
  EXPECT_EQ(polynomial_depth({}), 0);
}

/// 128 slots, 10 levels at 2^45: degrees up to 127 and room for compositions.
ParamsPtr test_params() {
  static const ParamsPtr params = Params::make({.name = "insecure_polynomial",
                                                .log_n = 8,
                                                .log_q = {54, 45, 45, 45, 45, 45, 45, 45, 45, 45, 45},
                                                .log_p = {50, 50, 50},
                                                .q = {},
                                                .p = {},
                                                .log_scale = 45,
                                                .digits = 4});
  return params;
}

Polynomial random_polynomial(test::Rng& random, PolynomialBasis basis, std::size_t degree,
                             std::string_view shape) {
  Polynomial p{.basis = basis, .coefficients = std::vector<double>(degree + 1)};
  for (std::size_t k = 0; k <= degree; ++k) {
    const bool keep = shape == "dense" || shape == "monic" || (shape == "odd" && k % 2 == 1) ||
                      (shape == "even" && k % 2 == 0) || (shape == "sparse" && k % 11 == 3);
    if (keep || k == degree) p.coefficients[k] = random.real(-1, 1);
  }
  if (shape == "monic") p.coefficients[degree] = 1;
  return p;
}

/// Horner or Clenshaw.
long double value(const Polynomial& p, long double x) {
  const bool chebyshev = p.basis == PolynomialBasis::kChebyshev;
  if (chebyshev)
    x = (2 * x - (static_cast<long double>(p.low) + p.high)) / (static_cast<long double>(p.high) - p.low);
  long double b = 0, b_next = 0;
  for (std::size_t k = p.coefficients.size(); k-- > 1;) {
    const long double next = p.coefficients[k] + (chebyshev ? 2 : 1) * x * b - (chebyshev ? b_next : 0);
    b_next = b;
    b = next;
  }
  const double constant = p.coefficients.empty() ? 0 : p.coefficients[0];
  return constant + x * b - (chebyshev ? b_next : 0);
}

std::vector<double> values(const Polynomial& p, const std::vector<double>& x) {
  std::vector<double> y(x.size());
  std::ranges::transform(x, y.begin(), [&](double v) { return static_cast<double>(value(p, v)); });
  return y;
}

double size_of(const Polynomial& p) {
  double sum = 1;
  for (const double c : p.coefficients) sum += std::abs(c);
  return sum;
}

class PolynomialOf : public ::testing::TestWithParam<PolynomialBasis> {
 protected:
  std::vector<double> inputs() {
    std::vector<double> x(params_->slots());
    for (double& v : x) v = random_.real(-1, 1);
    x[0] = 1;
    x[1] = -1;
    return x;
  }
  Cipher encrypt(Session& session, const std::vector<double>& x, int level) {
    return session.client->encrypt(x, level, params_->scale(level));
  }
  PolynomialPlan plan(const Polynomial& p, int level) {
    return make_polynomial_plan(params_, {.polynomials = {p}, .level = level});
  }

  ParamsPtr params_ = test_params();
  int top_ = test_params()->max_level();
  test::Rng random_;
};
INSTANTIATE_TEST_SUITE_P(Bases, PolynomialOf,
                         ::testing::Values(PolynomialBasis::kPower, PolynomialBasis::kChebyshev),
                         [](const auto& test) {
                           return test.param == PolynomialBasis::kPower ? "Power" : "Chebyshev";
                         });

TEST_P(PolynomialOf, EveryDegreeAndShapeMatchesLongDouble) {
  Session session = make_cleartext_session(params_);
  const std::vector<double> x = inputs();
  const Cipher a = encrypt(session, x, top_);
  for (std::size_t degree = 1; degree <= 127; ++degree) {
    for (const std::string_view shape : {"dense", "odd", "even", "sparse", "monic", "monomial"}) {
      SCOPED_TRACE(std::string(shape) + " of degree " + std::to_string(degree));
      const Polynomial p = random_polynomial(random_, GetParam(), degree, shape);
      const PolynomialPlan made = plan(p, top_);
      ASSERT_EQ(made.depth, polynomial_depth(p.coefficients));
      const OpCounts before = session.engine->counts();
      const Cipher z = evaluate(*session.engine, made, a).front();
      ASSERT_EQ(session.engine->counts() - before, made.counts);
      ASSERT_EQ(z.level(), top_ - made.depth);
      ASSERT_EQ(z.scale(), params_->scale(z.level())) << "to the bit";
      const std::vector<double> got = session.client->decrypt(z), want = values(p, x);
      // Scales reach 2^-52 relative through every product; recurrences of Chebyshev double what they carry.
      ASSERT_GE(test::precision(got, want).worst_bits, 50 - 2 * made.depth - std::log2(size_of(p)));
    }
  }
}

TEST_P(PolynomialOf, TheTraceCountsWhatThePlanSays) {
  Session session = make_trace_session(params_);
  const Cipher a = encrypt(session, {}, top_);
  for (const std::size_t degree : {1, 2, 3, 6, 8, 15, 22, 31, 64, 100, 127, 300}) {
    for (const std::string_view shape : {"dense", "odd", "even", "monic"}) {
      const PolynomialPlan made = plan(random_polynomial(random_, GetParam(), degree, shape), top_);
      const OpCounts before = session.engine->counts();
      evaluate(*session.engine, made, a);
      EXPECT_EQ(session.engine->counts() - before, made.counts) << shape << " of degree " << degree;
    }
  }
}

TEST_P(PolynomialOf, ProductsAtTheLeastDepth) {
  const auto products = [&](std::size_t degree, std::string_view shape) {
    const PolynomialPlan made = plan(random_polynomial(random_, GetParam(), degree, shape), top_);
    EXPECT_EQ(made.depth, static_cast<int>(std::bit_width(degree)));
    EXPECT_LE(made.counts.relinearise, made.counts.multiply);
    return made.counts.multiply;
  };
  const std::size_t degrees[] = {3, 5, 7, 9, 15, 17, 31, 33, 63, 65, 127};
  const std::int64_t dense[] = {2, 3, 5, 5, 8, 8, 13, 12, 18, 17, 27},
                     odd[] = {2, 3, 5, 5, 8, 8, 12, 11, 17, 16, 23},
                     even[] = {1, 2, 3, 3, 6, 5, 9, 8, 14, 12, 19};
  for (std::size_t i = 0; i < std::size(degrees); ++i) {
    EXPECT_EQ(products(degrees[i], "dense"), dense[i]) << degrees[i];
    EXPECT_EQ(products(degrees[i] - 1, "even"), even[i]) << degrees[i] - 1;
    EXPECT_EQ(products(degrees[i], "odd"), odd[i]) << degrees[i];
  }
}

TEST_P(PolynomialOf, InnerSumsAreRelinearisedOnce) {
  const PolynomialPlan made = plan(random_polynomial(random_, GetParam(), 63, "dense"), top_);
  EXPECT_LT(made.counts.relinearise, made.counts.multiply);
  EXPECT_LE(made.counts.rescale, made.counts.multiply + 1);
}

TEST_P(PolynomialOf, OneLevelMoreSavesProducts) {
  const Polynomial p = random_polynomial(random_, GetParam(), 63, "dense");
  const PolynomialPlan tight = plan(p, top_);
  const PolynomialPlan loose = make_polynomial_plan(params_, {.polynomials = {p}, .level = top_, .depth = 7});
  EXPECT_LT(loose.counts.multiply, tight.counts.multiply);
  Session session = make_cleartext_session(params_);
  const std::vector<double> x = inputs();
  const Cipher z = evaluate(*session.engine, loose, encrypt(session, x, top_)).front();
  EXPECT_EQ(z.level(), top_ - 7);
  EXPECT_BITS(session.client->decrypt(z), values(p, x), 30);
}

TEST_P(PolynomialOf, ResultsStandAtTheScaleAskedFor) {
  Session session = make_cleartext_session(params_);
  const std::vector<double> x = inputs();
  const Cipher a = encrypt(session, x, top_);
  for (const std::size_t degree : {1, 4, 21}) {  // x^4 alone cannot: it is no longer free
    Polynomial p = random_polynomial(random_, GetParam(), degree, "monic");
    const double scale = 0x1.8p43;
    const PolynomialPlan made =
        make_polynomial_plan(params_, {.polynomials = {p}, .level = top_, .scale = scale});
    EXPECT_EQ(made.depth, static_cast<int>(std::bit_width(degree)));
    const Cipher z = evaluate(*session.engine, made, a).front();
    EXPECT_EQ(z.scale(), scale);
    EXPECT_BITS(session.client->decrypt(z), values(p, x), 36);
  }
}

TEST_P(PolynomialOf, SeveralShareThePowersOfOneInput) {
  Session session = make_cleartext_session(params_);
  const std::vector<double> x = inputs();
  PolynomialRequest request{.polynomials = {}, .level = top_};
  std::int64_t apart = 0;
  for (const std::size_t degree : {12, 15, 0, 9}) {
    request.polynomials.push_back(random_polynomial(random_, GetParam(), degree, "dense"));
    apart += plan(request.polynomials.back(), top_).counts.multiply;
  }
  const PolynomialPlan made = make_polynomial_plan(params_, request);
  EXPECT_LT(made.counts.multiply, apart);
  const std::vector<Cipher> z = evaluate(*session.engine, made, encrypt(session, x, top_));
  ASSERT_EQ(z.size(), 4u);
  EXPECT_EQ(session.engine->counts(), made.counts);
  for (std::size_t i = 0; i < z.size(); ++i) {
    EXPECT_EQ(z[i].level(), top_ - 4);
    EXPECT_EQ(z[i].scale(), params_->scale(top_ - 4));
    EXPECT_BITS(session.client->decrypt(z[i]), values(request.polynomials[i], x), 36);
  }
}

TEST_P(PolynomialOf, SlotsChooseTheirPolynomial) {
  const std::vector<double> x = inputs();
  PolynomialRequest request{.polynomials = {}, .level = top_};
  for (const std::size_t degree : {5, 9, 2})
    request.polynomials.push_back(random_polynomial(random_, GetParam(), degree, "dense"));
  std::vector<double> want;
  for (std::size_t j = 0; j < x.size(); ++j) {
    request.choice.push_back(static_cast<int>(random_.below(3)));
    want.push_back(
        static_cast<double>(value(request.polynomials[static_cast<std::size_t>(request.choice[j])], x[j])));
  }
  const PolynomialPlan made = make_polynomial_plan(params_, request);
  EXPECT_EQ(made.depth, 4);
  for (const auto make : {make_cleartext_session, make_trace_session}) {
    Session session = make(params_);
    const Cipher z = evaluate(*session.engine, made, encrypt(session, x, top_)).front();
    EXPECT_EQ(session.engine->counts(), made.counts);
    if (session.engine->info().name == "cleartext") {
      EXPECT_BITS(session.client->decrypt(z), want, 36);
    }
  }
  request.choice.pop_back();
  EXPECT_THROW(make_polynomial_plan(params_, request), Error);
}

TEST_P(PolynomialOf, CiphertextsKeepTheirPrecision) {
  static Session session =
      make_native_session(params_, {.relin_level = params_->max_level(), .galois = {}}, {});
  const std::vector<double> x = inputs();
  const Cipher a = encrypt(session, x, top_);
  for (const std::size_t degree : {1, 2, 3, 5, 8, 15, 16, 31, 63, 100, 127}) {
    for (const std::string_view shape : {"dense", "odd", "even", "monic"}) {
      const Polynomial p = random_polynomial(random_, GetParam(), degree, shape);
      const PolynomialPlan made = plan(p, top_);
      const OpCounts before = session.engine->counts();
      const Cipher z = evaluate(*session.engine, made, a).front();
      EXPECT_EQ(session.engine->counts() - before, made.counts);
      EXPECT_EQ(z.scale(), params_->scale(z.level()));
      // Fresh noise and every rescale are near 2^-38 of a slot here; |p'| and the constants multiply them.
      const double lost = 2 * std::log2(static_cast<double>(degree) + 1) + std::log2(size_of(p));
      EXPECT_GE(test::precision(session.client->decrypt(z), values(p, x)).worst_bits, 36 - lost)
          << shape << " of degree " << degree;
    }
  }
}

TEST(CompositePolynomials, IntervalsGoIntoTheCoefficientsBefore) {
  test::Rng random;
  const ParamsPtr params = test_params();
  std::vector<Polynomial> stages;
  for (const std::size_t degree : {7, 3, 5}) {
    stages.push_back(random_polynomial(random, PolynomialBasis::kChebyshev, degree, "odd"));
    // On the interval that the sum of |coefficients| of the stage before bounds.
    if (stages.size() > 1) {
      stages.back().high = size_of(stages[stages.size() - 2]);
      stages.back().low = -stages.back().high - 0.5;
    }
  }
  EXPECT_EQ(composite_depth(stages), 3 + 2 + 3) << "no level for the maps between intervals";
  Session session = make_cleartext_session(params);
  const int top = params->max_level();
  std::vector<double> x(params->slots()), want;
  for (double& v : x) want.push_back(v = random.real(-1, 1));
  for (const Polynomial& stage : stages) want = values(stage, want);
  const Cipher a = session.client->encrypt(x, top, params->scale(top));
  const Cipher z = evaluate_composite(*session.engine, a, stages);
  EXPECT_EQ(z.level(), top - 8);
  EXPECT_EQ(z.scale(), params->scale(top - 8));
  EXPECT_BITS(session.client->decrypt(z), want, 34);
  const Cipher shallow = session.client->encrypt(x, 7, params->scale(7));
  const OpCounts before = session.engine->counts();
  EXPECT_THROW(evaluate_composite(*session.engine, shallow, stages), Error);
  EXPECT_EQ(session.engine->counts(), before) << "nothing is computed in vain";
}

TEST(PolynomialPlans, AreRefusedWithTheNumbers) {
  const ParamsPtr params = test_params();
  const Polynomial cubic{.coefficients = {0, 1, 0, 2}};
  const auto refusal = [&](const PolynomialRequest& request, ErrorCode code) -> std::string {
    try {
      make_polynomial_plan(params, request);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
      return error.what();
    }
    ADD_FAILURE() << "not refused";
    return "";
  };
  EXPECT_THAT(refusal({.polynomials = {cubic}, .level = 1}, ErrorCode::kOutOfLevels),
              HasSubstr("degree 3 needs 2 levels and the input has 1; plan at least 1 more"));
  EXPECT_THAT(refusal({.polynomials = {cubic}, .level = 4, .depth = 1}, ErrorCode::kInvalidArgument),
              HasSubstr("needs 2 levels and depth 1 is asked for"));
  EXPECT_THAT(refusal({.polynomials = {}, .level = 4}, ErrorCode::kInvalidArgument),
              HasSubstr("no polynomial"));
  EXPECT_THAT(
      refusal({.polynomials = {{.coefficients = {0, HUGE_VAL}}}, .level = 4}, ErrorCode::kInvalidArgument),
      HasSubstr("coefficient 1 is not a finite number"));
  Polynomial wide{.basis = PolynomialBasis::kChebyshev, .coefficients = {0, 1}, .low = 0, .high = 2};
  EXPECT_THAT(refusal({.polynomials = {wide}, .level = 4}, ErrorCode::kInvalidArgument),
              HasSubstr("map the input"));
  EXPECT_THAT(refusal({.polynomials = {cubic, wide}, .level = 4}, ErrorCode::kInvalidArgument),
              HasSubstr("mixed"));
  EXPECT_THAT(refusal({.polynomials = {{.coefficients = leading(1024, 1)}}, .level = 10},
                      ErrorCode::kInvalidArgument),
              HasSubstr("degree 1024 is above 1023"));
  Session session = make_trace_session(params);
  const PolynomialPlan plan = make_polynomial_plan(params, {.polynomials = {cubic}, .level = 4});
  const Cipher elsewhere = session.client->encrypt({}, 5, params->scale(5));
  EXPECT_THROW(evaluate(*session.engine, plan, elsewhere), Error);
}

}  // namespace
}  // namespace sotto::ckks
