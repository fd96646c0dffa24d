// What evaluating a polynomial under encryption takes: levels, and products of two ciphertexts.
//
// Counted for Chebyshev baby-step giant-step at the least depth [BMTH21] [LLNK22]: the odd or all of T_1 …
// T_b and T_2, T_4, T_8, … are made first; p of degree d is split into q T_g + r, where q may be one level
// deeper than the product allows, until what is left is a sum of babies times constants. This is what the
// engine's plans take: tests/apps/fit_engine_test.cc compares all degrees to 255.
#pragma once

#include <vector>

namespace sotto::approx {

/// Which powers of x a polynomial has.
enum class Parity { kNone, kOdd, kEven };

const char* parity_name(Parity parity);  // "none", "odd", "even"

/// Levels of one polynomial: ceil(log2(degree + 1)), the product with a coefficient included.
int depth_of_degree(int degree);

/// Products of two ciphertexts for one polynomial at that depth: the least over all numbers of babies and all
/// splits. An odd polynomial of degrees 3, 5, 7, … 31 takes 2, 3, 5, 5, 6, 7, 8, 8, 8, 9, 9, 10, 10, 11, 12
/// [LLNK22]. Throws Error outside of 0 to kMaxDegree.
int products_of_degree(int degree, Parity parity = Parity::kNone);

}  // namespace sotto::approx
