// Operations that programs on encrypted vectors are made of, over the automatic mode, on any engine.
//
// Each says beforehand what it needs: rotation steps, the conjugation, levels. Collect the needs of a program
// with operator+, and make the keys for exactly those with key_request().
#pragma once

#include <span>
#include <vector>

#include "ckks/automatic.h"

namespace sotto::ckks {

/// What a computation asks of keys and parameters.
struct Needs {
  std::vector<int> steps = {};  // of rotations, in (-slots, slots), ascending
  bool conjugation = false, relinearisation = false;
  int levels = 0;

  /// One after the other: all keys, the sum of the levels.
  friend Needs operator+(Needs a, const Needs& b);
};
/// Every key up to `level`, each step once and in (0, slots).
KeyRequest key_request(const Needs& needs, const Params& params, int level);

/// Slot i becomes a[i] + a[i+1] + … + a[i+count-1], indices modulo slots: in slot 0 the sum of the first
/// `count`, 1 ≤ count ≤ slots. About log2(count) rotations, one more for each further binary digit of count.
Cipher inner_sum(const Automatic& automatic, const Cipher& a, int count);
Needs inner_sum_needs(int count);

/// Slot 0 becomes the dot product of the first `count` slots.
Cipher dot(const Automatic& automatic, const Cipher& a, const Cipher& b, int count);
Cipher dot(const Automatic& automatic, const Cipher& a, std::span<const double> b);  // b.size() slots
Needs dot_needs(int count, bool plain = false);

/// The map of a matrix in row-major order, rows · columns values, each at most `slots`: slot i < rows becomes
/// sum_j m[i][j] x[j], the other slots 0, whatever x holds beyond its first `columns` slots. rows + columns -
/// 1 diagonals at most, split so that babies and giant steps are about as many. Throws kInvalidArgument when
/// the sizes do not fit.
LinearTransform matrix_transform(std::span<const double> matrix, int rows, int columns, std::size_t slots);
Needs transform_needs(const LinearTransform& transform);

/// Keeps slots [first, first + count) and clears the others.
Cipher mask(const Automatic& automatic, const Cipher& a, int first, int count);
/// Slots [0, count) repeated with that period; count a power of two that divides slots, the other slots of
/// `a` must be 0.
Cipher replicate(const Automatic& automatic, const Cipher& a, int count);
Needs replicate_needs(int count, int slots);

/// Real and imaginary part of every slot, as real numbers.
Cipher real_part(const Automatic& automatic, const Cipher& a);
Cipher imaginary_part(const Automatic& automatic, const Cipher& a);
Needs part_needs();

/// In slot 0 the mean of the first `count` slots, and their variance E[x²] - E[x]², which loses as many bits
/// as the mean is larger than the deviation: subtract what is known of the mean beforehand.
Cipher mean(const Automatic& automatic, const Cipher& a, int count);
Cipher variance(const Automatic& automatic, const Cipher& a, int count);
Needs mean_needs(int count);
Needs variance_needs(int count);

}  // namespace sotto::ckks
