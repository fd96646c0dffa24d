#include "ckks/decryptor.h"

#include <cmath>

#include "base/error.h"

namespace sotto::ckks {

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

Decrypted Decryptor::decrypt(const Ciphertext& a, Threads threads) const {
  const Params& params = *key_->params();
  require_same_params(params, *a.params, "decrypt");
  if (a.key_id != key_->id()) {
    throw Error(ErrorCode::kMissingKey,
                "decrypt: the ciphertext was made with another secret key; use the key that encrypted it");
  }
  if (a.c.size() < 2 || a.c.size() > 3) {
    throw Error(ErrorCode::kInvalidArgument,
                "decrypt: a ciphertext of " + std::to_string(a.c.size()) + " parts; 2 or 3 are possible");
  }
  const int limbs = a.level() + 1;
  CoeffPoly message(params.n(), limbs);
  parallel_for(threads, limbs, [&](int i) {  // Horner: (c2 s + c1) s + c0
    const ntt::Plan& plan = params.q(i);
    const ntt::ConstLimb s = key_->s().limb(i);
    const ntt::Limb m = message.limb(i);
    plan.multiply(m, a.c.back().limb(i), s);
    if (a.c.size() == 3) {
      plan.add(m, m, a.c[1].limb(i));
      plan.multiply(m, m, s);
    }
    plan.add(m, m, a.c[0].limb(i));
    plan.inverse(m);
  });
  return Decrypted(std::move(message), a.scale);
}

std::vector<double> Decryptor::decode_private(const Decrypted& a) const {
  return encoder_.decode(a.poly_, a.scale_);
}

std::vector<std::complex<double>> Decryptor::decode_private_complex(const Decrypted& a) const {
  return encoder_.decode_complex(a.poly_, a.scale_);
}

std::vector<double> Decryptor::decode_release(const Decrypted& a, const ReleasePolicy& policy, Rng& rng) {
  const Params& params = *key_->params();
  if (!(policy.flooding_bits >= 2 && policy.flooding_bits <= 52)) {
    throw Error(ErrorCode::kInvalidArgument,
                "decode_release: flooding_bits = " + std::to_string(policy.flooding_bits) +
                    " is outside 2…52; state a bound of the noise (ReleasePolicy::for_noise)");
  }
  if (!(policy.grid >= 0))
    throw Error(ErrorCode::kInvalidArgument, "decode_release: the grid must be 0 or positive");
  if (released_.fetch_add(1) >= policy.releases) {
    released_.fetch_sub(1);
    throw Error(ErrorCode::kInvalidArgument,
                "decode_release: the " + std::to_string(policy.releases) +
                    " declared releases of this key are used up; make a new key");
  }
  SmallPoly noise(params.n());
  Seed seed = rng.next_seed();
  sample_gaussian(seed, static_cast<int>(std::ceil(policy.flooding_bits)), noise.values());
  wipe(seed.data(), seed.size());
  CoeffPoly flooded = a.poly_;
  const WipeAtExit guard(flooded);
  for (int i = 0; i < flooded.limbs(); ++i) {
    const ntt::Modulus& q = params.q(i).modulus();
    const u64 offset =
        (~u64{0} / 4 / q.value() + 1) * q.value();  // 2^62 ≤ offset: makes the noise, below 2^59, positive
    const u64 one = q.shoup(1);
    for (std::size_t k = 0; k < params.n(); ++k) {
      const u64 residue = q.multiply_shoup(static_cast<u64>(noise.values()[k]) + offset, 1, one);
      flooded.limb(i)[k] = q.add(flooded.limb(i)[k], residue);
    }
  }
  std::vector<double> slots = encoder_.decode(flooded, a.scale_);
  if (policy.grid > 0) {
    for (double& x : slots) x = std::round(x / policy.grid) * policy.grid;
  }
  return slots;
}

}  // namespace sotto::ckks
