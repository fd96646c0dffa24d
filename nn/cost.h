// Predicts time and bytes from measured numbers of this machine.
#pragma once

#include "ckks/params.h"

namespace sotto::nn {

/// Seconds of the elementary pieces for one limb of n words; a step's prediction is built from them with the formulas of research on hybrid key switching:
/// NTTs per rotation (b+2)(l+a), inner products 2 b (l+a) limb products, and so on (cost.cc states each).
struct CostModel {
  double ntt_ns_per_butterfly = 0.10;   // cold limbs
  double multiply_add_ns = 0.25;        // one coefficient of an inner product or plaintext product
  double elementwise_ns = 0.15;         // add, copy, permute: one coefficient
  double convert_ns = 0.20;             // base conversion: one coefficient of one target limb from one source limb
  double overhead_us = 2.0;             // for each operation of the engine
  int threads = 1;
  double parallel_efficiency = 0.85;

  /// Measures all of it in about a tenth of a second on parameters like the plan's.
  static CostModel measure(const ckks::ParamsPtr& params, int threads);
};

}  // namespace sotto::nn
