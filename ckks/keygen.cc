#include "ckks/keygen.h"

#include <algorithm>
#include <optional>

#include "base/error.h"

namespace sotto::ckks {
namespace {

/// One switching key to be made: from s^2 to s, or from s to sigma^-1(s) for a map sigma.
struct KeyJob {
  SwitchingKey* key;
  u64 object;  // its number under the roots of the set: a Galois element, or 0
  std::optional<ntt::Automorphism> sigma_inverse;  // absent for relinearisation
};

/// A seed that is wiped when the scope ends.
struct PrivateSeed {
  Seed value;
  ~PrivateSeed() { wipe(value.data(), value.size()); }
};

/// P mod q.
u64 special_product(const Params& params, const ntt::Modulus& q) noexcept {
  u64 product = 1;
  for (int i = 0; i < params.special_count(); ++i)
    product = q.multiply(product, q.reduce(params.p(i).modulus().value()));
  return product;
}

SwitchingKey empty_key(const Params& params, const Seed& seed, int level) {
  if (level < 0 || level > params.max_level()) {
    throw Error(ErrorCode::kInvalidArgument, "key generation: level " + std::to_string(level) +
                                                 " is outside 0…" + std::to_string(params.max_level()));
  }
  SwitchingKey key{.seed = seed, .level = level, .b = {}, .a = {}};
  const Basis& basis = params.key_basis(level);
  for (int j = 0; j < basis.digit_count(); ++j) {
    key.b.emplace_back(params.n(), basis.size(), params.special_count());
    key.a.emplace_back(params.n(), basis.size(), params.special_count());
  }
  return key;
}

/// e_j for every digit. `error_root` is that of the whole set.
std::vector<SmallPoly> sample_errors(const Params& params, const Seed& error_root, const KeyJob& job,
                                     Threads threads) {
  const PrivateSeed errors{derive_seed(error_root, "key errors", params.hash(), {.object = job.object})};
  const std::span<const Digit> digits = params.key_basis(job.key->level).digits();
  std::vector<SmallPoly> out;
  for (std::size_t j = 0; j < digits.size(); ++j) out.emplace_back(params.n());
  parallel_for(threads, static_cast<int>(digits.size()), [&](int task) {
    const auto j = static_cast<std::size_t>(task);
    const PrivateSeed seed{derive_seed(errors.value, "error", params.hash(),
                                       {.digit = static_cast<std::uint32_t>(digits[j].group)})};
    sample_error(seed.value, out[j].values());
  });
  return out;
}

/// One limb of every digit: (b_j, a_j) = (-a_j t + e_j + P W_j s', a_j).
void make_limb(const SecretKey& secret, const KeyJob& job, std::span<const SmallPoly> errors, int i) {
  const Params& params = *secret.params();
  const Basis& basis = params.key_basis(job.key->level);
  const bool special = i >= basis.size();
  const int prime = special ? i - basis.size() : basis.prime(i);
  const ntt::Plan& plan = special ? params.p(prime) : params.q(prime);
  const ntt::ConstLimb s = secret.s().limb(special ? params.chain_count() + prime : prime);
  AlignedWords words(2 * params.n());
  const WipeAtExit guard(words);
  const ntt::Limb minus_t = words.span().first(params.n()), lifted = words.span().last(params.n());
  if (job.sigma_inverse) plan.permute(minus_t, s, *job.sigma_inverse);
  plan.negate(minus_t, job.sigma_inverse ? ntt::ConstLimb(minus_t) : s);
  for (std::size_t j = 0; j < errors.size(); ++j) {
    const int group = basis.digits()[j].group;
    const ntt::Limb a = job.key->a[j].limb(i), b = job.key->b[j].limb(i);
    to_residues(plan.modulus(), errors[j].values(), b);
    plan.forward(b);
    expand_uniform_limb(params, job.key->seed, UniformPart::kSwitchingKey, group,
                        special ? special_limb(prime) : chain_limb(prime), a);
    plan.multiply_add(b, a, minus_t);
    if (special || prime / params.alpha() != group) continue;  // P W_j vanishes there
    plan.multiply_scalar(lifted, s, special_product(params, plan.modulus()));
    if (!job.sigma_inverse) plan.multiply(lifted, lifted, s);
    plan.add(b, b, lifted);
  }
}

/// Key after key, so that the errors of one alone are in memory; the limbs of each to threads.
void make_key(const SecretKey& secret, const Seed& error_root, const KeyJob& job, Threads threads) {
  const std::vector<SmallPoly> errors = sample_errors(*secret.params(), error_root, job, threads);
  parallel_for(threads, job.key->b.front().limbs(), [&](int i) { make_limb(secret, job, errors, i); });
}

}  // namespace

SecretKey make_secret_key(const ParamsPtr& params, Rng& rng) {
  const PrivateSeed root{rng.next_seed()};
  SmallPoly coefficients(params->n());
  sample_ternary(root.value, coefficients.values());
  EvalPoly s(params->n(), params->chain_count(), params->special_count());
  for (int i = 0; i < s.limbs(); ++i) {
    const ntt::Plan& plan = params->limb(i, s.q_limbs());
    to_residues(plan.modulus(), coefficients.values(), s.limb(i));
    plan.forward(s.limb(i));
  }
  const Seed public_root = rng.next_public_seed();
  KeyId id;
  std::copy_n(public_root.begin(), id.size(), id.begin());
  return SecretKey(params, id, std::move(s));
}

PublicKey make_public_key(const SecretKey& secret, Rng& rng, Threads threads) {
  const ParamsPtr& params = secret.params();
  const int limbs = params->chain_count();
  PublicKey key{.params = params,
                .id = secret.id(),
                .seed = rng.next_public_seed(),
                .b = EvalPoly(params->n(), limbs),
                .a = {}};
  key.a = expand_uniform(*params, key.seed, UniformPart::kPublicKey, 0, params->basis(params->max_level()), 0,
                         threads);
  const PrivateSeed root{rng.next_seed()};
  SmallPoly error(params->n());
  sample_error(root.value, error.values());
  parallel_for(threads, limbs, [&](int i) {
    const ntt::Plan& plan = params->q(i);
    AlignedWords product(params->n());
    const WipeAtExit guard(product);
    to_residues(plan.modulus(), error.values(), key.b.limb(i));
    plan.forward(key.b.limb(i));
    plan.multiply(product.span(), key.a.limb(i), secret.s().limb(i));
    plan.subtract(key.b.limb(i), key.b.limb(i), product.span());
  });
  return key;
}

ServerKeys make_server_keys(const SecretKey& secret, const KeyRequest& request, Rng& rng, Threads threads) {
  const Params& params = *secret.params();
  const auto slots = static_cast<int>(params.slots());
  std::map<GaloisKeyId, int> levels;
  for (const auto& [id, level] : request.galois) {
    const GaloisKeyId normal{.step = ((id.step % slots) + slots) % slots, .conjugate = id.conjugate};
    if (normal == GaloisKeyId{}) continue;
    const auto [entry, fresh] = levels.try_emplace(normal, level);
    if (!fresh) entry->second = std::max(entry->second, level);
  }

  const Seed public_root = rng.next_public_seed();
  const PrivateSeed error_root{rng.next_seed()};
  ServerKeys keys{.params = secret.params(), .id = secret.id(), .relin = {}, .galois = {}};
  std::vector<KeyJob> jobs;
  const auto seed_of = [&](u64 object) {
    return derive_seed(public_root, "key seed", params.hash(), {.object = object});
  };
  if (request.relin_level >= 0) {
    keys.relin = empty_key(params, seed_of(0), request.relin_level);  // no Galois element is 0
    jobs.push_back({&*keys.relin, 0, std::nullopt});
  }
  for (const auto& [id, level] : levels) {
    const u64 g = galois_element(params, id);
    SwitchingKey& key = keys.galois.emplace(id, empty_key(params, seed_of(g), level)).first->second;
    const u64 inverse = ntt::inverse_galois_element(params.log_n(), g);
    jobs.push_back({&key, g, ntt::Automorphism(params.log_n(), inverse)});
  }

  for (const KeyJob& job : jobs) make_key(secret, error_root.value, job, threads);
  return keys;
}

}  // namespace sotto::ckks
