// Random numbers of tests: one printed seed, replayed by SOTTO_TEST_SEED.
//
// Every test program draws its seed once. A test makes its Rng from that seed and a name of its own, so that
// it sees the same numbers whether it runs alone or with others; the seed is printed with the first failure.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

namespace sotto::test {

namespace detail {

/// Prints how to replay when a test fails.
class SeedPrinter : public ::testing::EmptyTestEventListener {
 public:
  explicit SeedPrinter(std::uint64_t seed) : seed_(seed) {}
  void OnTestPartResult(const ::testing::TestPartResult& result) override {
    if (!result.failed() || printed_) return;
    printed_ = true;
    std::fprintf(stderr, "replay with SOTTO_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed_));
  }

 private:
  std::uint64_t seed_;
  bool printed_ = false;
};

inline std::uint64_t choose_seed() {
  const char* wish = std::getenv("SOTTO_TEST_SEED");
  const std::uint64_t seed = wish != nullptr ? std::strtoull(wish, nullptr, 10) : std::random_device{}();
  ::testing::UnitTest::GetInstance()->listeners().Append(new SeedPrinter(seed));  // gtest owns it
  return seed;
}

}  // namespace detail

/// The seed of this run of the program.
inline std::uint64_t seed() {
  static const std::uint64_t value = detail::choose_seed();
  return value;
}

/// Uniform words and reals for one test.
class Rng {
 public:
  /// `name` separates the streams of different tests.
  explicit Rng(std::string_view name) {
    std::uint64_t mixed = seed();
    for (char c : name) mixed = (mixed ^ static_cast<unsigned char>(c)) * 0x100000001b3;  // FNV-1a step
    engine_.seed(mixed);
  }
  /// A stream for the running test, named after it.
  Rng() : Rng(current_test_name()) {}

  std::uint64_t word() { return engine_(); }
  /// Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound) {
    return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(engine_);
  }
  /// Uniform in [low, high).
  double real(double low, double high) { return std::uniform_real_distribution<double>(low, high)(engine_); }
  std::mt19937_64& engine() { return engine_; }

 private:
  static std::string current_test_name() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    return info == nullptr ? std::string() : std::string(info->test_suite_name()) + "." + info->name();
  }

  std::mt19937_64 engine_;
};

}  // namespace sotto::test
