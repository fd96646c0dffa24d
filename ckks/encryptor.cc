#include "ckks/encryptor.h"

namespace sotto::ckks {
namespace {

void require_fits(const Params& params, const Plaintext& message) {
  require_shape("encrypt", message);
  require_same_params(params, *message.params, "encrypt");
}

SmallPoly draw(const Params& params, Rng& rng, void (*sample)(const Seed&, std::span<std::int64_t>)) {
  SmallPoly values(params.n());
  Seed seed = rng.next_seed();
  sample(seed, values.values());
  wipe(seed.data(), seed.size());
  return values;
}

/// out = NTT(x) on one limb.
void transform(const ntt::Plan& plan, const SmallPoly& x, ntt::Limb out) noexcept {
  to_residues(plan.modulus(), x.values(), out);
  plan.forward(out);
}

}  // namespace

Ciphertext encrypt(const SecretKey& key, const Plaintext& message, Rng& rng, Threads threads) {
  const Params& params = *key.params();
  require_fits(params, message);
  const Basis& basis = params.basis(message.level());
  const int limbs = basis.size();
  Ciphertext out{.params = key.params(),
                 .c = {},
                 .scale = message.scale,
                 .key_id = key.id(),
                 .seed = rng.next_public_seed()};
  const SmallPoly error = draw(params, rng, sample_error);
  out.c.emplace_back(params.n(), limbs);
  out.c.emplace_back(params.n(), limbs);
  parallel_for(threads, limbs, [&](int i) {
    const int prime = basis.prime(i);
    const ntt::Plan& plan = params.q(prime);
    AlignedWords product(params.n());
    const WipeAtExit guard(product);
    expand_uniform_limb(params, *out.seed, UniformPart::kCiphertext, 0, chain_limb(prime), out.c[1].limb(i));
    transform(plan, error, out.c[0].limb(i));
    plan.multiply(product.span(), out.c[1].limb(i), key.s().limb(prime));
    plan.subtract(out.c[0].limb(i), out.c[0].limb(i), product.span());
    plan.add(out.c[0].limb(i), out.c[0].limb(i), message.poly.limb(i));
  });
  return out;
}

Ciphertext encrypt(const PublicKey& key, const Plaintext& message, Rng& rng, Threads threads) {
  const Params& params = *key.params;
  require_fits(params, message);
  const Basis& basis = params.basis(message.level());
  const int limbs = basis.size();
  const SmallPoly u = draw(params, rng, sample_ternary);
  const SmallPoly e0 = draw(params, rng, sample_error);
  const SmallPoly e1 = draw(params, rng, sample_error);
  Ciphertext out{.params = key.params, .c = {}, .scale = message.scale, .key_id = key.id, .seed = {}};
  out.c.emplace_back(params.n(), limbs);
  out.c.emplace_back(params.n(), limbs);
  parallel_for(threads, limbs, [&](int i) {
    const int prime = basis.prime(i);
    const ntt::Plan& plan = params.q(prime);
    AlignedWords mask(params.n());
    const WipeAtExit guard(mask);
    transform(plan, u, mask.span());
    transform(plan, e0, out.c[0].limb(i));
    transform(plan, e1, out.c[1].limb(i));
    plan.multiply_add(out.c[0].limb(i), key.b.limb(prime), mask.span());
    plan.multiply_add(out.c[1].limb(i), key.a.limb(prime), mask.span());
    plan.add(out.c[0].limb(i), out.c[0].limb(i), message.poly.limb(i));
  });
  return out;
}

}  // namespace sotto::ckks
