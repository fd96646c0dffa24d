#include "ckks/keys.h"

#include "base/error.h"
#include "ckks/random.h"

namespace sotto::ckks {

SecretKey::SecretKey(ParamsPtr params, const KeyId& id, EvalPoly s)
    : params_(std::move(params)), id_(id), s_(std::move(s)) {
  if (s_.n() != params_->n() || s_.q_limbs() != params_->chain_count() ||
      s_.p_limbs() != params_->special_count()) {
    throw Error(ErrorCode::kInvalidArgument, "secret key: " + std::to_string(s_.limbs()) + " limbs of " +
                                                 std::to_string(s_.n()) + " words do not fit params \"" +
                                                 params_->name() + "\"");
  }
}

SecretKey& SecretKey::operator=(SecretKey&& other) noexcept {
  if (this == &other) return *this;
  wipe(s_.words().data(), s_.words().size() * sizeof(u64));
  params_ = std::move(other.params_);
  id_ = other.id_;
  s_ = std::move(other.s_);
  return *this;
}

SecretKey::~SecretKey() {
  wipe(s_.words().data(), s_.words().size() * sizeof(u64));
}

u64 galois_element(const Params& params, const GaloisKeyId& id) noexcept {
  const u64 mask = 2 * params.n() - 1;
  const auto slots = static_cast<long long>(params.slots());
  const auto steps = static_cast<u64>(((id.step % slots) + slots) % slots);
  u64 g = 1, power = 5;
  for (u64 e = steps; e != 0; e >>= 1, power = power * power & mask) {
    if (e & 1) g = g * power & mask;
  }
  return id.conjugate ? (mask + 1 - g) : g;
}

}  // namespace sotto::ckks
