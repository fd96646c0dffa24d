// What is wrong is refused with its code and a sentence, and gives nothing back; so are bytes from enemies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <climits>
#include <cmath>
#include <functional>
#include <span>

#include "tests/capi/fixture.h"

namespace sotto::test {
namespace {

using ::testing::HasSubstr;

const double kNan = std::nan("");
constexpr double kScale = 0x1p40;
const std::vector<double> kValues{0.5, 0.25, -0.5, 1.0};

/// Handles that refusals are tried on. Static: made once.
struct World {
  Sides native = native_sides();
  Sides stranger = native_sides();  // the same parameters, another key
  Sides other = native_sides(kOtherParams);
  Sides clear = cleartext_sides();
  EnginePtr keyless = engine_without_keys();
  CipherPtr x = native.encrypt(kValues), y = native.encrypt(kValues);
  CipherPtr strange_x = stranger.encrypt(kValues);
  CipherPtr other_x = other.encrypt(kValues);  // at a level that kParams does not have
  CipherPtr clear_x = clear.encrypt(kValues);
  CipherPtr bottom = make<CipherPtr>(sotto_at_level, native.engine.get(), x.get(), 0);
  CipherPtr product = make<CipherPtr>(sotto_manual_product, native.engine.get(), x.get(), y.get());
  PlainPtr plain =
      make<PlainPtr>(sotto_manual_encode, native.engine.get(), kValues.data(), kValues.size(), 2, kScale);
  LinearPtr linear = sample_linear(native.params), other_linear = sample_linear(other.params);
  PreparedPtr prepared =
      make<PreparedPtr>(sotto_manual_prepare_linear, native.engine.get(), linear.get(), kTop, kScale);
  PreparedPtr clear_prepared =
      make<PreparedPtr>(sotto_manual_prepare_linear, clear.engine.get(), linear.get(), kTop, kScale);
  RequestPtr request = sample_request(native.params), other_request = sample_request(other.params);
  BufferPtr strange_bytes = make<BufferPtr>(sotto_cipher_serialize, strange_x.get());

  EnginePtr engine_without_keys() const {
    const RequestPtr nothing = make<RequestPtr>(sotto_request_create, native.params.get());
    const KeysPtr keys = make<KeysPtr>(sotto_client_make_keys, native.client.get(), nothing.get());
    return make<EnginePtr>(sotto_engine_create, keys.get(), 1);
  }
};

/// The out-parameter of a call, which must be empty after a refusal.
struct Out {
  sotto_buffer* buffer = reinterpret_cast<sotto_buffer*>(this);
  sotto_params* params = reinterpret_cast<sotto_params*>(this);
  sotto_linear* linear = reinterpret_cast<sotto_linear*>(this);
  sotto_keys* keys = reinterpret_cast<sotto_keys*>(this);
  sotto_client* client = reinterpret_cast<sotto_client*>(this);
  sotto_engine* engine = reinterpret_cast<sotto_engine*>(this);
  sotto_cipher* cipher = reinterpret_cast<sotto_cipher*>(this);
  sotto_plain* plain = reinterpret_cast<sotto_plain*>(this);
  sotto_prepared* prepared = reinterpret_cast<sotto_prepared*>(this);
  sotto_cipher* many[3] = {};
  double number = 0, values[4] = {};
  int whole = 0;

  /// Whether a call has cleared one of the handles.
  bool one_is_empty() const {
    return buffer == nullptr || params == nullptr || linear == nullptr || keys == nullptr ||
           client == nullptr || engine == nullptr || cipher == nullptr || plain == nullptr ||
           prepared == nullptr;
  }
};

struct Refusal {
  const char* call;
  std::function<sotto_status(const World&, Out&)> run;
  sotto_status status;
  const char* sentence;  // part of it
  bool gives_handle = true;
};

#define REFUSED(call, ...)                                                                              \
  Refusal {                                                                                             \
#call, []([[maybe_unused]] const World& w, [[maybe_unused]] Out& out) { return call; }, __VA_ARGS__ \
  }
#define MADE_NOTHING false  // the call has no handle to give

const Refusal kParameters[] = {
    REFUSED(sotto_params_from_json("{", &out.params), SOTTO_INVALID_ARGUMENT, "params JSON"),
    REFUSED(sotto_params_from_json("", &out.params), SOTTO_INVALID_ARGUMENT, "params JSON"),
    REFUSED(sotto_params_from_json((R"({"levels":)" + std::string(60'000, '[')).c_str(), &out.params),
            SOTTO_INVALID_ARGUMENT, "params JSON"),
    REFUSED(sotto_params_from_json(
                (R"({"levels":)" + std::string(30'000, '[') + std::string(30'000, ']') + "}").c_str(),
                &out.params),
            SOTTO_INVALID_ARGUMENT, "levels"),
    REFUSED(sotto_params_from_json(std::string(1'000'000, ' ').c_str(), &out.params), SOTTO_INVALID_ARGUMENT,
            "64 KiB"),
    REFUSED(sotto_params_from_json(R"({"format":"sotto-params-1","name":"weak","log_n":10,"log_q":[50,40],)"
                                   R"("log_p":[58],"log_scale":40,"digits":2})",
                                   &out.params),
            SOTTO_INSECURE, "insecure_"),
    REFUSED(sotto_params_named("L99", &out.params), SOTTO_INVALID_ARGUMENT, "L13"),
    REFUSED(sotto_params_for_depth(-1, 35, 1, 128, &out.params), SOTTO_INVALID_ARGUMENT, "depth"),
    REFUSED(sotto_params_for_depth(2, 35, SIZE_MAX, 128, &out.params), SOTTO_INVALID_ARGUMENT, "slots"),
    REFUSED(sotto_params_for_depth(2, 35, 1, 100, &out.params), SOTTO_INVALID_ARGUMENT, "128"),
    REFUSED(sotto_params_for_depth(60, 60, 1, 256, &out.params), SOTTO_OUT_OF_LEVELS, "depth"),
    REFUSED(sotto_params_scale(w.native.params.get(), kTop + 1, &out.number), SOTTO_INVALID_ARGUMENT,
            "level 5 is outside 0...4", MADE_NOTHING),
    REFUSED(sotto_params_log_q(w.native.params.get(), -1, &out.number), SOTTO_INVALID_ARGUMENT,
            "sotto_params_log_q: level -1", MADE_NOTHING),
    REFUSED(sotto_params_rescale_factor(w.native.params.get(), 0, &out.number), SOTTO_INVALID_ARGUMENT,
            "level 0 is outside 1...4", MADE_NOTHING),
    REFUSED(sotto_linear_from_matrix(w.native.params.get(), kValues.data(), INT_MAX, INT_MAX, &out.linear),
            SOTTO_INVALID_ARGUMENT, "must be in 1...64"),
    REFUSED(sotto_linear_from_matrix(w.native.params.get(), kValues.data(), 0, 2, &out.linear),
            SOTTO_INVALID_ARGUMENT, "0 rows"),
    REFUSED(sotto_linear_from_matrix(w.native.params.get(), std::vector<double>(4).data(), 2, 2, &out.linear),
            SOTTO_INVALID_ARGUMENT, "every entry"),
    REFUSED(sotto_request_rotation(w.request.get(), 1, kTop + 1), SOTTO_INVALID_ARGUMENT,
            "sotto_request_rotation: level 5", MADE_NOTHING),
    REFUSED(sotto_request_relinearisation(w.request.get(), -1), SOTTO_INVALID_ARGUMENT, "level -1",
            MADE_NOTHING),
    REFUSED(sotto_request_inner_sum(w.request.get(), INT_MAX, 1), SOTTO_INVALID_ARGUMENT, "outside 1...64",
            MADE_NOTHING),
    REFUSED(sotto_request_linear(w.request.get(), w.other_linear.get(), 1), SOTTO_INVALID_ARGUMENT,
            "other parameters", MADE_NOTHING),
};

const Refusal kClients[] = {
    REFUSED(sotto_client_create(w.native.params.get(), -1, &out.client), SOTTO_INVALID_ARGUMENT,
            "-1 threads"),
    REFUSED(sotto_engine_create(w.native.keys.get(), INT_MIN, &out.engine), SOTTO_INVALID_ARGUMENT,
            "threads"),
    REFUSED(sotto_client_load_secret_key("/no/such/file", 1, &out.client), SOTTO_IO, "/no/such/file"),
    REFUSED(sotto_client_save_secret_key(w.native.client.get(), "/no/such/file"), SOTTO_IO, "/no/such/file",
            MADE_NOTHING),
    REFUSED(sotto_keys_load("/no/such/file", 1, &out.keys), SOTTO_IO, "/no/such/file"),
    REFUSED(sotto_engine_open("/no/such/file", 1 << 20, 1, &out.engine), SOTTO_IO, "/no/such/file"),
    REFUSED(sotto_keys_save(w.native.keys.get(), "/"), SOTTO_IO, "/", MADE_NOTHING),
    REFUSED(sotto_client_export_secret_key(w.clear.client.get(), &out.buffer), SOTTO_UNSUPPORTED,
            "no secret key"),
    REFUSED(sotto_client_make_keys(w.clear.client.get(), w.request.get(), &out.keys), SOTTO_UNSUPPORTED,
            "no secret key"),
    REFUSED(sotto_client_make_keys(w.native.client.get(), w.other_request.get(), &out.keys),
            SOTTO_INVALID_ARGUMENT, "other parameters"),
    REFUSED(sotto_client_encrypt(w.native.client.get(), kValues.data(), kSlots + 1, &out.cipher),
            SOTTO_INVALID_ARGUMENT, "65 numbers do not fit 64 slots"),
    REFUSED(sotto_client_encrypt_complex(w.clear.client.get(), kValues.data(), SIZE_MAX, &out.cipher),
            SOTTO_INVALID_ARGUMENT, "do not fit 64 slots"),
    REFUSED(sotto_client_encrypt(w.native.client.get(), &kNan, 1, &out.cipher), SOTTO_INVALID_ARGUMENT,
            "not a number"),
    REFUSED(sotto_client_encrypt_at(w.native.client.get(), kValues.data(), 4, kTop + 1, kScale, &out.cipher),
            SOTTO_INVALID_ARGUMENT, "level 5"),
    REFUSED(sotto_client_encrypt_at(w.native.client.get(), kValues.data(), 4, INT_MIN, kScale, &out.cipher),
            SOTTO_INVALID_ARGUMENT, "level"),
    REFUSED(sotto_client_encrypt_at(w.native.client.get(), kValues.data(), 4, 1, -1.0, &out.cipher),
            SOTTO_INVALID_ARGUMENT, "scale"),
    REFUSED(sotto_client_encrypt_complex_at(w.clear.client.get(), kValues.data(), 2, 1, kNan, &out.cipher),
            SOTTO_INVALID_ARGUMENT, "scale"),
    REFUSED(sotto_client_decrypt(w.native.client.get(), w.x.get(), out.values, kSlots + 1),
            SOTTO_INVALID_ARGUMENT, "65 numbers", MADE_NOTHING),
    REFUSED(sotto_client_decrypt(w.native.client.get(), w.other_x.get(), out.values, 4),
            SOTTO_INVALID_ARGUMENT, "other parameters", MADE_NOTHING),
    REFUSED(sotto_client_decrypt(w.native.client.get(), w.strange_x.get(), out.values, 4), SOTTO_MISSING_KEY,
            "key", MADE_NOTHING),
    REFUSED(sotto_client_decrypt_complex(w.clear.client.get(), w.x.get(), out.values, 2),
            SOTTO_INVALID_ARGUMENT, "another engine", MADE_NOTHING),
    REFUSED(sotto_client_parse_cipher(w.native.client.get(), sotto_buffer_data(w.strange_bytes.get()),
                                      sotto_buffer_size(w.strange_bytes.get()), &out.cipher),
            SOTTO_CORRUPT_FILE, "another key"),
    REFUSED(sotto_client_parse_cipher(w.clear.client.get(), "x", 1, &out.cipher), SOTTO_UNSUPPORTED,
            "no secret key"),
    REFUSED(sotto_engine_parse_cipher(w.native.engine.get(), "x", 0, &out.cipher), SOTTO_CORRUPT_FILE,
            "sotto_engine_parse_cipher"),
    REFUSED(sotto_engine_parse_cipher(w.clear.engine.get(), "x", 1, &out.cipher), SOTTO_UNSUPPORTED,
            "reads no ciphertexts"),
    REFUSED(sotto_cipher_serialize(w.product.get(), &out.buffer), SOTTO_INVALID_ARGUMENT, "3 parts"),
    REFUSED(sotto_cipher_serialize(w.clear_x.get(), &out.buffer), SOTTO_INVALID_ARGUMENT, "another engine"),
};

const Refusal kAutomatic[] = {
    REFUSED(sotto_add(w.native.engine.get(), w.x.get(), w.other_x.get(), &out.cipher), SOTTO_INVALID_ARGUMENT,
            "sotto_add: made for other parameters"),
    REFUSED(sotto_add(w.native.engine.get(), w.x.get(), w.strange_x.get(), &out.cipher), SOTTO_MISSING_KEY,
            "key"),
    REFUSED(sotto_add(w.native.engine.get(), w.clear_x.get(), w.x.get(), &out.cipher), SOTTO_INVALID_ARGUMENT,
            "another engine"),
    REFUSED(sotto_levels_left(w.native.engine.get(), w.other_x.get(), &out.whole), SOTTO_INVALID_ARGUMENT,
            "other parameters", MADE_NOTHING),
    REFUSED(sotto_add_constant(w.native.engine.get(), w.x.get(), kNan, &out.cipher), SOTTO_INVALID_ARGUMENT,
            "finite"),
    REFUSED(sotto_add_values(w.clear.engine.get(), w.clear_x.get(), kValues.data(), SIZE_MAX, &out.cipher),
            SOTTO_INVALID_ARGUMENT, "do not fit 64 slots"),
    REFUSED(sotto_multiply_values_complex(w.native.engine.get(), w.x.get(), kValues.data(), SIZE_MAX,
                                          &out.cipher),
            SOTTO_INVALID_ARGUMENT, "do not fit 64 slots"),
    REFUSED(sotto_rotate(w.native.engine.get(), w.x.get(), 7, &out.cipher), SOTTO_MISSING_KEY,
            "rotation by 7"),
    REFUSED(sotto_rotate(w.native.engine.get(), w.x.get(), INT_MIN + 7, &out.cipher), SOTTO_MISSING_KEY,
            "rotation by 7"),
    REFUSED(sotto_conjugate(w.keyless.get(), w.x.get(), &out.cipher), SOTTO_MISSING_KEY, "conjugat"),
    REFUSED(sotto_multiply(w.keyless.get(), w.x.get(), w.y.get(), &out.cipher), SOTTO_MISSING_KEY, "relin"),
    REFUSED(sotto_multiply(w.native.engine.get(), w.x.get(), w.bottom.get(), &out.cipher),
            SOTTO_OUT_OF_LEVELS, "level 0"),
    REFUSED(sotto_inner_sum(w.native.engine.get(), w.x.get(), 65, &out.cipher), SOTTO_INVALID_ARGUMENT,
            "outside 1"),
    REFUSED(sotto_sum_of_products(w.native.engine.get(), nullptr, nullptr, 0, &out.cipher),
            SOTTO_NULL_ARGUMENT, "argument a"),
    REFUSED(sotto_sum_of_products(w.native.engine.get(), &out.many[0], &out.many[0], 0, &out.cipher),
            SOTTO_INVALID_ARGUMENT, "at least one"),
    REFUSED(sotto_apply_linear(w.native.engine.get(), w.other_linear.get(), w.x.get(), &out.cipher),
            SOTTO_INVALID_ARGUMENT, "other parameters"),
    REFUSED(sotto_polynomial(w.native.engine.get(), w.x.get(), std::vector<double>(64, 0.5).data(), 64,
                             &out.cipher),
            SOTTO_OUT_OF_LEVELS, "6 levels"),
    REFUSED(sotto_polynomial(w.native.engine.get(), w.x.get(), &kNan, 1, &out.cipher), SOTTO_INVALID_ARGUMENT,
            "finite"),
    REFUSED(sotto_at_level(w.native.engine.get(), w.bottom.get(), 1, &out.cipher), SOTTO_INVALID_ARGUMENT,
            "level 1"),
    REFUSED(sotto_settle(w.native.engine.get(), w.other_x.get(), &out.cipher), SOTTO_INVALID_ARGUMENT,
            "other parameters"),
};

const Refusal kManual[] = {
    REFUSED(sotto_manual_encode(w.native.engine.get(), kValues.data(), 4, kTop + 1, kScale, &out.plain),
            SOTTO_INVALID_ARGUMENT, "level"),
    REFUSED(sotto_manual_encode(w.clear.engine.get(), kValues.data(), SIZE_MAX, 1, kScale, &out.plain),
            SOTTO_INVALID_ARGUMENT, "do not fit 64 slots"),
    REFUSED(sotto_manual_add(w.native.engine.get(), w.x.get(), w.product.get(), &out.cipher),
            SOTTO_SCALE_MISMATCH, "scale"),
    REFUSED(sotto_manual_add_plain(w.native.engine.get(), w.x.get(), w.plain.get(), &out.cipher),
            SOTTO_INVALID_ARGUMENT, "level"),
    REFUSED(sotto_manual_add_plain(w.other.engine.get(), w.other_x.get(), w.plain.get(), &out.cipher),
            SOTTO_INVALID_ARGUMENT, "other parameters"),
    REFUSED(sotto_manual_multiply_constant(w.native.engine.get(), w.x.get(), 0.5, kNan, &out.cipher),
            SOTTO_INVALID_ARGUMENT, "scale"),
    REFUSED(sotto_manual_rescale(w.native.engine.get(), w.bottom.get(), &out.cipher), SOTTO_OUT_OF_LEVELS,
            "level 0"),
    REFUSED(sotto_manual_rotate(w.native.engine.get(), w.product.get(), 1, &out.cipher),
            SOTTO_INVALID_ARGUMENT, "parts"),
    REFUSED(sotto_manual_drop_to_level(w.native.engine.get(), w.bottom.get(), 1, &out.cipher),
            SOTTO_INVALID_ARGUMENT, "level"),
    REFUSED(sotto_manual_drop_to_level(w.native.engine.get(), w.x.get(), -1, &out.cipher),
            SOTTO_INVALID_ARGUMENT, "level"),
    REFUSED(sotto_manual_prepare_linear(w.native.engine.get(), w.linear.get(), -1, kScale, &out.prepared),
            SOTTO_INVALID_ARGUMENT, "level -1"),
    REFUSED(sotto_manual_apply_linear(w.native.engine.get(), w.clear_prepared.get(), w.x.get(), &out.cipher),
            SOTTO_INVALID_ARGUMENT, "another engine"),
    REFUSED(sotto_manual_apply_linear(w.native.engine.get(), w.prepared.get(), w.bottom.get(), &out.cipher),
            SOTTO_INVALID_ARGUMENT, "level"),
};

class Refusals : public ::testing::Test {
 protected:
  static const World& world() {
    static const World world;
    return world;
  }
  static void expect_all(std::span<const Refusal> refusals) {
    for (const Refusal& refusal : refusals) {
      SCOPED_TRACE(refusal.call);
      Out out;
      EXPECT_STREQ(sotto_status_name(refusal.run(world(), out)), sotto_status_name(refusal.status));
      EXPECT_THAT(sotto_last_error(), HasSubstr(refusal.sentence));
      EXPECT_EQ(out.one_is_empty(), refusal.gives_handle);
      EXPECT_EQ(out.number, 0);
    }
  }
};

TEST_F(Refusals, OfParametersAndRequests) {
  expect_all(kParameters);
}
TEST_F(Refusals, OfClientsKeysAndBytes) {
  expect_all(kClients);
}
TEST_F(Refusals, OfTheAutomaticMode) {
  expect_all(kAutomatic);
}
TEST_F(Refusals, OfTheManualMode) {
  expect_all(kManual);
}

TEST_F(Refusals, ManyRotationsAreGivenAllOrNone) {
  const int steps[] = {1, 7, 9};
  for (const auto rotate_many : {sotto_rotate_many, sotto_manual_rotate_many}) {
    sotto_cipher* out[3] = {};
    for (sotto_cipher*& each : out) each = reinterpret_cast<sotto_cipher*>(&out);
    EXPECT_EQ(rotate_many(world().native.engine.get(), world().x.get(), steps, 3, out), SOTTO_MISSING_KEY);
    EXPECT_THAT(sotto_last_error(), HasSubstr("7"));
    EXPECT_THAT(sotto_last_error(), HasSubstr("9"));
    EXPECT_THAT(out, ::testing::Each(nullptr));
  }
}

TEST_F(Refusals, AfterOneTheHandlesServeAsBefore) {
  const World& w = world();
  const auto before = w.native.decrypt(w.x);
  Out out;
  for (const Refusal& refusal : kAutomatic) refusal.run(w, out);
  EXPECT_EQ(w.native.decrypt(w.x), before);
}

/// The same extremes on both engines: a result or a refusal, and never a defect.
TEST_F(Refusals, OrResultsOfExtremeNumbers) {
  for (const Sides* sides : {&world().native, &world().clear}) {
    sotto_engine* e = sides->engine.get();
    const auto survives = [&](auto function, auto... arguments) {
      sotto_cipher* out = nullptr;
      const sotto_status status = function(e, arguments..., &out);
      EXPECT_EQ(out != nullptr, status == SOTTO_OK);
      EXPECT_NE(status, SOTTO_INTERNAL) << sotto_last_error();
      sotto_cipher_free(out);
    };
    for (const double scale : {1e-300, 1e-5, 1.0, 0x1p30, 0x1p41, 0x1p80, 0x1p200}) {
      SCOPED_TRACE(scale);
      sotto_cipher* made = nullptr;
      sotto_client_encrypt_at(sides->client.get(), kValues.data(), kValues.size(), kTop, scale, &made);
      const CipherPtr a(made);
      if (made == nullptr) continue;
      for (const auto function : {sotto_settle, sotto_negate, sotto_conjugate, sotto_manual_rescale})
        survives(function, made);
      for (const auto function :
           {sotto_add, sotto_subtract, sotto_multiply, sotto_manual_add, sotto_manual_multiply})
        survives(function, made, made);
      for (const int extreme : {INT_MIN, INT_MAX, -1, 0}) {
        for (const auto function : {sotto_multiply_integer, sotto_rotate, sotto_inner_sum, sotto_at_level,
                                    sotto_manual_rotate, sotto_manual_drop_to_level})
          survives(function, made, extreme);
      }
      for (const double extreme : {1e308, -1e308, 1e-308, HUGE_VAL, kNan}) {
        survives(sotto_add_constant, made, extreme);
        survives(sotto_multiply_constant, made, extreme);
        for (const double constant_scale : {1e308, 1e-308, 0.0, -1.0, HUGE_VAL})
          survives(sotto_manual_multiply_constant, made, extreme, constant_scale);
        survives(sotto_add_values, made, &extreme, std::size_t{1});
        survives(sotto_multiply_values, made, &extreme, std::size_t{1});
        const double coefficients[] = {extreme, 0.5, extreme};
        survives(sotto_polynomial, made, coefficients, std::size_t{3});
        survives(sotto_polynomial, made, coefficients, std::size_t{0});
      }
    }
  }
}

/// Whatever `parse` is given, it refuses: the bytes with one changed, cut off, or with more behind them.
void expect_hostile_refused(const std::vector<std::byte>& good,
                            const std::function<sotto_status(const void*, std::size_t)>& parse) {
  ASSERT_EQ(parse(good.data(), good.size()), SOTTO_OK) << sotto_last_error();
  const auto refused = [&](std::span<const std::byte> bytes) {
    // An own allocation of that size, so that a sanitizer sees each byte read beyond it.
    const std::vector<std::byte> copy(bytes.begin(), bytes.end());
    const std::byte nothing{};
    const sotto_status status = parse(copy.empty() ? &nothing : copy.data(), copy.size());
    return status == SOTTO_CORRUPT_FILE || status == SOTTO_INSECURE;
  };
  const std::size_t stride = std::max<std::size_t>(1, good.size() / 300);
  std::vector<std::byte> bytes = good;
  for (std::size_t i = 0; i < good.size(); i += i < 200 ? 1 : stride) {
    bytes[i] ^= std::byte{0x41};
    EXPECT_TRUE(refused(bytes)) << "byte " << i << ": " << sotto_last_error();
    bytes[i] = good[i];
    EXPECT_TRUE(refused(std::span(good).first(i))) << i << " bytes: " << sotto_last_error();
  }
  bytes.push_back(std::byte{0});
  EXPECT_TRUE(refused(bytes)) << sotto_last_error();
}

TEST_F(Refusals, OfHostileBytes) {
  const World& w = world();
  const auto parameters = bytes_of(make<BufferPtr>(sotto_params_serialize, w.native.params.get()));
  const auto secret = bytes_of(make<BufferPtr>(sotto_client_export_secret_key, w.native.client.get()));
  const auto keys = bytes_of(make<BufferPtr>(sotto_keys_serialize, w.native.keys.get()));
  const auto cipher = bytes_of(make<BufferPtr>(sotto_cipher_serialize, w.x.get()));
  expect_hostile_refused(parameters, [](const void* data, std::size_t size) {
    sotto_params* out = nullptr;
    const sotto_status status = sotto_params_parse(data, size, &out);
    EXPECT_EQ(out != nullptr, status == SOTTO_OK);
    sotto_params_free(out);
    return status;
  });
  expect_hostile_refused(secret, [](const void* data, std::size_t size) {
    sotto_client* out = nullptr;
    const sotto_status status = sotto_client_from_secret_key(data, size, 1, &out);
    EXPECT_EQ(out != nullptr, status == SOTTO_OK);
    sotto_client_free(out);
    return status;
  });
  expect_hostile_refused(keys, [](const void* data, std::size_t size) {
    sotto_keys* out = nullptr;
    const sotto_status status = sotto_keys_parse(data, size, &out);
    EXPECT_EQ(out != nullptr, status == SOTTO_OK);
    sotto_keys_free(out);
    return status;
  });
  for (const bool by_client : {true, false}) {
    expect_hostile_refused(cipher, [&](const void* data, std::size_t size) {
      sotto_cipher* out = nullptr;
      const sotto_status status = by_client
                                      ? sotto_client_parse_cipher(w.native.client.get(), data, size, &out)
                                      : sotto_engine_parse_cipher(w.native.engine.get(), data, size, &out);
      EXPECT_EQ(out != nullptr, status == SOTTO_OK);
      sotto_cipher_free(out);
      return status;
    });
  }
}

TEST_F(Refusals, OfBytesOfAnotherKindOfObject) {
  const World& w = world();
  const auto secret = bytes_of(make<BufferPtr>(sotto_client_export_secret_key, w.native.client.get()));
  const auto cipher = bytes_of(make<BufferPtr>(sotto_cipher_serialize, w.x.get()));
  Out out;
  EXPECT_EQ(sotto_keys_parse(secret.data(), secret.size(), &out.keys), SOTTO_CORRUPT_FILE);
  EXPECT_EQ(sotto_params_parse(cipher.data(), cipher.size(), &out.params), SOTTO_CORRUPT_FILE);
  EXPECT_EQ(sotto_client_from_secret_key(cipher.data(), cipher.size(), 1, &out.client), SOTTO_CORRUPT_FILE);
  EXPECT_EQ(sotto_engine_parse_cipher(w.native.engine.get(), secret.data(), secret.size(), &out.cipher),
            SOTTO_CORRUPT_FILE);
}

}  // namespace
}  // namespace sotto::test
