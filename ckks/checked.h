// The checked engine: an encrypted computation beside its cleartext twin, compared after every operation.
//
// It HOLDS THE SECRET KEY and decrypts every intermediate value: a tool for tests and research, never for a
// server. What it tells is how many bits each operation cost, which was the first to fall below a threshold,
// and, as the cleartext twin does, which value would have wrapped around the modulus of its level.
//
// Bits are those of the largest slot: log2(largest |slot| / |error|), absolute when all slots are zero, and
// at most 53. Operations on plaintexts are not values of their own: an encoding shows in the product it
// enters.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ckks/engine.h"

namespace sotto::ckks {

struct CheckOptions {
  double threshold_bits = 10;  // of the worst slot
};

/// One operation, encryptions included.
struct Check {
  std::size_t number = 0;  // from 1, in the order of the run
  std::string operation;   // "rescale"
  int level = 0;           // of the result
  double scale = 0;
  double magnitude = 0;                 // largest |slot| in the clear
  double bits_before = 0;               // worst slot of the least precise operand; 53 without one
  double rms_bits = 0, worst_bits = 0;  // of the result
  double lost_bits() const noexcept { return bits_before - worst_bits; }
};

/// Grows while the session runs.
struct CheckReport {
  double threshold_bits = 0;
  std::vector<Check> checks;

  /// The first operation whose worst slot is below the threshold; null if there is none.
  const Check* first_below() const noexcept;
  /// The least precise result; null before the first.
  const Check* least_precise() const noexcept;
  /// A sentence or two: the least precise operation, and the first below the threshold.
  std::string summary() const;
  /// All operations, one a line.
  std::string table() const;
};

struct CheckedSession {
  Session session;
  std::shared_ptr<const CheckReport> report;
};

/// `native` with fresh keys, checked. Its refusals are those of `native`; where the twin alone refuses, for a
/// value that wraps around, the sentence names the operation by its number.
CheckedSession make_checked_session(const ParamsPtr& params, const KeyRequest& request, Threads threads,
                                    const CheckOptions& options = {});

}  // namespace sotto::ckks
