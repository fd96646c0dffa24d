// The edge of the C ABI: NULL is refused, out-parameters are cleared, and whatever is thrown becomes a code
// and the last message. Every function of sotto.h that can fail goes through run(); this is the only place
// with a catch.
#pragma once

#include <initializer_list>
#include <string>

#include "capi/sotto.h"
#include "ckks/params.h"

namespace sotto::capi {

/// A pointer that must not be NULL, and its name in sotto.h.
struct Argument {
  template <class T>
  Argument(const char* its_name, const T* its_pointer) noexcept : name(its_name), pointer(its_pointer) {
    if constexpr (requires { its_pointer->params; }) {
      if (its_pointer != nullptr) params = &its_pointer->params;
    }
  }
  const char* name;
  const void* pointer;
  const ckks::ParamsPtr* params = nullptr;  // of handles that are bound to some
};
using Arguments = std::initializer_list<Argument>;

/// Thrown for a pointer that is found NULL late: an element of an array.
struct NullArgument {
  std::string name;
};

/// SOTTO_OK, or SOTTO_NULL_ARGUMENT and the last message.
sotto_status require_not_null(const char* function, Arguments arguments) noexcept;
/// The code of the exception in flight, whose sentence becomes the last message.
sotto_status status_of_exception(const char* function) noexcept;

template <class Body>
sotto_status run(const char* function, Arguments arguments, Body&& body) noexcept {
  const sotto_status status = require_not_null(function, arguments);
  if (status != SOTTO_OK) return status;
  try {
    body();
    return SOTTO_OK;
  } catch (...) {
    return status_of_exception(function);
  }
}

/// `out` receives what body() returns, and is NULL or 0 when that fails.
template <class T, class Body>
sotto_status give(const char* function, Arguments arguments, T* out, Body&& body) noexcept {
  if (out != nullptr) *out = T{};
  const sotto_status status = require_not_null(function, {{"out", out}});
  return status != SOTTO_OK ? status : run(function, arguments, [&] { *out = body(); });
}

}  // namespace sotto::capi
