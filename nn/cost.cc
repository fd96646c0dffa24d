// Formulas first, then the measurement of their constants. One limb operation of n words costs n times the
// number in CostModel.
#include "nn/cost.h"

#include <algorithm>
#include <cmath>

namespace sotto::nn {
namespace {

/// Seconds of limb operations on one ring, at one level: the parts that an operation consists of.
class Limbs {
 public:
  Limbs(const CostModel& model, const ChainShape& chain, int level)
      : model_(model),
        n_(std::ldexp(1.0, chain.log_n)),
        log_n_(chain.log_n),
        l_(level + 1),
        a_(chain.specials),
        b_(chain.digits(level)),
        alpha_(chain.alpha) {}

  double transforms(double count) const {
    return count * n_ / 2 * log_n_ * model_.ntt_ns_per_butterfly * 1e-9;
  }
  double key_products(double count) const { return count * n_ * model_.key_product_ns * 1e-9; }
  double plain_products(double count) const { return count * n_ * model_.plain_product_ns * 1e-9; }
  double passes(double count) const { return count * n_ * model_.pass_ns * 1e-9; }
  double conversions(double count) const { return count * n_ * model_.convert_ns * 1e-9; }
  double overhead() const { return model_.overhead_us * 1e-6; }

  /// The digits of one polynomial, lifted to all limbs.
  double decompose() const {
    return transforms(b_ * (l_ + a_)) + conversions(b_ * alpha_ * (l_ + a_ - alpha_)) + passes(l_);
  }
  /// All digits times a key, both parts, modulo QP.
  double inner_product() const { return key_products(2 * b_ * (l_ + a_)); }
  /// An automorphism of both parts modulo QP, and the addition that comes with it.
  double permute_add() const { return passes(2 * 2 * (l_ + a_)); }
  /// `parts` polynomials divided by P, and by `more` chain primes too.
  double mod_down(double parts, double more) const {
    return parts * (transforms(l_ + a_) + conversions((a_ + more) * (l_ - more)) + passes(2 * l_));
  }
  double rotation() const {
    return decompose() + inner_product() + permute_add() + mod_down(2, 0) + overhead();
  }
  /// Rotate and add inside a linear map: only the part that is decomposed again comes down from QP.
  double giant() const { return mod_down(1, 0) + decompose() + inner_product() + permute_add() + overhead(); }
  double baby() const { return inner_product() + permute_add(); }
  double rescale() const { return 2 * (transforms(l_) + conversions(l_ - 1) + passes(2 * l_)) + overhead(); }
  double product() const { return plain_products(4 * l_); }
  double relinearise() const {
    return decompose() + inner_product() + mod_down(2, 0) + passes(2 * l_) + overhead();
  }
  /// Between slots and coefficients: an FFT on doubles and the rounding.
  double embedding() const { return transforms(8); }
  /// The error, and the uniform part expanded from its seed: AES and rejection.
  double sampling() const { return sampling(l_); }
  double sampling(double uniform_limbs) const { return n_ * (8e-9 + uniform_limbs * 2e-9); }
  /// For each digit an encryption of zero modulo QP and the digit's share of the other secret.
  double switching_key() const {
    return b_ * (sampling(l_ + a_) + transforms(l_ + a_) + plain_products(l_ + a_) + passes(3 * (l_ + a_)));
  }
  double limbs() const { return l_; }
  double all_limbs() const { return l_ + a_; }

 private:
  const CostModel& model_;
  double n_, log_n_, l_, a_, b_, alpha_;
};

double on_threads(const CostModel& model, double serial) {
  return serial / (1.0 + (model.threads - 1) * model.parallel_efficiency);
}

}  // namespace

ChainShape chain_shape(const ckks::Params& params) {
  return {.log_n = params.log_n(), .alpha = params.alpha(), .specials = params.special_count()};
}

double rotation_seconds(const CostModel& model, const ChainShape& chain, int level) {
  return on_threads(model, Limbs(model, chain, level).rotation());
}

double linear_seconds(const CostModel& model, const ChainShape& chain, int level, const LinearShape& linear) {
  const Limbs limbs(model, chain, level);
  double serial = linear.babies > 0 ? limbs.decompose() : 0.0;
  serial += linear.babies * limbs.baby();
  serial += limbs.plain_products(2 * limbs.all_limbs() * linear.terms);
  serial += (linear.giants + linear.folds) * limbs.giant();
  serial += limbs.mod_down(2, 1) + limbs.overhead();
  return on_threads(model, serial);
}

double operations_seconds(const CostModel& model, const ChainShape& chain, int level,
                          const ckks::OpCounts& counts) {
  const Limbs limbs(model, chain, level);
  // A relinearisation and its rescale share one ModDown.
  const auto fused = static_cast<double>(std::min(counts.relinearise, counts.rescale));
  double serial = static_cast<double>(counts.multiply) * limbs.product();
  serial += static_cast<double>(counts.relinearise) * limbs.relinearise();
  serial += (static_cast<double>(counts.rescale) - fused) * limbs.rescale();
  serial += static_cast<double>(counts.rotate + counts.conjugate) * limbs.rotation();
  serial += static_cast<double>(counts.multiply_plain) *
            (limbs.plain_products(2 * limbs.limbs()) + limbs.overhead());
  serial += static_cast<double>(counts.add) * (limbs.passes(2 * limbs.limbs()) + limbs.overhead());
  return on_threads(model, serial);
}

double encrypt_seconds(const CostModel& model, const ChainShape& chain, int level) {
  const Limbs limbs(model, chain, level);
  return on_threads(model, limbs.transforms(2 * limbs.limbs()) + limbs.embedding() + limbs.sampling());
}

double decrypt_seconds(const CostModel& model, const ChainShape& chain, int level) {
  const Limbs limbs(model, chain, level);
  return on_threads(
      model, limbs.transforms(2 * limbs.limbs()) + limbs.plain_products(limbs.limbs()) + limbs.embedding());
}

double key_seconds(const CostModel& model, const ChainShape& chain, int level) {
  return on_threads(model, Limbs(model, chain, level).switching_key());
}

std::size_t key_bytes_memory(const ckks::Params& params, int level) {
  return 2 * static_cast<std::size_t>(params.digits_at(level)) * params.n() * sizeof(u64) *
         static_cast<std::size_t>(level + 1 + params.special_count());
}

}  // namespace sotto::nn
