// Many threads: distinct handles side by side, one engine by turns, a last message for each.
#include <gtest/gtest.h>

#include <thread>

#include "tests/capi/fixture.h"

namespace sotto::test {
namespace {

constexpr int kThreads = 4, kRounds = 20;

template <class Body>
void on_threads(Body body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(body, i);
  for (std::thread& thread : threads) thread.join();
}

/// (x + x) x, rotated by 1, as bytes.
std::vector<std::byte> program(const EnginePtr& engine, const CipherPtr& x) {
  sotto_engine* e = engine.get();
  const CipherPtr sum = make<CipherPtr>(sotto_add, e, x.get(), x.get());
  const CipherPtr product = make<CipherPtr>(sotto_multiply, e, sum.get(), x.get());
  const CipherPtr rotated = make<CipherPtr>(sotto_rotate, e, product.get(), 1);
  return bytes_of(make<BufferPtr>(sotto_cipher_serialize, rotated.get()));
}

TEST(ManyThreads, DistinctHandlesSideBySide) {
  std::vector<Sides> sides(kThreads);
  std::vector<int> right(kThreads);
  on_threads([&](int i) {
    Sides& mine = sides[static_cast<std::size_t>(i)];
    mine = native_sides(kParams, i % 2 + 1);
    const CipherPtr x = mine.encrypt({0.5, 0.25 * i});
    const auto expected = program(mine.engine, x);
    for (int round = 0; round < kRounds; ++round)
      right[static_cast<std::size_t>(i)] += program(mine.engine, x) == expected ? 1 : 0;
  });
  EXPECT_EQ(right, std::vector<int>(kThreads, kRounds));
}

TEST(ManyThreads, EnginesOfOneSetOfKeysSideBySide) {
  const Sides sides = native_sides();
  const CipherPtr x = sides.encrypt({0.5, -0.75});
  const auto expected = program(sides.engine, x);
  std::vector<int> right(kThreads);
  on_threads([&](int i) {
    const EnginePtr engine = make<EnginePtr>(sotto_engine_create, sides.keys.get(), 1);
    for (int round = 0; round < kRounds; ++round)
      right[static_cast<std::size_t>(i)] += program(engine, x) == expected ? 1 : 0;
  });
  EXPECT_EQ(right, std::vector<int>(kThreads, kRounds));
}

TEST(ManyThreads, OneClientAndOneEngineByTurns) {
  const Sides sides = native_sides();
  const CipherPtr x = sides.encrypt({0.5, -0.75});
  const auto expected = program(sides.engine, x);
  std::vector<int> right(kThreads);
  on_threads([&](int i) {
    for (int round = 0; round < kRounds; ++round) {
      const CipherPtr fresh = sides.encrypt({0.125 * i});
      const double slot = sides.decrypt(fresh)[0] - 0.125 * i;
      if (program(sides.engine, x) == expected && slot * slot < 1e-12) ++right[static_cast<std::size_t>(i)];
    }
  });
  EXPECT_EQ(right, std::vector<int>(kThreads, kRounds));
}

TEST(ManyThreads, EachHasItsOwnLastError) {
  sotto_params* params = nullptr;
  EXPECT_EQ(sotto_params_named("nobody", &params), SOTTO_INVALID_ARGUMENT);
  const std::string mine = sotto_last_error();
  std::vector<std::string> before(kThreads), after(kThreads);
  on_threads([&](int i) {
    before[static_cast<std::size_t>(i)] = sotto_last_error();
    sotto_params* out = nullptr;
    sotto_params_named(("thread-" + std::to_string(i)).c_str(), &out);
    after[static_cast<std::size_t>(i)] = sotto_last_error();
  });
  for (std::size_t i = 0; i < kThreads; ++i) {
    EXPECT_EQ(before[i], "");
    EXPECT_NE(after[i].find("thread-" + std::to_string(i)), std::string::npos) << after[i];
  }
  EXPECT_EQ(sotto_last_error(), mine);
}

}  // namespace
}  // namespace sotto::test
