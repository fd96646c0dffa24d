// Parameters are data: a small literal in, a checked immutable value out.
//
// A ParamsLiteral is what people write (JSON both ways); Params::make() expands it to primes, checks it
// against the security table (ckks/security.h) and builds the NTT plans. Everything else holds a shared
// pointer to the immutable Params.
//
// Notation: q[0..L] chain primes, level l has limbs q[0..l]; p[0..a-1] special primes; digits = dnum of
// hybrid key switching.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ntt/registry.h"

namespace sotto::ckks {

/// JSON form ("sotto-params-1"):
///   {"format":"sotto-params-1","name":"digits-13","log_n":13,"log_q":[33,28,28,28,28,28],"log_p":[41],"log_scale":28,"digits":6}
/// Exact primes may stand in place of sizes: "q":[...], "p":[...]. A name that begins with "insecure_" is the
/// only way past the security check.
struct ParamsLiteral {
  std::string name;
  int log_n = 0;
  std::vector<int> log_q;      // bit sizes, q[0] first; the last is consumed first
  std::vector<int> log_p;      // special primes
  std::vector<ntt::u64> q, p;  // exact primes; when given they replace log_q / log_p
  double log_scale = 0;        // log2 of the nominal scale at the top level
  int digits = 0;              // dnum at the top level; alpha = ceil((L+1)/digits) chain primes in a digit
};

ParamsLiteral literal_from_json(const std::string& text);
std::string to_json(const ParamsLiteral& literal);

using ParamsHash = std::array<unsigned char, 32>;

class Params;
using ParamsPtr = std::shared_ptr<const Params>;

class Params {
 public:
  /// Checks the literal and expands it. Throws Error: kInvalidArgument with the field and its limits,
  /// kInsecure with log QP, the limit for this N and what to change. `backend` "" lets the registry choose
  /// (the hash does not depend on it).
  static ParamsPtr make(const ParamsLiteral& literal, std::string_view backend = "");

  const std::string& name() const noexcept { return literal_.name; }
  const ParamsLiteral& literal() const noexcept { return literal_; }  // with exact primes filled in
  int log_n() const noexcept { return literal_.log_n; }
  std::size_t n() const noexcept { return std::size_t{1} << literal_.log_n; }
  std::size_t slots() const noexcept { return n() / 2; }

  int max_level() const noexcept { return static_cast<int>(q_.size()) - 1; }
  int special_count() const noexcept { return static_cast<int>(p_.size()); }
  int digits() const noexcept { return literal_.digits; }
  int alpha() const noexcept { return alpha_; }                                  // chain primes in a digit
  int digits_at(int level) const noexcept { return (level + alpha_) / alpha_; }  // ceil((level+1)/alpha)

  const ntt::Plan& q(int i) const noexcept {
    return *q_[static_cast<std::size_t>(i)];
  }  // chain prime i and its transform
  const ntt::Plan& p(int i) const noexcept { return *p_[static_cast<std::size_t>(i)]; }  // special prime i
  /// Limb i of a polynomial with q_limbs chain limbs followed by special ones.
  const ntt::Plan& limb(int i, int q_limbs) const noexcept { return i < q_limbs ? q(i) : p(i - q_limbs); }

  /// Canonical scale of level l: 2^log_scale at the top, scale(l-1) = scale(l)^2 / q[l]. A product of two
  /// ciphertexts at their canonical scale lands exactly on the canonical scale below.
  double scale(int level) const noexcept { return scales_[static_cast<std::size_t>(level)]; }

  /// log2(q[0] … q[level]): what |message| · scale must stay a bit below.
  double log_q(int level) const noexcept { return log_q_[static_cast<std::size_t>(level)]; }
  /// log2 of what |value| · scale must stay below at a level: half the modulus, and what doubles can hold.
  double log_room(int level) const noexcept { return std::min(log_q(level) - 1, kMaxLogCoefficient); }
  static constexpr double kMaxLogCoefficient = 1020;             // doubles end at 2^1024
  double log_qp() const noexcept { return log_qp_; }             // log2 of the product of all primes
  int security_bits() const noexcept { return security_bits_; }  // 128, 192, 256; 0 for insecure_ sets
  const ParamsHash& hash() const noexcept {
    return hash_;
  }  // SHA-256 of (format, log_n, q, p, log_scale, digits, secret law)
  std::string_view backend() const noexcept { return q_.front()->backend(); }

 private:
  Params() = default;
  ParamsLiteral literal_;
  std::vector<ntt::PlanPtr> q_, p_;
  std::vector<double> scales_, log_q_;  // [level]
  int alpha_ = 1;
  double log_qp_ = 0;
  int security_bits_ = 0;
  ParamsHash hash_{};
};

/// Throws unless both come from the same literal (hash), naming `what` is mixed.
void require_same_params(const Params& a, const Params& b, std::string_view what);

}  // namespace sotto::ckks
