// Every operation of the C ABI beside the C++ engine with the same keys and the same ciphertexts: the results
// are the same to the bit.
#include <gtest/gtest.h>

#include <functional>

#include "ckks/automatic.h"
#include "ckks/io/server_keys.h"
#include "ckks/operations.h"
#include "tests/capi/fixture.h"

namespace sotto::test {
namespace {

using ckks::Automatic;
using ckks::Cipher;
using Complex = std::complex<double>;

const std::vector<double> kX{0.5, -0.25, 0.75, 0.125, -1.0, 0.375}, kY{-0.5, 1.0, 0.25, 0.0, 0.875};
const std::vector<double> kPairs{0.5, -1.0, 0.25, 0.75, -0.125, 0.0};  // three complex numbers
const std::vector<Complex> kComplex{{0.5, -1.0}, {0.25, 0.75}, {-0.125, 0.0}};
const std::vector<double> kCoefficients{0.25, -0.5, 0.0, 0.125, 0.5};
const std::vector<int> kSteps{1, 0, -3};
const std::vector<std::size_t> kWhich{0, 1, 2};

/// One program in both languages on ciphertexts x and y.
struct Operation {
  const char* name;
  std::function<CipherPtr(sotto_engine*, const sotto_cipher*, const sotto_cipher*)> c;
  std::function<Cipher(ckks::Engine&, const Cipher&, const Cipher&)> cpp;
};

/// One of the ciphertexts of a rotate_many.
template <class Function>
CipherPtr one_of_many(Function rotate_many, sotto_engine* e, const sotto_cipher* x, std::size_t which) {
  sotto_cipher* out[3];
  check(rotate_many(e, x, kSteps.data(), kSteps.size(), out));
  CipherPtr chosen;
  for (std::size_t i = 0; i < 3; ++i) {
    CipherPtr each(out[i]);
    if (i == which) chosen = std::move(each);
  }
  return chosen;
}

ckks::LinearTransform cpp_linear(const ckks::Engine& e) {
  return ckks::matrix_transform(sample_matrix(), 3, 5, e.params().slots());
}

#define C_CALL \
  [](sotto_engine * e, [[maybe_unused]] const sotto_cipher* x, [[maybe_unused]] const sotto_cipher* y)
#define CPP_CALL [](ckks::Engine & e, [[maybe_unused]] const Cipher& x, [[maybe_unused]] const Cipher& y)

std::vector<Operation> automatic_operations() {
  std::vector<Operation> operations{{"add", C_CALL{return make<CipherPtr>(sotto_add, e, x, y);
}
, CPP_CALL {
  return Automatic(e).add(x, y);
}
}  // namespace
, {"subtract", C_CALL{return make<CipherPtr>(sotto_subtract, e, x, y);
}  // namespace sotto::test
, CPP_CALL {
  return Automatic(e).subtract(x, y);
}
}
, {"negate", C_CALL{return make<CipherPtr>(sotto_negate, e, x);
}
, CPP_CALL {
  return Automatic(e).negate(x);
}
}
, {"add_constant", C_CALL{return make<CipherPtr>(sotto_add_constant, e, x, 0.75);
}
, CPP_CALL {
  return Automatic(e).add(x, 0.75);
}
}
, {"add_values", C_CALL{return make<CipherPtr>(sotto_add_values, e, x, kY.data(), kY.size());
}
, CPP_CALL {
  return Automatic(e).add(x, std::span(kY));
}
}
, {"multiply_integer", C_CALL{return make<CipherPtr>(sotto_multiply_integer, e, x, -3);
}
, CPP_CALL {
  return Automatic(e).multiply(x, -3);
}
}
, {"multiply_by_i", C_CALL{return make<CipherPtr>(sotto_multiply_by_i, e, x);
}
, CPP_CALL {
  return Automatic(e).multiply_by_i(x);
}
}
, {"rotate", C_CALL{return make<CipherPtr>(sotto_rotate, e, x, -3);
}
, CPP_CALL {
  return Automatic(e).rotate(x, -3);
}
}
, {"conjugate", C_CALL{return make<CipherPtr>(sotto_conjugate, e, x);
}
, CPP_CALL {
  return Automatic(e).conjugate(x);
}
}
, {"inner_sum", C_CALL{return make<CipherPtr>(sotto_inner_sum, e, x, 5);
}
, CPP_CALL {
  return ckks::inner_sum(Automatic(e), x, 5);
}
}
, {"multiply", C_CALL{return make<CipherPtr>(sotto_multiply, e, x, y);
}
, CPP_CALL {
  return Automatic(e).multiply(x, y);
}
}
, {"square", C_CALL{return make<CipherPtr>(sotto_multiply, e, x, x);
}
, CPP_CALL {
  return Automatic(e).square(x);
}
}
, {"multiply_constant", C_CALL{return make<CipherPtr>(sotto_multiply_constant, e, x, 0.3);
}
, CPP_CALL {
  return Automatic(e).multiply(x, 0.3);
}
}
, {"multiply_values", C_CALL{return make<CipherPtr>(sotto_multiply_values, e, x, kY.data(), kY.size());
}
, CPP_CALL {
  return Automatic(e).multiply(x, std::span(kY));
}
}
, {"multiply_values_complex",
   C_CALL{return make<CipherPtr>(sotto_multiply_values_complex, e, x, kPairs.data(), kComplex.size());
}
, CPP_CALL {
  return Automatic(e).multiply(x, std::span(kComplex));
}
}
, {"sum_of_products", C_CALL{const sotto_cipher * a[] = {x, y}, *b[] = {y, y};
return make<CipherPtr>(sotto_sum_of_products, e, a, b, std::size_t{2});
}
, CPP_CALL {
  return Automatic(e).sum_of_products(std::vector{x, y}, std::vector{y, y});
}
}
, {"apply_linear", C_CALL{const ParamsPtr params = make<ParamsPtr>(sotto_engine_params, e);
return make<CipherPtr>(sotto_apply_linear, e, sample_linear(params).get(), x);
}
, CPP_CALL {
  return Automatic(e).apply(cpp_linear(e), x);
}
}
, {"polynomial",
   C_CALL{return make<CipherPtr>(sotto_polynomial, e, x, kCoefficients.data(), kCoefficients.size());
}
, CPP_CALL {
  return Automatic(e).polynomial(x, kCoefficients);
}
}
, {"settle", C_CALL{return make<CipherPtr>(sotto_settle, e, make<CipherPtr>(sotto_multiply, e, x, y).get());
}
, CPP_CALL {
  const Automatic automatic(e);
  return automatic.settle(automatic.multiply(x, y));
}
}
, {"at_level", C_CALL{return make<CipherPtr>(sotto_at_level, e, x, 1);
}
, CPP_CALL {
  return Automatic(e).at_level(x, 1);
}
}
,
}
;
for (const std::size_t which : kWhich) {
  operations.push_back({"rotate_many",
                        [which](sotto_engine* e, const sotto_cipher* x, const sotto_cipher*) {
                          return one_of_many(sotto_rotate_many, e, x, which);
                        },
                        [which](ckks::Engine& e, const Cipher& x, const Cipher&) {
                          return Automatic(e).rotate_many(x, kSteps)[which];
                        }});
}
return operations;
}

std::vector<Operation> manual_operations() {
  std::vector<Operation> operations{{"manual_add", C_CALL{return make<CipherPtr>(sotto_manual_add, e, x, y);
}
, CPP_CALL {
  return e.add(x, y);
}
}
, {"manual_subtract", C_CALL{return make<CipherPtr>(sotto_manual_subtract, e, x, y);
}
, CPP_CALL {
  return e.subtract(x, y);
}
}
, {"manual_add_plain", C_CALL{const double scale = get<double>(sotto_cipher_scale, x);
const PlainPtr plain = make<PlainPtr>(sotto_manual_encode, e, kY.data(), kY.size(), kTop, scale);
return make<CipherPtr>(sotto_manual_add_plain, e, x, plain.get());
}
, CPP_CALL {
  return e.add_plain(x, e.encode(kY, kTop, x.scale()));
}
}
, {"manual_multiply_plain",
   C_CALL{const PlainPtr plain =
              make<PlainPtr>(sotto_manual_encode_complex, e, kPairs.data(), kComplex.size(), kTop, 0x1p30);
return make<CipherPtr>(sotto_manual_multiply_plain, e, x, plain.get());
}
, CPP_CALL {
  return e.multiply_plain(x, e.encode_complex(kComplex, kTop, 0x1p30));
}
}
, {"manual_multiply_constant",
   C_CALL{return make<CipherPtr>(sotto_manual_multiply_constant, e, x, 0.3, 0x1p20);
}
, CPP_CALL {
  return e.multiply_constant(x, 0.3, 0x1p20);
}
}
, {"manual_multiply", C_CALL{return make<CipherPtr>(sotto_manual_multiply, e, x, y);
}
, CPP_CALL {
  return e.multiply(x, y);
}
}
, {"manual_relinearise", C_CALL{const CipherPtr product = make<CipherPtr>(sotto_manual_product, e, x, y);
EXPECT_EQ(get<int>(sotto_cipher_parts, product.get()), 3);
return make<CipherPtr>(sotto_manual_relinearise, e, product.get());
}
, CPP_CALL {
  return e.relinearise(e.product(x, y));
}
}
, {"manual_rescale", C_CALL{return make<CipherPtr>(sotto_manual_rescale, e,
                                                   make<CipherPtr>(sotto_manual_multiply, e, x, y).get());
}
, CPP_CALL {
  return e.rescale(e.multiply(x, y));
}
}
, {"manual_drop_to_level", C_CALL{return make<CipherPtr>(sotto_manual_drop_to_level, e, x, 2);
}
, CPP_CALL {
  return e.drop_to_level(x, 2);
}
}
, {"manual_rotate", C_CALL{return make<CipherPtr>(sotto_manual_rotate, e, x, 1);
}
, CPP_CALL {
  return e.rotate(x, 1);
}
}
, {"manual_conjugate", C_CALL{return make<CipherPtr>(sotto_manual_conjugate, e, x);
}
, CPP_CALL {
  return e.conjugate(x);
}
}
, {"manual_apply_linear", C_CALL{const ParamsPtr params = make<ParamsPtr>(sotto_engine_params, e);
const PreparedPtr prepared =
    make<PreparedPtr>(sotto_manual_prepare_linear, e, sample_linear(params).get(), kTop, 0x1p39);
return make<CipherPtr>(sotto_manual_apply_linear, e, prepared.get(), x);
}
, CPP_CALL {
  return e.apply(*e.prepare(cpp_linear(e), kTop, 0x1p39), x);
}
}
,
}
;
for (const std::size_t which : kWhich) {
  operations.push_back(
      {"manual_rotate_many",
       [which](sotto_engine* e, const sotto_cipher* x, const sotto_cipher*) {
         return one_of_many(sotto_manual_rotate_many, e, x, which);
       },
       [which](ckks::Engine& e, const Cipher& x, const Cipher&) { return e.rotate_many(x, kSteps)[which]; }});
}
return operations;
}

std::vector<Operation> all_operations() {
  std::vector<Operation> operations = automatic_operations();
  for (Operation& operation : manual_operations()) operations.push_back(std::move(operation));
  return operations;
}

class SameAsCpp : public ::testing::Test {
 protected:
  static void expect_same_place(const CipherPtr& c, const Cipher& cpp) {
    EXPECT_EQ(get<int>(sotto_cipher_level, c.get()), cpp.level());
    EXPECT_EQ(get<double>(sotto_cipher_scale, c.get()), cpp.scale());
    EXPECT_EQ(get<int>(sotto_cipher_parts, c.get()), cpp.parts());
  }
};

TEST_F(SameAsCpp, EveryOperationOfTheNativeEngineToTheBit) {
  const Sides sides = native_sides();
  const auto key_bytes = bytes_of(make<BufferPtr>(sotto_keys_serialize, sides.keys.get()));
  const ckks::KeyStorePtr keys = ckks::resident(ckks::io::parse_server_keys(key_bytes));
  const auto engine = ckks::make_native_engine(keys, Threads{});
  const CipherPtr x = sides.encrypt(kX), y = sides.encrypt(kY);
  const auto twin = [&](const CipherPtr& a) {
    const auto bytes = bytes_of(make<BufferPtr>(sotto_cipher_serialize, a.get()));
    return ckks::native_cipher(ckks::io::parse_ciphertext(bytes, keys->params(), keys->id()));
  };
  const Cipher x_twin = twin(x), y_twin = twin(y);
  for (const Operation& operation : all_operations()) {
    SCOPED_TRACE(operation.name);
    const CipherPtr c = operation.c(sides.engine.get(), x.get(), y.get());
    const Cipher cpp = operation.cpp(*engine, x_twin, y_twin);
    expect_same_place(c, cpp);
    EXPECT_EQ(bytes_of(make<BufferPtr>(sotto_cipher_serialize, c.get())),
              ckks::io::serialize(ckks::native_ciphertext(cpp)));
  }
}

TEST_F(SameAsCpp, EveryOperationOfTheCleartextEngine) {
  const Sides sides = cleartext_sides();
  const auto session = ckks::make_cleartext_session(ckks::Params::make(ckks::literal_from_json(kParams)));
  const CipherPtr x = sides.encrypt(kX), y = sides.encrypt(kY);
  const ckks::Params& params = session.engine->params();
  const Cipher x_twin = ckks::encrypt(*session.client, params, std::span(kX));
  const Cipher y_twin = ckks::encrypt(*session.client, params, std::span(kY));
  for (const Operation& operation : all_operations()) {
    SCOPED_TRACE(operation.name);
    const CipherPtr c = operation.c(sides.engine.get(), x.get(), y.get());
    const Cipher cpp = operation.cpp(*session.engine, x_twin, y_twin);
    expect_same_place(c, cpp);
    EXPECT_EQ(sides.decrypt(c), session.client->decrypt(cpp));
  }
}

TEST_F(SameAsCpp, DecryptionToTheBit) {
  const Sides sides = native_sides();
  const auto secret_bytes = bytes_of(make<BufferPtr>(sotto_client_export_secret_key, sides.client.get()));
  const auto keys = std::make_shared<ckks::ClientKeys>(ckks::io::parse_secret_key(secret_bytes));
  const auto client = ckks::make_native_client(keys, Threads{});
  const CipherPtr c =
      make<CipherPtr>(sotto_client_encrypt_complex, sides.client.get(), kPairs.data(), kComplex.size());
  const auto bytes = bytes_of(make<BufferPtr>(sotto_cipher_serialize, c.get()));
  const Cipher cpp =
      ckks::native_cipher(ckks::io::parse_ciphertext(bytes, keys->secret().params(), keys->secret().id()));
  EXPECT_EQ(sides.decrypt(c), client->decrypt(cpp));
  std::vector<double> pairs(2 * kSlots);
  check(sotto_client_decrypt_complex(sides.client.get(), c.get(), pairs.data(), kSlots));
  const std::vector<Complex> numbers = client->decrypt_complex(cpp);
  for (std::size_t i = 0; i < kSlots; ++i) EXPECT_EQ(numbers[i], Complex(pairs[2 * i], pairs[2 * i + 1]));
}

TEST_F(SameAsCpp, ParametersAndTheirNumbers) {
  for (const char* json : {kParams, kOtherParams}) {
    const ParamsPtr c = params_of(json);
    const auto cpp = ckks::Params::make(ckks::literal_from_json(json));
    EXPECT_EQ(get<const char*>(sotto_params_name, c.get()), cpp->name());
    EXPECT_EQ(get<std::size_t>(sotto_params_slots, c.get()), cpp->slots());
    EXPECT_EQ(get<int>(sotto_params_max_level, c.get()), cpp->max_level());
    EXPECT_EQ(get<int>(sotto_params_security_bits, c.get()), 0);
    EXPECT_EQ(get<double>(sotto_params_log_qp, c.get()), cpp->log_qp());
    for (int level = 0; level <= cpp->max_level(); ++level) {
      EXPECT_EQ(get<double>(sotto_params_log_q, c.get(), level), cpp->log_q(level));
      EXPECT_EQ(get<double>(sotto_params_scale, c.get(), level), cpp->scale(level));
      if (level == 0) continue;
      EXPECT_EQ(get<double>(sotto_params_rescale_factor, c.get(), level), cpp->rescale_factor(level));
    }
    EXPECT_EQ(bytes_of(make<BufferPtr>(sotto_params_serialize, c.get())), ckks::io::serialize(*cpp));
    const BufferPtr text = make<BufferPtr>(sotto_params_to_json, c.get());
    EXPECT_STREQ(reinterpret_cast<const char*>(sotto_buffer_data(text.get())),
                 ckks::to_json(cpp->literal()).c_str());
    EXPECT_EQ(sotto_buffer_size(text.get()), ckks::to_json(cpp->literal()).size());
  }
}

}  // namespace
}  // namespace sotto::test
