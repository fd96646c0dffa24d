// Engines and ciphertexts; what engines compute lies in automatic.cc and manual.cc.
#include "ckks/engine.h"

#include "capi/handles.h"
#include "ckks/automatic.h"
#include "ckks/io/objects.h"
#include "ckks/io/stored_keys.h"

using namespace sotto::capi;
namespace ckks = sotto::ckks;

static sotto_engine* new_engine(ckks::KeyStorePtr keys, sotto::Threads threads) {
  return new sotto_engine{keys->params(), keys, ckks::make_native_engine(keys, threads)};
}

sotto_status sotto_engine_create(const sotto_keys* keys, int threads, sotto_engine** out) {
  return give(__func__, {{"keys", keys}}, out, [&, function = __func__] {
    return new_engine(ckks::resident(keys->value), team(function, threads));
  });
}

sotto_status sotto_engine_open(const char* path, uint64_t memory_bytes, int threads, sotto_engine** out) {
  return give(__func__, {{"path", path}}, out, [&, function = __func__] {
    const sotto::Threads team_size = team(function, threads);
    return new_engine(std::make_shared<const ckks::io::StoredKeys>(
                          ckks::io::ServerKeysReader(std::string(path)), memory_bytes, team_size),
                      team_size);
  });
}

sotto_status sotto_engine_cleartext(const sotto_params* params, sotto_engine** out) {
  return give(__func__, {{"params", params}}, out, [&] {
    return new sotto_engine{params->value, nullptr, ckks::make_cleartext_session(params->value).engine};
  });
}

sotto_status sotto_engine_params(const sotto_engine* engine, sotto_params** out) {
  return give(__func__, {{"engine", engine}}, out, [&] { return new sotto_params{engine->params}; });
}

sotto_status sotto_engine_parse_cipher(const sotto_engine* engine, const void* data, size_t size,
                                       sotto_cipher** out) {
  return give(__func__, {{"engine", engine}, {"data", data}}, out, [&, function = __func__] {
    if (engine->keys == nullptr) {
      throw sotto::Error(
          sotto::ErrorCode::kUnsupported,
          std::string(function) + ": the cleartext engine reads no ciphertexts; encrypt with its client");
    }
    return new sotto_cipher{
        engine->params, ckks::native_cipher(ckks::io::parse_ciphertext(bytes_of(data, size), engine->params,
                                                                       engine->keys->id(), function))};
  });
}

void sotto_engine_free(sotto_engine* engine) {
  delete engine;
}

sotto_status sotto_cipher_level(const sotto_cipher* a, int* out) {
  return give(__func__, {{"a", a}}, out, [&] { return a->value.level(); });
}

sotto_status sotto_cipher_scale(const sotto_cipher* a, double* out) {
  return give(__func__, {{"a", a}}, out, [&] { return a->value.scale(); });
}

sotto_status sotto_cipher_parts(const sotto_cipher* a, int* out) {
  return give(__func__, {{"a", a}}, out, [&] { return a->value.parts(); });
}

sotto_status sotto_cipher_serialize(const sotto_cipher* a, sotto_buffer** out) {
  return give(__func__, {{"a", a}}, out,
              [&] { return new sotto_buffer{ckks::io::serialize(ckks::native_ciphertext(a->value))}; });
}

void sotto_cipher_free(sotto_cipher* a) {
  delete a;
}

sotto_status sotto_levels_left(const sotto_engine* engine, const sotto_cipher* a, int* out) {
  return give(__func__, {{"engine", engine}, {"a", a}}, out, [&, function = __func__] {
    ckks::require_same_params(*engine->params, *a->params, function);
    return ckks::Automatic(*engine->value).levels_left(a->value);
  });
}
