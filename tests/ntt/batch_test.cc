// A batch of transforms gives what a loop over its limbs gives, for any number of threads.

#include "ntt/batch.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ntt/primes.h"
#include "ntt/registry.h"
#include "tests/support/random.h"

namespace sotto::ntt::test {
namespace {

TEST(Batch, EqualsTheLoop) {
  sotto::test::Rng rng;
  for (int log_n : {4, 9}) {
    const std::size_t n = std::size_t{1} << log_n;
    const std::vector<u64> primes = primes_below(u64{1} << 50, log_n, 7);
    const std::vector<PlanPtr> plans = make_plans(primes, log_n);
    for (const Direction direction : {Direction::kForward, Direction::kInverse}) {
      for (int threads : {1, 2, 3}) {
        std::vector<AlignedWords> batch, loop;
        for (std::size_t i = 0; i < primes.size(); ++i) {
          AlignedWords limb(n);
          for (u64& word : limb.span()) word = rng.below(primes[i]);
          batch.push_back(limb);
          loop.push_back(std::move(limb));
          direction == Direction::kForward ? plans[i]->forward(loop[i].span())
                                           : plans[i]->inverse(loop[i].span());
        }
        std::vector<LimbTask> tasks;
        for (std::size_t i = 0; i < primes.size(); ++i) tasks.push_back({plans[i].get(), batch[i].span()});
        transform_all(direction, tasks, Threads{threads});
        for (std::size_t i = 0; i < primes.size(); ++i) {
          ASSERT_TRUE(std::ranges::equal(batch[i].span(), loop[i].span()))
              << threads << " threads, limb " << i;
        }
      }
    }
  }
  transform_all(Direction::kForward, {}, Threads{2});
}

}  // namespace
}  // namespace sotto::ntt::test
