// Levels, scales, refusals and operation counts of an engine that holds no polynomials: the rules of
// ckks/engine.h in one place.
//
// `cleartext` asks the ledger where a result lands and then computes its slots; `trace` asks and computes
// nothing. The native evaluator enforces the same rules on limbs; tests/ckks/engine_conformance.h holds all
// three to them.
#pragma once

#include <string_view>

#include "ckks/engine.h"

namespace sotto::ckks {

/// Where a result lands.
struct Placement {
  int level = 0;
  double scale = 0;
  int parts = 2;
};
/// Real and imaginary parts of slots, as many of each; no imaginary ones when all are zero.
struct SlotParts {
  std::vector<double> re, im;
};
SlotParts split_complex(std::span<const std::complex<double>> slots);

class Ledger {
 public:
  explicit Ledger(ParamsPtr params);
  const Params& params() const noexcept { return *params_; }
  const OpCounts& counts() const noexcept { return counts_; }

  // One for each primitive of Engine: checks, counts, and says where the result lands. `op` names the caller
  // in errors.
  /// `im` is empty for real slots, else as long as `re`; also in require_fit().
  Placement encode(std::string_view op, std::span<const double> re, std::span<const double> im, int level,
                   double scale);
  Placement add(std::string_view op, const Cipher& a, const Cipher& b);
  Placement add_plain(const Cipher& a, const Plain& b);
  Placement add_constant(const Cipher& a, double c);
  Placement product(const Cipher& a, const Cipher& b);
  Placement relinearise(const Cipher& a);
  Placement multiply_plain(const Cipher& a, const Plain& b);
  Placement multiply_constant(const Cipher& a, double c, double constant_scale);
  Placement rescale(const Cipher& a);
  Placement drop_to_level(const Cipher& a, int level);
  Placement read_at_scale(const Cipher& a, double scale) const;
  Placement rotate(const Cipher& a, int step);
  Placement conjugate(const Cipher& a);
  /// A whole Engine::apply with these counts.
  Placement apply(const Cipher& a, int level, double plaintext_scale, const OpCounts& counts);

  /// `step` in [0, slots).
  int normalised(int step) const noexcept;
  /// Throws unless |values| scale stays below Params::log_room() of the level: above half of its modulus a
  /// ciphertext would wrap around.
  void require_fit(std::string_view op, std::span<const double> re, std::span<const double> im,
                   Placement at) const;

 private:
  double scale_at(const Cipher& a, int level) const noexcept;
  void require_level(std::string_view op, int level) const;
  void require_scale_fits(std::string_view op, Placement at) const;

  ParamsPtr params_;
  OpCounts counts_;
};

}  // namespace sotto::ckks
