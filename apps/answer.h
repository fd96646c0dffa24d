// What came out for one image, beside what the network says without encryption; and statistics over many.
#pragma once

#include <vector>

#include "nn/tensor.h"

namespace sotto::app {

struct Answer {
  std::vector<double> logits;     // from the engine
  std::vector<double> reference;  // from the cleartext network
  double encrypt_seconds = 0, infer_seconds = 0, decrypt_seconds = 0;

  int label() const { return nn::argmax(logits); }
  int reference_label() const { return nn::argmax(reference); }
  bool agrees() const { return label() == reference_label(); }
  double seconds() const noexcept { return encrypt_seconds + infer_seconds + decrypt_seconds; }
  /// The largest |logit|; infinity when one is no number.
  double largest_logit() const;
  /// How far the best logit stands above the next one; 0 where there is only one.
  double margin() const;
  /// max |logit - reference| / (max reference - min reference): the error in parts of the range that the
  /// answer uses.
  double relative_error() const;
};

/// -log2 of a relative error, from 0 (nothing is right, or it is no number) to 53 (the bits of a double).
double error_bits(double relative_error);

/// Linear interpolation between the ordered values, 0 ≤ share ≤ 1; 0.5 is the median. `values` not empty.
double quantile(std::vector<double> values, double share);
inline double median(std::vector<double> values) {
  return quantile(std::move(values), 0.5);
}

}  // namespace sotto::app
