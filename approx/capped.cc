// Constraints are added where the error of the last solution peaks; each round is a least-distance problem,
// solved as non-negative least squares [LH95, chapter 23].
#include "approx/capped.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numbers>

namespace sotto::approx {
namespace {

/// min |E u - e| for u >= 0, by the active set method of Lawson and Hanson. Zeros where a constraint binds.
Eigen::VectorXd nonnegative_least_squares(const Eigen::MatrixXd& E, const Eigen::VectorXd& e) {
  const Eigen::Index n = E.cols();
  Eigen::VectorXd u = Eigen::VectorXd::Zero(n);
  std::vector<Eigen::Index> passive;
  std::vector<bool> is_passive(static_cast<std::size_t>(n), false);
  for (Eigen::Index round = 0; round < 6 * n; ++round) {
    const Eigen::VectorXd gradient = E.transpose() * (e - E * u);
    Eigen::Index enters = -1;
    for (Eigen::Index j = 0; j < n; ++j) {
      if (is_passive[static_cast<std::size_t>(j)] || gradient(j) <= 1e-12) continue;
      if (enters < 0 || gradient(j) > gradient(enters)) enters = j;
    }
    if (enters < 0) return u;
    passive.push_back(enters);
    is_passive[static_cast<std::size_t>(enters)] = true;
    while (!passive.empty()) {
      const Eigen::VectorXd z = E(Eigen::all, passive).colPivHouseholderQr().solve(e);
      if (z.minCoeff() > 0) {
        u.setZero();
        u(passive) = z;
        break;
      }
      double step = 1;  // as far as no passive unknown falls below 0
      for (std::size_t k = 0; k < passive.size(); ++k) {
        const double at = u(passive[k]), to = z(static_cast<Eigen::Index>(k));
        if (to <= 0) step = std::min(step, at / (at - to));
      }
      for (std::size_t k = 0; k < passive.size(); ++k)
        u(passive[k]) += step * (z(static_cast<Eigen::Index>(k)) - u(passive[k]));
      std::erase_if(passive, [&](Eigen::Index j) {
        const bool leaves = u(j) <= 1e-15;
        if (leaves) {
          u(j) = 0;
          is_passive[static_cast<std::size_t>(j)] = false;
        }
        return leaves;
      });
    }
  }
  return u;
}

/// g · z >= h for each row, in the order in which they were found.
struct Constraints {
  std::vector<Eigen::VectorXd> g;
  std::vector<double> h;
};

/// The shortest z with all constraints, or nothing.
std::vector<double> least_distance(const Constraints& constraints, Eigen::Index n) {
  const auto count = static_cast<Eigen::Index>(constraints.h.size());
  Eigen::MatrixXd E(n + 1, count);
  for (Eigen::Index j = 0; j < count; ++j) {
    E.col(j).head(n) = constraints.g[static_cast<std::size_t>(j)];
    E(n, j) = constraints.h[static_cast<std::size_t>(j)];
  }
  const Eigen::VectorXd e = Eigen::VectorXd::Unit(n + 1, n);
  const Eigen::VectorXd residual = E * nonnegative_least_squares(E, e) - e;
  if (residual(n) > -1e-11) return {};  // the residual vanishes: the constraints contradict each other
  const Eigen::VectorXd z = -residual.head(n) / residual(n);
  return {z.data(), z.data() + n};
}

}  // namespace

std::vector<double> cap_error(const std::function<std::vector<double>(double)>& basis,
                              const std::vector<double>& wanted, const Function& f, const Interval& interval,
                              double cap) {
  constexpr int kMaxRounds = 200;
  const auto n = static_cast<Eigen::Index>(wanted.size());
  std::vector<double> grid = breaks_inside(f, interval);
  const int angles = 24 * static_cast<int>(n);
  for (int i = 0; i <= angles; ++i)
    grid.push_back(
        std::clamp(interval.from_unit(std::cos(std::numbers::pi * i / angles)), interval.low, interval.high));
  std::sort(grid.begin(), grid.end());
  Eigen::MatrixXd values(static_cast<Eigen::Index>(grid.size()), n);
  Eigen::VectorXd wanted_error(values.rows());  // of the unconstrained fit
  const Eigen::Map<const Eigen::VectorXd> start(wanted.data(), n);
  for (Eigen::Index i = 0; i < values.rows(); ++i) {
    const double x = grid[static_cast<std::size_t>(i)];
    const std::vector<double> row = basis(x);
    values.row(i) = Eigen::Map<const Eigen::RowVectorXd>(row.data(), n);
    wanted_error(i) = values.row(i).dot(start) - finite_value(f, x);
  }
  // Between grid points an error peaks at most 1 / cos(π / 48) - 1 = 0.2 % higher [EZ64]; the margin covers
  // the rounding of the solution.
  const double inner = cap * std::cos(std::numbers::pi / 48) * (1 - 1e-6);
  Constraints constraints;
  Eigen::VectorXd z = Eigen::VectorXd::Zero(n);
  for (int round = 0; round < kMaxRounds; ++round) {
    const Eigen::VectorXd error = wanted_error + values * z;
    bool broken = false;
    for (Eigen::Index i = 0; i < error.size(); ++i) {
      const double size = std::abs(error(i));
      const bool peak = (i == 0 || size >= std::abs(error(i - 1))) &&
                        (i + 1 == error.size() || size > std::abs(error(i + 1)));
      if (!peak || size <= inner * (1 + 1e-7)) continue;
      broken = true;
      const double sign = error(i) > 0 ? 1 : -1, norm = values.row(i).norm();
      constraints.g.push_back(-sign / norm * values.row(i).transpose());
      constraints.h.push_back((sign * wanted_error(i) - inner) / norm);
    }
    if (!broken) {
      std::vector<double> a = wanted;
      for (Eigen::Index k = 0; k < n; ++k) a[static_cast<std::size_t>(k)] += z(k);
      return a;
    }
    const std::vector<double> solved = least_distance(constraints, n);
    if (solved.empty()) return {};
    z = Eigen::Map<const Eigen::VectorXd>(solved.data(), n);
  }
  return {};
}

}  // namespace sotto::approx
