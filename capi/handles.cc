#include "capi/handles.h"

#include <algorithm>

namespace sotto::capi {
namespace {

[[noreturn]] void refuse(const char* function, const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument, std::string(function) + ": " + why);
}

}  // namespace

Threads team(const char* function, int threads) {
  if (threads < 0) refuse(function, std::to_string(threads) + " threads; give 0 for all processors");
  const Threads all = Threads::all();
  return threads == 0 ? all : Threads{std::min(threads, all.count)};
}

void require_level(const char* function, const ckks::Params& params, int level, int lowest) {
  if (level >= lowest && level <= params.max_level()) return;
  refuse(function, "level " + std::to_string(level) + " is outside " + std::to_string(lowest) + "..." +
                       std::to_string(params.max_level()) + " of \"" + params.name() + "\"");
}

void require_count(const char* function, const ckks::Params& params, std::size_t count) {
  if (count <= params.slots()) return;
  refuse(function, std::to_string(count) + " numbers do not fit " + std::to_string(params.slots()) +
                       " slots of \"" + params.name() + "\"");
}

ComplexValues complex_values(const double* values, std::size_t count) {
  ComplexValues numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = {values[2 * i], values[2 * i + 1]};
  return numbers;
}

}  // namespace sotto::capi

const uint8_t* sotto_buffer_data(const sotto_buffer* buffer) {
  if (buffer == nullptr) return nullptr;
  return std::visit([](const auto& bytes) { return reinterpret_cast<const uint8_t*>(bytes.data()); },
                    buffer->bytes);
}

size_t sotto_buffer_size(const sotto_buffer* buffer) {
  return buffer == nullptr ? 0 : std::visit([](const auto& bytes) { return bytes.size(); }, buffer->bytes);
}

void sotto_buffer_free(sotto_buffer* buffer) {
  delete buffer;
}
