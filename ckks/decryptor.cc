#include "ckks/decryptor.h"

#include <cmath>

#include "base/error.h"
#include "ckks/text.h"

namespace sotto::ckks {
namespace {

/// The sampler's sigma is up to 2^(log_sigma+1) and no sample exceeds 16 sigma (29 of 3.2 in each digit);
/// one bit more, and noise takes at most half of the room that the message shares with it.
constexpr int kFloodingMargin = 6;

}  // namespace

Decrypted::~Decrypted() {
  wipe(poly_.words().data(), poly_.words().size() * sizeof(u64));
}

ReleasePolicy ReleasePolicy::for_noise(double noise_bits, int security_bits, std::uint64_t releases,
                                       double grid) {
  const double flooding =
      noise_bits + std::log2(12.0 * static_cast<double>(releases)) / 2 + security_bits / 2.0;
  return {.flooding_bits = flooding, .grid = grid, .releases = releases};
}

Decryptor::Decryptor(std::shared_ptr<const SecretKey> key) : key_(std::move(key)), encoder_(key_->params()) {}

Decryptor::Decryptor(std::shared_ptr<const SecretKey> key, const ReleasePolicy& policy,
                     std::uint64_t released)
    : key_(std::move(key)), encoder_(key_->params()), policy_(policy), released_(released) {
  if (!(policy.flooding_bits >= 2 && policy.flooding_bits <= 52)) {
    throw Error(ErrorCode::kInvalidArgument,
                "release policy: flooding_bits = " + std::to_string(policy.flooding_bits) +
                    " is outside 2…52; state a bound of the noise (ReleasePolicy::for_noise)");
  }
  if (!(policy.grid >= 0 && std::isfinite(policy.grid)))
    throw Error(ErrorCode::kInvalidArgument, "release policy: the grid must be 0 or positive");
}

Decrypted Decryptor::decrypt(const Ciphertext& a, Threads threads) const {
  const Params& params = *key_->params();
  require_shape("decrypt", a);
  require_same_params(params, *a.params, "decrypt");
  if (a.key_id != key_->id()) {
    throw Error(ErrorCode::kMissingKey,
                "decrypt: the ciphertext was made with another secret key; use the key that encrypted it");
  }
  const Basis& basis = params.basis(a.level());
  const int limbs = basis.size();
  CoeffPoly message(params.n(), limbs);
  parallel_for(threads, limbs, [&](int i) {  // Horner: (c2 s + c1) s + c0
    const ntt::Plan& plan = params.q(basis.prime(i));
    const ntt::ConstLimb s = key_->s().limb(basis.prime(i));
    const ntt::Limb m = message.limb(i);
    plan.multiply(m, a.c.back().limb(i), s);
    if (a.c.size() == 3) {
      plan.add(m, m, a.c[1].limb(i));
      plan.multiply(m, m, s);
    }
    plan.add(m, m, a.c[0].limb(i));
    plan.inverse(m);
  });
  return Decrypted(key_->params(), key_->id(), std::move(message), a.scale);
}

void Decryptor::require_mine(std::string_view operation, const Decrypted& a) const {
  if (a.params_ == nullptr)
    throw Error(ErrorCode::kInvalidArgument, std::string(operation) + ": the value was moved away");
  require_same_params(*key_->params(), *a.params_, operation);
  if (a.key_id_ == key_->id()) return;
  throw Error(
      ErrorCode::kMissingKey,
      std::string(operation) + ": the value was decrypted with another secret key; use its Decryptor");
}

std::vector<double> Decryptor::decode_private(const Decrypted& a) const {
  require_mine("decode_private", a);
  return encoder_.decode(a.poly_, a.scale_);
}

std::vector<std::complex<double>> Decryptor::decode_private_complex(const Decrypted& a) const {
  require_mine("decode_private_complex", a);
  return encoder_.decode_complex(a.poly_, a.scale_);
}

void Decryptor::spend_release() {
  std::uint64_t spent = released_;
  do {
    if (spent < policy_->releases) continue;
    throw Error(ErrorCode::kInvalidArgument,
                "decode_release: the " + std::to_string(policy_->releases) +
                    " declared releases of this key are used up; make a new key");
  } while (!released_.compare_exchange_weak(spent, spent + 1));
}

std::vector<double> Decryptor::decode_release(const Decrypted& a, Rng& rng) {
  require_mine("decode_release", a);
  if (!policy_) {
    throw Error(ErrorCode::kInvalidArgument,
                "decode_release: no policy was declared; construct the Decryptor with a ReleasePolicy");
  }
  const Params& params = *key_->params();
  const int log_sigma = static_cast<int>(std::ceil(policy_->flooding_bits)),
            level = params.level_of(a.poly_.q_limbs());
  if (log_sigma + kFloodingMargin >= params.log_q(level) - 1) {
    throw Error(ErrorCode::kInvalidArgument,
                "decode_release: flooding of 2^" + std::to_string(log_sigma) + " needs " +
                    std::to_string(log_sigma + kFloodingMargin) + " bits below half the modulus of level " +
                    std::to_string(level) + ", " + power_of_two(params.log_q(level) - 1) +
                    "; decrypt at a higher level or plan a larger q[0]");
  }
  spend_release();
  SmallPoly noise(params.n());
  Seed seed = rng.next_seed();
  sample_gaussian(seed, log_sigma, noise.values());
  wipe(seed.data(), seed.size());
  CoeffPoly flooded = a.poly_;
  const WipeAtExit guard(flooded);
  for (int i = 0; i < flooded.limbs(); ++i) {
    const ntt::Modulus& q = params.limb(i, flooded.q_limbs()).modulus();
    const u64 offset =
        (~u64{0} / 4 / q.value() + 1) * q.value();  // 2^62 ≤ offset: makes the noise, below 2^59, positive
    const u64 one = q.shoup(1);
    for (std::size_t k = 0; k < params.n(); ++k) {
      const u64 residue = q.multiply_shoup(static_cast<u64>(noise.values()[k]) + offset, 1, one);
      flooded.limb(i)[k] = q.add(flooded.limb(i)[k], residue);
    }
  }
  std::vector<double> slots = encoder_.decode(flooded, a.scale_);
  if (policy_->grid > 0) {
    for (double& x : slots) x = std::round(x / policy_->grid) * policy_->grid;
  }
  return slots;
}

}  // namespace sotto::ckks
