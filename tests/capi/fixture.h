// Handles of the C ABI that free themselves, and a client with its engine, small and insecure.
#pragma once

#include <memory>
#include <stdexcept>
#include <vector>

#include "capi/sotto.h"

namespace sotto::test {

template <auto free_handle>
struct Freer {
  template <class Handle>
  void operator()(Handle* handle) const {
    free_handle(handle);
  }
};
using BufferPtr = std::unique_ptr<sotto_buffer, Freer<sotto_buffer_free>>;
using ParamsPtr = std::unique_ptr<sotto_params, Freer<sotto_params_free>>;
using LinearPtr = std::unique_ptr<sotto_linear, Freer<sotto_linear_free>>;
using RequestPtr = std::unique_ptr<sotto_request, Freer<sotto_request_free>>;
using KeysPtr = std::unique_ptr<sotto_keys, Freer<sotto_keys_free>>;
using ClientPtr = std::unique_ptr<sotto_client, Freer<sotto_client_free>>;
using EnginePtr = std::unique_ptr<sotto_engine, Freer<sotto_engine_free>>;
using CipherPtr = std::unique_ptr<sotto_cipher, Freer<sotto_cipher_free>>;
using PlainPtr = std::unique_ptr<sotto_plain, Freer<sotto_plain_free>>;
using PreparedPtr = std::unique_ptr<sotto_prepared, Freer<sotto_prepared_free>>;

inline void check(sotto_status status) {
  if (status != SOTTO_OK) throw std::runtime_error(sotto_last_error());
}

/// What function(arguments…, &out) makes.
template <class Owner, class... Parameters, class... Arguments>
Owner make(sotto_status (*function)(Parameters...), Arguments... arguments) {
  typename Owner::pointer out = nullptr;
  check(function(arguments..., &out));
  return Owner(out);
}
/// What function(arguments…, &out) tells.
template <class Value, class... Parameters, class... Arguments>
Value get(sotto_status (*function)(Parameters...), Arguments... arguments) {
  Value out{};
  check(function(arguments..., &out));
  return out;
}

inline std::vector<std::byte> bytes_of(const BufferPtr& buffer) {
  const auto* data = reinterpret_cast<const std::byte*>(sotto_buffer_data(buffer.get()));
  return {data, data + sotto_buffer_size(buffer.get())};
}

inline constexpr const char* kParams =
    R"({"format":"sotto-params-1","name":"insecure_capi","log_n":7,"log_q":[50,40,40,40,40],"log_p":[49,49],)"
    R"("log_scale":40,"digits":3})";
inline constexpr std::size_t kSlots = 64;
inline constexpr int kTop = 4;
/// Of another ring and with more levels than kParams.
inline constexpr const char* kOtherParams =
    R"({"format":"sotto-params-1","name":"insecure_other","log_n":8,"log_q":[50,40,40,40,40,40,40],)"
    R"("log_p":[49,49],"log_scale":40,"digits":4})";

inline ParamsPtr params_of(const char* json) {
  return make<ParamsPtr>(sotto_params_from_json, json);
}

/// 3 rows of 5.
inline std::vector<double> sample_matrix() {
  std::vector<double> matrix(15);
  for (std::size_t i = 0; i < matrix.size(); ++i) matrix[i] = 0.125 * static_cast<double>(i) - 0.75;
  return matrix;
}
inline LinearPtr sample_linear(const ParamsPtr& params) {
  const std::vector<double> matrix = sample_matrix();
  return make<LinearPtr>(sotto_linear_from_matrix, params.get(), matrix.data(), 3, 5);
}

/// Relinearisation, rotations by 1 and -3, the conjugation, sample_linear() and the sum of 5 slots,
/// everywhere.
inline RequestPtr sample_request(const ParamsPtr& params) {
  RequestPtr request = make<RequestPtr>(sotto_request_create, params.get());
  const int top = get<int>(sotto_params_max_level, params.get());
  check(sotto_request_relinearisation(request.get(), top));
  check(sotto_request_rotation(request.get(), 1, top));
  check(sotto_request_rotation(request.get(), -3, top));
  check(sotto_request_conjugation(request.get(), top));
  check(sotto_request_linear(request.get(), sample_linear(params).get(), top));
  check(sotto_request_inner_sum(request.get(), 5, top));
  return request;
}

/// Both sides, native or cleartext.
struct Sides {
  ParamsPtr params;
  KeysPtr keys;  // none: cleartext
  ClientPtr client;
  EnginePtr engine;

  CipherPtr encrypt(const std::vector<double>& values) const {
    return make<CipherPtr>(sotto_client_encrypt, client.get(), values.data(), values.size());
  }
  std::vector<double> decrypt(const CipherPtr& a) const {
    std::vector<double> values(get<std::size_t>(sotto_params_slots, params.get()));
    check(sotto_client_decrypt(client.get(), a.get(), values.data(), values.size()));
    return values;
  }
};

inline Sides native_sides(const char* json = kParams, int threads = 1) {
  Sides sides;
  sides.params = params_of(json);
  sides.client = make<ClientPtr>(sotto_client_create, sides.params.get(), threads);
  sides.keys = make<KeysPtr>(sotto_client_make_keys, sides.client.get(), sample_request(sides.params).get());
  sides.engine = make<EnginePtr>(sotto_engine_create, sides.keys.get(), threads);
  return sides;
}
inline Sides cleartext_sides(const char* json = kParams) {
  Sides sides;
  sides.params = params_of(json);
  sides.client = make<ClientPtr>(sotto_client_cleartext, sides.params.get());
  sides.engine = make<EnginePtr>(sotto_engine_cleartext, sides.params.get());
  return sides;
}

}  // namespace sotto::test
