// Decryption, and the two ways out of it.
//
// A CKKS decryption is message + error, and the error is a linear function of the secret key: whoever sees a
// decrypted value together with its ciphertext can learn the key [LM21]. So decrypt() gives a value that
// cannot be printed, compared or stored, and there are two exits: decode_private() for values that stay with
// the owner of the key, and decode_release() for values that are given to others.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "ckks/encoder.h"
#include "ckks/random.h"

namespace sotto::ckks {

/// The decrypted polynomial, error included; wiped on destruction.
class Decrypted {
 public:
  Decrypted(Decrypted&&) noexcept = default;
  Decrypted(const Decrypted&) = delete;
  Decrypted& operator=(const Decrypted&) = delete;
  ~Decrypted();

 private:
  friend class Decryptor;
  Decrypted(ParamsPtr params, const KeyId& key_id, CoeffPoly poly, double scale)
      : params_(std::move(params)), key_id_(key_id), poly_(std::move(poly)), scale_(scale) {}
  ParamsPtr params_;
  KeyId key_id_;
  CoeffPoly poly_;
  double scale_;
};

/// What may be published, declared before the first value is. Flooding hides the error when its standard
/// deviation is sqrt(12 tau) 2^(s/2) t for `releases` = tau values, s bits of statistical security and a
/// WORST-CASE bound t on the error of a coefficient, proven for the circuit. A noise measured on the data
/// itself must not be used: inputs chosen by an attacker make it small [GNSJ24].
struct ReleasePolicy {
  double flooding_bits =
      0;            // log2 of the standard deviation of the added noise, in units of one coefficient; 2…52
  double grid = 0;  // results are rounded to multiples of it; 0 = not rounded
  std::uint64_t releases = 0;  // how many values may be released in all; then make a new key

  /// The policy for an error below 2^noise_bits in each coefficient.
  static ReleasePolicy for_noise(double noise_bits, int security_bits, std::uint64_t releases, double grid);
};

class Decryptor {
 public:
  /// Opens values for the owner of the key; releases nothing.
  explicit Decryptor(std::shared_ptr<const SecretKey> key);
  /// Also releases values under `policy`, which holds for the life of the object: raised later, it would not
  /// cover what was released before. `released`: how many have been released under it already, from
  /// released() of an earlier run. Throws Error for a policy out of range.
  Decryptor(std::shared_ptr<const SecretKey> key, const ReleasePolicy& policy, std::uint64_t released = 0);

  /// Accepts 2 or 3 parts. Throws Error when the ciphertext belongs to other parameters or another key.
  Decrypted decrypt(const Ciphertext& a, Threads threads = {}) const;

  // The decoders throw Error for a value that another key or other parameters decrypted.
  /// For the owner of the key only: the result must never reach somebody who can see the ciphertext.
  std::vector<double> decode_private(const Decrypted& a) const;
  std::vector<std::complex<double>> decode_private_complex(const Decrypted& a) const;

  /// Adds Gaussian noise to every coefficient, decodes, clears the imaginary parts and rounds to the grid.
  /// Slots that are not part of the result must be masked before decryption. Throws Error without a policy,
  /// when its releases are used up, and when the noise would not fit the modulus of the level.
  std::vector<double> decode_release(const Decrypted& a, Rng& rng);
  /// To be kept by a caller that ends, and given to the next Decryptor of this key.
  std::uint64_t released() const noexcept { return released_; }

 private:
  void require_mine(std::string_view operation, const Decrypted& a) const;
  void spend_release();

  std::shared_ptr<const SecretKey> key_;
  Encoder encoder_;
  std::optional<ReleasePolicy> policy_;
  std::atomic<std::uint64_t> released_{0};
};

}  // namespace sotto::ckks
