// From parameters to a decrypted answer and back through bytes and files; lives of handles.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>

#include "tests/capi/fixture.h"

extern "C" const char* c99_reads_the_version(void);  // c99.c
extern "C" int c99_counts_statuses(void);

namespace sotto::test {
namespace {

using ::testing::DoubleNear;
using ::testing::Pointwise;

const std::vector<double> kX{1, -2, 0.5, 0.25}, kY{0.5, 0.25, -1, 1.5};

std::vector<double> first(std::vector<double> values, std::size_t count) {
  values.resize(count);
  return values;
}

template <class Owner, class... More>
Owner parsed(sotto_status (*parse)(const void*, std::size_t, More...), const BufferPtr& buffer,
             auto... more) {
  return make<Owner>(parse, static_cast<const void*>(sotto_buffer_data(buffer.get())),
                     sotto_buffer_size(buffer.get()), more...);
}

TEST(LifeCycle, TheHeaderIsC99AndTheLibraryTellsItsVersion) {
  EXPECT_STREQ(c99_reads_the_version(), sotto_version());
  EXPECT_EQ(std::string(sotto_version()).find("0."), 0u);
  EXPECT_EQ(sotto_abi_version(), SOTTO_ABI_VERSION);
  EXPECT_EQ(c99_counts_statuses(), 12);
}

TEST(LifeCycle, TwoSidesThatExchangeBytesAlone) {
  // The client's half.
  const ParamsPtr params = params_of(kParams);
  const ClientPtr client = make<ClientPtr>(sotto_client_create, params.get(), 0);
  const KeysPtr keys = make<KeysPtr>(sotto_client_make_keys, client.get(), sample_request(params).get());
  const BufferPtr key_bytes = make<BufferPtr>(sotto_keys_serialize, keys.get());
  const auto encrypted = [&](const std::vector<double>& values) {
    const CipherPtr a = make<CipherPtr>(sotto_client_encrypt, client.get(), values.data(), values.size());
    return make<BufferPtr>(sotto_cipher_serialize, a.get());
  };
  const BufferPtr x_bytes = encrypted(kX), y_bytes = encrypted(kY);

  // The server's.
  const KeysPtr server_keys = parsed<KeysPtr>(sotto_keys_parse, key_bytes);
  const EnginePtr engine = make<EnginePtr>(sotto_engine_create, server_keys.get(), 2);
  const auto read = [&](const BufferPtr& bytes) {
    return make<CipherPtr>(sotto_engine_parse_cipher, engine.get(),
                           static_cast<const void*>(sotto_buffer_data(bytes.get())),
                           sotto_buffer_size(bytes.get()));
  };
  const CipherPtr product =
      make<CipherPtr>(sotto_multiply, engine.get(), read(x_bytes).get(), read(y_bytes).get());
  const CipherPtr rotated = make<CipherPtr>(sotto_rotate, engine.get(), product.get(), 1);
  EXPECT_EQ(get<int>(sotto_levels_left, engine.get(), product.get()), kTop - 1);
  const BufferPtr answer_bytes = make<BufferPtr>(sotto_cipher_serialize, rotated.get());

  // The client's again.
  const CipherPtr answer = make<CipherPtr>(sotto_client_parse_cipher, client.get(),
                                           static_cast<const void*>(sotto_buffer_data(answer_bytes.get())),
                                           sotto_buffer_size(answer_bytes.get()));
  std::vector<double> z(3);
  check(sotto_client_decrypt(client.get(), answer.get(), z.data(), z.size()));
  EXPECT_THAT(z, Pointwise(DoubleNear(1e-6), std::vector{-0.5, -0.5, 0.375}));
}

TEST(LifeCycle, WhatAHandleWasMadeFromMayBeFreedBefore) {
  Sides sides = native_sides();
  const CipherPtr x = sides.encrypt(kX);
  sides.params.reset();
  sides.keys.reset();
  const CipherPtr twice = make<CipherPtr>(sotto_add, sides.engine.get(), x.get(), x.get());
  sides.engine.reset();
  std::vector<double> z(2);
  check(sotto_client_decrypt(sides.client.get(), twice.get(), z.data(), z.size()));
  sides.client.reset();
  EXPECT_THAT(z, Pointwise(DoubleNear(1e-6), std::vector{2.0, -4.0}));
  EXPECT_EQ(get<int>(sotto_cipher_level, twice.get()), kTop);
}

TEST(LifeCycle, FreeingNullIsFine) {
  sotto_buffer_free(nullptr);
  sotto_params_free(nullptr);
  sotto_linear_free(nullptr);
  sotto_request_free(nullptr);
  sotto_keys_free(nullptr);
  sotto_client_free(nullptr);
  sotto_engine_free(nullptr);
  sotto_cipher_free(nullptr);
  sotto_plain_free(nullptr);
  sotto_prepared_free(nullptr);
  EXPECT_EQ(sotto_buffer_data(nullptr), nullptr);
  EXPECT_EQ(sotto_buffer_size(nullptr), 0u);
}

TEST(LifeCycle, ASecretKeyGoesOutAndInByBufferAndByFile) {
  const Sides sides = native_sides();
  const CipherPtr x = sides.encrypt(kX);
  const BufferPtr x_bytes = make<BufferPtr>(sotto_cipher_serialize, x.get());
  const auto opens = [&](const ClientPtr& client) {
    const CipherPtr again = make<CipherPtr>(sotto_client_parse_cipher, client.get(),
                                            static_cast<const void*>(sotto_buffer_data(x_bytes.get())),
                                            sotto_buffer_size(x_bytes.get()));
    std::vector<double> z(kX.size());
    check(sotto_client_decrypt(client.get(), again.get(), z.data(), z.size()));
    EXPECT_EQ(z, first(sides.decrypt(x), kX.size()));
  };
  const BufferPtr secret = make<BufferPtr>(sotto_client_export_secret_key, sides.client.get());
  opens(parsed<ClientPtr>(sotto_client_from_secret_key, secret, 1));

  const std::string path = ::testing::TempDir() + "capi_secret.key";
  check(sotto_client_save_secret_key(sides.client.get(), path.c_str()));
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(std::filesystem::file_size(path), sotto_buffer_size(secret.get()));
  opens(make<ClientPtr>(sotto_client_load_secret_key, path.c_str(), 1));
  std::filesystem::remove(path);
}

TEST(LifeCycle, ServerKeysGoThroughAFile) {
  const Sides sides = native_sides();
  const std::string path = ::testing::TempDir() + "capi_server.keys";
  check(sotto_keys_save(sides.keys.get(), path.c_str()));
  const KeysPtr keys = make<KeysPtr>(sotto_keys_load, path.c_str(), 2);
  EXPECT_EQ(bytes_of(make<BufferPtr>(sotto_keys_serialize, keys.get())),
            bytes_of(make<BufferPtr>(sotto_keys_serialize, sides.keys.get())));
  // Or stay there, each read when it is used.
  const EnginePtr engine = make<EnginePtr>(sotto_engine_open, path.c_str(), 1 << 20, 1);
  const CipherPtr x = sides.encrypt(kX);
  const auto rotated_by = [&](const EnginePtr& e) {
    return bytes_of(
        make<BufferPtr>(sotto_cipher_serialize, make<CipherPtr>(sotto_rotate, e.get(), x.get(), 1).get()));
  };
  EXPECT_EQ(rotated_by(engine), rotated_by(sides.engine));
  std::filesystem::remove(path);
}

TEST(LifeCycle, ParametersByNameForADepthAndBack) {
  const ParamsPtr named = make<ParamsPtr>(sotto_params_named, "L13");
  EXPECT_STREQ(get<const char*>(sotto_params_name, named.get()), "L13");
  EXPECT_EQ(get<int>(sotto_params_security_bits, named.get()), 128);
  const ParamsPtr chosen = make<ParamsPtr>(sotto_params_for_depth, 2, 35, std::size_t{4096}, 128);
  EXPECT_GE(get<int>(sotto_params_max_level, chosen.get()), 2);
  for (const ParamsPtr* params : {&named, &chosen}) {
    const BufferPtr json = make<BufferPtr>(sotto_params_to_json, params->get());
    const BufferPtr bytes = make<BufferPtr>(sotto_params_serialize, params->get());
    const ParamsPtr from_json = params_of(reinterpret_cast<const char*>(sotto_buffer_data(json.get())));
    const ParamsPtr from_bytes = parsed<ParamsPtr>(sotto_params_parse, bytes);
    EXPECT_EQ(bytes_of(make<BufferPtr>(sotto_params_serialize, from_json.get())), bytes_of(bytes));
    EXPECT_EQ(bytes_of(make<BufferPtr>(sotto_params_serialize, from_bytes.get())), bytes_of(bytes));
  }
}

TEST(LifeCycle, ParametersOfClientAndEngineAreTheSame) {
  const Sides sides = native_sides();
  const auto bytes = bytes_of(make<BufferPtr>(sotto_params_serialize, sides.params.get()));
  const ParamsPtr of_client = make<ParamsPtr>(sotto_client_params, sides.client.get());
  const ParamsPtr of_engine = make<ParamsPtr>(sotto_engine_params, sides.engine.get());
  EXPECT_EQ(bytes_of(make<BufferPtr>(sotto_params_serialize, of_client.get())), bytes);
  EXPECT_EQ(bytes_of(make<BufferPtr>(sotto_params_serialize, of_engine.get())), bytes);
}

TEST(LifeCycle, EncryptionAtALevelAndScale) {
  const Sides sides = native_sides();
  const CipherPtr real =
      make<CipherPtr>(sotto_client_encrypt_at, sides.client.get(), kX.data(), kX.size(), 2, 0x1p38);
  const CipherPtr complex = make<CipherPtr>(sotto_client_encrypt_complex_at, sides.client.get(), kX.data(),
                                            kX.size() / 2, 2, 0x1p38);
  for (const CipherPtr* a : {&real, &complex}) {
    EXPECT_EQ(get<int>(sotto_cipher_level, a->get()), 2);
    EXPECT_EQ(get<double>(sotto_cipher_scale, a->get()), 0x1p38);
  }
  EXPECT_THAT(first(sides.decrypt(real), 4), Pointwise(DoubleNear(1e-6), kX));
  std::vector<double> pairs(4);
  check(sotto_client_decrypt_complex(sides.client.get(), complex.get(), pairs.data(), 2));
  EXPECT_THAT(pairs, Pointwise(DoubleNear(1e-6), kX));
}

TEST(LifeCycle, DecryptionWritesAsManyNumbersAsAskedFor) {
  const Sides sides = native_sides();
  const CipherPtr x = sides.encrypt(kX);
  std::vector<double> z(3, 7.0);
  check(sotto_client_decrypt(sides.client.get(), x.get(), z.data(), 2));
  EXPECT_THAT(z, Pointwise(DoubleNear(1e-6), std::vector{1.0, -2.0, 7.0}));
  check(sotto_client_decrypt(sides.client.get(), x.get(), z.data(), 0));
}

TEST(LifeCycle, NoNumbersEncryptToZeros) {
  const Sides sides = native_sides();
  const double nothing = 0;
  const CipherPtr zero = make<CipherPtr>(sotto_client_encrypt, sides.client.get(), &nothing, std::size_t{0});
  EXPECT_THAT(sides.decrypt(zero), Pointwise(DoubleNear(1e-6), std::vector<double>(kSlots)));
}

TEST(LifeCycle, ARequestTwiceCountsAtTheHigherLevel) {
  const Sides sides = native_sides();
  const RequestPtr request = make<RequestPtr>(sotto_request_create, sides.params.get());
  for (const int level : {1, 3, 2}) {
    check(sotto_request_rotation(request.get(), 1, level));
    check(sotto_request_relinearisation(request.get(), level));
  }
  const KeysPtr keys = make<KeysPtr>(sotto_client_make_keys, sides.client.get(), request.get());
  const EnginePtr engine = make<EnginePtr>(sotto_engine_create, keys.get(), 1);
  const CipherPtr x = make<CipherPtr>(sotto_at_level, engine.get(), sides.encrypt(kX).get(), 3);
  const CipherPtr square = make<CipherPtr>(sotto_multiply, engine.get(), x.get(), x.get());
  const CipherPtr moved = make<CipherPtr>(sotto_rotate, engine.get(), x.get(), 1);
  EXPECT_THAT(first(sides.decrypt(square), 4),
              Pointwise(DoubleNear(1e-6), std::vector{1.0, 4.0, 0.25, 0.0625}));
  EXPECT_THAT(first(sides.decrypt(moved), 3), Pointwise(DoubleNear(1e-6), std::vector{-2.0, 0.5, 0.25}));
}

}  // namespace
}  // namespace sotto::test
