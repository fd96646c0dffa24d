// Sotto for C, and through it for every language that can call C: parameters, keys, encrypted vectors and
// what is computed on them. Over the engines of ckks/engine.h; docs/c-api.md tells it from the beginning.
//
// Status     Whatever can fail returns a sotto_status. SOTTO_OK is 0; after anything else sotto_last_error()
//            holds one sentence with the numbers and the next step. No C++ exception leaves the library.
// Results    come through the last argument, `out`. It is cleared first (NULL or 0), so after a failure it
//            holds nothing that could be used by mistake. What it held before is not freed.
// NULL       is refused with SOTTO_NULL_ARGUMENT for every pointer argument, arrays of no elements included.
// Ownership  Who is given a handle frees it with its _free function, once; NULL is welcome there. Handles do
//            not depend on each other: what one was made from may be freed before it. Arguments are only
//            read, and nothing of the caller's memory is kept.
// Threads    Every function may be called from every thread. Handles are immutable but for requests; calls
//            on one client or one engine wait for each other, calls on different ones run side by side. Free
//            a handle when no other call uses it.
// Complex    numbers are pairs of doubles, real part first; `count` counts numbers, not doubles.
// `threads`  says how many threads a client or an engine uses for one call; 0, or more than there are
//            processors, means all of them. Results do not depend on it, to the bit.
#ifndef SOTTO_CAPI_SOTTO_H
#define SOTTO_CAPI_SOTTO_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define SOTTO_API __attribute__((visibility("default")))
#else
#define SOTTO_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

// ---- Status ----

typedef enum sotto_status {
  SOTTO_OK = 0,
  SOTTO_INVALID_ARGUMENT = 1,  // a value out of its range, shapes that do not match
  SOTTO_INSECURE = 2,          // parameters below 128 bits that were not named insecure_...
  SOTTO_UNSUPPORTED = 3,       // what this kind of engine, or Sotto, does not do
  SOTTO_MISSING_KEY = 4,       // a rotation, conjugation or relinearisation key that is not there
  SOTTO_OUT_OF_LEVELS = 5,     // a computation deeper than the modulus chain
  SOTTO_SCALE_MISMATCH = 6,    // manual mode: operands whose scales differ
  SOTTO_CORRUPT_FILE = 7,      // bytes that are truncated, flipped, of another version, parameters or key
  SOTTO_IO = 8,                // cannot open, read, write, rename; no randomness from the system
  SOTTO_NULL_ARGUMENT = 9,     // a pointer that must not be NULL
  SOTTO_OUT_OF_MEMORY = 10,
  SOTTO_INTERNAL = 11  // a defect of Sotto; please report the sentence
} sotto_status;

/// The sentence of the last call on this thread that failed; "" when none has. Valid until the next failure
/// on this thread; copy it to keep it.
SOTTO_API const char* sotto_last_error(void);
/// "out_of_levels"; "unknown" for a number that is no status. Never freed.
SOTTO_API const char* sotto_status_name(sotto_status status);

// ---- Version ----

#define SOTTO_ABI_VERSION 1
/// Of the library that is loaded; raised when a program that was compiled against an older header could
/// break. Compare with SOTTO_ABI_VERSION.
SOTTO_API int sotto_abi_version(void);
/// "0.1.0". Never freed.
SOTTO_API const char* sotto_version(void);

// ---- Handles ----

typedef struct sotto_buffer sotto_buffer;      // bytes or a text that the library made
typedef struct sotto_params sotto_params;      // a checked parameter set
typedef struct sotto_linear sotto_linear;      // a linear map on slots
typedef struct sotto_request sotto_request;    // which server keys to make
typedef struct sotto_keys sotto_keys;          // server keys: all that an engine needs, nothing secret
typedef struct sotto_client sotto_client;      // holds the secret key: encrypts and decrypts
typedef struct sotto_engine sotto_engine;      // computes on ciphertexts, has no secret
typedef struct sotto_cipher sotto_cipher;      // an encrypted vector of `slots` complex numbers
typedef struct sotto_plain sotto_plain;        // manual mode: an encoded vector
typedef struct sotto_prepared sotto_prepared;  // manual mode: a linear map, encoded for a level

/// NULL and 0 for NULL. A text is followed by a 0 byte that its size does not count.
SOTTO_API const uint8_t* sotto_buffer_data(const sotto_buffer* buffer);
SOTTO_API size_t sotto_buffer_size(const sotto_buffer* buffer);
/// Wipes secret keys before their memory is given back.
SOTTO_API void sotto_buffer_free(sotto_buffer* buffer);

// ---- Parameters ----

/// A text of the form "sotto-params-1" (ckks/params.h), checked against the security tables.
SOTTO_API sotto_status sotto_params_from_json(const char* json, sotto_params** out);
/// A named set: "L13" ... "L17", "B15", "B16-fast", "B16-hp". A name that is none is told the list.
SOTTO_API sotto_status sotto_params_named(const char* name, sotto_params** out);
/// The smallest set for circuits of `depth` levels at scale 2^scale_bits with at least `slots` slots: depth
/// 0...60, scale_bits 20...60, security_bits 128, 192 or 256.
SOTTO_API sotto_status sotto_params_for_depth(int depth, int scale_bits, size_t slots, int security_bits,
                                              sotto_params** out);
SOTTO_API sotto_status sotto_params_to_json(const sotto_params* params, sotto_buffer** out);
/// The binary form of docs/file-formats.md and back.
SOTTO_API sotto_status sotto_params_serialize(const sotto_params* params, sotto_buffer** out);
SOTTO_API sotto_status sotto_params_parse(const void* data, size_t size, sotto_params** out);

/// Valid as long as `params`; not freed by itself.
SOTTO_API sotto_status sotto_params_name(const sotto_params* params, const char** out);
SOTTO_API sotto_status sotto_params_slots(const sotto_params* params, size_t* out);
/// Fresh ciphertexts have this level; 0 is the lowest.
SOTTO_API sotto_status sotto_params_max_level(const sotto_params* params, int* out);
/// 128, 192 or 256; 0 for sets named insecure_...
SOTTO_API sotto_status sotto_params_security_bits(const sotto_params* params, int* out);
/// log2 of the product of all primes.
SOTTO_API sotto_status sotto_params_log_qp(const sotto_params* params, double* out);
/// log2 of the modulus of a level: |value| * scale stays below half of it.
SOTTO_API sotto_status sotto_params_log_q(const sotto_params* params, int level, double* out);
/// The canonical scale of a level.
SOTTO_API sotto_status sotto_params_scale(const sotto_params* params, int level, double* out);
/// By what a rescale from `level` >= 1 divides.
SOTTO_API sotto_status sotto_params_rescale_factor(const sotto_params* params, int level, double* out);
SOTTO_API void sotto_params_free(sotto_params* params);

// ---- Linear maps ----

/// The map of a matrix in row-major order, rows * columns values, each at most `slots`: slot i < rows becomes
/// sum_j matrix[i][j] x[j], the other slots 0.
SOTTO_API sotto_status sotto_linear_from_matrix(const sotto_params* params, const double* matrix, int rows,
                                                int columns, sotto_linear** out);
SOTTO_API void sotto_linear_free(sotto_linear* linear);

// ---- Server keys ----

/// A request says which keys a computation needs, each up to the highest level of its use: keys for lower
/// levels are smaller. Made empty, then filled; asked for twice, the higher level counts.
SOTTO_API sotto_status sotto_request_create(const sotto_params* params, sotto_request** out);
/// For products of two ciphertexts, squares and polynomials.
SOTTO_API sotto_status sotto_request_relinearisation(sotto_request* request, int level);
SOTTO_API sotto_status sotto_request_rotation(sotto_request* request, int step, int level);
SOTTO_API sotto_status sotto_request_conjugation(sotto_request* request, int level);
/// The rotations of a linear map, and of sotto_inner_sum() over `count` slots.
SOTTO_API sotto_status sotto_request_linear(sotto_request* request, const sotto_linear* linear, int level);
SOTTO_API sotto_status sotto_request_inner_sum(sotto_request* request, int count, int level);
SOTTO_API void sotto_request_free(sotto_request* request);

SOTTO_API sotto_status sotto_keys_serialize(const sotto_keys* keys, sotto_buffer** out);
SOTTO_API sotto_status sotto_keys_parse(const void* data, size_t size, sotto_keys** out);
/// The file appears under its name when it is complete.
SOTTO_API sotto_status sotto_keys_save(const sotto_keys* keys, const char* path);
SOTTO_API sotto_status sotto_keys_load(const char* path, int threads, sotto_keys** out);
SOTTO_API void sotto_keys_free(sotto_keys* keys);

// ---- Client: the side of the secret key ----

/// A client with a fresh secret key.
SOTTO_API sotto_status sotto_client_create(const sotto_params* params, int threads, sotto_client** out);
/// A client with a secret key that was exported or saved.
SOTTO_API sotto_status sotto_client_from_secret_key(const void* data, size_t size, int threads,
                                                    sotto_client** out);
SOTTO_API sotto_status sotto_client_load_secret_key(const char* path, int threads, sotto_client** out);
/// The client of the cleartext engine: keeps doubles where a ciphertext would be. It has no key; for tests.
SOTTO_API sotto_status sotto_client_cleartext(const sotto_params* params, sotto_client** out);

/// THE SECRET ITSELF, in a buffer that is wiped when it is freed. It is part of no other object.
SOTTO_API sotto_status sotto_client_export_secret_key(const sotto_client* client, sotto_buffer** out);
/// The same into a file that its owner alone can read.
SOTTO_API sotto_status sotto_client_save_secret_key(const sotto_client* client, const char* path);
SOTTO_API sotto_status sotto_client_make_keys(const sotto_client* client, const sotto_request* request,
                                              sotto_keys** out);
SOTTO_API sotto_status sotto_client_params(const sotto_client* client, sotto_params** out);

/// `count` <= slots numbers, the other slots 0, at the top level and its canonical scale; _at: elsewhere, for
/// the manual mode.
SOTTO_API sotto_status sotto_client_encrypt(sotto_client* client, const double* values, size_t count,
                                            sotto_cipher** out);
SOTTO_API sotto_status sotto_client_encrypt_complex(sotto_client* client, const double* values, size_t count,
                                                    sotto_cipher** out);
SOTTO_API sotto_status sotto_client_encrypt_at(sotto_client* client, const double* values, size_t count,
                                               int level, double scale, sotto_cipher** out);
SOTTO_API sotto_status sotto_client_encrypt_complex_at(sotto_client* client, const double* values,
                                                       size_t count, int level, double scale,
                                                       sotto_cipher** out);
/// Writes the first `count` <= slots numbers to `values`, which a failure leaves as they were. FOR THE OWNER
/// OF THE KEY ALONE: a decrypted value in the hands of somebody who has its ciphertext tells about the key
/// (SECURITY.md).
SOTTO_API sotto_status sotto_client_decrypt(sotto_client* client, const sotto_cipher* a, double* values,
                                            size_t count);
SOTTO_API sotto_status sotto_client_decrypt_complex(sotto_client* client, const sotto_cipher* a,
                                                    double* values, size_t count);
/// A ciphertext of this client's parameters and key.
SOTTO_API sotto_status sotto_client_parse_cipher(const sotto_client* client, const void* data, size_t size,
                                                 sotto_cipher** out);
SOTTO_API void sotto_client_free(sotto_client* client);

// ---- Engine: the side that computes ----

SOTTO_API sotto_status sotto_engine_create(const sotto_keys* keys, int threads, sotto_engine** out);
/// Over a file of sotto_keys_save() whose keys stay there: each is read when it is used, and those used last
/// are kept within `memory_bytes`.
SOTTO_API sotto_status sotto_engine_open(const char* path, uint64_t memory_bytes, int threads,
                                         sotto_engine** out);
/// Doubles in slots, with the levels, scales and refusals of the real scheme; needs no keys; for tests.
SOTTO_API sotto_status sotto_engine_cleartext(const sotto_params* params, sotto_engine** out);
SOTTO_API sotto_status sotto_engine_params(const sotto_engine* engine, sotto_params** out);
/// A ciphertext of the parameters and the key that this engine's keys belong to.
SOTTO_API sotto_status sotto_engine_parse_cipher(const sotto_engine* engine, const void* data, size_t size,
                                                 sotto_cipher** out);
SOTTO_API void sotto_engine_free(sotto_engine* engine);

// ---- Ciphertexts ----

SOTTO_API sotto_status sotto_cipher_level(const sotto_cipher* a, int* out);
SOTTO_API sotto_status sotto_cipher_scale(const sotto_cipher* a, double* out);
/// 2, or 3 for what sotto_manual_product() gives.
SOTTO_API sotto_status sotto_cipher_parts(const sotto_cipher* a, int* out);
/// Two parts; ciphertexts of the cleartext engine have no binary form.
SOTTO_API sotto_status sotto_cipher_serialize(const sotto_cipher* a, sotto_buffer** out);
SOTTO_API void sotto_cipher_free(sotto_cipher* a);

// ---- Arithmetic that keeps levels and scales by itself (ckks/automatic.h): the mode to begin with ----

// No level.
SOTTO_API sotto_status sotto_add(sotto_engine* engine, const sotto_cipher* a, const sotto_cipher* b,
                                 sotto_cipher** out);
SOTTO_API sotto_status sotto_subtract(sotto_engine* engine, const sotto_cipher* a, const sotto_cipher* b,
                                      sotto_cipher** out);
SOTTO_API sotto_status sotto_negate(sotto_engine* engine, const sotto_cipher* a, sotto_cipher** out);
SOTTO_API sotto_status sotto_add_constant(sotto_engine* engine, const sotto_cipher* a, double c,
                                          sotto_cipher** out);
SOTTO_API sotto_status sotto_add_values(sotto_engine* engine, const sotto_cipher* a, const double* values,
                                        size_t count, sotto_cipher** out);
/// Times a whole number: exact.
SOTTO_API sotto_status sotto_multiply_integer(sotto_engine* engine, const sotto_cipher* a, int k,
                                              sotto_cipher** out);
SOTTO_API sotto_status sotto_multiply_by_i(sotto_engine* engine, const sotto_cipher* a, sotto_cipher** out);
/// step > 0 moves slots to the left, around the end.
SOTTO_API sotto_status sotto_rotate(sotto_engine* engine, const sotto_cipher* a, int step,
                                    sotto_cipher** out);
/// One ciphertext for each step, into out[0] ... out[count - 1]; cheaper than one by one. After a failure all
/// of them are NULL.
SOTTO_API sotto_status sotto_rotate_many(sotto_engine* engine, const sotto_cipher* a, const int* steps,
                                         size_t count, sotto_cipher** out);
SOTTO_API sotto_status sotto_conjugate(sotto_engine* engine, const sotto_cipher* a, sotto_cipher** out);
/// Slot i becomes the sum of `count` slots from i on, around the end; 1 <= count <= slots.
SOTTO_API sotto_status sotto_inner_sum(sotto_engine* engine, const sotto_cipher* a, int count,
                                       sotto_cipher** out);

// One level.
SOTTO_API sotto_status sotto_multiply(sotto_engine* engine, const sotto_cipher* a, const sotto_cipher* b,
                                      sotto_cipher** out);
SOTTO_API sotto_status sotto_multiply_constant(sotto_engine* engine, const sotto_cipher* a, double c,
                                               sotto_cipher** out);
SOTTO_API sotto_status sotto_multiply_values(sotto_engine* engine, const sotto_cipher* a,
                                             const double* values, size_t count, sotto_cipher** out);
SOTTO_API sotto_status sotto_multiply_values_complex(sotto_engine* engine, const sotto_cipher* a,
                                                     const double* values, size_t count, sotto_cipher** out);
/// sum_k a[k] b[k] over `count` >= 1 pairs, cheaper than one by one.
SOTTO_API sotto_status sotto_sum_of_products(sotto_engine* engine, const sotto_cipher* const* a,
                                             const sotto_cipher* const* b, size_t count, sotto_cipher** out);
SOTTO_API sotto_status sotto_apply_linear(sotto_engine* engine, const sotto_linear* linear,
                                          const sotto_cipher* a, sotto_cipher** out);

/// sum_k coefficients[k] x^k; ceil(log2(count)) levels, see polynomial_depth() in ckks/engine.h.
SOTTO_API sotto_status sotto_polynomial(sotto_engine* engine, const sotto_cipher* a,
                                        const double* coefficients, size_t count, sotto_cipher** out);

/// Pays the rescale that a product still owes, so that the scale is the canonical one of the level.
SOTTO_API sotto_status sotto_settle(sotto_engine* engine, const sotto_cipher* a, sotto_cipher** out);
/// Settled, at a lower or the same level.
SOTTO_API sotto_status sotto_at_level(sotto_engine* engine, const sotto_cipher* a, int level,
                                      sotto_cipher** out);
/// Levels that are left for products.
SOTTO_API sotto_status sotto_levels_left(const sotto_engine* engine, const sotto_cipher* a, int* out);

// ---- Manual mode: nothing is rescaled unless told to, and scales must agree (ckks/engine.h) ----
// negate, add_constant and multiply_by_i are the same in both modes.

SOTTO_API sotto_status sotto_manual_encode(sotto_engine* engine, const double* values, size_t count,
                                           int level, double scale, sotto_plain** out);
SOTTO_API sotto_status sotto_manual_encode_complex(sotto_engine* engine, const double* values, size_t count,
                                                   int level, double scale, sotto_plain** out);
SOTTO_API void sotto_plain_free(sotto_plain* a);

SOTTO_API sotto_status sotto_manual_add(sotto_engine* engine, const sotto_cipher* a, const sotto_cipher* b,
                                        sotto_cipher** out);
SOTTO_API sotto_status sotto_manual_subtract(sotto_engine* engine, const sotto_cipher* a,
                                             const sotto_cipher* b, sotto_cipher** out);
/// The plaintext at the level of `a` or above.
SOTTO_API sotto_status sotto_manual_add_plain(sotto_engine* engine, const sotto_cipher* a,
                                              const sotto_plain* b, sotto_cipher** out);
SOTTO_API sotto_status sotto_manual_multiply_plain(sotto_engine* engine, const sotto_cipher* a,
                                                   const sotto_plain* b, sotto_cipher** out);
SOTTO_API sotto_status sotto_manual_multiply_constant(sotto_engine* engine, const sotto_cipher* a, double c,
                                                      double constant_scale, sotto_cipher** out);
/// The product, relinearised.
SOTTO_API sotto_status sotto_manual_multiply(sotto_engine* engine, const sotto_cipher* a,
                                             const sotto_cipher* b, sotto_cipher** out);
/// The product in three parts: sums of them are relinearised once.
SOTTO_API sotto_status sotto_manual_product(sotto_engine* engine, const sotto_cipher* a,
                                            const sotto_cipher* b, sotto_cipher** out);
SOTTO_API sotto_status sotto_manual_relinearise(sotto_engine* engine, const sotto_cipher* a,
                                                sotto_cipher** out);
SOTTO_API sotto_status sotto_manual_rescale(sotto_engine* engine, const sotto_cipher* a, sotto_cipher** out);
SOTTO_API sotto_status sotto_manual_drop_to_level(sotto_engine* engine, const sotto_cipher* a, int level,
                                                  sotto_cipher** out);
SOTTO_API sotto_status sotto_manual_rotate(sotto_engine* engine, const sotto_cipher* a, int step,
                                           sotto_cipher** out);
SOTTO_API sotto_status sotto_manual_rotate_many(sotto_engine* engine, const sotto_cipher* a, const int* steps,
                                                size_t count, sotto_cipher** out);
SOTTO_API sotto_status sotto_manual_conjugate(sotto_engine* engine, const sotto_cipher* a,
                                              sotto_cipher** out);
/// A linear map encoded once for ciphertexts at `level`, and applied often: one level, rescaled.
SOTTO_API sotto_status sotto_manual_prepare_linear(sotto_engine* engine, const sotto_linear* linear,
                                                   int level, double plaintext_scale, sotto_prepared** out);
SOTTO_API sotto_status sotto_manual_apply_linear(sotto_engine* engine, const sotto_prepared* prepared,
                                                 const sotto_cipher* a, sotto_cipher** out);
SOTTO_API void sotto_prepared_free(sotto_prepared* prepared);

#ifdef __cplusplus
}
#endif

#endif
