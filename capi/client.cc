// The side of the secret key: clients, and the server keys that they make.
#include "capi/handles.h"
#include "ckks/automatic.h"
#include "ckks/io/server_keys.h"
#include "ckks/keygen.h"

using namespace sotto::capi;
namespace ckks = sotto::ckks;
using sotto::Threads;

namespace {

sotto_client* new_client(ckks::SecretKey key, Threads threads) {
  auto keys = std::make_shared<ckks::ClientKeys>(std::move(key));
  auto client = ckks::make_native_client(keys, threads);
  const ckks::ParamsPtr params = keys->secret().params();
  return new sotto_client{params, std::move(keys), threads, std::move(client)};
}

const ckks::SecretKey& secret_of(const char* function, const sotto_client& client) {
  if (client.keys != nullptr) return client.keys->secret();
  throw sotto::Error(
      sotto::ErrorCode::kUnsupported,
      std::string(function) + ": the cleartext client has no secret key; make one with sotto_client_create");
}

/// A cipher of `count` numbers by encrypt(client).
template <class Encrypt>
sotto_status encrypted(const char* function, sotto_client* client, const double* values, std::size_t count,
                       sotto_cipher** out, Encrypt&& encrypt) noexcept {
  return give(function, {{"client", client}, {"values", values}}, out, [&] {
    require_count(function, *client->params, count);
    const std::lock_guard turn(client->turn);
    return new sotto_cipher{client->params, encrypt(*client->value)};
  });
}

/// Hands the first `count` numbers of decrypt(client) to `copy`, and wipes all of them.
template <class Decrypt, class Copy>
sotto_status decrypted(const char* function, sotto_client* client, const sotto_cipher* a, double* values,
                       std::size_t count, Decrypt&& decrypt, Copy&& copy) noexcept {
  return run(function, {{"client", client}, {"a", a}, {"values", values}}, [&] {
    ckks::require_same_params(*client->params, *a->params, function);
    require_count(function, *client->params, count);
    const std::lock_guard turn(client->turn);
    auto slots = decrypt(*client->value);
    for (std::size_t i = 0; i < count; ++i) copy(i, slots[i]);
    ckks::wipe(slots.data(), slots.size() * sizeof(slots[0]));
  });
}

}  // namespace

sotto_status sotto_client_create(const sotto_params* params, int threads, sotto_client** out) {
  return give(__func__, {{"params", params}}, out, [&, function = __func__] {
    const Threads team_size = team(function, threads);
    ckks::Rng rng;
    return new_client(ckks::make_secret_key(params->value, rng), team_size);
  });
}

sotto_status sotto_client_from_secret_key(const void* data, size_t size, int threads, sotto_client** out) {
  return give(__func__, {{"data", data}}, out, [&, function = __func__] {
    const Threads team_size = team(function, threads);
    return new_client(ckks::io::parse_secret_key(bytes_of(data, size), function), team_size);
  });
}

sotto_status sotto_client_load_secret_key(const char* path, int threads, sotto_client** out) {
  return give(__func__, {{"path", path}}, out, [&, function = __func__] {
    const Threads team_size = team(function, threads);
    return new_client(ckks::io::load_secret_key(path), team_size);
  });
}

sotto_status sotto_client_cleartext(const sotto_params* params, sotto_client** out) {
  return give(__func__, {{"params", params}}, out, [&] {
    return new sotto_client{params->value, nullptr, Threads{},
                            ckks::make_cleartext_session(params->value).client};
  });
}

sotto_status sotto_client_export_secret_key(const sotto_client* client, sotto_buffer** out) {
  return give(__func__, {{"client", client}}, out, [&, function = __func__] {
    return new sotto_buffer{ckks::io::serialize(secret_of(function, *client))};
  });
}

sotto_status sotto_client_save_secret_key(const sotto_client* client, const char* path) {
  return run(__func__, {{"client", client}, {"path", path}},
             [&, function = __func__] { ckks::io::save(path, secret_of(function, *client)); });
}

sotto_status sotto_client_make_keys(const sotto_client* client, const sotto_request* request,
                                    sotto_keys** out) {
  return give(__func__, {{"client", client}, {"request", request}}, out, [&, function = __func__] {
    ckks::require_same_params(*client->params, *request->params, function);
    ckks::Rng rng;
    return new sotto_keys{std::make_shared<const ckks::ServerKeys>(
        ckks::make_server_keys(secret_of(function, *client), request->value, rng, client->threads))};
  });
}

sotto_status sotto_client_params(const sotto_client* client, sotto_params** out) {
  return give(__func__, {{"client", client}}, out, [&] { return new sotto_params{client->params}; });
}

sotto_status sotto_client_encrypt(sotto_client* client, const double* values, size_t count,
                                  sotto_cipher** out) {
  return encrypted(__func__, client, values, count, out, [&](ckks::Client& c) {
    return ckks::encrypt(c, *client->params, std::span(values, count));
  });
}

sotto_status sotto_client_encrypt_complex(sotto_client* client, const double* values, size_t count,
                                          sotto_cipher** out) {
  return encrypted(__func__, client, values, count, out, [&](ckks::Client& c) {
    return ckks::encrypt(c, *client->params,
                         std::span<const std::complex<double>>(complex_values(values, count)));
  });
}

sotto_status sotto_client_encrypt_at(sotto_client* client, const double* values, size_t count, int level,
                                     double scale, sotto_cipher** out) {
  return encrypted(__func__, client, values, count, out, [&](ckks::Client& c) {
    return c.encrypt({values, count}, level, scale);
  });
}

sotto_status sotto_client_encrypt_complex_at(sotto_client* client, const double* values, size_t count,
                                             int level, double scale, sotto_cipher** out) {
  return encrypted(__func__, client, values, count, out, [&](ckks::Client& c) {
    return c.encrypt_complex(complex_values(values, count), level, scale);
  });
}

sotto_status sotto_client_decrypt(sotto_client* client, const sotto_cipher* a, double* values, size_t count) {
  return decrypted(
      __func__, client, a, values, count, [&](ckks::Client& c) { return c.decrypt(a->value); },
      [&](std::size_t i, double x) { values[i] = x; });
}

sotto_status sotto_client_decrypt_complex(sotto_client* client, const sotto_cipher* a, double* values,
                                          size_t count) {
  return decrypted(
      __func__, client, a, values, count, [&](ckks::Client& c) { return c.decrypt_complex(a->value); },
      [&](std::size_t i, std::complex<double> x) {
        values[2 * i] = x.real();
        values[2 * i + 1] = x.imag();
      });
}

sotto_status sotto_client_parse_cipher(const sotto_client* client, const void* data, size_t size,
                                       sotto_cipher** out) {
  return give(__func__, {{"client", client}, {"data", data}}, out, [&, function = __func__] {
    return new sotto_cipher{client->params, ckks::native_cipher(ckks::io::parse_ciphertext(
                                                bytes_of(data, size), client->params,
                                                secret_of(function, *client).id(), function))};
  });
}

void sotto_client_free(sotto_client* client) {
  delete client;
}

sotto_status sotto_keys_serialize(const sotto_keys* keys, sotto_buffer** out) {
  return give(__func__, {{"keys", keys}}, out,
              [&] { return new sotto_buffer{ckks::io::serialize(*keys->value)}; });
}

sotto_status sotto_keys_parse(const void* data, size_t size, sotto_keys** out) {
  return give(__func__, {{"data", data}}, out, [&, function = __func__] {
    return new sotto_keys{std::make_shared<const ckks::ServerKeys>(
        ckks::io::parse_server_keys(bytes_of(data, size), function))};
  });
}

sotto_status sotto_keys_save(const sotto_keys* keys, const char* path) {
  return run(__func__, {{"keys", keys}, {"path", path}}, [&] { ckks::io::save(path, *keys->value); });
}

sotto_status sotto_keys_load(const char* path, int threads, sotto_keys** out) {
  return give(__func__, {{"path", path}}, out, [&, function = __func__] {
    return new sotto_keys{
        std::make_shared<const ckks::ServerKeys>(ckks::io::load_server_keys(path, team(function, threads)))};
  });
}

void sotto_keys_free(sotto_keys* keys) {
  delete keys;
}
