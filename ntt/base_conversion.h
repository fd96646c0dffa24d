// Exact change of basis between two sets of primes: what ModUp, ModDown and rescale lift with.
//
// The quotient of the CRT sum is computed in integers (Plan::round_quotient), never in floating point, so the
// lift is the centred one and identical on every backend. Works in tiles of a few cache lines of each row, so
// that all source rows of a tile stay in L1 while its targets are made: read limb by limb, 8 rows of N = 2^16
// come from L3 once for each target and halve the speed (Zen 5). Notation: M = prod m_i source primes, t_j
// target primes.
#pragma once

#include <span>
#include <vector>

#include "ntt/plan.h"

namespace sotto::ntt {

/// Residues modulo M to residues modulo each t_j of the representative in [-M/2, M/2]:
///   y_i = x_i (M/m_i)^-1 mod m_i;   v = round(sum y_i / m_i);   out_j = sum y_i (M/m_i) - v M  mod t_j.
class BaseConversion {
 public:
  struct Target {
    int index;  // among the primes `to`
    Limb out;
  };

  /// Factors that the conversion carries at no cost: it takes x_i for source[i] x_i mod m_i and gives
  /// target[j] times out_j. Empty: all are 1.
  struct Factors {
    std::vector<u64> source = {}, target = {};
  };

  /// 1 to 63 source primes above 2^16 (kQuotientBits), below which tau overflows its word: else an Error. The
  /// plans must outlive it and have one log_n.
  BaseConversion(std::vector<const Plan*> from, std::vector<const Plan*> to, const Factors& factors);
  BaseConversion(std::vector<const Plan*> from, std::vector<const Plan*> to)
      : BaseConversion(std::move(from), std::move(to), Factors()) {}

  int sources() const noexcept { return static_cast<int>(from_.size()); }
  int targets() const noexcept { return static_cast<int>(to_.size()); }
  /// Limbs that prepare() leaves in scratch: the y_i and v.
  int rows() const noexcept { return sources() + 1; }

  /// Pieces of the ring that are prepared one by one, in any order or in parallel.
  int tiles() const noexcept;
  /// `scratch` holds rows() limbs, the first sources() of them x in coefficient form; turned into y and v in
  /// place, one tile of each.
  void prepare(Limb scratch, int tile) const noexcept;
  /// Each out_j from prepared scratch, coefficient form. Several targets in one call share the reads of
  /// scratch; calls may run in parallel.
  void convert(std::span<const Target> targets, ConstLimb scratch) const noexcept;

 private:
  std::vector<const Plan*> from_, to_;
  std::vector<u64> inverse_;  // [i] source[i] (M/m_i)^-1 mod m_i; empty when all are 1
  std::vector<u64> tau_;      // [i] floor(2^(shift+e) / m_i)
  int shift_ = 52;
  std::vector<std::vector<u64>>
      factors_;  // [target], as combine_factors(): target[j] times [i] M/m_i mod t_j, last -M mod t_j
};

}  // namespace sotto::ntt
