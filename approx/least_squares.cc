#include "approx/least_squares.h"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>

#include "approx/capped.h"
#include "approx/chebyshev.h"
#include "approx/range.h"
#include "approx/remez.h"
#include "base/error.h"

namespace sotto::approx {
namespace {

constexpr double kUniformShare = 1e-8;

std::string shortest(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", x);
  return text;
}

[[noreturn]] void refuse_cap(const Function& f, int degree, const Interval& interval, double cap) {
  const double least = minimax(f, {interval}, degree).certificate.achieved;
  throw Error(ErrorCode::kInvalidArgument,
              "no polynomial of degree " + std::to_string(degree) + " stays within " + shortest(cap) +
                  " of " + f.name + " on " + to_string(interval) +
                  " with room for rounding; raise the degree, or the cap to " + shortest(1.01 * least));
}

constexpr std::size_t kLanes = 8;     // sums in so many parts, which the compiler keeps in vectors
constexpr std::size_t kBlock = 8192;  // points whose sums are one term: fixed, so that threads change nothing

struct Sums {
  double norm = 0, moment = 0, product = 0, residual = 0;  // Σ u², Σ t u², Σ r u, Σ r²
};

/// The vectors of a pass, all multiplied by the square roots of the weights.
struct Vectors {
  std::vector<double> t, r, current, previous;
};

struct Step {
  double scale;        // current is to be multiplied by it: then it is π_n
  double coefficient;  // of f in π_n
  double alpha, beta;  // sqrt
};

/// current <- π_n, r <- r - c_n π_n, previous <- (t - alpha) π_n - beta π_{n-1}: the next current before it
/// is normalised; sums over that.
Sums advance_block(Vectors& v, const Step& step, std::size_t begin, std::size_t end) {
  std::array<double, kLanes> norm{}, moment{}, product{}, residual{};
  const auto one = [&](std::size_t i, std::size_t lane) {
    const double q = step.scale * v.current[i];
    const double r = v.r[i] - step.coefficient * q;
    const double u = (v.t[i] - step.alpha) * q - step.beta * v.previous[i];
    v.current[i] = q;
    v.r[i] = r;
    v.previous[i] = u;
    norm[lane] += u * u;
    moment[lane] += v.t[i] * (u * u);
    product[lane] += r * u;
    residual[lane] += r * r;
  };
  std::size_t i = begin;
  for (; i + kLanes <= end; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) one(i + lane, lane);
  }
  for (; i < end; ++i) one(i, 0);
  Sums sums;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    sums.norm += norm[lane];
    sums.moment += moment[lane];
    sums.product += product[lane];
    sums.residual += residual[lane];
  }
  return sums;
}

Sums advance(Vectors& v, const Step& step, Threads threads) {
  const std::size_t blocks = (v.t.size() + kBlock - 1) / kBlock;
  std::vector<Sums> parts(blocks);
  parallel_for(threads, static_cast<int>(blocks), [&](int block) {
    const std::size_t begin = static_cast<std::size_t>(block) * kBlock;
    parts[static_cast<std::size_t>(block)] =
        advance_block(v, step, begin, std::min(begin + kBlock, v.t.size()));
  });
  Sums sums;
  for (const Sums& part : parts) {
    sums.norm += part.norm;
    sums.moment += part.moment;
    sums.product += part.product;
    sums.residual += part.residual;
  }
  return sums;
}

}  // namespace

LeastSquares::LeastSquares(const Function& f, const Distribution& distribution, int max_degree,
                           Threads threads)
    : f_(f), distribution_(distribution) {
  require_degree(max_degree);
  run(discretize(distribution, f, max_degree), max_degree, threads);
}

void LeastSquares::run(const WeightedSample& sample, int max_degree, Threads threads) {
  if (sample.x.empty())
    throw Error(ErrorCode::kInvalidArgument,
                "the weight " + distribution_.name + " has no mass; give one that has");
  const auto [low, high] = std::minmax_element(sample.x.begin(), sample.x.end());
  span_ = *low < *high ? Interval{*low, *high} : Interval{*low - 1, *low + 1};
  Vectors v;
  v.previous.assign(sample.x.size(), 0.0);
  Sums sums;
  for (std::size_t i = 0; i < sample.x.size(); ++i) {
    const double root = std::sqrt(sample.weight[i]), t = span_.to_unit(sample.x[i]);
    v.t.push_back(t);
    v.current.push_back(root);
    v.r.push_back(root * finite_value(f_, sample.x[i]));
    sums.norm += sample.weight[i];
    sums.moment += t * sample.weight[i];
    sums.product += root * v.r.back();
  }
  double size = 1;  // of (t - alpha) π_n, against which a vanishing remainder is measured
  for (int n = 0; n <= max_degree; ++n) {
    if (!(sums.norm > 1e-24 * size)) {
      throw Error(ErrorCode::kInvalidArgument, "the system is singular: under " + distribution_.name +
                                                   " degrees up to " + std::to_string(n - 1) +
                                                   " are determined, not " + std::to_string(max_degree) +
                                                   "; give more distinct points or a lower degree");
    }
    const double scale = 1 / std::sqrt(sums.norm);
    alpha_.push_back(sums.moment / sums.norm);
    beta_.push_back(std::sqrt(sums.norm));
    coefficients_.push_back(scale * sums.product);
    const Step step{scale, coefficients_.back(), alpha_.back(), n == 0 ? 0 : beta_.back()};
    sums = advance(v, step, threads);
    std::swap(v.current, v.previous);
    mse_.push_back(sums.residual);
  }
}

int LeastSquares::degree_for(double wanted) const {
  for (int degree = 0; degree <= max_degree(); ++degree) {
    if (mse(degree) <= wanted) return degree;
  }
  throw Error(ErrorCode::kInvalidArgument, "no polynomial of degree up to " + std::to_string(max_degree()) +
                                               " has a mean squared error of " + shortest(wanted) +
                                               " under " + distribution_.name + "; the best one has " +
                                               shortest(mse_.back()));
}

std::vector<long double> LeastSquares::basis(int degree, double x) const {
  const long double t = (static_cast<long double>(x) - span_.center()) / span_.half_width();
  std::vector<long double> values{1 / static_cast<long double>(beta_[0])};
  for (std::size_t n = 0; n < static_cast<std::size_t>(degree); ++n) {
    const long double before = n == 0 ? 0 : beta_[n] * values[n - 1];
    values.push_back(((t - alpha_[n]) * values[n] - before) / beta_[n + 1]);
  }
  return values;
}

Polynomial LeastSquares::in_basis(const std::vector<double>& coefficients, const Interval& interval,
                                  const std::string& how) const {
  validate(interval);
  const int degree = static_cast<int>(coefficients.size()) - 1;
  std::vector<long double> values;
  for (const double t : chebyshev_points(degree + 1)) {
    const std::vector<long double> pi = basis(degree, interval.from_unit(t));
    long double sum = 0;
    for (std::size_t n = 0; n < pi.size(); ++n) sum += coefficients[n] * pi[n];
    values.push_back(sum);
  }
  Polynomial polynomial{interval, chebyshev_coefficients(values), 0, 0,
                        f_.name + ", " + how + " under " + distribution_.name};
  polynomial.max_error = largest_error(polynomial, f_, {interval}).error;
  return polynomial;
}

Polynomial LeastSquares::polynomial(int degree, const Interval& interval) const {
  require_degree(degree);
  if (degree > max_degree()) {
    throw Error(ErrorCode::kInvalidArgument, "degree " + std::to_string(degree) + " was not fitted; up to " +
                                                 std::to_string(max_degree()) + " were");
  }
  Polynomial polynomial =
      in_basis({coefficients_.begin(), coefficients_.begin() + degree + 1}, interval, "least squares");
  polynomial.mse = mse(degree);
  return polynomial;
}

Polynomial LeastSquares::with_noise(int degree, const Interval& interval,
                                    const std::vector<double>& noise) const {
  const Polynomial free = polynomial(degree, interval);
  const Eigen::Index n = degree + 1;
  if (noise.size() != 1 && noise.size() != static_cast<std::size_t>(n)) {
    throw Error(ErrorCode::kInvalidArgument, std::to_string(noise.size()) + " noise variances come with " +
                                                 std::to_string(n) +
                                                 " coefficients; give one for all or one each");
  }
  // Columns: π_k in the Chebyshev basis of the interval, so c = M a; then min |a - a*|² + Σ noise c².
  const std::vector<double> nodes = chebyshev_points(degree + 1);
  std::vector<std::vector<long double>> at_nodes;
  for (const double t : nodes) at_nodes.push_back(basis(degree, interval.from_unit(t)));
  Eigen::MatrixXd system = Eigen::MatrixXd::Zero(2 * n, n);
  system.topRows(n).setIdentity();
  for (Eigen::Index k = 0; k < n; ++k) {
    std::vector<long double> values;
    for (const auto& row : at_nodes) values.push_back(row[static_cast<std::size_t>(k)]);
    const std::vector<double> column = chebyshev_coefficients(values);
    for (Eigen::Index i = 0; i < n; ++i) {
      const double variance = noise.size() == 1 ? noise[0] : noise[static_cast<std::size_t>(i)];
      if (!std::isfinite(variance) || variance < 0)
        throw Error(ErrorCode::kInvalidArgument,
                    "a noise variance is " + shortest(variance) + "; give finite numbers from 0 up");
      system(n + i, k) = std::sqrt(variance) * column[static_cast<std::size_t>(i)];
    }
  }
  Eigen::VectorXd wanted = Eigen::VectorXd::Zero(2 * n);
  for (Eigen::Index k = 0; k < n; ++k) wanted(k) = coefficients_[static_cast<std::size_t>(k)];
  const Eigen::VectorXd a = system.colPivHouseholderQr().solve(wanted);
  Polynomial result = in_basis({a.data(), a.data() + n}, interval, "noise-aware least squares");
  result.mse = mse(degree) + (a - wanted.head(n)).squaredNorm();
  return result;
}

Polynomial LeastSquares::capped(int degree, const Interval& interval, double cap) const {
  const Polynomial free = polynomial(degree, interval);
  if (!(cap > 0) || !std::isfinite(cap))
    throw Error(ErrorCode::kInvalidArgument,
                "the cap of the error is " + shortest(cap) + "; a number above 0 is needed");
  if (free.max_error <= cap) return free;
  const LeastSquares mixed(f_, mix(distribution_, uniform(interval), kUniformShare), degree);
  const auto basis_at = [&](double x) {
    const std::vector<long double> pi = mixed.basis(degree, x);
    return std::vector<double>(pi.begin(), pi.end());
  };
  // Doubles may leave the solution a little above a cap near the least one; then a lower cap is aimed at.
  Polynomial result;
  result.max_error = INFINITY;
  for (double aim = cap; result.max_error > cap; aim *= cap / result.max_error * (1 - 1e-6)) {
    const std::vector<double> a = cap_error(basis_at, mixed.coefficients_, f_, interval, aim);
    if (a.empty() || aim < 0.99 * cap) refuse_cap(f_, degree, interval, cap);
    result = mixed.in_basis(a, interval, "capped least squares");
  }
  result.source =
      f_.name + ", least squares under " + distribution_.name + " with |p - f| <= " + shortest(cap);
  result.mse = mean_square_error(result, degree, f_, distribution_);
  return result;
}

}  // namespace sotto::approx
