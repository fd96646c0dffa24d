// What `sotto fit` emits, run on the engine: the levels and products that it promises, and its error plus
// noise. From the JSON to ciphertexts and back, as a user would.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "approx/composite.h"
#include "approx/function.h"
#include "approx/polynomial.h"
#include "ckks/automatic.h"
#include "ckks/noise.h"
#include "ckks/polynomial.h"
#include "tests/apps/fit_json.h"
#include "tests/support/random.h"

namespace sotto::app {
namespace {

/// 512 slots and 15 levels at 2^45: ReLU by a composite of degrees 15, 15 and 27 takes 14.
ckks::ParamsPtr toy_params() {
  std::vector<int> log_q(16, 45);
  log_q[0] = 55;
  static const ckks::ParamsPtr params = ckks::Params::make({.name = "insecure_fit",
                                                            .log_n = 10,
                                                            .log_q = log_q,
                                                            .log_p = {50, 50, 50, 50},
                                                            .q = {},
                                                            .p = {},
                                                            .log_scale = 45,
                                                            .digits = 4});
  return params;
}

/// A fit as it is loaded, and what was promised of it.
struct Loaded {
  explicit Loaded(const std::vector<std::string>& arguments) : json(fit_json(arguments)) {
    function = approx::find_function(json["function"].get<std::string>());
    for (const Json& part : json["intervals"]) domain.push_back({part[0], part[1]});
    if (json.contains("polynomial")) {
      stages = {approx::polynomial_from_json(json["polynomial"].dump())};
    } else {
      const approx::Composite composite = approx::composite_from_json(json["composite"].dump());
      stages = composite.stages;
      gap = composite.gap;
    }
  }

  bool is_product() const { return gap > 0 && function.name != "sign"; }  // of x and a composite
  approx::Interval interval() const { return gap > 0 ? domain.front() : stages.front().interval; }
  /// In doubles.
  double value(double x) const {
    double p = x / (gap > 0 ? domain.front().high : 1);
    for (const approx::Polynomial& stage : stages) p = stage(p);
    if (!is_product()) return p;
    return function.name == "relu" ? x * (1 + p) / 2 : x * p;
  }

  /// Even steps over each part of the domain, ends included. Of the sign of a composite, those beyond the
  /// gap.
  std::vector<double> points(std::size_t count) const {
    std::vector<double> x;
    for (const approx::Interval& part : domain) {
      const std::size_t here = count / domain.size();
      for (std::size_t i = 0; i < here; ++i)
        x.push_back(part.from_unit(2 * static_cast<double>(i) / static_cast<double>(here - 1) - 1));
    }
    if (gap > 0 && !is_product())
      std::erase_if(x, [&](double v) { return std::abs(v) < gap * domain.front().high; });
    return x;
  }

  Json json;
  approx::Function function;
  approx::Domain domain;
  std::vector<approx::Polynomial> stages;  // one, but for composites
  double gap = 0;                          // of a composite
};

/// What docs/approximation.md tells users to do.
ckks::Cipher evaluate(ckks::Engine& engine, const Loaded& fit, const ckks::Cipher& u) {
  std::vector<ckks::Polynomial> stages;
  for (const approx::Polynomial& p : fit.stages)
    stages.push_back({ckks::PolynomialBasis::kChebyshev, p.coefficients, p.interval.low, p.interval.high});
  stages.front().low = -1;  // the input is mapped where it is made
  stages.front().high = 1;
  if (!fit.is_product()) return ckks::evaluate_composite(engine, u, stages);
  // relu(x) = u (B + B p(u)) / 2 and |x| = u B p(u), where x = B u: the factors go into the last stage.
  const bool relu = fit.function.name == "relu";
  const double bound = fit.domain.front().high;
  for (double& c : stages.back().coefficients) c *= relu ? bound / 2 : bound;
  if (relu) stages.back().coefficients[0] += bound / 2;
  const ckks::Automatic automatic(engine);
  return automatic.settle(automatic.multiply(u, ckks::evaluate_composite(engine, u, stages)));
}

/// Noise that the value may have when each step adds `step`: what comes in grows by the largest slope of a
/// stage, and a stage adds no more than degree² (the slope of its highest T_k) for each of its coefficients.
double noise_of(const Loaded& fit, double step) {
  const approx::Interval& first = fit.stages.front().interval;
  double noise = step * (first.high - first.low) / 2;
  for (const approx::Polynomial& p : fit.stages) {
    const approx::Polynomial slope = approx::derivative(p);
    double steepest = 0, size = 1;
    for (int i = 0; i <= 4096; ++i)
      steepest = std::max(steepest, std::abs(slope(p.interval.from_unit(i / 2048.0 - 1))));
    for (const double c : p.coefficients) size += std::abs(c);
    noise = steepest * noise + step * size * p.degree() * p.degree();
  }
  return fit.is_product() ? fit.domain.front().high * 2 * (noise + step) : noise;
}

class FitOnEngine : public ::testing::TestWithParam<std::vector<std::string>> {};

/// A session with its keys is made once for all.
ckks::Session& native() {
  static ckks::Session session =
      ckks::make_native_session(toy_params(), {.relin_level = toy_params()->max_level(), .galois = {}}, {});
  return session;
}

void expect_promises(ckks::Session& session, const Loaded& fit, double step) {
  const ckks::Params& params = *toy_params();
  const std::vector<double> x = fit.points(params.slots());
  ASSERT_GE(x.size(), params.slots() / 2);
  std::vector<double> u;
  for (const double v : x) u.push_back(fit.interval().to_unit(v));
  const ckks::Cipher input = ckks::encrypt(*session.client, params, u);
  const ckks::OpCounts before = session.engine->counts();
  const ckks::Cipher output = evaluate(*session.engine, fit, input);
  EXPECT_EQ(input.level() - output.level(), fit.json["depth"].get<int>());
  EXPECT_EQ((session.engine->counts() - before).multiply, fit.json["products"].get<int>());
  EXPECT_EQ(output.scale(), params.scale(output.level()));

  const double noise = noise_of(fit, step);
  const std::vector<double> y = session.client->decrypt(output);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto where = [&] { return session.engine->info().name + " at " + std::to_string(x[i]); };
    ASSERT_LE(std::abs(y[i] - fit.value(x[i])), noise) << where();
    ASSERT_LE(std::abs(y[i] - fit.function(x[i])), fit.json["max_error"].get<double>() + noise) << where();
  }
}

TEST_P(FitOnEngine, KeepsItsPromises) {
  const Loaded fit(GetParam());
  const ckks::Params& params = *toy_params();
  ckks::Session cleartext = ckks::make_cleartext_session(toy_params());
  expect_promises(cleartext, fit, 0x1p-49);
  // A step adds less than 8 deviations of a fresh encryption and of a product.
  const double deviation =
      std::hypot(ckks::noise::fresh(params), ckks::noise::multiply_rescale(params, params.max_level()));
  const double step = 8 * ckks::noise::slot_deviation(params, deviation, params.scale(0));
  ASSERT_LT(step, 0x1p-30);
  expect_promises(native(), fit, step);
}

using Arguments = std::vector<std::string>;
std::string name_of(const ::testing::TestParamInfo<Arguments>& test) {
  std::string name;
  for (const std::string& argument : test.param) {
    for (const char c : argument) {
      if (std::isalnum(static_cast<unsigned char>(c)) != 0) name += c;
    }
    name += '_';
  }
  return name + std::to_string(test.index);
}

INSTANTIATE_TEST_SUITE_P(
    Chebyshev, FitOnEngine,
    ::testing::Values(Arguments{"sigmoid", "--method", "chebyshev", "--degree", "15", "--interval=-8,8"},
                      Arguments{"tanh", "--method", "chebyshev", "--degree", "31", "--interval=-6,6"},
                      Arguments{"exp", "--method", "chebyshev", "--degree", "9", "--interval=-2,3"},
                      Arguments{"softplus", "--method", "chebyshev", "--degree", "63", "--interval=-20,10"},
                      Arguments{"inverse", "--method", "chebyshev", "--degree", "12", "--interval=1,5"}),
    name_of);
INSTANTIATE_TEST_SUITE_P(
    Minimax, FitOnEngine,
    ::testing::Values(Arguments{"gelu", "--degree", "5", "--interval=-4,4"},
                      Arguments{"gelu", "--degree", "16", "--interval=-8,8"},
                      Arguments{"relu", "--degree", "33", "--interval=-40,40"},
                      Arguments{"sigmoid", "--error", "1e-4", "--interval=-8,8"},
                      Arguments{"tanh", "--degree", "17", "--interval=-5,5", "--parity", "odd"},
                      Arguments{"abs", "--degree", "34", "--parity", "even"},
                      Arguments{"sign", "--degree", "63", "--interval=-1,-0.05", "--interval=0.05,1"},
                      Arguments{"silu", "--degree", "127", "--interval=-30,30"},
                      Arguments{"sqrt", "--degree", "1", "--interval=1,4"}),
    name_of);
INSTANTIATE_TEST_SUITE_P(
    LeastSquares, FitOnEngine,
    ::testing::Values(Arguments{"relu", "--method", "wls", "--degree", "14", "--weight", "normal:0,1"},
                      Arguments{"relu", "--method", "wls", "--degree", "14", "--weight", "normal:0,1",
                                "--interval=-10,10", "--cap", "0.5"},
                      Arguments{"gelu", "--method", "wls", "--degree", "8", "--weight", "normal:0.5,2",
                                "--interval=-8,8", "--noise", "1e-6"},
                      Arguments{"relu", "--method", "wls", "--degree", "31", "--weight", "uniform:-3,5"},
                      Arguments{"silu", "--method", "wls", "--degree", "2", "--weight", "normal:0,1",
                                "--uniform-share", "0.01", "--interval=-6,6"}),
    name_of);
INSTANTIATE_TEST_SUITE_P(
    Composite, FitOnEngine,
    ::testing::Values(Arguments{"sign", "--method", "composite", "--alpha", "6"},
                      Arguments{"sign", "--method", "composite", "--degrees", "7,7,13", "--interval=-3,3"},
                      Arguments{"relu", "--method", "composite", "--alpha", "8", "--interval=-40,40"},
                      Arguments{"relu", "--method", "composite", "--degrees", "15,15,27"},
                      Arguments{"abs", "--method", "composite", "--degrees", "5,7", "--interval=-2,2"}),
    name_of);

/// The search of approx/ and the plans of ckks/ were written apart: one must find what the other does.
TEST(FitCosts, AreThoseOfThePlansForEveryDegreeAndParity) {
  test::Rng random;
  for (int degree = 0; degree <= 255; ++degree) {
    for (const approx::Parity parity : {approx::Parity::kNone, approx::Parity::kOdd, approx::Parity::kEven}) {
      approx::Polynomial p{.interval = {-2, 2}, .coefficients = {}, .source = {}};
      for (int k = 0; k <= degree; ++k) {
        const bool keep =
            parity == approx::Parity::kNone || k == 0 || (parity == approx::Parity::kOdd) == (k % 2 == 1);
        p.coefficients.push_back(keep ? random.real(0.25, 0.75) : 0.0);
      }
      const ckks::PolynomialPlan plan = ckks::make_polynomial_plan(
          toy_params(), {.polynomials = {{ckks::PolynomialBasis::kChebyshev, p.coefficients}},
                         .level = toy_params()->max_level()});
      ASSERT_EQ(p.depth(), plan.depth) << approx::parity_name(parity) << ", degree " << degree;
      ASSERT_EQ(p.products(), plan.counts.multiply) << approx::parity_name(parity) << ", degree " << degree;
    }
  }
}

}  // namespace
}  // namespace sotto::app
