// From residues modulo several primes to doubles: exact mixed radix digits, then Horner's rule in double.
//
// Digits v[i] < q[i] with c = v[0] + q[0] (v[1] + q[1] (v[2] + …)):
//   v[i] = (x[i] - sum_{j<i} v[j] (q[0] … q[j-1])) (q[0] … q[i-1])^-1   mod q[i],
// a sum of products by constants for each prime: the kernels of base conversion, on tiles that stay in L2. No
// branch and no memory access depends on a residue.
#pragma once

#include <span>
#include <vector>

#include "ntt/plan.h"

namespace sotto::ckks {

class MixedRadix {
 public:
  static constexpr std::size_t kMaxPrimes = 128;

  /// 1 to kMaxPrimes primes in the order of the limbs; the plans must outlive it.
  explicit MixedRadix(std::vector<const ntt::Plan*> primes);

  /// Pieces of the ring that are lifted one by one, in any order or in parallel.
  int tiles() const noexcept;
  /// out[k], k in one tile: the centred representative of the words k of `limbs` (coefficients), to within
  /// two roundings for each digit that is not 0.
  void lift(std::span<const ntt::ConstLimb> limbs, int tile, std::span<double> out) const;

 private:
  std::vector<const ntt::Plan*> primes_;
  std::vector<u64> inverse_;  // [i] (q[0] … q[i-1])^-1 mod q[i]
  // [i][group of kMaxRows], as combine_factors(): [j] q[0] … q[j-1] mod q[i], j < i
  std::vector<std::vector<std::vector<u64>>> factors_;
};

}  // namespace sotto::ckks
