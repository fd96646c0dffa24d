// The one exception type of Sotto, and how messages are written.
//
// Every public function that can refuse throws sotto::Error: a code for programs and one sentence for people.
// The sentence holds the numbers and the next step ("multiply: level 0 has no prime left to rescale by; plan
// at least 1 more level"). Kernels below the public edge are noexcept and take valid data.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace sotto {

enum class ErrorCode {
  kInvalidArgument,  // a value out of its range, shapes that do not match
  kInsecure,         // parameters below 128 bits that were not named insecure_…
  kUnsupported,      // an operator, a prime, a file kind that Sotto does not handle
  kMissingKey,       // a rotation, relinearisation or secret key that is not there
  kOutOfLevels,      // a computation deeper than the modulus chain
  kScaleMismatch,    // operands whose scales differ and cannot be reconciled exactly
  kCorruptFile,      // truncated, flipped, of another version or of other parameters
  kIo,               // cannot open, read, write, rename
};

/// Stable lower-case name of a code ("corrupt_file"), used in --json output.
std::string_view error_code_name(ErrorCode code) noexcept;

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& sentence) : std::runtime_error(sentence), code_(code) {}
  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace sotto
