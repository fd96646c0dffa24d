#include "approx/composite.h"

#include <algorithm>
#include <cmath>

#include "approx/function.h"
#include "approx/remez.h"
#include "approx/sign_stage.h"
#include "base/error.h"

namespace sotto::approx {
namespace {

constexpr int kMaxStageDegree = 63;
constexpr std::size_t kMaxStages = 16;

void require_degrees(const std::vector<int>& degrees) {
  const auto refuse = [](const std::string& why) { throw Error(ErrorCode::kInvalidArgument, why); };
  if (degrees.empty() || degrees.size() > kMaxStages) {
    refuse("a composite of " + std::to_string(degrees.size()) + " stages is out of range; 1 to " +
           std::to_string(kMaxStages) + " are supported");
  }
  for (const int degree : degrees) {
    if (degree % 2 == 1 && degree > 0 && degree <= kMaxStageDegree) continue;
    refuse("degree " + std::to_string(degree) + " of a stage is not an odd number from 1 to " +
           std::to_string(kMaxStageDegree));
  }
}

std::vector<SignStage> solve_stages(const std::vector<int>& degrees, double gap) {
  std::vector<SignStage> stages;
  long double low = gap, high = 1;
  for (const int degree : degrees) {
    stages.emplace_back(degree, low, high);
    const long double error = std::max(stages.back().error(), 0x1p-50L);
    low = 1 - error;
    high = 1 + error;
  }
  return stages;
}

/// Bound of x (1 - p(x)) / 2 on [0, gap], where p rises: on each of 512 cells the right end times the value
/// at the left one.
template <class P>
double error_below_gap(const P& p, double gap) {
  constexpr int kCells = 512;
  double worst = 0, before = 1;  // 1 - p(0)
  for (int i = 1; i <= kCells; ++i) {
    const double x = gap * i / kCells;
    worst = std::max(worst, x * before / 2);
    before = 1 - static_cast<double>(p(x));
  }
  return worst;
}

struct ReluBounds {
  double above, below;  // of the gap
  double worst() const { return std::max(above, below); }
};

ReluBounds relu_bounds(const std::vector<int>& degrees, double gap) {
  const std::vector<SignStage> stages = solve_stages(degrees, gap);
  const auto p = [&](long double x) {
    for (const SignStage& stage : stages) x = stage(x);
    return x;
  };
  return {static_cast<double>(stages.back().error()) / 2, error_below_gap(p, gap)};
}

/// The gap where the error above it, which falls as the gap grows, meets the error below it, which rises.
double best_relu_gap(const std::vector<int>& degrees) {
  double low = 0x1p-24, high = 0.9;
  for (int step = 0; step < 40 && high / low > 1 + 1e-4; ++step) {
    const double middle = std::sqrt(low * high);
    const ReluBounds bounds = relu_bounds(degrees, middle);
    (bounds.above > bounds.below ? low : high) = middle;
  }
  return high;
}

}  // namespace

SignStage::SignStage(int degree, long double low, long double high)
    : exchange_({{low, high, {}}}, (degree + 1) / 2, true, [](const long double& x) {
        return Exchange<long double>::Sample{1 / x, x};
      }) {
  constexpr int kMaxRounds = 40;
  exchange_.start();
  for (int round = 0; round < kMaxRounds && exchange_.search(4); ++round) {
    error_ = exchange_.worst();
    // Below 2^-50 the rounding of a double decides, not the polynomial.
    if (exchange_.worst() <= exchange_.level() * (1 + 1e-9L) + 0x1p-58L || !exchange_.exchange()) break;
  }
}

double Composite::operator()(double x) const {
  for (const Polynomial& stage : stages) x = stage(x);
  return x;
}

std::vector<int> Composite::degrees() const {
  std::vector<int> all;
  for (const Polynomial& stage : stages) all.push_back(stage.degree());
  return all;
}

int Composite::depth() const {
  int sum = 0;
  for (const Polynomial& stage : stages) sum += stage.depth();
  return sum;
}

int Composite::products() const {
  int sum = 0;
  for (const Polynomial& stage : stages) sum += stage.products();
  return sum;
}

Composite compose_sign(const std::vector<int>& degrees, double gap) {
  require_degrees(degrees);
  if (!(gap >= 0x1p-28 && gap < 1)) {
    throw Error(ErrorCode::kInvalidArgument,
                "the gap of a sign is " + std::to_string(gap) + "; a number from 2^-28 to 1 is needed");
  }
  Composite composite;
  composite.gap = gap;
  double low = gap, high = 1;
  for (const int degree : degrees) {
    Minimax stage =
        minimax(find_function("sign"), {{-high, -low}, {low, high}}, degree, {.parity = Parity::kOdd});
    stage.polynomial.source =
        "sign, stage " + std::to_string(composite.stages.size() + 1) + " of a composite";
    // Room for the rounding of the evaluation, so that the next stage holds on what this one gives.
    composite.sign_error =
        std::max(stage.certificate.achieved, stage.polynomial.max_error) * (1 + 1e-9) + 0x1p-48;
    low = 1 - composite.sign_error;
    high = 1 + composite.sign_error;
    composite.stages.push_back(std::move(stage.polynomial));
  }
  composite.relu_error = std::max(composite.sign_error / 2, error_below_gap(composite, gap));
  return composite;
}

Composite compose_relu(const std::vector<int>& degrees) {
  require_degrees(degrees);
  return compose_sign(degrees, best_relu_gap(degrees));
}

double relu_error_of(const std::vector<int>& degrees) {
  require_degrees(degrees);
  return relu_bounds(degrees, best_relu_gap(degrees)).worst();
}

double composite_relu(const Composite& sign, double x, double bound) {
  return x * (0.5 + 0.5 * sign(x / bound));
}

double composite_max(const Composite& sign, double a, double b, double bound) {
  return b + composite_relu(sign, a - b, bound);
}

double composite_greater(const Composite& sign, double a, double b, double bound) {
  return 0.5 + 0.5 * sign((a - b) / bound);
}

}  // namespace sotto::approx
