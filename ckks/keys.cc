#include "ckks/keys.h"

#include "base/error.h"
#include "ckks/automorphism.h"
#include "ckks/random.h"

namespace sotto::ckks {
namespace {

/// The low `bits` bits of x in reverse order.
u64 reverse_bits(u64 x, int bits) noexcept {
  u64 reversed = 0;
  for (int i = 0; i < bits; ++i) reversed |= ((x >> i) & 1) << (bits - 1 - i);
  return reversed;
}

}  // namespace

SecretKey::SecretKey(ParamsPtr params, const KeyId& id, EvalPoly s)
    : params_(std::move(params)), id_(id), s_(std::move(s)) {
  if (s_.n() != params_->n() || s_.q_limbs() != params_->max_level() + 1 ||
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

std::vector<std::uint32_t> automorphism_table(int log_n, u64 g) {
  const u64 n = u64{1} << log_n, mask = 2 * n - 1;
  std::vector<std::uint32_t> table(n);
  for (u64 i = 0; i < n; ++i) {
    const u64 exponent = g * (2 * reverse_bits(i, log_n) + 1) & mask;
    table[i] = static_cast<std::uint32_t>(reverse_bits(exponent >> 1, log_n));
  }
  return table;
}

u64 inverse_galois_element(int log_n, u64 g) noexcept {
  u64 inverse = g;  // g g = 1 modulo 8; Newton doubles the number of right bits
  for (int bits = 3; bits < log_n + 1; bits *= 2) inverse *= 2 - g * inverse;
  return inverse & ((u64{2} << log_n) - 1);
}

}  // namespace sotto::ckks
