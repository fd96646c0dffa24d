// What the handles of sotto.h are, and the checks that several functions share.
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "capi/guard.h"
#include "ckks/engine.h"
#include "ckks/io/objects.h"

struct sotto_buffer {
  std::variant<sotto::ckks::io::FileBytes, sotto::ckks::io::SecretBytes, std::string> bytes;
};
struct sotto_params {
  sotto::ckks::ParamsPtr value;
};
struct sotto_linear {
  sotto::ckks::ParamsPtr params;
  sotto::ckks::LinearTransform value;
};
struct sotto_request {
  sotto::ckks::ParamsPtr params;
  sotto::ckks::KeyRequest value;
};
struct sotto_keys {
  std::shared_ptr<const sotto::ckks::ServerKeys> value;
};
struct sotto_client {
  sotto::ckks::ParamsPtr params;
  std::shared_ptr<sotto::ckks::ClientKeys> keys;  // none: the cleartext client
  sotto::Threads threads;
  std::unique_ptr<sotto::ckks::Client> value;
  std::mutex turn = {};  // held while `value` works
};
struct sotto_engine {
  sotto::ckks::ParamsPtr params;
  sotto::ckks::KeyStorePtr keys;  // none: the cleartext engine
  std::unique_ptr<sotto::ckks::Engine> value;
  std::mutex turn = {};
};

// Values know their parameters, because the level of a value of other parameters must not be looked up.
struct sotto_cipher {
  sotto::ckks::ParamsPtr params;
  sotto::ckks::Cipher value;
};
struct sotto_plain {
  sotto::ckks::ParamsPtr params;
  sotto::ckks::Plain value;
};
struct sotto_prepared {
  sotto::ckks::ParamsPtr params;
  sotto::ckks::PreparedLinearPtr value;
};

namespace sotto::capi {

inline std::span<const std::byte> bytes_of(const void* data, std::size_t size) noexcept {
  return {static_cast<const std::byte*>(data), size};
}

/// As `threads` in sotto.h. Throws Error for negative numbers.
Threads team(const char* function, int threads);

// Throw Error kInvalidArgument.
void require_level(const char* function, const ckks::Params& params, int level, int lowest = 0);
/// Before an array of so many slots is touched.
void require_count(const char* function, const ckks::Params& params, std::size_t count);

/// Pairs of doubles as complex numbers, wiped in the end: they may be what is going to be encrypted.
using ComplexValues = std::vector<std::complex<double>, ckks::io::WipingAllocator<std::complex<double>>>;
ComplexValues complex_values(const double* values, std::size_t count);

/// body(engine), before which arguments are not NULL, handles among them are of the engine's parameters, and
/// the engine has finished what other threads asked.
template <class Body>
sotto_status with_engine(const char* function, sotto_engine* engine, Arguments arguments,
                         Body&& body) noexcept {
  const sotto_status status = require_not_null(function, {{"engine", engine}});
  if (status != SOTTO_OK) return status;
  return run(function, arguments, [&] {
    for (const Argument& argument : arguments) {
      if (argument.params != nullptr) ckks::require_same_params(*engine->params, **argument.params, function);
    }
    const std::lock_guard turn(engine->turn);
    body(*engine->value);
  });
}

/// What body(engine) computes, as a new handle.
template <class Handle, class Body>
sotto_status compute(const char* function, sotto_engine* engine, Arguments arguments, Handle** out,
                     Body&& body) noexcept {
  if (out != nullptr) *out = nullptr;
  const sotto_status status = require_not_null(function, {{"out", out}});
  if (status != SOTTO_OK) return status;
  return with_engine(function, engine, arguments, [&](ckks::Engine& e) {
    *out = new Handle{engine->params, body(e)};
  });
}

/// What body(engine) computes, `count` ciphertexts, as new handles: all or none.
template <class Body>
sotto_status compute_many(const char* function, sotto_engine* engine, Arguments arguments, std::size_t count,
                          sotto_cipher** out, Body&& body) noexcept {
  const sotto_status status = require_not_null(function, {{"out", out}});
  if (status != SOTTO_OK) return status;
  std::fill_n(out, count, nullptr);
  return with_engine(function, engine, arguments, [&](ckks::Engine& e) {
    std::vector<std::unique_ptr<sotto_cipher>> handles;
    for (ckks::Cipher& cipher : body(e)) {
      handles.push_back(std::unique_ptr<sotto_cipher>(new sotto_cipher{engine->params, std::move(cipher)}));
    }
    for (std::size_t i = 0; i < count; ++i) out[i] = handles[i].release();
  });
}

}  // namespace sotto::capi
