// Compares plans word by word: every operation of Plan as a row of one table, operands for all of them, and
// the check of a plan against `portable` that costs no more than a few transforms.
//
// `sotto bench ntt` and the fuzz target use it; the suite of ntt/testing has oracles besides.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ntt/plan.h"

namespace sotto::ntt {

/// Gives a word in [0, bound).
using WordSource = std::function<u64(u64 bound)>;

/// What any operation may need, for one (q, N).
struct Operands {
  /// Draws `rows` limbs of each kind; words of `wide` stay below 2^wide_bits.
  Operands(const Modulus& q, int log_n, std::size_t rows, int wide_bits, const WordSource& word);

  std::vector<AlignedWords> a, b;  // [rows][n] below q
  std::vector<AlignedWords> wide;  // [rows][n] of other primes
  std::vector<u64> factors;        // [rows] below q
  std::vector<u64> tau;            // [rows] below 2^52
  Automorphism sigma;
};

struct Operation {
  std::string_view name;
  void (*run)(const Plan& plan, const Operands& operands, Limb out);
};

/// Every operation of Plan that writes a limb, and the round trip of both transforms.
std::span<const Operation> operations() noexcept;

/// Where `operation` differs between two plans of one (q, N), as a sentence, or "".
std::string find_difference(const Plan& plan, const Plan& reference, const Operation& operation,
                            const Operands& operands);

/// All operations on the largest words, on extreme ones mixed with others, and on uniform ones, against the
/// plan of portable. The first difference as a sentence, or "".
std::string compare_with_portable(const Plan& plan);

}  // namespace sotto::ntt
