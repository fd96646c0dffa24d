// The first encrypted computation from C: a client encrypts two vectors, a server that has no secret computes
// x * y + 1, rotates the result, and gives it back. All that passes between the two is bytes.
//
// Next: docs/c-api.md, then capi/sotto.h.
#include <stdio.h>
#include <stdlib.h>

#include "capi/sotto.h"

// Every call that can fail returns a status; the sentence that goes with it says what to do.
static void check(sotto_status status) {
  if (status == SOTTO_OK) return;
  fprintf(stderr, "capi_hello: %s (%s)\n", sotto_last_error(), sotto_status_name(status));
  exit(1);
}

// The server: gets keys and ciphertexts as bytes, returns bytes.
static sotto_buffer* serve(const sotto_buffer* key_bytes, const sotto_buffer* x_bytes,
                           const sotto_buffer* y_bytes) {
  sotto_keys* keys = NULL;
  sotto_engine* engine = NULL;
  sotto_cipher *x = NULL, *y = NULL, *product = NULL, *sum = NULL, *rotated = NULL;
  sotto_buffer* answer = NULL;
  check(sotto_keys_parse(sotto_buffer_data(key_bytes), sotto_buffer_size(key_bytes), &keys));
  check(sotto_engine_create(keys, 0, &engine));
  check(sotto_engine_parse_cipher(engine, sotto_buffer_data(x_bytes), sotto_buffer_size(x_bytes), &x));
  check(sotto_engine_parse_cipher(engine, sotto_buffer_data(y_bytes), sotto_buffer_size(y_bytes), &y));

  // Levels and scales take care of themselves; sotto_manual_... leaves them to the caller.
  check(sotto_multiply(engine, x, y, &product));
  check(sotto_add_constant(engine, product, 1.0, &sum));
  check(sotto_rotate(engine, sum, 1, &rotated));  // slot i takes the value of slot i + 1
  check(sotto_cipher_serialize(rotated, &answer));

  sotto_cipher_free(x);
  sotto_cipher_free(y);
  sotto_cipher_free(product);
  sotto_cipher_free(sum);
  sotto_cipher_free(rotated);
  sotto_engine_free(engine);
  sotto_keys_free(keys);
  return answer;
}

// The client encrypts, as bytes.
static sotto_buffer* encrypted(sotto_client* client, const double* values, size_t count) {
  sotto_cipher* cipher = NULL;
  sotto_buffer* bytes = NULL;
  check(sotto_client_encrypt(client, values, count, &cipher));
  check(sotto_cipher_serialize(cipher, &bytes));
  sotto_cipher_free(cipher);
  return bytes;
}

int main(void) {
  // Parameters for circuits of 2 levels with numbers at scale 2^35, at 128-bit security.
  sotto_params* params = NULL;
  int top = 0;
  size_t slots = 0;
  check(sotto_params_for_depth(2, 35, 4096, 128, &params));
  check(sotto_params_max_level(params, &top));
  check(sotto_params_slots(params, &slots));
  printf("sotto %s: %lu slots, %d levels\n", sotto_version(), (unsigned long)slots, top);

  // Keys are made for exactly what the server will do: products, and one rotation by 1 after the first of
  // them.
  sotto_client* client = NULL;
  sotto_request* request = NULL;
  sotto_keys* keys = NULL;
  sotto_buffer* key_bytes = NULL;
  check(sotto_client_create(params, 0, &client));
  check(sotto_request_create(params, &request));
  check(sotto_request_relinearisation(request, top));
  check(sotto_request_rotation(request, 1, top - 1));
  check(sotto_client_make_keys(client, request, &keys));
  check(sotto_keys_serialize(keys, &key_bytes));

  const double x[] = {1, 2, 3, 4}, y[] = {0.5, 0.25, -1, 10};
  sotto_buffer* x_bytes = encrypted(client, x, 4);
  sotto_buffer* y_bytes = encrypted(client, y, 4);
  sotto_buffer* answer_bytes = serve(key_bytes, x_bytes, y_bytes);
  printf("%.1f MB of keys, %.0f kB an input, %.0f kB the answer\n",
         1e-6 * (double)sotto_buffer_size(key_bytes), 1e-3 * (double)sotto_buffer_size(x_bytes),
         1e-3 * (double)sotto_buffer_size(answer_bytes));

  sotto_cipher* answer = NULL;
  double z[3];
  check(sotto_client_parse_cipher(client, sotto_buffer_data(answer_bytes), sotto_buffer_size(answer_bytes),
                                  &answer));
  check(sotto_client_decrypt(client, answer, z, 3));
  printf("(1 2 3 4) x (0.5 0.25 -1 10) + 1, one to the left: %.5f %.5f %.5f\n", z[0], z[1], z[2]);

  // What is wrong is refused with a sentence: this rotation has no key.
  sotto_engine* engine = NULL;
  sotto_cipher* rotated = NULL;
  check(sotto_engine_create(keys, 0, &engine));
  if (sotto_rotate(engine, answer, 2, &rotated) == SOTTO_MISSING_KEY) printf("%s\n", sotto_last_error());

  sotto_engine_free(engine);
  sotto_cipher_free(answer);
  sotto_buffer_free(answer_bytes);
  sotto_buffer_free(y_bytes);
  sotto_buffer_free(x_bytes);
  sotto_buffer_free(key_bytes);
  sotto_keys_free(keys);
  sotto_request_free(request);
  sotto_client_free(client);
  sotto_params_free(params);
  return 0;
}
