// Minimax polynomials: the least largest error on a union of intervals, with a certificate that it is the
// least.
//
// Remez' exchange [Rem34] in multiple precision (remez_core.h), so that errors far below a double's rounding
// level out too. An odd or even polynomial is found as x q(x²) or q(x²) on the positive half, at an eighth of
// the cost.
#pragma once

#include <vector>

#include "approx/function.h"
#include "approx/polynomial.h"

namespace sotto::approx {

enum class ErrorKind {
  kAbsolute,  // |p - f|
  kRelative,  // |p / f - 1|
};

struct MinimaxOptions {
  Parity parity = Parity::kNone;  // of the polynomial; needs a symmetric domain
  ErrorKind error = ErrorKind::kAbsolute;
  double levelling = 1e-10;  // wanted: largest error / lower bound - 1
};

/// What proves a minimax polynomial, about the exact one before its coefficients were rounded to doubles.
struct Certificate {
  std::vector<double> points;  // where the error takes its largest value with alternating sign: one more than
                               // the polynomial has coefficients; those of the positive half for odd or even
  double lower_bound = 0;      // no polynomial of this degree and parity has a smaller largest error [VP19]
  double achieved = 0;         // largest error found on a grid four times as fine as that of the exchange
  int rounds = 0;
  long precision_bits = 0;
  double levelling() const { return lower_bound > 0 ? achieved / lower_bound - 1 : 0; }
};

struct Minimax {
  Polynomial polynomial;
  Certificate certificate;
};

/// The best polynomial of a degree. polynomial.max_error is the absolute error after rounding, evaluated in
/// doubles. A function without an exact form levels out only as far as the rounding of its doubles allows;
/// the certificate says how far. throws Error: bad domain or degree; f not finite, or jumping inside of the
/// domain; relative error and f has a
///        zero there; parity that f or the domain do not have
Minimax minimax(const Function& f, const Domain& domain, int degree, const MinimaxOptions& options = {});

/// The same of the least degree whose error is at most `error`, up to max_degree. Throws Error with the least
/// error there is when none will do.
Minimax minimax_for_error(const Function& f, const Domain& domain, double error, int max_degree,
                          const MinimaxOptions& options = {});

/// The parity that f has on the domain, to 2^-40 of its largest value at 64 points.
Parity parity_of(const Function& f, const Domain& domain);

}  // namespace sotto::approx
