// Runs a plan of ckks/polynomial_plan.cc.
#include "ckks/polynomial.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>

#include "base/error.h"

namespace sotto::ckks {
namespace {

class Evaluation {
 public:
  Evaluation(Engine& engine, const PolynomialPlan& plan, const Cipher& x) : engine_(engine), plan_(plan) {
    powers_.emplace(1, x);
    for (std::size_t i = 1; i < plan.powers.size(); ++i) make_power(plan.powers[i]);
  }

  Cipher result(std::size_t node) {
    const Cipher sum = plan_.depth == 0 ? free_sum(plan_.nodes[node]) : run(plan_.nodes[node]);
    return sum.scale() == plan_.output_scale ? sum : engine_.read_at_scale(sum, plan_.output_scale);
  }

 private:
  /// x^(a+b) = x^a x^b, T_(a+b) = 2 T_a T_b - T_(a-b).
  void make_power(const PolynomialPlan::Power& p) {
    const int level = p.level + 1;
    Cipher product = engine_.product(lowered(p.left, level), lowered(p.right, level));
    if (plan_.basis == PolynomialBasis::kChebyshev) {
      product = engine_.add(product, product);
      if (p.left == p.right) {
        product = engine_.add_constant(product, -1);
      } else {
        const Cipher& below = lowered(p.left - p.right, level);
        product = engine_.add(product, engine_.multiply_constant(below, -1, product.scale() / below.scale()));
      }
    }
    powers_.emplace(p.index, engine_.relinearise_rescale(product));
  }

  const Cipher& lowered(int index, int level) {
    const Cipher& power = powers_.at(index);
    if (power.level() == level) return power;
    const auto found = lowered_.find({index, level});
    if (found != lowered_.end()) return found->second;
    return lowered_.emplace(std::pair(index, level), engine_.drop_to_level(power, level)).first->second;
  }

  /// Depth 0: the input or zero, and a constant.
  Cipher free_sum(const PolynomialPlan::Node& node) {
    const Cipher& x = powers_.at(1);
    if (!node.terms.empty()) return with_constant(x, node.constant);
    Cipher zero = engine_.subtract(x, x);
    if (zero.scale() != node.scale) zero = engine_.read_at_scale(zero, node.scale);
    return with_constant(std::move(zero), node.constant);
  }

  Cipher run(const PolynomialPlan::Node& node) {
    std::optional<Cipher> sum;
    const auto add = [&](Cipher part) { sum = sum ? engine_.add(*sum, part) : std::move(part); };
    if (node.square != 0) {
      const Cipher& root = lowered(node.square, node.level);
      add(engine_.product(root, root));
      if (plan_.basis == PolynomialBasis::kChebyshev) add(*sum);
    }
    for (const PolynomialPlan::Product& product : node.products) {
      const Cipher factor = run(plan_.nodes[product.node]);
      add(engine_.product(factor, lowered(product.power, node.level)));
    }
    for (const PolynomialPlan::Term& term : node.terms) {
      const Cipher& power = lowered(term.power, node.level);
      add(times(power, term.coefficient, node.scale / power.scale()));
    }
    const Cipher whole = with_constant(*std::move(sum), node.constant);
    return whole.parts() == 3 ? engine_.relinearise_rescale(whole) : engine_.rescale(whole);
  }

  static bool is_uniform(const PolynomialPlan::Coefficient& c) {
    return std::ranges::adjacent_find(c, std::not_equal_to<>()) == c.end();
  }
  Plain encoded(const PolynomialPlan::Coefficient& c, int level, double scale) {
    std::vector<double> slots;
    for (const int chosen : plan_.choice) slots.push_back(c[static_cast<std::size_t>(chosen)]);
    return engine_.encode(slots, level, scale);
  }
  Cipher times(const Cipher& a, const PolynomialPlan::Coefficient& c, double scale) {
    if (is_uniform(c)) return engine_.multiply_constant(a, c.front(), scale);
    return engine_.multiply_plain(a, encoded(c, a.level(), scale));
  }
  Cipher with_constant(Cipher a, const PolynomialPlan::Coefficient& c) {
    if (!is_uniform(c)) return engine_.add_plain(a, encoded(c, a.level(), a.scale()));
    return c.empty() || c.front() == 0 ? std::move(a) : engine_.add_constant(a, c.front());
  }

  Engine& engine_;
  const PolynomialPlan& plan_;
  std::map<int, Cipher> powers_;
  std::map<std::pair<int, int>, Cipher> lowered_;
};

void require_input(const Engine& engine, const PolynomialPlan& plan, const Cipher& x) {
  const auto refuse = [](ErrorCode code, const std::string& text) {
    throw Error(code, "polynomial: " + text);
  };
  require_same_params(engine.params(), *plan.params, "polynomial");
  if (x.parts() != 2) {
    refuse(ErrorCode::kInvalidArgument, "a ciphertext of 3 parts; relinearise products before they are used");
  }
  if (x.level() != plan.input_level) {
    refuse(ErrorCode::kInvalidArgument, "the plan was made for level " + std::to_string(plan.input_level) +
                                            ", the input is at level " + std::to_string(x.level()));
  }
  if (!is_canonical(engine.params(), x)) {
    refuse(ErrorCode::kScaleMismatch, "the input has scale " + std::to_string(x.scale()) +
                                          ", the canonical scale of level " + std::to_string(x.level()) +
                                          " is " + std::to_string(engine.params().scale(x.level())) +
                                          "; rescale to it first");
  }
}

/// p(x) becomes (2 p(x) - (low + high)) / (high - low).
void map_values(Polynomial& p, double low, double high) {
  for (double& c : p.coefficients) c *= 2 / (high - low);
  if (p.coefficients.empty()) p.coefficients.push_back(0);
  p.coefficients[0] -= (low + high) / (high - low);
}

}  // namespace

std::vector<Cipher> evaluate(Engine& engine, const PolynomialPlan& plan, const Cipher& x) {
  require_input(engine, plan, x);
  Evaluation evaluation(engine, plan, x);
  std::vector<Cipher> results;
  for (const std::size_t node : plan.results) results.push_back(evaluation.result(node));
  return results;
}

std::vector<Polynomial> composite_stages(std::span<const Polynomial> polynomials) {
  std::vector<Polynomial> stages(polynomials.begin(), polynomials.end());
  for (std::size_t i = 1; i < stages.size(); ++i) {
    Polynomial& stage = stages[i];
    if (stage.basis != PolynomialBasis::kChebyshev || (stage.low == -1 && stage.high == 1)) continue;
    if (!std::isfinite(stage.low) || !std::isfinite(stage.high) || !(stage.low < stage.high)) {
      throw Error(ErrorCode::kInvalidArgument, "polynomial: the interval [" + std::to_string(stage.low) +
                                                   ", " + std::to_string(stage.high) + "] of stage " +
                                                   std::to_string(i) + " is empty");
    }
    map_values(stages[i - 1], stage.low, stage.high);
    stage.low = -1;
    stage.high = 1;
  }
  return stages;
}

int composite_depth(std::span<const Polynomial> polynomials) {
  int depth = 0;
  for (const Polynomial& stage : composite_stages(polynomials)) depth += polynomial_depth(stage.coefficients);
  return depth;
}

Cipher evaluate_composite(Engine& engine, const Cipher& x, std::span<const Polynomial> polynomials) {
  std::vector<PolynomialPlan> plans;
  int level = x.level();
  for (const Polynomial& stage : composite_stages(polynomials)) {
    plans.push_back(make_polynomial_plan(engine.info().params, {.polynomials = {stage}, .level = level}));
    level = plans.back().output_level;
  }
  Cipher value = x;
  for (const PolynomialPlan& plan : plans) value = evaluate(engine, plan, value).front();
  return value;
}

}  // namespace sotto::ckks
