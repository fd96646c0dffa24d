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

}  // namespace sotto::test
