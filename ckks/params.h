// Parameters are data: a small literal in, a checked immutable value out.
//
// A ParamsLiteral is what people write (JSON both ways); Params::make() expands it to primes, checks it
// against the security table (ckks/security.h) and builds the NTT plans. Everything else holds a shared
// pointer to the immutable Params.
//
// Notation: q[0..] chain primes, of which a level has those of its basis (ckks/levels.h), as a rule q[0..l];
// p[0..a-1] special primes; digits = dnum of hybrid key switching.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ckks/levels.h"
#include "ntt/registry.h"

namespace sotto::ckks {

/// JSON form ("sotto-params-1"):
///   {"format":"sotto-params-1","name":"digits-13","log_n":13,"log_q":[33,28,28,28,28,28],"log_p":[41],"log_scale":28,"digits":6}
/// Exact primes may stand in place of sizes: "q":[...], "p":[...]. "levels":[[0],[0,1,2],…] names the chain
/// primes of each level, and "log_scale" may be a list with one number a level, 0 first. A name that begins
/// with "insecure_" is the only way past the security check.
struct ParamsLiteral {
  std::string name;
  int log_n = 0;
  std::vector<int> log_q;      // bit sizes, q[0] first; the last is consumed first
  std::vector<int> log_p;      // special primes
  std::vector<ntt::u64> q, p;  // exact primes; when given they replace log_q / log_p
  double log_scale = 0;        // log2 of the nominal scale
  int digits = 0;              // dnum at the top level; alpha = ceil(chain primes / digits) primes in a digit
  LevelSets levels = {};       // [level] indices of its chain primes; empty: level l has q[0..l]
  std::vector<double> log_scales = {};  // [level] nominal scales in place of log_scale; empty: all the same

  /// Neither levels nor log_scales.
  bool is_plain() const noexcept { return levels.empty() && log_scales.empty(); }
  int level_count() const noexcept {
    return static_cast<int>(!levels.empty() ? levels.size() : q.empty() ? log_q.size() : q.size());
  }
  double nominal_log_scale(int level) const noexcept {
    return log_scales.empty() ? log_scale : log_scales[static_cast<std::size_t>(level)];
  }
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

  int max_level() const noexcept { return levels_.max_level(); }
  int chain_count() const noexcept { return static_cast<int>(q_.size()); }
  int special_count() const noexcept { return static_cast<int>(p_.size()); }
  int digits() const noexcept { return literal_.digits; }
  int alpha() const noexcept { return alpha_; }  // chain primes in a digit
  int digits_at(int level) const noexcept { return basis(level).digit_count(); }

  /// The chain primes of a level; a polynomial of that level has one limb for each, in this order.
  const Basis& basis(int level) const noexcept { return levels_.at(level); }
  /// Those of a switching key of that level.
  const Basis& key_basis(int level) const noexcept { return levels_.key(level); }
  int limbs(int level) const noexcept { return basis(level).size(); }
  /// The level of polynomials with so many chain limbs, or -1.
  int level_of(int q_limbs) const noexcept { return levels_.of(q_limbs); }

  const ntt::Plan& q(int i) const noexcept {
    return *q_[static_cast<std::size_t>(i)];
  }  // chain prime i and its transform
  const ntt::Plan& p(int i) const noexcept { return *p_[static_cast<std::size_t>(i)]; }  // special prime i
  /// Limb i of a polynomial of some level, with q_limbs chain limbs followed by special ones.
  const ntt::Plan& limb(int i, int q_limbs) const noexcept {
    return i < q_limbs ? q(basis(level_of(q_limbs)).prime(i)) : p(i - q_limbs);
  }

  /// Canonical scale of level l: 2^log_scale at the top and wherever the nominal scale changes, else
  /// scale(l-1) = scale(l)^2 / rescale_factor(l). Where it does not change, a product of two ciphertexts at
  /// their canonical scale lands exactly on the canonical scale below.
  double scale(int level) const noexcept { return scales_[static_cast<std::size_t>(level)]; }
  /// By what a rescale from `level` ≥ 1 divides: the product of the primes that leave over that of those that
  /// enter.
  double rescale_factor(int level) const noexcept {
    return rescale_factors_[static_cast<std::size_t>(level)];
  }
  /// By what the scale is multiplied on the way down without a rescale: 1 when primes only leave, else 1 to
  /// within the rounding of drop_multiplier().
  double drop_scale(int from, int to) const noexcept;
  /// The whole number, as a double, that makes up for the primes lost from one level to another; 1 when they
  /// only leave.
  double drop_multiplier(int from, int to) const noexcept;

  /// log2 of the modulus of a level: what |message| · scale must stay a bit below.
  double log_q(int level) const noexcept { return log_q_[static_cast<std::size_t>(level)]; }
  /// log2 of what |value| · scale must stay below at a level: half the modulus, and what doubles can hold.
  double log_room(int level) const noexcept { return std::min(log_q(level) - 1, kMaxLogCoefficient); }
  static constexpr double kMaxLogCoefficient = 1020;             // doubles end at 2^1024
  double log_qp() const noexcept { return log_qp_; }             // log2 of the product of all primes
  int security_bits() const noexcept { return security_bits_; }  // 128, 192, 256; 0 for insecure_ sets
  const ParamsHash& hash() const noexcept {
    return hash_;
  }  // SHA-256 of (format, log_n, q, p, log_scale, digits, secret law, levels)
  std::string_view backend() const noexcept { return q_.front()->backend(); }

 private:
  Params() = default;
  ParamsLiteral literal_;
  std::vector<ntt::PlanPtr> q_, p_;
  Levels levels_;
  std::vector<double> scales_, log_q_, rescale_factors_;  // [level]; rescale_factors_[0] is 1
  int alpha_ = 1;
  double log_qp_ = 0;
  int security_bits_ = 0;
  ParamsHash hash_{};
};

/// Throws unless both come from the same literal (hash), naming `what` is mixed.
void require_same_params(const Params& a, const Params& b, std::string_view what);

}  // namespace sotto::ckks
