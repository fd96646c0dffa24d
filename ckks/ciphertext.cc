#include "ckks/ciphertext.h"

#include <algorithm>

#include "base/error.h"

namespace sotto::ckks {
namespace {

bool is_chain_poly(const Params& params, const EvalPoly& poly) noexcept {
  return poly.n() == params.n() && poly.p_limbs() == 0 && params.level_of(poly.q_limbs()) >= 0;
}

[[noreturn]] void refuse(std::string_view operation, const std::string& text) {
  throw Error(ErrorCode::kInvalidArgument, std::string(operation) + ": " + text);
}

}  // namespace

void require_shape(std::string_view operation, const Plaintext& a) {
  if (a.params == nullptr) refuse(operation, "the plaintext is empty; encode one first");
  if (is_chain_poly(*a.params, a.poly)) return;
  refuse(operation, "a plaintext of " + std::to_string(a.poly.n()) + " coefficients and " +
                        std::to_string(a.poly.limbs()) + " limbs does not fit params \"" + a.params->name() +
                        "\"");
}

void require_shape(std::string_view operation, const Ciphertext& a) {
  if (a.params == nullptr) refuse(operation, "the ciphertext is empty; encrypt one first");
  if (a.c.size() < 2 || a.c.size() > 3)
    refuse(operation, "a ciphertext of " + std::to_string(a.c.size()) + " parts; 2 or 3 are possible");
  for (const EvalPoly& part : a.c) {
    if (is_chain_poly(*a.params, part) && part.q_limbs() == a.c.front().q_limbs()) continue;
    refuse(operation, "a ciphertext part of " + std::to_string(part.n()) + " coefficients and " +
                          std::to_string(part.limbs()) + " limbs fits neither params \"" + a.params->name() +
                          "\" nor the " + std::to_string(a.c.front().limbs()) + " limbs of its first part");
  }
}

}  // namespace sotto::ckks
