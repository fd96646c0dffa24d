#include "base/aligned.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <thread>
#include <vector>

namespace sotto {
namespace {

TEST(AlignedWords, BeginOnACacheLineWhateverTheirSize) {
  for (std::size_t words : {1u, 7u, 64u, 2047u, 2048u, 2049u, 8192u, 65536u, 1000003u}) {
    AlignedWords a(words, 5);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(a.data()) % AlignedWords::kAlignment, 0u) << words;
    EXPECT_EQ(a.size(), words);
    EXPECT_EQ(a[words - 1], 5u);
  }
  EXPECT_EQ(AlignedWords(0).data(), nullptr);
}

TEST(AlignedWords, CopiesAreIndependentAndMovesLeaveNothing) {
  AlignedWords a(4096, 1), b = a;
  b[7] = 2;
  EXPECT_EQ(a[7], 1u);
  const u64* storage = b.data();
  AlignedWords c = std::move(b);
  EXPECT_EQ(c.data(), storage);
  EXPECT_TRUE(b.empty());  // NOLINT: looking at a moved-from value is the point
  a = std::move(c);
  EXPECT_EQ(a.data(), storage);
}

TEST(AlignedWords, LivingArraysNeverShareMemory) {
  constexpr std::size_t kWords = 4096;
  for (int round = 0; round < 3; ++round) {
    std::vector<AlignedWords> alive;
    for (u64 i = 0; i < 100; ++i) alive.emplace_back(kWords, i);
    for (std::size_t i = 0; i < alive.size(); ++i) {
      for (std::size_t k = 0; k < kWords; ++k) ASSERT_EQ(alive[i][k], i);
    }
  }
}

TEST(AlignedWords, LargeArraysDoNotAllBeginInOneCacheSet) {
  std::vector<AlignedWords> alive;
  std::set<std::uintptr_t> sets;
  for (int i = 0; i < 24; ++i) {
    alive.emplace_back(8192);
    sets.insert(reinterpret_cast<std::uintptr_t>(alive.back().data()) / 64 % 64);
  }
  EXPECT_GE(sets.size(), 10u);
}

TEST(AlignedWords, AnyThreadMayFree) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 500; ++i) {
        AlignedWords a(static_cast<std::size_t>(2048 + 512 * (i % 5)), static_cast<u64>(t));
        AlignedWords b = std::move(a);
        ASSERT_EQ(b[b.size() - 1], static_cast<u64>(t));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace sotto
