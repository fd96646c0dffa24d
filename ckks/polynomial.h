// Polynomials of a ciphertext: planned first, then run on any Engine.
//
// Paterson and Stockmeyer's method [PS73] at the least depth. A polynomial p of degree d is q T_g + r with g
// a power of two up to d, as small as the levels of q allow, q and r likewise, until what is left is a sum of
// constants times powers that are there (T_i stands for x^i in the power basis). All parts r of a sum are
// gathered before one relinearisation and one rescale, which the engine may fuse. Every constant is
// multiplied in at the scale that makes its branch land exactly where the sum is formed, so no two scales are
// ever reconciled by approximation.
//
// Products of ciphertexts at the least depth, by the plan (tests/ckks/polynomial_test.cc), and depth:
//   degree    3   5   7   9   15   17   31   33   63   65   127
//   dense     2   3   5   5    8    8   13   12   18   17    27
//   odd       2   3   5   5    8    8   12   11   17   16    23
//   even      1   2   3   3    6    5    9    8   14   12    19    (of degree one less)
//   depth     2   3   3   4    4    5    5    6    6    7     7
// An odd or even polynomial needs odd or even babies only, because its quotients and remainders by even
// powers are odd or even too.
#pragma once

#include <span>
#include <vector>

#include "ckks/engine.h"

namespace sotto::ckks {

enum class PolynomialBasis { kPower, kChebyshev };

/// sum_k coefficients[k] x^k, or sum_k coefficients[k] T_k(u), u = (2x - (low + high)) / (high - low).
struct Polynomial {
  PolynomialBasis basis = PolynomialBasis::kPower;
  std::vector<double> coefficients;
  double low = -1, high = 1;  // kChebyshev alone
};

/// Levels that a polynomial consumes, in either basis: with d the degree, ceil(log2(d + 1)), and one less
/// when the leading coefficient is 1 and d a power of two (x^2 + 3x: one level; 2x^2: two; x + 1: none). 0
/// for a constant.
int polynomial_depth(std::span<const double> coefficients);

struct PolynomialRequest {
  std::vector<Polynomial> polynomials;  // in one basis; Chebyshev on [-1, 1] (composite_stages() maps others)
  /// Empty: one result for each polynomial, all of the same input, sharing its powers. Else [slots], and
  /// there is one result: slot j is polynomials[choice[j]] of slot j. Its coefficients are encoded
  /// plaintexts.
  std::vector<int> choice = {};
  int level = 0;     // of the input, which stands at the canonical scale
  double scale = 0;  // of the results; 0 is the canonical one of their level
  int depth = 0;     // levels to spend; 0 is the least. One more saves products when d + 1 is a power of two
};

/// What is computed, at which level and scale; plain data.
struct PolynomialPlan {
  struct Power {  // T_index, from T_left T_right, left ≥ right; the first is the input
    int index = 1, left = 0, right = 0;
    int level = 0;
    double scale = 0;
  };
  /// One value for each polynomial that slots choose from; a single one without a choice.
  using Coefficient = std::vector<double>;
  struct Term {
    int power = 1;
    Coefficient coefficient;
  };
  struct Product {  // of another node and a power
    std::size_t node = 0;
    int power = 1;
  };
  /// constant + terms + products (+ T_(2 square)), summed at (level, scale) and then rescaled once.
  struct Node {
    int level = 0;
    double scale = 0;
    Coefficient constant = {};
    std::vector<Term> terms = {};
    std::vector<Product> products = {};
    int square = 0;
  };

  ParamsPtr params;
  PolynomialBasis basis = PolynomialBasis::kPower;
  int degree = 0;
  int depth = 0;
  int baby = 1;  // powers up to this one are made where they are needed; above, powers of two alone
  int input_level = 0, output_level = 0;
  double output_scale = 0;
  std::vector<Power> powers;  // ascending
  std::vector<Node> nodes;
  std::vector<std::size_t> results;  // the node of each result
  std::vector<int> choice;
  OpCounts counts;  // of one evaluation
};

/// Chooses the babies that need the fewest products. Throws Error: kOutOfLevels with the numbers when the
/// level is below the depth, kInvalidArgument for coefficients that are not finite, degrees above 1023,
/// intervals other than [-1, 1], mixed bases, a choice out of range, and a depth below the least.
PolynomialPlan make_polynomial_plan(const ParamsPtr& params, const PolynomialRequest& request);

/// The results, each at exactly (plan.output_level, plan.output_scale). Throws kScaleMismatch unless `x` is
/// at the canonical scale of plan.input_level, is_canonical().
std::vector<Cipher> evaluate(Engine& engine, const PolynomialPlan& plan, const Cipher& x);

/// p_k(… p_1(x)): polynomials on [-1, 1] whose composition is the same. The map from the interval of each to
/// [-1, 1] goes into the coefficients of the one before it and costs nothing. That of the first is the
/// caller's, who scales what made x (the weights of a layer, the plaintext), so it must be [-1, 1].
std::vector<Polynomial> composite_stages(std::span<const Polynomial> polynomials);
/// Their depths, summed.
int composite_depth(std::span<const Polynomial> polynomials);
/// The composition at level(x) - composite_depth() and the canonical scale; nothing is computed when levels
/// are missing.
Cipher evaluate_composite(Engine& engine, const Cipher& x, std::span<const Polynomial> polynomials);

}  // namespace sotto::ckks
