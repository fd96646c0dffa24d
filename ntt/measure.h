// Times transforms for people and programs: bench/ntt and `sotto bench ntt` measure with this code alone.
//
// hot repeats one limb; cold walks through 32 limbs of different primes, as a key switch does, so that limbs
// and twiddles come from the outer caches. The bound of a transform is its N/2 log2 N butterflies at the rate
// of Plan::run_butterflies(), calibrated beside each measurement, because the clock of a machine moves.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/threads.h"
#include "ntt/batch.h"
#include "ntt/registry.h"

namespace sotto::ntt {

inline constexpr std::size_t kColdLimbs = 32;

/// A size of primes by its ceiling, which need not be a power of two.
struct PrimeSize {
  std::string_view name;  // "46.9"
  u64 ceiling;            // the primes taken are the largest below
};

/// Ascending: a common size, and the widest that each kind of kernel takes.
std::span<const PrimeSize> prime_sizes() noexcept;

/// What keeps this machine from measuring the backend, in words that hold for every ring they are said of, or
/// "": it lacks something, the backend takes no such primes, or there are fewer than kColdLimbs of them.
std::string obstacle(const BackendInfo& backend, const PrimeSize& size, int log_n);
inline bool measurable(const BackendInfo& backend, const PrimeSize& size, int log_n) {
  return obstacle(backend, size, log_n).empty();
}

/// `count` limbs of uniform words, each of a prime of its own with its plan.
class Workload {
 public:
  Workload(std::string_view backend, const PrimeSize& size, int log_n, std::size_t count);

  std::size_t count() const noexcept { return plans_.size(); }
  const Plan& plan(std::size_t i = 0) const noexcept { return *plans_[i]; }
  void transform(Direction direction, std::size_t i) noexcept {
    direction == Direction::kForward ? plans_[i]->forward(limbs_[i].span())
                                     : plans_[i]->inverse(limbs_[i].span());
  }
  /// All limbs as one batch.
  std::vector<LimbTask> tasks() {
    std::vector<LimbTask> all;
    for (std::size_t i = 0; i < count(); ++i) all.push_back({plans_[i].get(), limbs_[i].span()});
    return all;
  }

 private:
  std::vector<PlanPtr> plans_;
  std::vector<AlignedWords> limbs_;
};

/// What one transform took, against what its butterflies would take on registers alone.
struct TransformTime {
  int log_n;
  double ns;
  double bound_ns;  // 0: the backend has no register-only loop

  double butterflies() const { return static_cast<double>(log_n) * static_cast<double>(u64{1} << log_n) / 2; }
  double ns_per_butterfly() const { return ns / butterflies(); }
  /// 1 is the arithmetic bound; 0 where it is unknown.
  double bound_ratio() const { return bound_ns > 0 ? ns / bound_ns : 0; }
  /// Each word read and written once, tables left out.
  double gbytes_per_s() const { return 16 * static_cast<double>(u64{1} << log_n) / ns; }
};

/// Nanoseconds of one butterfly on registers alone, the best of several short runs; 0 where there is no loop.
double calibrate_butterfly_ns(const Plan& plan, Direction direction);

/// Median time of one transform over the limbs of `workload` in turn, for about `seconds`, after a warm-up;
/// `limbs` limits the walk to the first ones. Calibrates before and after and keeps the faster rate.
TransformTime time_transform(Workload& workload, Direction direction, std::size_t limbs, double seconds);

/// How many times faster a team walks through all limbs than one thread does; both timed in turns.
double thread_speedup(Workload& workload, Direction direction, Threads threads, double seconds);

}  // namespace sotto::ntt
