// Decryption, and the two ways out of it.
//
// A CKKS decryption is message + error, and the error is a linear function of the secret key: whoever sees a
// decrypted value together with its ciphertext can learn the key [LM21]. So decrypt() gives a value that
// cannot be printed, compared or stored, and there are two exits: decode_private() for values that stay with
// the owner of the key, and decode_release() for values that are given to others.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "ckks/client_keys.h"
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

class Decryptor {
 public:
  explicit Decryptor(std::shared_ptr<ClientKeys> keys);

  /// Accepts 2 or 3 parts. Throws Error when the ciphertext belongs to other parameters or another key.
  Decrypted decrypt(const Ciphertext& a, Threads threads = {}) const;

  // The decoders throw Error for a value that another key or other parameters decrypted.
  /// For the owner of the key only: the result must never reach somebody who can see the ciphertext.
  std::vector<double> decode_private(const Decrypted& a, Threads threads = {}) const;
  std::vector<std::complex<double>> decode_private_complex(const Decrypted& a, Threads threads = {}) const;

  /// Adds Gaussian noise of the policy of the keys to every coefficient, decodes, clears the imaginary parts
  /// and rounds to the grid; counts as one release. Slots that are not part of the result must be masked
  /// before decryption. Throws Error without a policy, when its releases are used up, and when the noise
  /// would not fit the modulus of the level; a refusal counts for nothing.
  std::vector<double> decode_release(const Decrypted& a, Rng& rng);

 private:
  const SecretKey& key() const noexcept { return keys_->secret(); }
  void require_mine(std::string_view operation, const Decrypted& a) const;

  std::shared_ptr<ClientKeys> keys_;
  Encoder encoder_;
};

}  // namespace sotto::ckks
