// The contract between Sotto and an NTT backend. Read this first.
//
// A Plan is one (q, N) on one backend: the negacyclic transform and the limb kernels that a key switch
// consists of. `portable` implements all of it in plain C++; a faster backend derives from it, overrides what
// it does better, and owns its own tables.
//
// What every backend owes:
//  * One order: forward() takes coefficients in natural order and gives bit-reversed evaluations; word i of
//    the output is the value at psi^(2 brv(i) + 1), psi = primitive_root(q, log_n). inverse() undoes it.
//  * Canonical words: inputs and outputs are in [0, q) unless a comment says otherwise. Results are
//    bit-identical on all backends. Lazy values never leave a call.
//  * Limbs have n words and begin on a 64-byte boundary. `out` may be the same limb as an input (exact
//    alias), never overlap in part.
//  * Kernels are serial, noexcept, allocation-free; threads belong to the layer that loops over limbs.
//  * Declining is legal: a backend says in the registry which (q, N) it supports, and the next one serves
//    the others.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "ntt/automorphism.h"
#include "ntt/modulus.h"

namespace sotto::ntt {

using Limb = std::span<u64>;               // [n] words
using ConstLimb = std::span<const u64>;    // [n] words
using Rows = std::span<const u64* const>;  // k pointers to limbs of n words, 1 ≤ k ≤ kMaxRows
inline constexpr std::size_t kMaxRows = 64;

enum class Direction { kForward, kInverse };

class Plan {
 public:
  virtual ~Plan();
  const Modulus& modulus() const noexcept { return q_; }
  int log_n() const noexcept { return log_n_; }
  std::size_t n() const noexcept { return std::size_t{1} << log_n_; }
  virtual std::string_view backend() const noexcept = 0;
  /// Which of its transforms a backend runs for q, in a few words; "" when, as by default, it has but one.
  virtual std::string_view kernel() const noexcept;

  virtual void forward(Limb x) const noexcept = 0;
  virtual void inverse(Limb x) const noexcept = 0;
  /// Runs at least `count` butterflies of the transform on registers alone, to calibrate benchmarks: no
  /// schedule of these instructions is faster. Returns a word that depends on all of them; 0 when a backend,
  /// as by default, has no such loop.
  virtual u64 run_butterflies(Direction direction, std::size_t count) const noexcept;

  // Point by point. These and the base conversion below also take pieces of limbs, 64-byte aligned and a
  // multiple of 64 words long: the length is that of `out`.
  virtual void add(Limb out, ConstLimb a, ConstLimb b) const noexcept = 0;
  virtual void subtract(Limb out, ConstLimb a, ConstLimb b) const noexcept = 0;
  virtual void negate(Limb out, ConstLimb a) const noexcept = 0;
  virtual void multiply(Limb out, ConstLimb a, ConstLimb b) const noexcept = 0;
  virtual void multiply_add(Limb acc, ConstLimb a, ConstLimb b) const noexcept = 0;  // acc += a b
  virtual void multiply_scalar(Limb out, ConstLimb a, u64 c) const noexcept = 0;     // c in [0, q)
  virtual void add_scalar(Limb out, ConstLimb a, u64 c) const noexcept = 0;          // c in [0, q)
  /// out = (a - b) c: the last step of a rescale and of ModDown.
  virtual void subtract_multiply_scalar(Limb out, ConstLimb a, ConstLimb b, u64 c) const noexcept = 0;
  /// out = sum_d a[d] b[d], canonical rows: the inner product of digits and key.
  virtual void inner_product(Limb out, Rows a, Rows b) const noexcept = 0;

  // Base conversion, exact. Rows may belong to other primes of the chain.
  /// Rows given to combine(), reduce() and round_quotient() are below 2^input_bits(): 50 for vector backends,
  /// 61 for portable. A chain that holds a wider prime is served by one backend that accepts it for all its
  /// primes (make_plans()).
  virtual int input_bits() const noexcept = 0;
  /// c[i] in [0, q) in the form that combine() of this backend takes; by default as they are.
  virtual std::vector<u64> combine_factors(std::span<const u64> c) const { return {c.begin(), c.end()}; }
  /// out = sum_i c[i] x[i] mod q, factors = combine_factors(c).
  virtual void combine(Limb out, Rows x, std::span<const u64> factors) const noexcept = 0;
  /// out = x mod q for x < 2^input_bits().
  virtual void reduce(Limb out, ConstLimb x) const noexcept = 0;
  /// out = round(sum_i x[i] / m[i]) in fixed point: (sum_i floor(x[i] tau[i] / 2^shift) + 2^(e-1)) >> e,
  /// tau[i] = floor(2^(shift+e) / m[i]), e = kQuotientBits. Integers only, independent of q, so identical
  /// everywhere. shift is 52 (rows below 2^50, tau below 2^52) or, for portable alone, 64.
  virtual void round_quotient(Limb out, Rows x, std::span<const u64> tau, int shift) const noexcept = 0;

  /// out = sigma(in) in the evaluation domain, whole limbs; out and in distinct. Independent of q.
  virtual void permute(Limb out, ConstLimb in, const Automorphism& sigma) const noexcept = 0;

 protected:
  Plan(const Modulus& q, int log_n) noexcept : q_(q), log_n_(log_n) {}

 private:
  Modulus q_;
  int log_n_;
};

/// Fraction bits of round_quotient(). The sum is short by less than 1.25 k 2^-e, which matters only that near
/// to a half, where either neighbour is a valid centred representative up to the same relative distance.
inline constexpr int kQuotientBits = 16;

}  // namespace sotto::ntt
