// Arithmetic that keeps levels and scales by itself, one function of sotto.h for each of Automatic.
#include "ckks/automatic.h"

#include "capi/handles.h"
#include "ckks/operations.h"

using namespace sotto::capi;
namespace ckks = sotto::ckks;
using ckks::Automatic;
using ckks::Engine;

sotto_status sotto_add(sotto_engine* engine, const sotto_cipher* a, const sotto_cipher* b,
                       sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}, {"b", b}}, out,
                 [&](Engine& e) { return Automatic(e).add(a->value, b->value); });
}

sotto_status sotto_subtract(sotto_engine* engine, const sotto_cipher* a, const sotto_cipher* b,
                            sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}, {"b", b}}, out,
                 [&](Engine& e) { return Automatic(e).subtract(a->value, b->value); });
}

sotto_status sotto_negate(sotto_engine* engine, const sotto_cipher* a, sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}}, out, [&](Engine& e) { return Automatic(e).negate(a->value); });
}

sotto_status sotto_add_constant(sotto_engine* engine, const sotto_cipher* a, double c, sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}}, out, [&](Engine& e) { return Automatic(e).add(a->value, c); });
}

sotto_status sotto_add_values(sotto_engine* engine, const sotto_cipher* a, const double* values, size_t count,
                              sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}, {"values", values}}, out, [&, function = __func__](Engine& e) {
    require_count(function, e.params(), count);
    return Automatic(e).add(a->value, std::span(values, count));
  });
}

sotto_status sotto_multiply_integer(sotto_engine* engine, const sotto_cipher* a, int k, sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}}, out,
                 [&](Engine& e) { return Automatic(e).multiply(a->value, k); });
}

sotto_status sotto_multiply_by_i(sotto_engine* engine, const sotto_cipher* a, sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}}, out,
                 [&](Engine& e) { return Automatic(e).multiply_by_i(a->value); });
}

sotto_status sotto_rotate(sotto_engine* engine, const sotto_cipher* a, int step, sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}}, out,
                 [&](Engine& e) { return Automatic(e).rotate(a->value, step); });
}

sotto_status sotto_rotate_many(sotto_engine* engine, const sotto_cipher* a, const int* steps, size_t count,
                               sotto_cipher** out) {
  return compute_many(__func__, engine, {{"a", a}, {"steps", steps}}, count, out, [&](Engine& e) {
    return Automatic(e).rotate_many(a->value, {steps, count});
  });
}

sotto_status sotto_conjugate(sotto_engine* engine, const sotto_cipher* a, sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}}, out,
                 [&](Engine& e) { return Automatic(e).conjugate(a->value); });
}

sotto_status sotto_inner_sum(sotto_engine* engine, const sotto_cipher* a, int count, sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}}, out,
                 [&](Engine& e) { return ckks::inner_sum(Automatic(e), a->value, count); });
}

sotto_status sotto_multiply(sotto_engine* engine, const sotto_cipher* a, const sotto_cipher* b,
                            sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}, {"b", b}}, out,
                 [&](Engine& e) { return Automatic(e).multiply(a->value, b->value); });
}

sotto_status sotto_multiply_constant(sotto_engine* engine, const sotto_cipher* a, double c,
                                     sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}}, out,
                 [&](Engine& e) { return Automatic(e).multiply(a->value, c); });
}

sotto_status sotto_multiply_values(sotto_engine* engine, const sotto_cipher* a, const double* values,
                                   size_t count, sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}, {"values", values}}, out, [&, function = __func__](Engine& e) {
    require_count(function, e.params(), count);
    return Automatic(e).multiply(a->value, std::span(values, count));
  });
}

sotto_status sotto_multiply_values_complex(sotto_engine* engine, const sotto_cipher* a, const double* values,
                                           size_t count, sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}, {"values", values}}, out, [&, function = __func__](Engine& e) {
    require_count(function, e.params(), count);
    const ComplexValues numbers = complex_values(values, count);
    return Automatic(e).multiply(a->value, std::span<const std::complex<double>>(numbers));
  });
}

static std::vector<ckks::Cipher> factors(const char* function, const char* name, const ckks::Params& params,
                                         const sotto_cipher* const* ciphers, std::size_t count) {
  std::vector<ckks::Cipher> values;
  for (std::size_t k = 0; k < count; ++k) {
    if (ciphers[k] == nullptr) throw NullArgument{std::string(name) + "[" + std::to_string(k) + "]"};
    ckks::require_same_params(params, *ciphers[k]->params, function);
    values.push_back(ciphers[k]->value);
  }
  return values;
}

sotto_status sotto_sum_of_products(sotto_engine* engine, const sotto_cipher* const* a,
                                   const sotto_cipher* const* b, size_t count, sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}, {"b", b}}, out, [&, function = __func__](Engine& e) {
    return Automatic(e).sum_of_products(factors(function, "a", e.params(), a, count),
                                        factors(function, "b", e.params(), b, count));
  });
}

sotto_status sotto_apply_linear(sotto_engine* engine, const sotto_linear* linear, const sotto_cipher* a,
                                sotto_cipher** out) {
  return compute(__func__, engine, {{"linear", linear}, {"a", a}}, out,
                 [&](Engine& e) { return Automatic(e).apply(linear->value, a->value); });
}

sotto_status sotto_polynomial(sotto_engine* engine, const sotto_cipher* a, const double* coefficients,
                              size_t count, sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}, {"coefficients", coefficients}}, out,
                 [&, function = __func__](Engine& e) {
                   constexpr std::size_t kMostCoefficients = 1024;
                   if (count > kMostCoefficients) {
                     throw sotto::Error(sotto::ErrorCode::kInvalidArgument,
                                        std::string(function) + ": " + std::to_string(count) +
                                            " coefficients; at most " + std::to_string(kMostCoefficients) +
                                            " are possible");
                   }
                   return Automatic(e).polynomial(a->value, {coefficients, count});
                 });
}

sotto_status sotto_settle(sotto_engine* engine, const sotto_cipher* a, sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}}, out, [&](Engine& e) { return Automatic(e).settle(a->value); });
}

sotto_status sotto_at_level(sotto_engine* engine, const sotto_cipher* a, int level, sotto_cipher** out) {
  return compute(__func__, engine, {{"a", a}}, out,
                 [&](Engine& e) { return Automatic(e).at_level(a->value, level); });
}
