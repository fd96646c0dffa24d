#include "approx/remez.h"

#include <NTL/RR.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>

#include "approx/range.h"
#include "approx/remez_core.h"
#include "base/error.h"

namespace sotto::approx {
namespace {

using NTL::RR;

[[noreturn]] void refuse(const std::string& sentence) {
  throw Error(ErrorCode::kInvalidArgument, sentence);
}

std::string shortest(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", x);
  return text;
}

RR to_rr(long double x) {
  const auto high = static_cast<double>(x);
  return RR(high) + RR(static_cast<double>(x - high));
}

/// f(x) in the precision of R.
template <class R>
R evaluate(const Function& f, const R& x);
template <>
long double evaluate(const Function& f, const long double& x) {
  return finite_value(f, static_cast<double>(x));
}
template <>
RR evaluate(const Function& f, const RR& x) {
  if (f.exact == nullptr) return RR(finite_value(f, NTL::conv<double>(x)));
  RR y;
  f.exact(y, x);
  return y;
}

/// q against F under the weight W, where p(x) = q(x), x q(x²) or q(x²).
struct Problem {
  const Function& f;
  Domain domain;  // in x; the half from 0 up for a polynomial with a parity
  Parity parity;
  ErrorKind kind;
  int degree;

  int unknowns() const {
    return parity == Parity::kNone ? degree + 1 : parity == Parity::kOdd ? (degree + 1) / 2 : degree / 2 + 1;
  }

  template <class R>
  Exchange<R> exchange() const {
    std::vector<typename Exchange<R>::Part> parts;
    for (const Interval& interval : domain) {
      std::vector<R> breaks;
      for (const double at : breaks_inside(f, interval)) breaks.push_back(R(at));
      // An odd polynomial is divided by x: 0 itself, where it makes no error, gives way to a point next to
      // it.
      const double low =
          parity == Parity::kOdd ? std::max(interval.low, interval.high * 0x1p-30) : interval.low;
      parts.push_back({R(low), R(interval.high), breaks});
    }
    return Exchange<R>(std::move(parts), unknowns(), parity != Parity::kNone,
                       [this](const R& x) { return sample(x); });
  }

  template <class R>
  typename Exchange<R>::Sample sample(const R& x) const {
    R value = evaluate(f, x), weight = R(1.0);
    if (kind == ErrorKind::kRelative) {
      if (value == R{})
        refuse("the relative error of " + f.name + " is not defined where it is 0; use the absolute one");
      weight = R(1.0) / magnitude(value);
    }
    if (parity == Parity::kOdd) {
      value /= x;
      weight *= x;
    }
    return {value, weight};
  }
};

/// Rounds of the exchange until the bounds meet within `levelling` or no longer come nearer; leaves the
/// reference with the largest lower bound. Gives the number of rounds.
template <class R>
int iterate(Exchange<R>& exchange, double levelling, int max_rounds, double zoom) {
  constexpr int kPatience = 6;
  R best{};
  std::vector<R> best_points = exchange.points();
  int round = 1;
  for (int since_best = 0; round <= max_rounds && since_best <= kPatience; ++round) {
    const bool better = exchange.level() > best;  // false for a NaN, which a rounded reference can give
    if (better) {
      best = exchange.level();
      best_points = exchange.points();
    }
    since_best = better ? 0 : since_best + 1;
    if (!exchange.search(zoom > 1 ? 2 : 4, zoom) && !exchange.search(32)) break;
    if (exchange.worst() <= exchange.level() * R(1 + levelling)) return round;
    if (!exchange.exchange()) break;
  }
  exchange.start(std::move(best_points));
  return round;
}

/// The polynomial of an exchange in the Chebyshev basis of the hull: values at Chebyshev's zeros, and the
/// cosine sums in the current precision.
std::vector<double> chebyshev_form(const Exchange<RR>& exchange, const Problem& problem, const Interval& on) {
  const long n = problem.degree + 1;
  const RR angle = NTL::ComputePi_RR() / RR(2.0 * static_cast<double>(n));
  std::vector<RR> cosine(static_cast<std::size_t>(4 * n));
  for (std::size_t m = 0; m < cosine.size(); ++m) cosine[m] = NTL::cos(angle * RR(static_cast<double>(m)));
  const RR low(on.low), high(on.high);
  std::vector<RR> values;
  for (long j = 0; j < n; ++j) {
    const RR x = (low + high) / 2 + (high - low) / 2 * cosine[static_cast<std::size_t>(2 * j + 1)];
    RR value = exchange.value(x);
    if (problem.parity == Parity::kOdd) value *= x;
    values.push_back(value);
  }
  std::vector<double> coefficients;
  for (long k = 0; k < n; ++k) {
    const bool vanishes =
        (problem.parity == Parity::kOdd && k % 2 == 0) || (problem.parity == Parity::kEven && k % 2 == 1);
    RR sum;
    for (long j = 0; !vanishes && j < n; ++j)
      sum +=
          values[static_cast<std::size_t>(j)] * cosine[static_cast<std::size_t>(k * (2 * j + 1) % (4 * n))];
    coefficients.push_back(NTL::conv<double>(sum * (k == 0 ? 1 : 2) / static_cast<double>(n)));
  }
  return coefficients;
}

Problem make_problem(const Function& f, const Domain& domain, int degree, const MinimaxOptions& options) {
  validate(domain);
  require_degree(degree);
  require_bounded(f, domain);
  for (const Interval& interval : domain) {
    Function jumping = f;
    jumping.breaks = f.jumps;
    const std::vector<double> jumps = breaks_inside(jumping, interval);
    if (!jumps.empty()) {
      refuse(f.name + " jumps at x = " + shortest(jumps.front()) + " inside of " + to_string(interval) +
             ", where no polynomial follows; leave a gap there, in two intervals");
    }
  }
  Problem problem{f, domain, options.parity, options.error, degree};
  if (options.parity == Parity::kNone) return problem;
  if (!is_symmetric(domain) || parity_of(f, domain) != options.parity) {
    refuse("an " + std::string(parity_name(options.parity)) + " polynomial is asked for, but " + f.name +
           " on " + to_string(domain) + " is not " + parity_name(options.parity) + "; ask for no parity");
  }
  if ((degree % 2 == 1) != (options.parity == Parity::kOdd)) {
    refuse("degree " + std::to_string(degree) + " is not " + parity_name(options.parity) +
           " like the polynomial that is asked for; take " + std::to_string(degree + 1));
  }
  problem.domain.clear();
  for (const Interval& interval : domain) {
    if (interval.high > 0) problem.domain.push_back({std::max(interval.low, 0.0), interval.high});
  }
  return problem;
}

/// True when E is so small that it may be the rounding of the values.
bool is_rounding(const Exchange<RR>& exchange, double size) {
  return exchange.worst() <= RR(size) * NTL::power2_RR(60 - RR::precision());
}

double largest_value(const Function& f, const Domain& domain) {
  double largest = 0;
  for (const Interval& interval : domain) {
    for (int i = 0; i <= 64; ++i)
      largest = std::max(
          largest, std::abs(finite_value(f, i == 64 ? interval.high : interval.from_unit(i / 32.0 - 1))));
  }
  return largest;
}

}  // namespace

Parity parity_of(const Function& f, const Domain& domain) {
  if (!is_symmetric(domain)) return Parity::kNone;
  bool odd = true, even = true;
  const double tolerance = 0x1p-40 * largest_value(f, domain);
  for (const Interval& interval : domain) {
    for (int i = 0; i < 64; ++i) {
      const double x = interval.from_unit((i + 0.5) / 32.0 - 1);
      odd = odd && std::abs(f(x) + f(-x)) <= tolerance;
      even = even && std::abs(f(x) - f(-x)) <= tolerance;
    }
  }
  return odd == even ? Parity::kNone : odd ? Parity::kOdd : Parity::kEven;
}

Minimax minimax(const Function& f, const Domain& domain, int degree, const MinimaxOptions& options) {
  constexpr long kExactPrecision = 1024;  // an error of 2^-964 is none: f is such a polynomial
  constexpr long kMaxPrecision = 8192;
  const Problem problem = make_problem(f, domain, degree, options);
  const double size = largest_value(f, problem.domain);
  const bool relative = options.error == ErrorKind::kRelative;

  Exchange<long double> quick = problem.exchange<long double>();
  quick.start();
  Certificate certificate;
  certificate.rounds = iterate(quick, 1e-8, 30, 1);

  const NTL::RRPush keep_precision;
  for (long precision = 128;; precision *= 2) {
    RR::SetPrecision(precision);
    Exchange<RR> exchange = problem.exchange<RR>();
    std::vector<RR> points;
    for (const long double x : quick.points()) points.push_back(to_rr(x));
    exchange.start(std::move(points));
    certificate.rounds += iterate(exchange, options.levelling, 60, precision == 128 ? 64 : 1);
    exchange.search(16);
    const bool vanishes = is_rounding(exchange, relative ? 1 : size);
    if (vanishes && 2 * precision <= kExactPrecision) continue;
    certificate.lower_bound = vanishes ? 0 : NTL::conv<double>(exchange.level());
    certificate.achieved = NTL::conv<double>(exchange.worst());
    certificate.precision_bits = precision;
    // Doubles of a function without an exact form carry their own rounding, which no precision removes.
    const bool noisy = f.exact == nullptr && certificate.achieved < 1e-6 * (relative ? 1 : size);
    if (!vanishes && !noisy && certificate.levelling() > 10 * options.levelling) {
      if (2 * precision <= kMaxPrecision) continue;
      refuse("the exchange for " + f.name + " of degree " + std::to_string(degree) + " on " +
             to_string(domain) + " ended between " + shortest(certificate.lower_bound) + " and " +
             shortest(certificate.achieved) + "; give a lower degree or fewer intervals");
    }
    certificate.points.clear();
    for (const RR& x : exchange.points()) certificate.points.push_back(NTL::conv<double>(x));
    Polynomial polynomial;
    polynomial.interval = hull(domain);
    // Between the intervals the polynomial may be 2^degree times as large as on them.
    RR::SetPrecision(precision + 2 * degree);
    exchange.start(exchange.points());
    polynomial.coefficients = chebyshev_form(exchange, problem, polynomial.interval);
    polynomial.source = f.name + ", minimax";
    polynomial.max_error = largest_error(polynomial, f, domain).error;
    return {std::move(polynomial), std::move(certificate)};
  }
}

Minimax minimax_for_error(const Function& f, const Domain& domain, double error, int max_degree,
                          const MinimaxOptions& options) {
  if (!(error > 0) || !std::isfinite(error))
    refuse("the error must be a number above 0, not " + shortest(error));
  require_degree(max_degree);
  const int step = options.parity == Parity::kNone ? 1 : 2, first = options.parity == Parity::kOdd ? 1 : 0;
  const auto fits = [&](const Minimax& m) { return m.certificate.achieved <= error; };
  // Degrees first + step · k: doubling until one fits, then bisection between the last that did not and it.
  const int last = (max_degree - first) / step;
  int low = -1, high = 0;
  Minimax best = minimax(f, domain, first, options);
  while (!fits(best)) {
    if (high >= last) {
      refuse("no polynomial of degree up to " + std::to_string(max_degree) + " stays within " +
             shortest(error) + " of " + f.name + " on " + to_string(domain) + "; the best one has " +
             shortest(best.certificate.achieved));
    }
    low = high;
    high = std::min(last, 2 * high + 1);
    best = minimax(f, domain, first + step * high, options);
  }
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    Minimax candidate = minimax(f, domain, first + step * middle, options);
    (fits(candidate) ? high : low) = middle;
    if (high == middle) best = std::move(candidate);
  }
  return best;
}

}  // namespace sotto::approx
