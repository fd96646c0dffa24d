// What an outside program in C does with an installed Sotto: one encrypted square.
#include <sotto/capi/sotto.h>
#include <stdio.h>

static const char* const kParams =
    "{\"format\":\"sotto-params-1\",\"name\":\"insecure_consumer\",\"log_n\":10,\"log_q\":[40,30],\"log_p\":["
    "45],"
    "\"log_scale\":30,\"digits\":2}";

static int near(double a, double b) {
  return a - b < 1e-3 && b - a < 1e-3;
}

int main(void) {
  const double x[] = {0.5, -1.5};
  double y[2] = {0, 0};
  sotto_params* params = NULL;
  sotto_client* client = NULL;
  sotto_request* request = NULL;
  sotto_keys* keys = NULL;
  sotto_engine* engine = NULL;
  sotto_cipher *cipher = NULL, *square = NULL;
  const int good =
      sotto_abi_version() == SOTTO_ABI_VERSION && sotto_params_from_json(kParams, &params) == SOTTO_OK &&
      sotto_client_create(params, 1, &client) == SOTTO_OK &&
      sotto_request_create(params, &request) == SOTTO_OK &&
      sotto_request_relinearisation(request, 1) == SOTTO_OK &&
      sotto_client_make_keys(client, request, &keys) == SOTTO_OK &&
      sotto_engine_create(keys, 1, &engine) == SOTTO_OK &&
      sotto_client_encrypt(client, x, 2, &cipher) == SOTTO_OK &&
      sotto_multiply(engine, cipher, cipher, &square) == SOTTO_OK &&
      sotto_client_decrypt(client, square, y, 2) == SOTTO_OK && near(y[0], 0.25) && near(y[1], 2.25);
  puts(good ? "consumer: all right" : sotto_last_error());
  sotto_cipher_free(square);
  sotto_cipher_free(cipher);
  sotto_engine_free(engine);
  sotto_keys_free(keys);
  sotto_request_free(request);
  sotto_client_free(client);
  sotto_params_free(params);
  return good ? 0 : 1;
}
