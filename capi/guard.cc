#include "capi/guard.h"

#include <exception>
#include <new>

#include "base/error.h"

namespace sotto::capi {
namespace {

constexpr const char* kNoMemory = "out of memory";

thread_local std::string message;
thread_local const char* last_error = "";

/// Makes the sentence the last message; where there is no memory for it, says so instead.
template <class Sentence>
void remember(Sentence&& sentence) noexcept {
  try {
    message = sentence();
    last_error = message.c_str();
  } catch (...) {
    last_error = kNoMemory;
  }
}

sotto_status refuse_null(const char* function, const char* name) noexcept {
  remember([&] { return std::string(function) + ": argument " + name + " is NULL"; });
  return SOTTO_NULL_ARGUMENT;
}

sotto_status status_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return SOTTO_INVALID_ARGUMENT;
    case ErrorCode::kInsecure:
      return SOTTO_INSECURE;
    case ErrorCode::kUnsupported:
      return SOTTO_UNSUPPORTED;
    case ErrorCode::kMissingKey:
      return SOTTO_MISSING_KEY;
    case ErrorCode::kOutOfLevels:
      return SOTTO_OUT_OF_LEVELS;
    case ErrorCode::kScaleMismatch:
      return SOTTO_SCALE_MISMATCH;
    case ErrorCode::kCorruptFile:
      return SOTTO_CORRUPT_FILE;
    case ErrorCode::kIo:
      return SOTTO_IO;
  }
  return SOTTO_INTERNAL;
}

}  // namespace

sotto_status require_not_null(const char* function, Arguments arguments) noexcept {
  for (const Argument& argument : arguments) {
    if (argument.pointer == nullptr) return refuse_null(function, argument.name);
  }
  return SOTTO_OK;
}

sotto_status status_of_exception(const char* function) noexcept {
  const auto internal = [&](const char* what) {
    remember([&] { return std::string(function) + ": internal error, please report it: " + what; });
    return SOTTO_INTERNAL;
  };
  try {
    throw;
  } catch (const Error& error) {
    remember([&] { return error.what(); });
    return status_of(error.code());
  } catch (const NullArgument& argument) {
    return refuse_null(function, argument.name.c_str());
  } catch (const std::bad_alloc&) {
    last_error = kNoMemory;
    return SOTTO_OUT_OF_MEMORY;
  } catch (const std::exception& error) {
    return internal(error.what());
  } catch (...) {
    return internal("an exception of unknown type");
  }
}

}  // namespace sotto::capi

using namespace sotto::capi;

const char* sotto_last_error(void) {
  return last_error;
}

const char* sotto_status_name(sotto_status status) {
  switch (status) {
    case SOTTO_OK:
      return "ok";
    case SOTTO_INVALID_ARGUMENT:
      return "invalid_argument";
    case SOTTO_INSECURE:
      return "insecure";
    case SOTTO_UNSUPPORTED:
      return "unsupported";
    case SOTTO_MISSING_KEY:
      return "missing_key";
    case SOTTO_OUT_OF_LEVELS:
      return "out_of_levels";
    case SOTTO_SCALE_MISMATCH:
      return "scale_mismatch";
    case SOTTO_CORRUPT_FILE:
      return "corrupt_file";
    case SOTTO_IO:
      return "io";
    case SOTTO_NULL_ARGUMENT:
      return "null_argument";
    case SOTTO_OUT_OF_MEMORY:
      return "out_of_memory";
    case SOTTO_INTERNAL:
      return "internal";
  }
  return "unknown";
}

int sotto_abi_version(void) {
  return SOTTO_ABI_VERSION;
}

const char* sotto_version(void) {
  return SOTTO_VERSION;
}
