// Parameters, linear maps, and requests for keys.
#include "ckks/params.h"

#include "capi/handles.h"
#include "ckks/named_params.h"
#include "ckks/operations.h"

using namespace sotto::capi;
namespace ckks = sotto::ckks;

sotto_status sotto_params_from_json(const char* json, sotto_params** out) {
  return give(__func__, {{"json", json}}, out,
              [&] { return new sotto_params{ckks::Params::make(ckks::literal_from_json(json))}; });
}

sotto_status sotto_params_named(const char* name, sotto_params** out) {
  return give(__func__, {{"name", name}}, out,
              [&] { return new sotto_params{ckks::Params::make(ckks::params::find(name).literal)}; });
}

sotto_status sotto_params_for_depth(int depth, int scale_bits, size_t slots, int security_bits,
                                    sotto_params** out) {
  return give(__func__, {}, out, [&] {
    return new sotto_params{ckks::params::for_depth(depth, scale_bits, slots, security_bits).params};
  });
}

sotto_status sotto_params_to_json(const sotto_params* params, sotto_buffer** out) {
  return give(__func__, {{"params", params}}, out,
              [&] { return new sotto_buffer{ckks::to_json(params->value->literal())}; });
}

sotto_status sotto_params_serialize(const sotto_params* params, sotto_buffer** out) {
  return give(__func__, {{"params", params}}, out,
              [&] { return new sotto_buffer{ckks::io::serialize(*params->value)}; });
}

sotto_status sotto_params_parse(const void* data, size_t size, sotto_params** out) {
  return give(__func__, {{"data", data}}, out, [&, function = __func__] {
    return new sotto_params{ckks::io::parse_params(bytes_of(data, size), function)};
  });
}

sotto_status sotto_params_name(const sotto_params* params, const char** out) {
  return give(__func__, {{"params", params}}, out, [&] { return params->value->name().c_str(); });
}

sotto_status sotto_params_slots(const sotto_params* params, size_t* out) {
  return give(__func__, {{"params", params}}, out, [&] { return params->value->slots(); });
}

sotto_status sotto_params_max_level(const sotto_params* params, int* out) {
  return give(__func__, {{"params", params}}, out, [&] { return params->value->max_level(); });
}

sotto_status sotto_params_security_bits(const sotto_params* params, int* out) {
  return give(__func__, {{"params", params}}, out, [&] { return params->value->security_bits(); });
}

sotto_status sotto_params_log_qp(const sotto_params* params, double* out) {
  return give(__func__, {{"params", params}}, out, [&] { return params->value->log_qp(); });
}

sotto_status sotto_params_log_q(const sotto_params* params, int level, double* out) {
  return give(__func__, {{"params", params}}, out, [&, function = __func__] {
    require_level(function, *params->value, level);
    return params->value->log_q(level);
  });
}

sotto_status sotto_params_scale(const sotto_params* params, int level, double* out) {
  return give(__func__, {{"params", params}}, out, [&, function = __func__] {
    require_level(function, *params->value, level);
    return params->value->scale(level);
  });
}

sotto_status sotto_params_rescale_factor(const sotto_params* params, int level, double* out) {
  return give(__func__, {{"params", params}}, out, [&, function = __func__] {
    require_level(function, *params->value, level, 1);
    return params->value->rescale_factor(level);
  });
}

void sotto_params_free(sotto_params* params) {
  delete params;
}

sotto_status sotto_linear_from_matrix(const sotto_params* params, const double* matrix, int rows, int columns,
                                      sotto_linear** out) {
  return give(__func__, {{"params", params}, {"matrix", matrix}}, out, [&, function = __func__] {
    const std::size_t slots = params->value->slots();
    for (const int size : {rows, columns}) {
      if (size >= 1 && static_cast<std::size_t>(size) <= slots) continue;
      throw sotto::Error(sotto::ErrorCode::kInvalidArgument,
                         std::string(function) + ": a matrix of " + std::to_string(rows) + " rows and " +
                             std::to_string(columns) + " columns; both must be in 1..." +
                             std::to_string(slots));
    }
    const std::size_t count = static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
    return new sotto_linear{params->value, ckks::matrix_transform({matrix, count}, rows, columns, slots)};
  });
}

void sotto_linear_free(sotto_linear* linear) {
  delete linear;
}

sotto_status sotto_request_create(const sotto_params* params, sotto_request** out) {
  return give(__func__, {{"params", params}}, out, [&] { return new sotto_request{params->value, {}}; });
}

namespace {

/// Adds the keys of `needs` up to `level`; of two requests for one key the higher level counts.
void add_needs(sotto_request& request, const ckks::Needs& needs, int level) {
  const ckks::KeyRequest more = ckks::key_request(needs, *request.params, level);
  request.value.relin_level = std::max(request.value.relin_level, more.relin_level);
  request.value.galois.insert(request.value.galois.end(), more.galois.begin(), more.galois.end());
}

template <class NeedsOf>
sotto_status ask(const char* function, Arguments arguments, sotto_request* request, int level,
                 NeedsOf&& needs) noexcept {
  return run(function, arguments, [&] {
    require_level(function, *request->params, level);
    add_needs(*request, needs(), level);
  });
}

}  // namespace

sotto_status sotto_request_relinearisation(sotto_request* request, int level) {
  return ask(__func__, {{"request", request}}, request, level,
             [] { return ckks::Needs{.relinearisation = true}; });
}

sotto_status sotto_request_rotation(sotto_request* request, int step, int level) {
  return ask(__func__, {{"request", request}}, request, level, [&] { return ckks::Needs{.steps = {step}}; });
}

sotto_status sotto_request_conjugation(sotto_request* request, int level) {
  return ask(__func__, {{"request", request}}, request, level,
             [] { return ckks::Needs{.conjugation = true}; });
}

sotto_status sotto_request_linear(sotto_request* request, const sotto_linear* linear, int level) {
  return ask(__func__, {{"request", request}, {"linear", linear}}, request, level, [&, function = __func__] {
    ckks::require_same_params(*request->params, *linear->params, function);
    return ckks::transform_needs(linear->value);
  });
}

sotto_status sotto_request_inner_sum(sotto_request* request, int count, int level) {
  return ask(__func__, {{"request", request}}, request, level, [&, function = __func__] {
    const std::size_t slots = request->params->slots();
    if (count < 1 || static_cast<std::size_t>(count) > slots) {
      throw sotto::Error(sotto::ErrorCode::kInvalidArgument,
                         std::string(function) + ": " + std::to_string(count) + " slots are outside 1..." +
                             std::to_string(slots));
    }
    return ckks::inner_sum_needs(count);
  });
}

void sotto_request_free(sotto_request* request) {
  delete request;
}
