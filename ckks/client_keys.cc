#include "ckks/client_keys.h"

#include <cmath>

#include "base/error.h"
#include "ckks/random.h"

namespace sotto::ckks {
namespace {

[[noreturn]] void refuse(const std::string& text) {
  throw Error(ErrorCode::kInvalidArgument, text);
}

}  // namespace

ReleasePolicy ReleasePolicy::for_noise(double noise_bits, std::uint64_t releases, double grid,
                                       int security_bits) {
  if (security_bits < kSecurityBits) {
    refuse("release policy: " + std::to_string(security_bits) + " bits of statistical security are below " +
           std::to_string(kSecurityBits) + "; ask for " + std::to_string(kSecurityBits) + ", or " +
           std::to_string(kUntrustedSecurityBits) + " when recipients are not trusted");
  }
  if (releases == 0) refuse("release policy: declare at least one release");
  const ReleasePolicy policy{
      .flooding_bits = noise_bits + std::log2(12.0 * static_cast<double>(releases)) / 2 + security_bits / 2.0,
      .grid = grid,
      .releases = releases};
  policy.check();
  return policy;
}

double ReleasePolicy::deviation() const {
  return gaussian_deviation(flooding_bits);
}

void ReleasePolicy::check() const {
  if (!(flooding_bits >= kMinGaussianBits && flooding_bits <= kMaxGaussianBits)) {
    refuse("release policy: flooding_bits = " + std::to_string(flooding_bits) +
           " is outside 2…52; state a bound of the noise (ReleasePolicy::for_noise)");
  }
  if (!(grid >= 0 && std::isfinite(grid))) refuse("release policy: the grid must be 0 or positive");
}

ClientKeys::ClientKeys(SecretKey secret, const ReleasePolicy& policy, std::uint64_t released)
    : secret_(std::move(secret)), policy_(policy), released_(released) {
  policy.check();
}

void ClientKeys::spend_release() {
  if (!policy_) {
    refuse("decode_release: no policy was declared; construct the ClientKeys with a ReleasePolicy");
  }
  std::uint64_t spent = released_;
  do {
    if (spent < policy_->releases) continue;
    refuse("decode_release: the " + std::to_string(policy_->releases) +
           " declared releases of this key are used up; make a new key");
  } while (!released_.compare_exchange_weak(spent, spent + 1));
}

}  // namespace sotto::ckks
