#include "approx/polynomial.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "tests/support/golden.h"
#include "tests/support/random.h"

namespace sotto::approx {
namespace {

using test::Rng;

/// T_k on an interval.
Polynomial chebyshev(int k, const Interval& interval = {}) {
  Polynomial polynomial{interval, std::vector<double>(static_cast<std::size_t>(k) + 1, 0.0), 0, 0, "test"};
  polynomial.coefficients.back() = 1;
  return polynomial;
}

Polynomial random_polynomial(Rng& rng, int degree, const Interval& interval) {
  Polynomial polynomial = chebyshev(degree, interval);
  for (double& c : polynomial.coefficients) c = rng.real(-1, 1);
  return polynomial;
}

TEST(Polynomial, ClenshawIsTheCosineDefinition) {
  for (int k = 0; k <= 40; ++k) {
    for (double angle = 0; angle <= 3.14; angle += 0.1) {
      EXPECT_NEAR(chebyshev(k, {-4, 8})(2 + 6 * std::cos(angle)), std::cos(k * angle), 1e-13);
    }
  }
}

TEST(Polynomial, OutsideItsIntervalItIsTheSamePolynomial) {
  EXPECT_DOUBLE_EQ(chebyshev(3)(2), 26);  // 4 · 8 - 3 · 2
}

TEST(PowerBasis, OfChebyshevPolynomialsIsTheTextbookOne) {
  EXPECT_EQ(to_power_basis(chebyshev(0)), (std::vector<double>{1}));
  EXPECT_EQ(to_power_basis(chebyshev(1)), (std::vector<double>{0, 1}));
  EXPECT_EQ(to_power_basis(chebyshev(5)), (std::vector<double>{0, 5, 0, -20, 0, 16}));
  EXPECT_EQ(to_power_basis(chebyshev(2, {0, 1})), (std::vector<double>{1, -8, 8}));
  EXPECT_EQ(to_power_basis(chebyshev(3, {2, 6})),
            (std::vector<double>{-26, 22.5, -6, 0.5}));  // 4 t³ - 3 t, t = x/2 - 2
}

__extension__ using Int128 = __int128;

/// Σ c[k] T_k(u + shift) in powers of u, in integers.
std::vector<Int128> exact_powers(const std::vector<double>& c, int shift) {
  std::vector<Int128> sum(c.size() + 1), last(c.size() + 1), current(c.size() + 1), next(c.size() + 1);
  current[0] = 1;
  for (std::size_t k = 0; k < c.size(); ++k) {
    for (std::size_t i = 0; i <= k; ++i) sum[i] += static_cast<Int128>(c[k]) * current[i];
    const int factor = k == 0 ? 1 : 2;
    for (std::size_t i = 0; i < c.size(); ++i) {
      next[i] = factor * (shift * current[i] + (i == 0 ? 0 : current[i - 1])) - (k == 0 ? 0 : last[i]);
    }
    last.swap(current);
    current.swap(next);
  }
  sum.pop_back();
  return sum;
}

/// Whole coefficients, so that exact_powers() is exact: (3 + 2 |shift|)^degree must stay below 2^120.
void expect_exact_powers(int degree, int shift) {
  Rng rng;
  // Half-width 2: t = u + shift for u = x / 2, and dividing by powers of two is exact.
  Polynomial polynomial = chebyshev(degree, {-2.0 * shift - 2, -2.0 * shift + 2});
  for (double& c : polynomial.coefficients) c = std::floor(rng.real(-10, 10));
  const std::vector<double> powers = to_power_basis(polynomial);
  const std::vector<Int128> want = exact_powers(polynomial.coefficients, shift);
  for (std::size_t k = 0; k < want.size(); ++k) {
    EXPECT_EQ(powers[k], std::ldexp(static_cast<double>(want[k]), -static_cast<int>(k)))
        << "x^" << k << " of " << degree;
  }
}

TEST(PowerBasis, IsTheNearestDoubleOfTheExactCoefficient) {
  expect_exact_powers(10, 0);
  expect_exact_powers(70, 0);
  expect_exact_powers(40, -2);
  expect_exact_powers(30, 5);
}

TEST(PowerBasis, FarFromZeroLosesNothingBeforeTheLastRounding) {
  Rng rng;
  // x is a dyadic number of few bits, and so are the coefficients and powers: Horner in long double is exact.
  const Polynomial polynomial{{1022, 1026}, {0.5, -0.25, 0.125, 1}, 0, 0, "test"};
  const std::vector<double> powers = to_power_basis(polynomial);
  for (const double x : {1022.0, 1023.5, 1024.0, 1026.0}) {
    long double sum = 0;
    for (std::size_t k = powers.size(); k-- > 0;) sum = sum * x + powers[k];
    EXPECT_EQ(static_cast<double>(sum), polynomial(x));
  }
}

TEST(PowerBasis, AgreesWithClenshawOnRandomPolynomials) {
  Rng rng;
  for (int degree = 0; degree <= 16; ++degree) {
    const Interval interval{rng.real(-3, -1), rng.real(0.5, 3)};
    const Polynomial polynomial = random_polynomial(rng, degree, interval);
    const std::vector<double> powers = to_power_basis(polynomial);
    for (double t = -1; t <= 1; t += 0.125) {
      const double x = interval.from_unit(t);
      long double sum = 0, size = 0;  // the roundings of the powers are relative to their sizes
      for (std::size_t k = powers.size(); k-- > 0;) {
        sum = sum * x + powers[k];
        size = size * std::abs(x) + std::abs(powers[k]);
      }
      EXPECT_NEAR(static_cast<double>(sum), polynomial(x), 0x1p-52 * static_cast<double>(size) + 1e-12)
          << "degree " << degree;
    }
  }
}

TEST(PowerBasis, RefusesWhatDoublesCannotHold) {
  EXPECT_NO_THROW(to_power_basis(chebyshev(kMaxPowerDegree)));
  EXPECT_THROW(to_power_basis(chebyshev(kMaxPowerDegree + 1)), Error);
  EXPECT_THROW(to_power_basis(chebyshev(100, {0, 1e-6})), Error);
}

TEST(Polynomial, RefusesNumbersThatAreNone) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Polynomial polynomial = chebyshev(3);
  polynomial.coefficients[1] = nan;
  EXPECT_THROW(validate(polynomial), Error);
  polynomial = chebyshev(3);
  polynomial.max_error = nan;
  EXPECT_THROW(validate(polynomial), Error);
  polynomial = chebyshev(3);
  polynomial.interval = {1, 0};
  EXPECT_THROW(validate(polynomial), Error);
  EXPECT_THROW(validate(Polynomial{}), Error);
  EXPECT_THROW(validate(chebyshev(kMaxDegree + 1)), Error);
}

TEST(Polynomial, TheDerivativeIsTheSlope) {
  Rng rng;
  const Polynomial polynomial = random_polynomial(rng, 20, {-1, 4});
  const Polynomial slope = derivative(polynomial);
  EXPECT_EQ(slope.degree(), 19);
  for (double x = -0.9; x < 4; x += 0.17)
    EXPECT_NEAR(slope(x), (polynomial(x + 1e-6) - polynomial(x - 1e-6)) / 2e-6, 1e-5);
  EXPECT_EQ(derivative(chebyshev(0)).coefficients, (std::vector<double>{0}));
}

TEST(Polynomial, ParityIsOfAllItsTerms) {
  EXPECT_EQ(chebyshev(3).parity(), Parity::kOdd);
  EXPECT_EQ(chebyshev(4).parity(), Parity::kEven);
  EXPECT_EQ(chebyshev(3, {-1, 2}).parity(), Parity::kNone);
  Polynomial both = chebyshev(3);
  both.coefficients[0] = 1;
  EXPECT_EQ(both.parity(), Parity::kNone);
}

TEST(EvaluationCost, OddDegreesTakeThePublishedProducts) {
  const std::vector<int> published{2, 3, 5, 5, 6, 7, 8, 8, 8, 9, 9, 10, 10, 11, 12};  // 3, 5, … 31 [LLNK22]
  for (std::size_t i = 0; i < published.size(); ++i)
    EXPECT_EQ(products_of_degree(static_cast<int>(2 * i + 3), Parity::kOdd), published[i]) << 2 * i + 3;
}

TEST(EvaluationCost, DepthAndProductsOfSmallDegrees) {
  EXPECT_EQ(depth_of_degree(0), 0);
  EXPECT_EQ(depth_of_degree(1), 1);
  EXPECT_EQ(depth_of_degree(2), 2);
  EXPECT_EQ(depth_of_degree(15), 4);
  EXPECT_EQ(depth_of_degree(16), 5);
  EXPECT_EQ(products_of_degree(1), 0);
  EXPECT_EQ(products_of_degree(2), 1);  // x²
  EXPECT_EQ(products_of_degree(4, Parity::kEven), 2);
  EXPECT_THROW(products_of_degree(-1), Error);
}

TEST(EvaluationCost, OfAPolynomialIsThatOfTheTermsThatItHas) {
  Polynomial p{.interval = {0, 2}, .coefficients = std::vector<double>(36), .source = {}};
  p.coefficients[0] = 0.5;
  EXPECT_EQ(p.depth(), 0);
  EXPECT_EQ(p.products(), 0);
  for (const std::size_t k : {1, 11, 31}) p.coefficients[k] = 0.25;
  EXPECT_EQ(p.depth(), 5) << "zeros behind T_31 do not count";
  EXPECT_EQ(p.products(), 12) << "nor does a constant beside odd terms, on whatever interval";
  p.coefficients[2] = 0.25;
  EXPECT_EQ(p.products(), 13);
}

TEST(PolynomialJson, KeepsEveryBit) {
  Rng rng;
  Polynomial polynomial = random_polynomial(rng, 31, {-1.0 / 3, 8.1});
  polynomial.max_error = 1e-17 / 3;
  polynomial.mse = 1e-9 / 7;
  polynomial.source = "ünïcode \"quoted\"";
  const Polynomial read = polynomial_from_json(to_json(polynomial));
  EXPECT_EQ(read.coefficients, polynomial.coefficients);
  EXPECT_EQ(read.interval.low, polynomial.interval.low);
  EXPECT_EQ(read.interval.high, polynomial.interval.high);
  EXPECT_EQ(read.max_error, polynomial.max_error);
  EXPECT_EQ(read.mse, polynomial.mse);
  EXPECT_EQ(read.source, polynomial.source);
}

// Written by release 0.1.
TEST(PolynomialJson, TheGoldenFileStaysTheSame) {
  const std::string text = test::golden_text("format-1/polynomial.json", to_json(chebyshev(7)));
  const Polynomial polynomial = polynomial_from_json(text);
  EXPECT_EQ(to_json(polynomial), text);
  EXPECT_EQ(polynomial.degree(), 7);
  EXPECT_NEAR(polynomial(0.5), 0.5, 1e-12) << "T_7(1/2) = cos(7 pi / 3)";
}

TEST(PolynomialJson, RefusesDamage) {
  const std::string whole = to_json(chebyshev(3));
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string text = whole;
    return text.replace(text.find(from), from.size(), to);
  };
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), whole.substr(0, whole.size() / 2),
        replaced("polynomial-2", "polynomial-1"), replaced("chebyshev", "monomial"), replaced("-1.0", "7"),
        replaced("-1.0", "\"a\""), replaced("\"coefficients\"", "\"coefs\""), replaced("0.0", "1e999"),
        replaced("0x1p+0", "0x1p+1"), replaced("0x1p+0", ""), std::string(2 << 20, ' ')}) {
    try {
      polynomial_from_json(text);
      ADD_FAILURE() << "accepted: " << text.substr(0, 200);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorruptFile);
    }
  }
}

}  // namespace
}  // namespace sotto::approx
