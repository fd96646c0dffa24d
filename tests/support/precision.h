// Precision of a computation on slots, in bits: EXPECT_BITS(got, want, 22) asks that every slot be within
// 2^-22.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <vector>

namespace sotto::test {

struct Precision {
  double worst_bits = 0;  // -log2 of the largest |got - want|
  double rms_bits = 0;    // -log2 of the root of the mean square
  std::size_t worst_slot = 0;
};

template <class T>
Precision precision(const std::vector<T>& got, const std::vector<T>& want) {
  Precision p;
  double worst = 0, squares = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double distance = i < got.size() ? std::abs(got[i] - want[i]) : INFINITY;
    const double error =
        std::isfinite(distance) ? distance : INFINITY;  // no number is an error without bound
    squares += error * error;
    if (error > worst) {
      worst = error;
      p.worst_slot = i;
    }
  }
  p.worst_bits = -std::log2(worst);
  p.rms_bits = -std::log2(squares / static_cast<double>(want.size())) / 2;
  return p;
}

template <class T>
::testing::AssertionResult has_bits(const char* got_text, const char* want_text, const char*,
                                    const std::vector<T>& got, const std::vector<T>& want, double bits) {
  if (got.size() != want.size() || want.empty()) {
    return ::testing::AssertionFailure()
           << got_text << " has " << got.size() << " slots, " << want_text << " has " << want.size();
  }
  const Precision p = precision(got, want);
  if (p.worst_bits >= bits) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << got_text << " agrees with " << want_text << " to " << p.worst_bits << " bits, wanted " << bits
         << "; worst is slot " << p.worst_slot << " of " << want.size() << ": " << got[p.worst_slot]
         << " for " << want[p.worst_slot] << "; rms " << p.rms_bits << " bits";
}

}  // namespace sotto::test

#define EXPECT_BITS(got, want, bits) EXPECT_PRED_FORMAT3(::sotto::test::has_bits, got, want, bits)
