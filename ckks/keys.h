// Keys. Secret and public sides are different types, so that a server cannot hold a secret by accident.
//
// Every public object is stored with the 32-byte seed of its uniform part: half the bytes in a file; expanded
// once in memory.
#pragma once

#include <array>
#include <compare>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "ckks/rns_poly.h"

namespace sotto::ckks {

using Seed = std::array<unsigned char, 32>;
/// Random 16 bytes made with the secret key; every derived key and ciphertext carries it, so mixing keys is
/// an error and not garbage.
using KeyId = std::array<unsigned char, 16>;

/// Uniform ternary secret; wiped on destruction, never printed, not copyable.
class SecretKey {
 public:
  SecretKey(ParamsPtr params, const KeyId& id, EvalPoly s);  // s: all chain limbs, then all special limbs
  SecretKey(SecretKey&&) noexcept = default;
  SecretKey& operator=(SecretKey&&) noexcept;
  SecretKey(const SecretKey&) = delete;
  ~SecretKey();
  const ParamsPtr& params() const noexcept { return params_; }
  const KeyId& id() const noexcept { return id_; }
  const EvalPoly& s() const noexcept { return s_; }

 private:
  ParamsPtr params_;
  KeyId id_{};
  EvalPoly s_;
};

/// (b, a) = (-a s + e, a) modulo all chain primes.
struct PublicKey {
  ParamsPtr params;
  KeyId id{};
  Seed seed{};
  EvalPoly b, a;
};

/// Switches from a secret s' to a secret t for ciphertexts up to `level`. Digit j: (b_j, a_j) = (-a_j t + e_j
/// + P W_j s', a_j) modulo the primes of key_basis(level) and P, where W_j is 1 modulo the chain primes of
/// digit j and 0 modulo the others. Cut to fewer limbs and digits it is the key of a lower level.
/// Relinearisation: s' = s^2, t = s. Automorphism sigma: s' = s, t = sigma^-1(s), so that sigma is applied
/// once, to the result, and the digits of a ciphertext can be shared by all rotations without permuting them.
struct SwitchingKey {
  Seed seed{};
  int level = 0;
  std::vector<EvalPoly> b, a;  // [digit of key_basis(level)], each with its chain limbs and all special ones
};

/// What a rotation key is for. Steps are normalised to (0, slots); the conjugation has its own name.
struct GaloisKeyId {
  int step = 0;  // left rotation by `step` slots; 0 together with conjugate
  bool conjugate = false;
  auto operator<=>(const GaloisKeyId&) const = default;
};

/// Which switching key: that of an automorphism, or std::nullopt for relinearisation.
using KeyName = std::optional<GaloisKeyId>;

/// A key request: made only up to the level at which it is used, so that low-level keys are small.
struct GaloisKeyRequest {
  GaloisKeyId id;
  int level = 0;
};

/// The keys a computation needs, known before any key is made.
struct KeyRequest {
  int relin_level = -1;                  // -1: no ciphertext product
  std::vector<GaloisKeyRequest> galois;  // unique ids, each at the highest level of its use
};

/// Everything an evaluator needs and nothing secret.
struct ServerKeys {
  ParamsPtr params;
  KeyId id{};
  std::optional<SwitchingKey> relin;
  std::map<GaloisKeyId, SwitchingKey> galois;
};

/// 5^step mod 2N, or 2N-1 for the conjugation.
ntt::u64 galois_element(const Params& params, const GaloisKeyId& id) noexcept;

}  // namespace sotto::ckks
