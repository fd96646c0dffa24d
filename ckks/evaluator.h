// Arithmetic on ciphertexts: add, multiply, relinearise, rescale, rotate, conjugate.
//
// Scales are exact: each operation states the scale of its result, and none mixes two scales silently (they
// must agree to 2^-30). Operands at different levels meet at the lower one. Every operation refuses
// ciphertexts of other parameters or keys, and each result owns its words.
#pragma once

#include <span>

#include "base/function_ref.h"
#include "ckks/ciphertext.h"
#include "ckks/key_store.h"
#include "ckks/keyswitch.h"

namespace sotto::ckks {

class Evaluator {
 public:
  explicit Evaluator(KeyStorePtr keys, Threads threads = {});

  const ParamsPtr& params() const noexcept { return keys_->params(); }
  const KeyStorePtr& keys() const noexcept { return keys_; }
  const KeySwitcher& switcher() const noexcept { return switcher_; }
  Threads threads() const noexcept { return threads_; }

  // Two or three parts. Scale of the operands.
  Ciphertext add(const Ciphertext& a, const Ciphertext& b) const;
  Ciphertext subtract(const Ciphertext& a, const Ciphertext& b) const;
  Ciphertext negate(const Ciphertext& a) const;
  Ciphertext add_plain(const Ciphertext& a, const Plaintext& b) const;
  /// Adds round(c scale) to the constant coefficient: c in every slot.
  Ciphertext add_constant(const Ciphertext& a, double c) const;

  // Scale: the product of the scales; throws kOutOfLevels when it reaches the modulus of the level.
  Ciphertext multiply_plain(const Ciphertext& a, const Plaintext& b) const;
  /// By the integer round(c constant_scale).
  Ciphertext multiply_constant(const Ciphertext& a, double c, double constant_scale) const;
  /// Three parts, under s^2 too; for sums of products that are relinearised once.
  Ciphertext product(const Ciphertext& a, const Ciphertext& b) const;
  Ciphertext relinearise(const Ciphertext& a) const;
  Ciphertext multiply(const Ciphertext& a, const Ciphertext& b) const;  // relinearised
  Ciphertext square(const Ciphertext& a) const;                         // relinearised
  /// rescale(relinearise(a)) and rescale(multiply(a, b)), fused: the rescale costs no transform, and one
  /// rounding instead of two.
  Ciphertext relinearise_rescale(const Ciphertext& a) const;
  Ciphertext multiply_rescale(const Ciphertext& a, const Ciphertext& b) const;

  /// To the level `count` below, dividing by the rescale factors on the way with one rounding. Throws
  /// kOutOfLevels when level < count, and when the scale would fall below 1.
  Ciphertext rescale(const Ciphertext& a, int count = 1) const;
  /// The same message with fewer limbs, at scale · params()->drop_scale().
  Ciphertext drop_to_level(const Ciphertext& a, int level) const;

  /// Slots to the left by `step` (any sign). Throws kMissingKey naming every absent key.
  Ciphertext rotate(const Ciphertext& a, int step) const;
  Ciphertext conjugate(const Ciphertext& a) const;
  /// By X^(N/2): i in every slot. Two or three parts; exact.
  Ciphertext multiply_by_i(const Ciphertext& a) const;
  /// Rotates by every step, decomposing `a` once: (b + 2 |steps|)(l + a) transforms.
  RecycledVector<Ciphertext> rotate_many(const Ciphertext& a, std::span<const int> steps) const;

  /// An automorphism whose key is there and serves the level that was asked for.
  struct Galois {
    GaloisKeyId id;
    const ntt::Automorphism* sigma;
  };
  /// One for each id; throws kMissingKey naming every id that is absent or whose key is cut below `level`.
  RecycledVector<Galois> galois(std::span<const GaloisKeyId> ids, int level,
                                std::string_view operation) const;
  /// Its key, to be held no longer than it is used: the store may have had to read it.
  std::shared_ptr<const SwitchingKey> key(const Galois& galois) const { return keys_->find(galois.id); }
  GaloisKeyId rotation(int step) const noexcept;

  /// Scale after `count` rescales from `level`; throws as rescale().
  double rescaled(std::string_view operation, double scale, int level, int count = 1) const;

  /// Throws unless `a` has `parts` parts (0 = 2 or 3) and belongs to these keys.
  void require_mine(std::string_view operation, const Ciphertext& a, std::size_t parts = 2) const;

 private:
  class LimbsOf;
  const Ciphertext& meet(const Ciphertext& a, int level, Ciphertext& lowered) const;
  Ciphertext exchange_primes(const Ciphertext& a, int level) const;
  Ciphertext empty_like(const Ciphertext& a, std::size_t parts, int level, double scale) const;
  void each_limb(const Ciphertext& shape,
                 FunctionRef<void(std::size_t part, int limb, const ntt::Plan&)> body) const;
  /// body(out, in, i, plan) on the limbs of the first part; the others, and the seed of the second, are kept.
  Ciphertext change_first(
      const Ciphertext& a,
      FunctionRef<void(ntt::Limb out, ntt::ConstLimb in, int limb, const ntt::Plan&)> body) const;
  Ciphertext combine(std::string_view operation, const Ciphertext& a, const Ciphertext& b, bool negate) const;
  double product_scale(std::string_view operation, double a, double b, int level) const;
  std::shared_ptr<const SwitchingKey> relin_key(std::string_view operation, int level) const;
  static Ciphertext two_parts(const Ciphertext& like, double scale, std::array<EvalPoly, 2> parts);
  RecycledVector<Ciphertext> apply_galois(const Ciphertext& a, std::span<const Galois> maps) const;
  Ciphertext apply_galois(const Ciphertext& a, const GaloisKeyId& id, std::string_view operation) const;

  KeyStorePtr keys_;
  Threads threads_;
  KeySwitcher switcher_;
  std::map<GaloisKeyId, ntt::Automorphism> automorphisms_;  // for the keys that are there
  std::vector<u64> roots_of_minus_one_;  // [chain prime]: X^(N/2) at the first evaluation point
};

}  // namespace sotto::ckks
