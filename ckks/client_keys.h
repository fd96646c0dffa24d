// The client's side: the secret key, and what may be released under it.
//
// The counterpart of ServerKeys in keys.h. Neither becomes the other, and no function of a server takes this
// one. The secret has one owner, so that all Decryptors of a key spend from one budget of releases.
#pragma once

#include <atomic>
#include <optional>

#include "ckks/keys.h"

namespace sotto::ckks {

/// What may be published, declared before the first value is. Flooding hides the error when its standard
/// deviation is sqrt(12 tau) 2^(s/2) t for `releases` = tau values, s bits of statistical security and a
/// WORST-CASE bound t on the error of a coefficient, proven for the circuit. A noise measured on the data
/// itself must not be used: inputs chosen by an attacker make it small [GNSJ24]. docs/security.md has an
/// example with numbers.
struct ReleasePolicy {
  static constexpr int kSecurityBits = 40;           // recipients who are trusted not to attack
  static constexpr int kUntrustedSecurityBits = 64;  // all others

  double flooding_bits =
      0;  // log2 of the least standard deviation of the added noise, in units of one coefficient; 2…52
  double grid = 0;             // results are rounded to multiples of it; 0 = not rounded
  std::uint64_t releases = 0;  // how many values may be released in all; then make a new key

  /// The policy for an error below 2^noise_bits in each coefficient. Throws Error for less than 40
  /// security_bits, no releases, and what check() refuses.
  static ReleasePolicy for_noise(double noise_bits, std::uint64_t releases, double grid = 0,
                                 int security_bits = kSecurityBits);
  /// The standard deviation that is added: in [2^flooding_bits, 2^(flooding_bits + 1.04)].
  double deviation() const;
  /// Throws Error unless flooding_bits and the grid are in range.
  void check() const;
};

class ClientKeys {
 public:
  /// Opens values for the owner of the key; releases nothing.
  explicit ClientKeys(SecretKey secret) noexcept : secret_(std::move(secret)) {}
  /// Also releases values under `policy`, which holds for the life of the key: raised later, it would not
  /// cover what was released before. `released`: how many have been released under it already, from
  /// released() of an earlier run. Throws Error for a policy out of range.
  ClientKeys(SecretKey secret, const ReleasePolicy& policy, std::uint64_t released = 0);
  ClientKeys(const ClientKeys&) = delete;

  const SecretKey& secret() const noexcept { return secret_; }
  const std::optional<ReleasePolicy>& policy() const noexcept { return policy_; }
  /// To be kept by a caller that ends, and given to the next ClientKeys of this secret.
  std::uint64_t released() const noexcept { return released_; }
  /// Counts one release; thread-safe. Throws Error without a policy and when its releases are used up.
  void spend_release();

 private:
  SecretKey secret_;
  std::optional<ReleasePolicy> policy_;
  std::atomic<std::uint64_t> released_{0};
};

}  // namespace sotto::ckks
