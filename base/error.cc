#include "base/error.h"

namespace sotto {

std::string_view error_code_name(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "invalid_argument";
    case ErrorCode::kInsecure:
      return "insecure";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kMissingKey:
      return "missing_key";
    case ErrorCode::kOutOfLevels:
      return "out_of_levels";
    case ErrorCode::kScaleMismatch:
      return "scale_mismatch";
    case ErrorCode::kCorruptFile:
      return "corrupt_file";
    case ErrorCode::kIo:
      return "io";
  }
  return "unknown";
}

}  // namespace sotto
