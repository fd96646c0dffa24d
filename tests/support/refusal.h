// What a call that must be refused says.
#pragma once

#include <concepts>
#include <string>

#include "base/error.h"

namespace sotto::test {

/// The sentence of the Error that `call` throws; "it was accepted" when it throws none.
template <std::invocable Call>
std::string refusal(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "it was accepted";
}
/// The same for an Error that must have this code.
template <std::invocable Call>
std::string refusal(Call&& call, ErrorCode code) {
  return refusal([&] {
    try {
      call();
    } catch (const Error& error) {
      if (error.code() == code) throw;
      throw Error(error.code(), "the code is another: " + std::string(error.what()));
    }
  });
}

}  // namespace sotto::test
