// Plans of polynomials: how each is split, and the level and scale of every power and sum.
#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <tuple>

#include "base/error.h"
#include "ckks/polynomial.h"

namespace sotto::ckks {
namespace {

using Coefficient = PolynomialPlan::Coefficient;
using Coefficients =
    std::vector<Coefficient>;  // [degree + 1], of one polynomial or of those slots choose from

/// Of a rescale factor, about which constants are scaled where the nominal scale does not change: with less,
/// coefficients would be rounded too coarsely.
constexpr double kMinConstantShare = 0x1p-12;
constexpr std::size_t kMaxDegree = 1023;  // a relative error of 2^-40 of the input's scale doubles in squares

[[noreturn]] void refuse(ErrorCode code, const std::string& text) {
  throw Error(code, "polynomial: " + text);
}

bool is_zero(const Coefficient& c) {
  return std::ranges::all_of(c, [](double v) { return v == 0; });
}

/// Highest index with a coefficient that is not zero; 0 for constants.
template <class T, class IsZero>
std::size_t degree_of(std::span<const T> c, IsZero zero) {
  std::size_t degree = c.size();
  while (degree > 0 && zero(c[degree - 1])) --degree;
  return degree == 0 ? 0 : degree - 1;
}
std::size_t degree_of(const Coefficients& c) {
  return degree_of(std::span<const Coefficient>(c), is_zero);
}
std::size_t degree_of(std::span<const double> c) {
  return degree_of(c, [](double v) { return v == 0; });
}

bool is_monic_power_of_two(std::span<const double> c) {
  const std::size_t degree = degree_of(c);
  return std::has_single_bit(degree) && c[degree] == 1.0;
}
bool is_monic_power_of_two(const Coefficients& c) {
  const std::size_t degree = degree_of(c);
  return std::has_single_bit(degree) && std::ranges::all_of(c[degree], [](double v) { return v == 1; });
}

int ceil_log2(int i) {
  return static_cast<int>(std::bit_width(static_cast<unsigned>(i - 1)));
}

/// p becomes its remainder by T_g, and the quotient is returned.
/// T_i = 2 T_(i-g) T_g - T_|i-2g| for i > g, from the highest degree down.
Coefficients divide(Coefficients& p, std::size_t g, PolynomialBasis basis) {
  p.resize(degree_of(p) + 1);
  if (basis == PolynomialBasis::kChebyshev) {
    for (std::size_t i = p.size() - 1; i > g; --i) {
      Coefficient& below = p[i < 2 * g ? 2 * g - i : i - 2 * g];
      for (std::size_t m = 0; m < below.size(); ++m) {
        below[m] -= p[i][m];
        p[i][m] *= 2;
      }
    }
  }
  Coefficients q(p.begin() + static_cast<std::ptrdiff_t>(g), p.end());
  p.resize(g);
  return q;
}

/// Builds the plan for one largest baby and one giant.
class Planner {
 public:
  Planner(PolynomialPlan frame, int baby, std::size_t giant) : plan_(std::move(frame)), giant_(giant) {
    plan_.baby = baby;
  }

  PolynomialPlan build(std::span<const Coefficients> roots) {
    power(1);
    for (const Coefficients& root : roots) {
      plan_.results.push_back(plan_.depth == 0 ? add_free(root) : add_root(root));
    }
    for (const auto& [index, entry] : powers_) plan_.powers.push_back(entry);
    count();
    return std::move(plan_);
  }

 private:
  const Params& params() const { return *plan_.params; }
  int level_of(int index) const { return plan_.input_level - ceil_log2(index); }
  bool available(std::size_t index, int level) const {
    const int i = static_cast<int>(index);
    return (i <= plan_.baby || std::has_single_bit(index)) && level_of(i) >= level;
  }

  /// T_index, noted as needed with all that it is made from.
  const PolynomialPlan::Power& power(int index) {
    if (const auto found = powers_.find(index); found != powers_.end()) return found->second;
    PolynomialPlan::Power made{.index = index, .level = level_of(index)};
    if (index == 1) {
      made.scale = params().scale(plan_.input_level);
    } else {
      made.left = static_cast<int>(std::bit_floor(static_cast<unsigned>(index - 1)));
      made.right = index - made.left;
      if (plan_.basis == PolynomialBasis::kChebyshev && made.left != made.right)
        power(made.left - made.right);
      const int level = made.level + 1;
      made.scale = scale_at(made.left, level) * scale_at(made.right, level) / params().rescale_factor(level);
    }
    return powers_.emplace(index, made).first->second;
  }
  double scale_at(int index, int level) {
    const PolynomialPlan::Power& p = power(index);
    return p.scale * params().drop_scale(p.level, level);
  }

  /// Depth 0: a constant, or the input plus one.
  std::size_t add_free(const Coefficients& p) {
    PolynomialPlan::Node node{.level = plan_.input_level, .scale = plan_.output_scale};
    if (!p.empty()) node.constant = p[0];
    if (degree_of(p) == 1) node.terms.push_back({1, p[1]});
    plan_.nodes.push_back(std::move(node));
    return plan_.nodes.size() - 1;
  }

  std::size_t add_root(Coefficients p) {
    const int level = plan_.output_level + 1;
    const std::size_t root = add_node(level, plan_.output_scale * params().rescale_factor(level));
    const std::size_t degree = degree_of(p);
    const bool tight = degree > 1 && ceil_log2(static_cast<int>(degree)) == plan_.depth;
    if (tight && is_monic_power_of_two(p)) {  // the leading power itself lands at the wanted place
      plan_.nodes[root].square = static_cast<int>(degree / 2);
      power(plan_.nodes[root].square);
      const bool chebyshev = plan_.basis == PolynomialBasis::kChebyshev;  // T_2i = 2 T_i^2 - 1
      for (double& v : p[0]) v -= chebyshev ? 1 : 0;
      p.resize(degree);
    }
    fill(root, std::move(p));
    PolynomialPlan::Node& node = plan_.nodes[root];
    if (node.square == 0 && node.terms.empty() && node.products.empty())
      node.terms.push_back({1, Coefficient(node.constant.size())});  // a constant among longer polynomials
    return root;
  }

  std::size_t add_node(int level, double scale) {
    plan_.nodes.push_back({.level = level, .scale = scale});
    return plan_.nodes.size() - 1;
  }

  /// Adds p to the sum of a node.
  void fill(std::size_t at, Coefficients p) {
    const int level = plan_.nodes[at].level;
    const auto missing = [&](std::size_t i) { return !is_zero(p[i]) && !available(i, level); };
    for (;;) {
      const std::size_t degree = degree_of(p);
      bool leaf = true;
      for (std::size_t i = 1; i <= degree; ++i) leaf = leaf && !missing(i);
      if (leaf) break;
      const std::size_t g = divisor(degree, level);
      Coefficients q = divide(p, g, plan_.basis);
      if (degree_of(q) == 0) {
        add_term(at, static_cast<int>(g), q[0]);
      } else {
        add_product(at, static_cast<int>(g), std::move(q));
      }
    }
    for (std::size_t i = 1; i < p.size(); ++i) {
      if (!is_zero(p[i])) add_term(at, static_cast<int>(i), p[i]);
    }
    if (!p.empty()) plan_.nodes[at].constant = p[0];
  }
  /// The giant, or the least power of two above it whose quotient has the levels that it needs. A smaller one
  /// than bit_floor(degree) saves the powers between them.
  std::size_t divisor(std::size_t degree, int level) const {
    const int levels = plan_.input_level - level;
    std::size_t g = std::min(giant_, std::bit_floor(degree));
    while (static_cast<int>(std::bit_width(degree - g)) > levels) g *= 2;
    return g;
  }
  void add_term(std::size_t at, int index, const Coefficient& c) {
    power(index);
    plan_.nodes[at].terms.push_back({index, c});
  }
  void add_product(std::size_t at, int index, Coefficients q) {
    const int level = plan_.nodes[at].level;
    const double factor_scale = plan_.nodes[at].scale / scale_at(index, level);
    const std::size_t child = add_node(level + 1, factor_scale * params().rescale_factor(level + 1));
    fill(child, std::move(q));
    plan_.nodes[at].products.push_back({child, index});
  }

  void count() {
    const bool chebyshev = plan_.basis == PolynomialBasis::kChebyshev;
    OpCounts& counts = plan_.counts;
    for (std::size_t i = 1; i < plan_.powers.size(); ++i) {
      counts += {.multiply = 1, .relinearise = 1, .rescale = 1};
      if (!chebyshev) continue;
      counts += {.add = 2, .multiply_plain = plan_.powers[i].left != plan_.powers[i].right};
    }
    for (const PolynomialPlan::Node& node : plan_.nodes) {
      const auto products = static_cast<std::int64_t>(node.products.size()) + (node.square != 0);
      const auto terms = static_cast<std::int64_t>(node.terms.size());
      counts.add += (node.square != 0 && chebyshev) + !is_zero(node.constant);
      encoded(node.constant);
      if (plan_.depth == 0) {
        counts.add += terms == 0;  // zero is made as x - x
        continue;
      }
      counts += {.add = products + terms - 1, .multiply_plain = terms, .multiply = products};
      counts += {.relinearise = products != 0, .rescale = 1};
      for (const PolynomialPlan::Term& term : node.terms) encoded(term.coefficient);
    }
  }
  void encoded(const Coefficient& c) {
    const bool uniform = std::ranges::adjacent_find(c, std::not_equal_to<>()) == c.end();
    plan_.counts.encode += !uniform;
  }

  PolynomialPlan plan_;
  std::size_t giant_;
  std::map<int, PolynomialPlan::Power> powers_;
};

void require_request(const Params& params, const PolynomialRequest& request) {
  if (request.polynomials.empty()) refuse(ErrorCode::kInvalidArgument, "there is no polynomial to evaluate");
  for (const Polynomial& p : request.polynomials) {
    for (std::size_t k = 0; k < p.coefficients.size(); ++k) {
      if (std::isfinite(p.coefficients[k])) continue;
      refuse(ErrorCode::kInvalidArgument, "coefficient " + std::to_string(k) + " is not a finite number");
    }
    const std::size_t degree = degree_of(p.coefficients);
    if (degree > kMaxDegree) {
      refuse(ErrorCode::kInvalidArgument, "degree " + std::to_string(degree) + " is above " +
                                              std::to_string(kMaxDegree) + "; compose several polynomials");
    }
    if (p.basis != request.polynomials.front().basis)
      refuse(ErrorCode::kInvalidArgument, "power and Chebyshev bases are mixed; convert all to one");
    if (p.basis == PolynomialBasis::kChebyshev && (p.low != -1 || p.high != 1)) {
      refuse(ErrorCode::kInvalidArgument, "the interval is [" + std::to_string(p.low) + ", " +
                                              std::to_string(p.high) +
                                              "]; map the input to [-1, 1] where it is made");
    }
  }
  const int count = static_cast<int>(request.polynomials.size());
  const bool in_range = std::ranges::all_of(request.choice, [&](int c) { return c >= 0 && c < count; });
  if (!in_range || (!request.choice.empty() && request.choice.size() != params.slots())) {
    refuse(ErrorCode::kInvalidArgument, "a choice of " + std::to_string(request.choice.size()) +
                                            " entries; it must name one of " + std::to_string(count) +
                                            " polynomials for each of " + std::to_string(params.slots()) +
                                            " slots");
  }
  if (request.level < 0 || request.level > params.max_level()) {
    refuse(ErrorCode::kInvalidArgument,
           "level " + std::to_string(request.level) + " is not in 0…" + std::to_string(params.max_level()));
  }
  if (!(request.scale >= 0) || !std::isfinite(request.scale))
    refuse(ErrorCode::kInvalidArgument, "the scale of the results must be a positive number");
}

/// [k] of each result: the polynomials one by one, or one whose coefficients are theirs side by side.
std::vector<Coefficients> roots_of(const PolynomialRequest& request) {
  const std::size_t mixed = request.choice.empty() ? 1 : request.polynomials.size();
  std::vector<Coefficients> roots(request.choice.empty() ? request.polynomials.size() : 1);
  for (std::size_t i = 0; i < request.polynomials.size(); ++i) {
    const std::vector<double>& c = request.polynomials[i].coefficients;
    Coefficients& root = roots[mixed == 1 ? i : 0];
    root.resize(std::max({root.size(), c.size(), std::size_t{1}}), Coefficient(mixed));
    for (std::size_t k = 0; k < c.size(); ++k) root[k][mixed == 1 ? 0 : i] = c[k];
  }
  return roots;
}

/// The constant that is rounded most, by its scale's share of the rescale factor.
struct Coarsest {
  double share = 1, scale = 0;
  int level = 0;
};
Coarsest coarsest_constant(const PolynomialPlan& plan) {
  Coarsest coarsest;
  for (const PolynomialPlan::Node& node : plan.nodes) {
    for (const PolynomialPlan::Term& term : node.terms) {
      const auto power = std::ranges::find(plan.powers, term.power, &PolynomialPlan::Power::index);
      const double scale = node.scale / (power->scale * plan.params->drop_scale(power->level, node.level));
      const double share = scale / plan.params->rescale_factor(node.level);
      if (plan.depth > 0 && share < coarsest.share) coarsest = {share, scale, node.level};
    }
  }
  return coarsest;
}
void require_fine_constants(const PolynomialPlan& plan) {
  const Coarsest coarsest = coarsest_constant(plan);
  if (coarsest.share >= kMinConstantShare) return;
  refuse(ErrorCode::kScaleMismatch, "a coefficient at level " + std::to_string(coarsest.level) +
                                        " would have scale 2^" + std::to_string(std::log2(coarsest.scale)) +
                                        ", too coarse for it; the nominal scale falls within the levels "
                                        "of this polynomial: bring the input below that level first");
}

/// Does x^(2^m), squared from canonical scales, end at the canonical scale?
bool squares_stay_canonical(const Params& params, int level, int m) {
  double scale = params.scale(level);
  for (int i = 0; i < m; ++i) scale = scale * scale / params.rescale_factor(level - i);
  return std::abs(scale / params.scale(level - m) - 1) <= 0x1p-40;
}

int least_depth(const Params& params, const PolynomialRequest& request, std::span<const Coefficients> roots) {
  int depth = 0;
  for (const Coefficients& root : roots) {
    const std::size_t degree = degree_of(root);
    int own = static_cast<int>(std::bit_width(degree));
    if (is_monic_power_of_two(root) && request.scale == 0 && own - 1 <= request.level &&
        squares_stay_canonical(params, request.level, own - 1)) {
      --own;
    }
    depth = std::max(depth, own);
  }
  return depth;
}

}  // namespace

int polynomial_depth(std::span<const double> coefficients) {
  const std::size_t degree = degree_of(coefficients);
  return static_cast<int>(std::bit_width(degree)) - (is_monic_power_of_two(coefficients) ? 1 : 0);
}

PolynomialPlan make_polynomial_plan(const ParamsPtr& params, const PolynomialRequest& request) {
  require_request(*params, request);
  const std::vector<Coefficients> roots = roots_of(request);
  const int least = least_depth(*params, request, roots);
  const int depth = request.depth == 0 ? least : request.depth;
  std::size_t degree = 0;
  for (const Coefficients& root : roots) degree = std::max(degree, degree_of(root));
  if (depth < least || depth > request.level) {
    const bool spare = depth > request.level;
    refuse(spare ? ErrorCode::kOutOfLevels : ErrorCode::kInvalidArgument,
           "degree " + std::to_string(degree) + " needs " + std::to_string(spare ? depth : least) +
               " levels and " +
               (spare ? "the input has " + std::to_string(request.level) + "; plan at least " +
                            std::to_string(depth - request.level) + " more"
                      : "depth " + std::to_string(depth) + " is asked for; leave it 0 for the least"));
  }
  PolynomialPlan frame;
  frame.params = params;
  frame.basis = request.polynomials.front().basis;
  frame.degree = static_cast<int>(degree);
  frame.depth = depth;
  frame.input_level = request.level;
  frame.output_level = request.level - depth;
  frame.output_scale = request.scale == 0 ? params->scale(frame.output_level) : request.scale;
  frame.choice = request.choice;

  const auto price = [](const PolynomialPlan& plan) {
    const bool coarse = coarsest_constant(plan).share < kMinConstantShare;
    return std::tuple(coarse, plan.counts.multiply, plan.counts.relinearise, plan.counts.multiply_plain);
  };
  // The coefficients of quotients grow as the giant shrinks, so a smaller one must save something.
  std::size_t giant = std::bit_floor(std::max<std::size_t>(degree, 1));
  PolynomialPlan best = Planner(frame, 1, giant).build(roots);
  for (; giant > 1; giant /= 2) {
    for (int baby = 1; baby < 2 * frame.degree; baby = 2 * baby + 1) {
      PolynomialPlan other = Planner(frame, baby, giant).build(roots);
      if (price(other) < price(best)) best = std::move(other);
    }
  }
  require_fine_constants(best);
  return best;
}

}  // namespace sotto::ckks
