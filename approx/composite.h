// The sign as a composition of odd minimax polynomials, and what follows from it: ReLU, maximum, comparison.
//
// p = p_k ∘ … ∘ p_1; p_1 takes [gap, 1] into [1 - e_1, 1 + e_1], p_2 takes that into [1 - e_2, 1 + e_2] and
// so on [LLNK22]. Each stage is the best one for what the stages before it deliver, and errors grow with
// errors, so the composition has the least error that its degrees allow. ReLU(x) is x (1 + p(x)) / 2
// [LLKN22].
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "approx/polynomial.h"

namespace sotto::approx {

struct Composite {
  std::vector<Polynomial> stages;  // in the order of evaluation; odd, each on the interval that it is fed
  double gap = 0;                  // |p - sign| <= sign_error for gap <= |x| <= 1
  double sign_error = 0;
  double relu_error = 0;  // |x (1 + p(x)) / 2 - max(x, 0)| <= relu_error for |x| <= 1

  double operator()(double x) const;
  std::vector<int> degrees() const;
  int depth() const;     // of the sign; ReLU takes one level and one product more
  int products() const;  // of two ciphertexts
};

/// The composition of these degrees (odd, 1 to 63, at most 16 of them) that is best on gap <= |x| <= 1.
/// Throws Error for other degrees or a gap outside of (0, 1).
Composite compose_sign(const std::vector<int>& degrees, double gap);
/// The same with the gap that makes the ReLU error least: below the gap that error is x (1 - p(x)) / 2, which
/// stays small by itself, so the gap may be several times the error.
Composite compose_relu(const std::vector<int>& degrees);

/// max(x, 0), max(a, b) and a > b (0, 1/2 or 1) through a composite, for |x|, |a - b| <= bound.
double composite_relu(const Composite& sign, double x, double bound);
double composite_max(const Composite& sign, double a, double b, double bound);
double composite_greater(const Composite& sign, double a, double b, double bound);

/// Largest ReLU error of a composition at the gap that is best for it; what compose_relu() will reach.
double relu_error_of(const std::vector<int>& degrees);

/// JSON "sotto-composite-1": the stages as polynomials of format 2. Parsed as a hostile file.
std::string to_json(const Composite& composite);
Composite composite_from_json(const std::string& text);

/// What a stage costs: its degree, and the levels that the stages before it have used.
using StageCost = std::function<double(int degree, int depth_before)>;

struct CompositeRequest {
  int alpha = 0;        // wanted: |ReLU error| <= 2^-alpha on [-1, 1]
  int max_depth = 0;    // of the sign; 0: no limit but that of the search
  int max_degree = 31;  // of a stage
  StageCost cost{};     // none: products of ciphertexts
};

struct CompositeChoice {
  std::vector<int> degrees;
  int depth = 0;     // of the sign
  int products = 0;  // likewise
  double cost = 0;
  double relu_error = 0;
};

/// The Pareto frontier of depth and cost among compositions that reach alpha, by depth. Exact dynamic
/// programming over (depth, cost) -> least error for a fixed gap, repeated for gaps from 7 to 18 times
/// 2^-alpha; every row is confirmed by its true ReLU error. Throws Error when none within the limits reaches
/// alpha, saying which alpha is reached.
std::vector<CompositeChoice> search_composites(const CompositeRequest& request);

struct PublishedComposite {
  int alpha;
  std::vector<int> degrees;
};
/// The degree sets that the literature uses for alpha = 4 … 14 [LLKN22].
const std::vector<PublishedComposite>& published_composites();

}  // namespace sotto::approx
