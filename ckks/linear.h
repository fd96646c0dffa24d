// Linear maps on slots: diagonals, baby-step giant-step, double hoisting [BMTH21].
//
// The input is decomposed once. A baby rotation stays modulo QP, times P: no ModDown. Diagonals are encoded
// modulo QP, so a block is a plain inner product of diagonals and babies. Giant steps run by Horner with a
// single key, acc <- block_k + Rot(acc), or each block by its own: only the part that must be decomposed
// again comes down from QP. One division by P and the rescale factor ends the map and is its rescale.
//
// With l limbs, a special primes, b digits, G giant rotations and F folds: b(l+a) + (G+F)(b+1)(l+a) + 2(l+a)
// transforms, whatever the number of babies. G = K-1 for K blocks; separate ones leave out the empty.
//
// What is materialised: the babies of one group of limbs, 16 MiB or one limb, whichever is more, and the sums
// of the blocks, 2(l+a) limbs each. All babies at once would be 2(l+a) limbs each too: 280 MiB for 8 of them
// at N = 2^16, l+a = 35, where a group is 2 limbs and 16 MiB. A piece of a baby gathers words from all over
// its limb of the key product, so a limb of each baby is made first. Groups of one limb and of 64 MiB take
// the same time within 5 % (one thread, bench_linear); several limbs give threads more to do without sharing
// one.
//
// Diagonals whose slots repeat are stored as runs. Let slot j depend on j mod p alone, p a power of two. That
// holds for every m = g(X^(N/2p)): slot j is m at zeta^(5^j), zeta^(N/2p) has order 4p, and 5 has order p
// modulo 4p; and it holds for no other m, as g has 2p coefficients for p complex slots. Word i of a limb is m
// at psi^(2 brv(i) + 1), so it depends on 2 brv(i) + 1 modulo 4p, that is on the low log2(2p) bits of brv(i),
// the high ones of i: there are 2p runs of N/2p equal words. Rounding keeps that, because the embedding
// subtracts equal doubles where a coefficient of m is 0.
#pragma once

#include <vector>

#include "ckks/encoder.h"
#include "ckks/engine.h"
#include "ckks/evaluator.h"

namespace sotto::ckks {

/// A LinearTransform encoded for ciphertexts at one level.
struct EncodedTransform {
  struct Term {
    std::size_t baby;  // index into babies
    EvalPoly plain;    // modulo the primes of the level and P; each of its n() words stands for N / n()
  };
  int level = 0;
  double plaintext_scale = 0;
  std::vector<int> babies;  // distinct, ascending, in [0, slots)
  int giant_step = 0;
  std::vector<std::vector<Term>> blocks;  // the last is not empty
  std::vector<int> folds;
  GiantSteps giants = GiantSteps::kHorner;

  std::size_t bytes() const noexcept;  // of the diagonals
};

/// Throws as validate() and Encoder::encode().
EncodedTransform encode_transform(const LinearTransform& transform, const Encoder& encoder,
                                  const Params& params, int level, double plaintext_scale, Threads threads);

/// The map and one rescale: scale = a.scale · plaintext_scale / rescale_factor(level), level - 1. Throws
/// kMissingKey naming every absent rotation, and kOutOfLevels at level 0, when the product exceeds the
/// modulus, or when the result's scale falls below 1.
Ciphertext apply_transform(const Evaluator& evaluator, const EncodedTransform& transform,
                           const Ciphertext& a);

}  // namespace sotto::ckks
