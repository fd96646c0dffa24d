// NULL in the place of each pointer of each function of sotto.h is refused by name, and nothing is given
// back.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <tuple>

#include "tests/capi/fixture.h"

namespace sotto::test {
namespace {

/// Names of the parameters of every function of sotto.h that returns a status.
std::map<std::string, std::vector<std::string>> declared_functions() {
  std::ifstream file(std::string(SOTTO_SOURCE_DIR) + "/capi/sotto.h");
  std::stringstream text;
  text << file.rdbuf();
  const std::string header = text.str();
  std::map<std::string, std::vector<std::string>> functions;
  const std::string before_name = "SOTTO_API sotto_status ";
  for (auto at = header.find(before_name); at != std::string::npos; at = header.find(before_name, at + 1)) {
    const auto name = at + before_name.size(), open = header.find('(', name), close = header.find(')', open);
    std::stringstream parameters(header.substr(open + 1, close - open - 1));
    std::vector<std::string>& names = functions[header.substr(name, open - name)];
    for (std::string parameter; std::getline(parameters, parameter, ',');)
      names.push_back(parameter.substr(parameter.find_last_of(" *") + 1));
  }
  return functions;
}

class Null : public ::testing::Test {
 protected:
  /// Calls the function with NULL for each of its pointers in turn; the other arguments are good.
  template <class... Parameters>
  void refuses_null(const std::string& name, sotto_status (*function)(Parameters...),
                    std::type_identity_t<Parameters>... arguments) {
    seen_.insert(name);
    const std::tuple<Parameters...> good(arguments...);
    [&]<std::size_t... index>(std::index_sequence<index...>) {
      (refuses_null_at<index>(name, function, good), ...);
    }
    (std::index_sequence_for<Parameters...>());
  }

  template <std::size_t index, class... Parameters>
  void refuses_null_at(const std::string& name, sotto_status (*function)(Parameters...),
                       std::tuple<Parameters...> arguments) {
    using Tuple = std::tuple<Parameters...>;
    constexpr std::size_t last = sizeof...(Parameters) - 1;
    using Last = std::tuple_element_t<last, Tuple>;
    if constexpr (std::is_pointer_v<std::tuple_element_t<index, Tuple>>) {
      const std::string& parameter = declared_.at(name).at(index);
      constexpr bool gives =
          std::is_pointer_v<Last> && index != last && !std::is_const_v<std::remove_pointer_t<Last>>;
      if constexpr (gives) *std::get<last>(arguments) = leftover<std::remove_pointer_t<Last>>();
      std::get<index>(arguments) = nullptr;
      EXPECT_EQ(std::apply(function, arguments), SOTTO_NULL_ARGUMENT) << name << ", " << parameter;
      EXPECT_EQ(sotto_last_error(), name + ": argument " + parameter + " is NULL");
      if constexpr (gives) {
        EXPECT_EQ(*std::get<last>(arguments), std::remove_pointer_t<Last>{}) << name << ", " << parameter;
      }
    }
  }

  /// What an out-parameter may hold before a call.
  template <class T>
  T leftover() {
    if constexpr (std::is_pointer_v<T>) {
      return reinterpret_cast<T>(&somewhere_);
    } else {
      return T{7};
    }
  }

  const std::map<std::string, std::vector<std::string>> declared_ = declared_functions();
  std::set<std::string> seen_;
  double somewhere_ = 0;
};

#define REFUSES_NULL(function, ...) refuses_null(#function, function, __VA_ARGS__)

TEST_F(Null, IsRefusedForEachPointerOfEachFunction) {
  const Sides sides = native_sides();
  sotto_params* params = sides.params.get();
  sotto_client* client = sides.client.get();
  sotto_engine* engine = sides.engine.get();
  sotto_keys* keys = sides.keys.get();
  const LinearPtr linear = sample_linear(sides.params);
  const RequestPtr request = sample_request(sides.params);
  const CipherPtr x_handle = sides.encrypt({1, 2}), y_handle = sides.encrypt({3, 4});
  const sotto_cipher *x = x_handle.get(), *y = y_handle.get();
  const double scale = get<double>(sotto_params_scale, params, kTop);
  std::vector<double> values(4, 0.5);
  const PlainPtr plain =
      make<PlainPtr>(sotto_manual_encode, engine, values.data(), values.size(), kTop, scale);
  const PreparedPtr prepared =
      make<PreparedPtr>(sotto_manual_prepare_linear, engine, linear.get(), kTop, scale);
  const int steps[] = {1};
  const sotto_cipher *const a[] = {x, y}, *const b[] = {y, x};

  int whole = 0;
  double number = 0;
  std::size_t size = 0;
  const char* text = nullptr;
  sotto_buffer* buffer = nullptr;
  sotto_params* some_params = nullptr;
  sotto_linear* some_linear = nullptr;
  sotto_request* some_request = nullptr;
  sotto_keys* some_keys = nullptr;
  sotto_client* some_client = nullptr;
  sotto_engine* some_engine = nullptr;
  sotto_cipher* cipher = nullptr;
  sotto_plain* some_plain = nullptr;
  sotto_prepared* some_prepared = nullptr;

  REFUSES_NULL(sotto_params_from_json, kParams, &some_params);
  REFUSES_NULL(sotto_params_named, "L13", &some_params);
  REFUSES_NULL(sotto_params_for_depth, 2, 35, 4096, 128, &some_params);
  REFUSES_NULL(sotto_params_to_json, params, &buffer);
  REFUSES_NULL(sotto_params_serialize, params, &buffer);
  REFUSES_NULL(sotto_params_parse, "x", 1, &some_params);
  REFUSES_NULL(sotto_params_name, params, &text);
  REFUSES_NULL(sotto_params_slots, params, &size);
  REFUSES_NULL(sotto_params_max_level, params, &whole);
  REFUSES_NULL(sotto_params_security_bits, params, &whole);
  REFUSES_NULL(sotto_params_log_qp, params, &number);
  REFUSES_NULL(sotto_params_log_q, params, 1, &number);
  REFUSES_NULL(sotto_params_scale, params, 1, &number);
  REFUSES_NULL(sotto_params_rescale_factor, params, 1, &number);
  REFUSES_NULL(sotto_linear_from_matrix, params, values.data(), 2, 2, &some_linear);

  REFUSES_NULL(sotto_request_create, params, &some_request);
  REFUSES_NULL(sotto_request_relinearisation, request.get(), 1);
  REFUSES_NULL(sotto_request_rotation, request.get(), 1, 1);
  REFUSES_NULL(sotto_request_conjugation, request.get(), 1);
  REFUSES_NULL(sotto_request_linear, request.get(), linear.get(), 1);
  REFUSES_NULL(sotto_request_inner_sum, request.get(), 3, 1);
  REFUSES_NULL(sotto_keys_serialize, keys, &buffer);
  REFUSES_NULL(sotto_keys_parse, "x", 1, &some_keys);
  REFUSES_NULL(sotto_keys_save, keys, "unused");
  REFUSES_NULL(sotto_keys_load, "unused", 1, &some_keys);

  REFUSES_NULL(sotto_client_create, params, 1, &some_client);
  REFUSES_NULL(sotto_client_from_secret_key, "x", 1, 1, &some_client);
  REFUSES_NULL(sotto_client_load_secret_key, "unused", 1, &some_client);
  REFUSES_NULL(sotto_client_cleartext, params, &some_client);
  REFUSES_NULL(sotto_client_export_secret_key, client, &buffer);
  REFUSES_NULL(sotto_client_save_secret_key, client, "unused");
  REFUSES_NULL(sotto_client_make_keys, client, request.get(), &some_keys);
  REFUSES_NULL(sotto_client_params, client, &some_params);
  REFUSES_NULL(sotto_client_encrypt, client, values.data(), 4, &cipher);
  REFUSES_NULL(sotto_client_encrypt_complex, client, values.data(), 2, &cipher);
  REFUSES_NULL(sotto_client_encrypt_at, client, values.data(), 4, 1, scale, &cipher);
  REFUSES_NULL(sotto_client_encrypt_complex_at, client, values.data(), 2, 1, scale, &cipher);
  REFUSES_NULL(sotto_client_decrypt, client, x, values.data(), 4);
  REFUSES_NULL(sotto_client_decrypt_complex, client, x, values.data(), 2);
  REFUSES_NULL(sotto_client_parse_cipher, client, "x", 1, &cipher);

  REFUSES_NULL(sotto_engine_create, keys, 1, &some_engine);
  REFUSES_NULL(sotto_engine_open, "unused", 1 << 20, 1, &some_engine);
  REFUSES_NULL(sotto_engine_cleartext, params, &some_engine);
  REFUSES_NULL(sotto_engine_params, engine, &some_params);
  REFUSES_NULL(sotto_engine_parse_cipher, engine, "x", 1, &cipher);
  REFUSES_NULL(sotto_cipher_level, x, &whole);
  REFUSES_NULL(sotto_cipher_scale, x, &number);
  REFUSES_NULL(sotto_cipher_parts, x, &whole);
  REFUSES_NULL(sotto_cipher_serialize, x, &buffer);

  REFUSES_NULL(sotto_add, engine, x, y, &cipher);
  REFUSES_NULL(sotto_subtract, engine, x, y, &cipher);
  REFUSES_NULL(sotto_negate, engine, x, &cipher);
  REFUSES_NULL(sotto_add_constant, engine, x, 1, &cipher);
  REFUSES_NULL(sotto_add_values, engine, x, values.data(), 4, &cipher);
  REFUSES_NULL(sotto_multiply_integer, engine, x, 2, &cipher);
  REFUSES_NULL(sotto_multiply_by_i, engine, x, &cipher);
  REFUSES_NULL(sotto_rotate, engine, x, 1, &cipher);
  REFUSES_NULL(sotto_rotate_many, engine, x, steps, 1, &cipher);
  REFUSES_NULL(sotto_conjugate, engine, x, &cipher);
  REFUSES_NULL(sotto_inner_sum, engine, x, 5, &cipher);
  REFUSES_NULL(sotto_multiply, engine, x, y, &cipher);
  REFUSES_NULL(sotto_multiply_constant, engine, x, 0.5, &cipher);
  REFUSES_NULL(sotto_multiply_values, engine, x, values.data(), 4, &cipher);
  REFUSES_NULL(sotto_multiply_values_complex, engine, x, values.data(), 2, &cipher);
  REFUSES_NULL(sotto_sum_of_products, engine, a, b, 2, &cipher);
  REFUSES_NULL(sotto_apply_linear, engine, linear.get(), x, &cipher);
  REFUSES_NULL(sotto_polynomial, engine, x, values.data(), 4, &cipher);
  REFUSES_NULL(sotto_settle, engine, x, &cipher);
  REFUSES_NULL(sotto_at_level, engine, x, 1, &cipher);
  REFUSES_NULL(sotto_levels_left, engine, x, &whole);

  REFUSES_NULL(sotto_manual_encode, engine, values.data(), 4, 1, scale, &some_plain);
  REFUSES_NULL(sotto_manual_encode_complex, engine, values.data(), 2, 1, scale, &some_plain);
  REFUSES_NULL(sotto_manual_add, engine, x, y, &cipher);
  REFUSES_NULL(sotto_manual_subtract, engine, x, y, &cipher);
  REFUSES_NULL(sotto_manual_add_plain, engine, x, plain.get(), &cipher);
  REFUSES_NULL(sotto_manual_multiply_plain, engine, x, plain.get(), &cipher);
  REFUSES_NULL(sotto_manual_multiply_constant, engine, x, 0.5, scale, &cipher);
  REFUSES_NULL(sotto_manual_multiply, engine, x, y, &cipher);
  REFUSES_NULL(sotto_manual_product, engine, x, y, &cipher);
  REFUSES_NULL(sotto_manual_relinearise, engine, x, &cipher);
  REFUSES_NULL(sotto_manual_rescale, engine, x, &cipher);
  REFUSES_NULL(sotto_manual_drop_to_level, engine, x, 1, &cipher);
  REFUSES_NULL(sotto_manual_rotate, engine, x, 1, &cipher);
  REFUSES_NULL(sotto_manual_rotate_many, engine, x, steps, 1, &cipher);
  REFUSES_NULL(sotto_manual_conjugate, engine, x, &cipher);
  REFUSES_NULL(sotto_manual_prepare_linear, engine, linear.get(), 1, scale, &some_prepared);
  REFUSES_NULL(sotto_manual_apply_linear, engine, prepared.get(), x, &cipher);

  std::set<std::string> all;
  for (const auto& [name, parameters] : declared_) all.insert(name);
  EXPECT_EQ(seen_, all);
}

TEST_F(Null, IsRefusedAmongFactors) {
  const Sides sides = native_sides();
  const CipherPtr x = sides.encrypt({1, 2});
  const sotto_cipher *good[] = {x.get(), x.get()}, *bad[] = {x.get(), nullptr};
  sotto_cipher* out = nullptr;
  EXPECT_EQ(sotto_sum_of_products(sides.engine.get(), good, bad, 2, &out), SOTTO_NULL_ARGUMENT);
  EXPECT_STREQ(sotto_last_error(), "sotto_sum_of_products: argument b[1] is NULL");
  EXPECT_EQ(out, nullptr);
}

}  // namespace
}  // namespace sotto::test
