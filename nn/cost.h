// Predicts seconds and bytes: formulas over limbs, and the handful of measured numbers that they need.
//
// The formulas follow what the native engine does (ckks/engines/native.cc): counts of limb transforms, limb
// products and conversions; l is the number of active chain limbs, a of special primes, b = ceil(l / alpha)
// of digits.
#pragma once

#include <cstddef>

#include "ckks/engine.h"

namespace sotto::nn {

/// Nanoseconds for one word of one limb; the defaults are a Zen 5 core at 4.1 GHz (gcc 12, 2026-11-20).
struct CostModel {
  double ntt_ns_per_butterfly = 0.113;
  double key_product_ns = 0.385;    // one word of a key, which comes from memory
  double plain_product_ns = 0.235;  // one word of a diagonal
  double pass_ns = 0.187;           // add, copy, permute
  double convert_ns = 0.20;         // base conversion: one target limb from one source limb
  double overhead_us = 2.0;         // for each key switch or rescale
  int threads = 1;
  double parallel_efficiency = 0.85;

  /// Measures all of it in about a tenth of a second on these parameters.
  static CostModel measure(const ckks::ParamsPtr& params, int threads);
};

/// What times and sizes depend on, known before any prime is.
struct ChainShape {
  int log_n = 0;
  int alpha = 1;     // chain primes in a digit
  int specials = 1;  // special primes
  int digits(int level) const noexcept { return (level + alpha) / alpha; }
};
ChainShape chain_shape(const ckks::Params& params);

/// One linear map: rotations by babies (0 not counted), giants and folds; plaintext products.
struct LinearShape {
  int babies = 0, giants = 0, terms = 0, folds = 0;
};

/// Seconds on `model`; `level` is that of the input.
double rotation_seconds(const CostModel& model, const ChainShape& chain, int level);
double linear_seconds(const CostModel& model, const ChainShape& chain, int level, const LinearShape& linear);
double operations_seconds(const CostModel& model, const ChainShape& chain, int level,
                          const ckks::OpCounts& counts);
double encrypt_seconds(const CostModel& model, const ChainShape& chain, int level);
double decrypt_seconds(const CostModel& model, const ChainShape& chain, int level);
double key_seconds(const CostModel& model, const ChainShape& chain, int level);  // to make one

/// Bytes of a switching key ready for use; its file is smaller (ckks/io/objects.h).
std::size_t key_bytes_memory(const ckks::Params& params, int level);

}  // namespace sotto::nn
