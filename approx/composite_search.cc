// Which degrees: labels (depth, cost) -> least error of a sign, extended stage by stage.
#include <algorithm>
#include <cmath>
#include <map>

#include "approx/composite.h"
#include "approx/sign_stage.h"
#include "base/error.h"

namespace sotto::approx {
namespace {

constexpr int kMaxSearchDepth = 24;
constexpr double kSlack = 1.5;
// Times 2^-alpha. Compositions that just reach alpha have their best gap between 7 and 17 times 2^-alpha.
constexpr double kGaps[] = {12, 14, 16, 10.5, 9, 7.8, 6.8, 18.5};

struct Label {
  double cost;
  long double error;  // of the sign so far
  std::vector<int> degrees;
};

/// Labels of one depth, none of which is beaten in both cost and error by another, by rising cost.
class Front {
 public:
  bool beats(double cost, long double error) const {
    for (const Label& label : labels_) {
      if (label.cost <= cost && label.error <= error) return true;
    }
    return false;
  }
  void add(Label label) {
    if (beats(label.cost, label.error)) return;
    std::erase_if(labels_, [&](const Label& l) { return l.cost >= label.cost && l.error >= label.error; });
    labels_.push_back(std::move(label));
  }
  const std::vector<Label>& labels() const { return labels_; }

 private:
  std::vector<Label> labels_;
};

double stage_cost(const CompositeRequest& request, int degree, int depth_before) {
  return request.cost ? request.cost(degree, depth_before)
                      : static_cast<double>(products_of_degree(degree, Parity::kOdd));
}

/// All labels that are worth having, by depth, for one gap. No label costs as much as `cheapest`, which holds
/// for each depth what is already known to suffice with at most that depth.
std::vector<Front> solve_gap(const CompositeRequest& request, double gap, int max_depth, double wanted,
                             const std::vector<double>& cheapest) {
  std::vector<Front> fronts(static_cast<std::size_t>(max_depth) + 1);
  const auto extend = [&](const Label& label, int depth) {
    const long double low = depth == 0 ? gap : 1 - label.error, high = depth == 0 ? 1 : 1 + label.error;
    for (int degree = 3; degree <= request.max_degree; degree += 2) {
      const int deeper = depth + depth_of_degree(degree);
      if (deeper > max_depth) break;
      // Of the degrees with one depth and cost only the highest can be best.
      const bool same_as_next = degree + 2 <= request.max_degree &&
                                depth_of_degree(degree + 2) == depth_of_degree(degree) &&
                                stage_cost(request, degree + 2, depth) == stage_cost(request, degree, depth);
      const double cost = label.cost + stage_cost(request, degree, depth);
      if (same_as_next || cost >= cheapest[static_cast<std::size_t>(deeper)]) continue;
      if (fronts[static_cast<std::size_t>(deeper)].beats(cost, 0)) continue;
      const long double error = SignStage(degree, low, high).error();
      Label next{cost, error, label.degrees};
      next.degrees.push_back(degree);
      fronts[static_cast<std::size_t>(deeper)].add(std::move(next));
    }
  };
  extend({0, 1, {}}, 0);
  for (int depth = 1; depth <= max_depth; ++depth) {
    const std::vector<Label> labels = fronts[static_cast<std::size_t>(depth)].labels();
    for (const Label& label : labels) {
      if (label.error > wanted) extend(label, depth);
    }
  }
  return fronts;
}

int depth_of(const std::vector<int>& degrees) {
  int depth = 0;
  for (const int degree : degrees) depth += depth_of_degree(degree);
  return depth;
}

int products_of(const std::vector<int>& degrees) {
  int products = 0;
  for (const int degree : degrees) products += products_of_degree(degree, Parity::kOdd);
  return products;
}

/// Takes the labels that reach alpha into the best choices by depth.
void collect(const std::vector<Front>& fronts, double wanted, std::map<int, CompositeChoice>& best,
             std::vector<double>& cheapest) {
  for (std::size_t depth = 1; depth < fronts.size(); ++depth) {
    for (const Label& label : fronts[depth].labels()) {
      // At the gap that suits it best a label gains a little over the gap of this search.
      if (label.error > kSlack * 2 * wanted || label.cost >= cheapest[depth]) continue;
      const double relu_error = relu_error_of(label.degrees);
      if (relu_error > wanted) continue;
      best[static_cast<int>(depth)] = {label.degrees, depth_of(label.degrees), products_of(label.degrees),
                                       label.cost, relu_error};
      for (std::size_t d = depth; d < cheapest.size(); ++d) cheapest[d] = std::min(cheapest[d], label.cost);
    }
  }
}

/// Up to alpha 14 the least depth is alpha or less, and beyond it grows as slowly.
int depth_limit(const CompositeRequest& request) {
  return request.max_depth > 0 ? request.max_depth : request.alpha + 4;
}

/// The frontier, empty when nothing within the limits reaches alpha.
std::vector<CompositeChoice> find_composites(const CompositeRequest& request) {
  const double wanted = std::ldexp(1.0, -request.alpha);
  const int max_depth = depth_limit(request);
  std::vector<double> cheapest(static_cast<std::size_t>(max_depth) + 1, INFINITY);
  std::map<int, CompositeChoice> best;
  for (const double factor : kGaps) {
    const double gap = std::min(factor * wanted, 0.5);
    collect(solve_gap(request, gap, max_depth, 2 * wanted, cheapest), wanted, best, cheapest);
  }
  std::vector<CompositeChoice> frontier;
  for (auto& [depth, choice] : best) {
    if (frontier.empty() || choice.cost < frontier.back().cost) frontier.push_back(std::move(choice));
  }
  return frontier;
}

}  // namespace

std::vector<CompositeChoice> search_composites(const CompositeRequest& request) {
  if (request.alpha < 1 || request.alpha > 20 || request.max_degree < 3 || request.max_degree > 63 ||
      request.max_depth < 0 || request.max_depth > kMaxSearchDepth) {
    throw Error(ErrorCode::kInvalidArgument, "no search for alpha " + std::to_string(request.alpha) +
                                                 " with degrees up to " + std::to_string(request.max_degree) +
                                                 " and depth up to " + std::to_string(request.max_depth) +
                                                 "; alpha 1 to 20, degrees 3 to 63 and depth 1 to " +
                                                 std::to_string(kMaxSearchDepth) + " are supported");
  }
  std::vector<CompositeChoice> frontier = find_composites(request);
  if (!frontier.empty()) return frontier;
  const std::string limits = "no composite of depth up to " + std::to_string(depth_limit(request)) +
                             " and degrees up to " + std::to_string(request.max_degree) + " reaches alpha ";
  CompositeRequest easier = request;
  easier.max_depth = depth_limit(request);
  while (--easier.alpha > 0) {
    if (find_composites(easier).empty()) continue;
    throw Error(ErrorCode::kInvalidArgument, limits + std::to_string(request.alpha) + "; alpha " +
                                                 std::to_string(easier.alpha) + " is reached");
  }
  throw Error(ErrorCode::kInvalidArgument, limits + "1; allow more depth");
}

const std::vector<PublishedComposite>& published_composites() {
  static const std::vector<PublishedComposite> rows{
      {4, {5}},          {5, {13}},          {6, {3, 7}},        {7, {7, 7}},
      {8, {7, 15}},      {9, {15, 15}},      {10, {7, 7, 13}},   {11, {7, 7, 27}},
      {12, {7, 15, 27}}, {13, {15, 15, 27}}, {14, {15, 27, 29}},
  };
  return rows;
}

}  // namespace sotto::approx
