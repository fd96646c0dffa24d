// Plaintexts and ciphertexts of the native scheme: polynomials in the evaluation domain with their level and
// true scale.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "ckks/keys.h"
#include "ckks/rns_poly.h"

namespace sotto::ckks {

struct Plaintext {
  ParamsPtr params;
  EvalPoly poly;  // a limb for each prime of the level
  double scale = 0;
  int level() const noexcept { return params->level_of(poly.q_limbs()); }
};

/// c[0] + c[1] s (+ c[2] s^2 before relinearisation) = scale · message + error, modulo the primes of the
/// level.
struct Ciphertext {
  ParamsPtr params;
  RecycledVector<EvalPoly> c;  // 2 parts, or 3 before relinearisation; each with the limbs of the level
  double scale = 0;
  KeyId key_id{};  // of the secret that opens it; operations refuse to mix two
  std::optional<Seed>
      seed;  // set only while c[1] is the untouched expansion of it: a file then holds c[0] alone
  int level() const noexcept { return params->level_of(c.front().q_limbs()); }  // of at least one part
};

// What every operation checks first: there are params, and polynomials of their degree with chain limbs
// alone, in a ciphertext 2 or 3 with the same limbs. Throw Error kInvalidArgument beginning with `operation`.
void require_shape(std::string_view operation, const Plaintext& a);
void require_shape(std::string_view operation, const Ciphertext& a);

}  // namespace sotto::ckks
