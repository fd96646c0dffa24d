// What every reader of hostile bytes must survive: each prefix, each flipped bit, and random damage.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"

namespace sotto::app {

using Bytes = std::vector<std::byte>;

inline Bytes to_bytes(const std::string& text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

/// Runs parse(bytes); anything but success or an Error that names the file fails the test. True when it was
/// refused.
inline bool refuses(const std::function<void(std::span<const std::byte>)>& parse, const Bytes& bytes) {
  // A copy of exact size on the heap, so that the sanitizer sees a read behind its end.
  const Bytes exact(bytes);
  try {
    parse(exact);
    return false;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("picture.test"), std::string::npos) << error.what();
    return true;
  }
}

inline void expect_every_prefix_refused(const std::function<void(std::span<const std::byte>)>& parse,
                                        const Bytes& whole) {
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_TRUE(refuses(parse, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length))))
        << "the first " << length << " of " << whole.size() << " bytes were read as a whole picture";
  }
}

/// Every bit flipped once, then `rounds` times several bytes replaced: nothing may crash or throw anything
/// else.
inline void survive_mutations(const std::function<void(std::span<const std::byte>)>& parse,
                              const Bytes& whole, int rounds) {
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes flipped = whole;
      flipped[i] ^= std::byte{1} << bit;
      refuses(parse, flipped);
    }
  }
  std::mt19937 random(20241);
  for (int round = 0; round < rounds; ++round) {
    Bytes damaged = whole;
    for (int hits = 1 + static_cast<int>(random() % 8); hits > 0; --hits) {
      damaged[random() % damaged.size()] = static_cast<std::byte>(random());
    }
    if (random() % 4 == 0) damaged.resize(random() % damaged.size());
    refuses(parse, damaged);
  }
}

}  // namespace sotto::app
