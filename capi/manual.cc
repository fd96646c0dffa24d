// The manual mode, one function of sotto.h for each of Engine.
#include "capi/handles.h"
#include "ckks/engine.h"

using namespace sotto::capi;
namespace ckks = sotto::ckks;
using ckks::Engine;

sotto_status sotto_manual_encode(sotto_engine* engine, const double* values, size_t count, int level,
                                 double scale, sotto_plain** out) {
  return compute(__func__, engine, {{"values", values}}, out, [&, function = __func__](Engine& e) {
    require_count(function, e.params(), count);
    return e.encode({values, count}, level, scale);
  });
}

sotto_status sotto_manual_encode_complex(sotto_engine* engine, const double* values, size_t count, int level,
                                         double scale, sotto_plain** out) {
  return compute(__func__, engine, {{"values", values}}, out, [&, function = __func__](Engine& e) {
    require_count(function, e.params(), count);
    return e.encode_complex(complex_values(values, count), level, scale);
  });
}

void sotto_plain_free(sotto_plain* a) {
  delete a;
}

sotto_status sotto_manual_add(sotto_engine* engine, const sotto_cipher* a, const sotto_cipher* b,
                              sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}, {"b", b}}, out,
                 [&](Engine& e) { return e.add(a->value, b->value); });
}

sotto_status sotto_manual_subtract(sotto_engine* engine, const sotto_cipher* a, const sotto_cipher* b,
                                   sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}, {"b", b}}, out,
                 [&](Engine& e) { return e.subtract(a->value, b->value); });
}

sotto_status sotto_manual_add_plain(sotto_engine* engine, const sotto_cipher* a, const sotto_plain* b,
                                    sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}, {"b", b}}, out,
                 [&](Engine& e) { return e.add_plain(a->value, b->value); });
}

sotto_status sotto_manual_multiply_plain(sotto_engine* engine, const sotto_cipher* a, const sotto_plain* b,
                                         sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}, {"b", b}}, out,
                 [&](Engine& e) { return e.multiply_plain(a->value, b->value); });
}

sotto_status sotto_manual_multiply_constant(sotto_engine* engine, const sotto_cipher* a, double c,
                                            double constant_scale, sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}}, out,
                 [&](Engine& e) { return e.multiply_constant(a->value, c, constant_scale); });
}

sotto_status sotto_manual_multiply(sotto_engine* engine, const sotto_cipher* a, const sotto_cipher* b,
                                   sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}, {"b", b}}, out,
                 [&](Engine& e) { return e.multiply(a->value, b->value); });
}

sotto_status sotto_manual_product(sotto_engine* engine, const sotto_cipher* a, const sotto_cipher* b,
                                  sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}, {"b", b}}, out,
                 [&](Engine& e) { return e.product(a->value, b->value); });
}

sotto_status sotto_manual_relinearise(sotto_engine* engine, const sotto_cipher* a, sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}}, out, [&](Engine& e) { return e.relinearise(a->value); });
}

sotto_status sotto_manual_rescale(sotto_engine* engine, const sotto_cipher* a, sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}}, out, [&](Engine& e) { return e.rescale(a->value); });
}

sotto_status sotto_manual_drop_to_level(sotto_engine* engine, const sotto_cipher* a, int level,
                                        sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}}, out,
                 [&](Engine& e) { return e.drop_to_level(a->value, level); });
}

sotto_status sotto_manual_rotate(sotto_engine* engine, const sotto_cipher* a, int step, sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}}, out, [&](Engine& e) { return e.rotate(a->value, step); });
}

sotto_status sotto_manual_rotate_many(sotto_engine* engine, const sotto_cipher* a, const int* steps,
                                      size_t count, sotto_cipher** out) {
  return compute_many(__func__, engine, {{"a", a}, {"steps", steps}}, count, out, [&](Engine& e) {
    return e.rotate_many(a->value, {steps, count});
  });
}

sotto_status sotto_manual_conjugate(sotto_engine* engine, const sotto_cipher* a, sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}}, out, [&](Engine& e) { return e.conjugate(a->value); });
}

sotto_status sotto_manual_prepare_linear(sotto_engine* engine, const sotto_linear* linear, int level,
                                         double plaintext_scale, sotto_prepared** out) {
  return compute(__func__, engine, {{"linear", linear}}, out, [&, function = __func__](Engine& e) {
    require_level(function, e.params(), level);
    return e.prepare(linear->value, level, plaintext_scale);
  });
}

sotto_status sotto_manual_apply_linear(sotto_engine* engine, const sotto_prepared* prepared,
                                       const sotto_cipher* a, sotto_cipher** out) {
  return compute(__func__, engine, {{"prepared", prepared}, {"a", a}}, out,
                 [&](Engine& e) { return e.apply(*prepared->value, a->value); });
}

void sotto_prepared_free(sotto_prepared* prepared) {
  delete prepared;
}
