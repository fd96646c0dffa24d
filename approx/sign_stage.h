// One stage of a composite sign while degrees are being chosen: the odd minimax polynomial for the sign on
// [low, high], in long double. For sources only.
#pragma once

#include "approx/remez_core.h"

namespace sotto::approx {

class SignStage {
 public:
  /// 0 < low < high, degree odd.
  SignStage(int degree, long double low, long double high);

  /// Largest |p(x) - 1| for x in [low, high]; its values there fill [1 - error, 1 + error].
  long double error() const { return error_; }
  long double operator()(long double x) const { return x * exchange_.value(x); }

 private:
  Exchange<long double> exchange_;
  long double error_ = 1;
};

}  // namespace sotto::approx
