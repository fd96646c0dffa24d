// Chooses CKKS parameters for a plan: the smallest ring of 128-bit security that holds its levels.
#pragma once

#include "ckks/params.h"
#include "nn/cost.h"

namespace sotto::nn {

/// What a network asks of its parameters.
struct Needs {
  int depth = 0;          // levels
  std::size_t slots = 0;  // of the largest tensor
  double max_logit = 32.0;
  double min_bits = 12;
  bool ends_linear = true;  // only a linear layer can lower the scale of the answer
};

/// Bits by which the last modulus must exceed the answer's scale: |answer| ≤ max_logit, its sign, and as much
/// again for the slots that hold partial sums.
double headroom_bits(double max_logit);

/// Smallest scale in bits at which `needs.min_bits` of the logits survive. A rescale or rotation leaves an
/// error of about 2^(10.9 + (log_n - 13) / 2) / scale in each slot, and the layers behind amplify it by a few
/// bits.
double needed_scale_bits(const Needs& needs, int log_n);

/// Throws Error (kOutOfLevels) with the numbers when no N up to 2^16 will do. Among digit sizes the fastest
/// by `cost`.
ckks::ParamsLiteral choose_params(const Needs& needs, const CostModel& cost);

/// The scale of the answer: canonical, or lower when the last modulus asks for it. Throws Error
/// (kInvalidArgument) when even that leaves less than needs.min_bits.
double output_scale(const ckks::Params& params, const Needs& needs);

/// Throws Error unless given parameters have the levels and slots; the sentence holds the smallest set that
/// would do.
void require_enough(const ckks::Params& params, const Needs& needs, const CostModel& cost);

}  // namespace sotto::nn
