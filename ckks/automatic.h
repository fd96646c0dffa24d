// Arithmetic that keeps scales and levels by itself: the mode to begin with.
//
// Engine is the manual mode: it multiplies scales, refuses sums of different ones, and rescales when told to.
// Automatic runs on any engine and leaves nothing of that to its caller. A value is in one of two states:
//   settled   at the canonical scale of its level, params().scale(level);
//   owing     a product that has not been rescaled: one rescale settles it on the level below.
// Products owe until something else than a sum needs them (lazy rescale), so that a sum of products is
// rescaled once. Operands at different levels are brought to the lower one exactly: the higher one is
// multiplied by 1 at the constant scale that makes its rescale land on the canonical scale there [KPP22].
// What costs a level is said at each operation.
#pragma once

#include <complex>
#include <span>
#include <vector>

#include "ckks/engine.h"

namespace sotto::ckks {

/// A fresh encryption at the top level and its canonical scale.
Cipher encrypt(Client& client, const Params& params, std::span<const double> slots);
Cipher encrypt(Client& client, const Params& params, std::span<const std::complex<double>> slots);

class Automatic {
 public:
  /// `engine` must outlive it.
  explicit Automatic(Engine& engine) noexcept : engine_(engine) {}
  Engine& engine() const noexcept { return engine_; }
  const Params& params() const noexcept { return engine_.params(); }

  // No level. Two sums of products at one level stay unrescaled; other operands are settled as needed.
  Cipher add(const Cipher& a, const Cipher& b) const;
  Cipher subtract(const Cipher& a, const Cipher& b) const;
  Cipher negate(const Cipher& a) const { return engine_.negate(a); }
  Cipher add(const Cipher& a, double c) const { return engine_.add_constant(a, c); }
  Cipher add(const Cipher& a, std::span<const double> values) const;  // [slots] or fewer, the rest 0
  Cipher multiply_by_i(const Cipher& a) const { return engine_.multiply_by_i(a); }
  /// Times a whole number: exact; the values grow.
  Cipher multiply(const Cipher& a, int k) const { return engine_.multiply_constant(a, k, 1.0); }

  // One level, owed. Throw kOutOfLevels for operands that have none left.
  Cipher multiply(const Cipher& a, const Cipher& b) const;
  Cipher square(const Cipher& a) const;
  Cipher multiply(const Cipher& a, double c) const;
  Cipher multiply(const Cipher& a, std::span<const double> values) const;
  Cipher multiply(const Cipher& a, std::span<const std::complex<double>> values) const;
  /// sum_k a[k] b[k], relinearised once. Throws kInvalidArgument when there are no or unequally many.
  Cipher sum_of_products(std::span<const Cipher> a, std::span<const Cipher> b) const;

  // No level; operands are settled first, so that there is a limb less to switch.
  Cipher rotate(const Cipher& a, int step) const { return engine_.rotate(settle(a), step); }
  std::vector<Cipher> rotate_many(const Cipher& a, std::span<const int> steps) const {
    return engine_.rotate_many(settle(a), steps);
  }
  Cipher conjugate(const Cipher& a) const { return engine_.conjugate(settle(a)); }

  /// One level: the map, settled. Encodes its diagonals on every call; Engine::prepare() keeps them.
  Cipher apply(const LinearTransform& transform, const Cipher& a) const;
  /// polynomial_depth(coefficients) levels: sum_k c[k] x^k, settled.
  Cipher polynomial(const Cipher& a, std::span<const double> coefficients) const;

  /// At the canonical scale of its level. A product pays its rescale; a value at any other scale is brought
  /// there at the price of a level, two where its scale is as large as a product's: so products cost two
  /// levels where the nominal scale falls (ParamsLiteral::log_scales).
  Cipher settle(const Cipher& a) const;
  /// Settled at a lower or the same level, with the same message.
  Cipher at_level(const Cipher& a, int level) const;
  /// Levels that are left once `a` is settled.
  int levels_left(const Cipher& a) const;

 private:
  /// The scale at `level` from which one rescale leads to the canonical scale below.
  double owing_scale(int level) const noexcept;
  bool owes(const Cipher& a) const noexcept;
  void require_level(const char* operation, const Cipher& a) const;
  Cipher sum(const Cipher& a, const Cipher& b, bool negate) const;
  Cipher raise(const Cipher& a, int level) const;

  Engine& engine_;
};

}  // namespace sotto::ckks
