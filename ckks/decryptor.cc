#include "ckks/decryptor.h"

#include <cmath>

#include "base/error.h"
#include "ckks/text.h"

namespace sotto::ckks {
namespace {

/// No sample exceeds 16 deviations (29 of 3.2 in each term); one bit more, and noise takes at most half of
/// the room that the message shares with it.
constexpr int kFloodingMargin = 5;

}  // namespace

Decrypted::~Decrypted() {
  wipe(poly_.words().data(), poly_.words().size() * sizeof(u64));
}

Decryptor::Decryptor(std::shared_ptr<ClientKeys> keys) : keys_(std::move(keys)), encoder_(key().params()) {}

Decrypted Decryptor::decrypt(const Ciphertext& a, Threads threads) const {
  const Params& params = *key().params();
  require_shape("decrypt", a);
  require_same_params(params, *a.params, "decrypt");
  if (a.key_id != key().id()) {
    throw Error(ErrorCode::kMissingKey,
                "decrypt: the ciphertext was made with another secret key; use the key that encrypted it");
  }
  const Basis& basis = params.basis(a.level());
  const int limbs = basis.size();
  CoeffPoly message(params.n(), limbs);
  parallel_for(threads, limbs, [&](int i) {  // Horner: (c2 s + c1) s + c0
    const ntt::Plan& plan = params.q(basis.prime(i));
    const ntt::ConstLimb s = key().s().limb(basis.prime(i));
    const ntt::Limb m = message.limb(i);
    plan.multiply(m, a.c.back().limb(i), s);
    if (a.c.size() == 3) {
      plan.add(m, m, a.c[1].limb(i));
      plan.multiply(m, m, s);
    }
    plan.add(m, m, a.c[0].limb(i));
    plan.inverse(m);
  });
  return Decrypted(key().params(), key().id(), std::move(message), a.scale);
}

void Decryptor::require_mine(std::string_view operation, const Decrypted& a) const {
  if (a.params_ == nullptr)
    throw Error(ErrorCode::kInvalidArgument, std::string(operation) + ": the value was moved away");
  require_same_params(*key().params(), *a.params_, operation);
  if (a.key_id_ == key().id()) return;
  throw Error(
      ErrorCode::kMissingKey,
      std::string(operation) + ": the value was decrypted with another secret key; use its Decryptor");
}

std::vector<double> Decryptor::decode_private(const Decrypted& a, Threads threads) const {
  require_mine("decode_private", a);
  return encoder_.decode(a.poly_, a.scale_, threads);
}

std::vector<std::complex<double>> Decryptor::decode_private_complex(const Decrypted& a,
                                                                    Threads threads) const {
  require_mine("decode_private_complex", a);
  return encoder_.decode_complex(a.poly_, a.scale_, threads);
}

std::vector<double> Decryptor::decode_release(const Decrypted& a, Rng& rng) {
  require_mine("decode_release", a);
  const Params& params = *key().params();
  const std::optional<ReleasePolicy>& policy = keys_->policy();
  const int level = params.level_of(a.poly_.q_limbs());
  const double room = params.log_q(level) - 1,
               needed = policy ? std::log2(policy->deviation()) + kFloodingMargin : 0;
  if (needed >= room) {
    throw Error(ErrorCode::kInvalidArgument,
                "decode_release: flooding of 2^" + two_decimals(needed - kFloodingMargin) + " needs " +
                    two_decimals(needed) + " bits below half the modulus of level " + std::to_string(level) +
                    ", " + power_of_two(room) + "; decrypt at a higher level or plan a larger q[0]");
  }
  keys_->spend_release();
  SmallPoly noise(params.n());
  Seed seed = rng.next_seed();
  sample_gaussian(seed, policy->flooding_bits, noise.values());
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
  if (policy->grid > 0) {
    for (double& x : slots) x = std::round(x / policy->grid) * policy->grid;
  }
  return slots;
}

}  // namespace sotto::ckks
