// Integers of slots: casts for indexing and arithmetic modulo a power of two.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace sotto::nn {

constexpr std::size_t index(int i) noexcept {
  return static_cast<std::size_t>(i);
}

/// value mod ring in [0, ring); ring is a power of two.
constexpr int wrapped(std::int64_t value, int ring) noexcept {
  return static_cast<int>(value & (std::int64_t{ring} - 1));
}

/// x ≥ 1.
constexpr int ceil_log2(int x) noexcept {
  return static_cast<int>(std::bit_width(static_cast<unsigned>(x - 1)));
}

constexpr bool is_power_of_two(int x) noexcept {
  return x > 0 && (x & (x - 1)) == 0;
}

}  // namespace sotto::nn
