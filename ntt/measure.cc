#include "ntt/measure.h"

#include <algorithm>
#include <chrono>
#include <random>

#include "base/error.h"
#include "ntt/primes.h"

namespace sotto::ntt {
namespace {

using Clock = std::chrono::steady_clock;

template <class Body>
double seconds_of(Body&& body) {
  const auto begin = Clock::now();
  body();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// 46.9 bits: 2^52 / 2^46.9 = 34.3, and 34 q is what a forward transform without any reduction needs
// (backends/lazy_bounds.h).
constexpr PrimeSize kSizes[] = {{"40", u64{1} << 40}, {"46", u64{1} << 46}, {"46.9", 131312719781548},
                                {"48", u64{1} << 48}, {"50", u64{1} << 50}, {"60", u64{1} << 60}};

}  // namespace

std::span<const PrimeSize> prime_sizes() noexcept {
  return kSizes;
}

std::string obstacle(const BackendInfo& backend, const PrimeSize& size, int log_n) {
  const std::string name(backend.name), limit = "2^" + std::string(size.name);
  if (!backend.usable()) return name + " lacks " + backend.missing();
  try {
    const std::vector<u64> primes = primes_below(size.ceiling, log_n, kColdLimbs);
    return backend.supports(Modulus(primes.front()), log_n) ? ""
                                                            : name + " takes no primes just below " + limit;
  } catch (const Error&) {  // there are not as many
    return "fewer than " + std::to_string(kColdLimbs) + " primes below " + limit;
  }
}

Workload::Workload(std::string_view backend, const PrimeSize& size, int log_n, std::size_t count) {
  std::mt19937_64 random(1);
  const std::vector<u64> primes = primes_below(size.ceiling, log_n, count);
  plans_ = make_plans(primes, log_n, backend);
  for (u64 q : primes) {
    AlignedWords limb(std::size_t{1} << log_n);
    for (u64& word : limb.span()) word = random() % q;
    limbs_.push_back(std::move(limb));
  }
}

double calibrate_butterfly_ns(const Plan& plan, Direction direction) {
  constexpr int kRuns = 5;
  constexpr std::size_t kButterflies =
      1 << 18;  // 13 µs to 500 µs: long for the clock, short for other processes
  double best = 0;
  for (int run = 0; run < kRuns; ++run) {
    u64 checksum = 0;
    const double seconds = seconds_of([&] { checksum = plan.run_butterflies(direction, kButterflies); });
    if (checksum == 0) return 0;
    const double ns = 1e9 * seconds / static_cast<double>(kButterflies);
    if (run == 0 || ns < best) best = ns;
  }
  return best;
}

TransformTime time_transform(Workload& workload, Direction direction, std::size_t limbs, double seconds) {
  limbs = std::min(limbs, workload.count());
  const double before = calibrate_butterfly_ns(workload.plan(), direction);
  std::size_t next = 0;
  const auto step = [&] {
    workload.transform(direction, next);
    next = next + 1 == limbs ? 0 : next + 1;
  };
  const double once = seconds_of([&] {
    for (std::size_t i = 0; i < limbs; ++i) step();
  });
  // A sample is a whole walk and at least 20 µs, so that reading the clock costs nothing.
  const double walk_seconds = once / static_cast<double>(limbs);
  std::size_t batch = limbs;
  while (static_cast<double>(batch) * walk_seconds < 20e-6) batch += limbs;
  std::vector<double> samples;
  for (const auto begin = Clock::now();
       samples.size() < 5 || std::chrono::duration<double>(Clock::now() - begin).count() < seconds;) {
    const double sample = seconds_of([&] {
      for (std::size_t i = 0; i < batch; ++i) step();
    });
    samples.push_back(1e9 * sample / static_cast<double>(batch));
  }
  const double after = calibrate_butterfly_ns(workload.plan(), direction);
  TransformTime time{workload.plan().log_n(), median(samples), 0};
  time.bound_ns = std::min(before, after) * time.butterflies();
  return time;
}

double thread_speedup(Workload& workload, Direction direction, Threads threads, double seconds) {
  const std::vector<LimbTask> tasks = workload.tasks();
  std::vector<double> ratios;
  const auto walks = [&](Threads team, int count) {
    return seconds_of([&] {
      for (int i = 0; i < count; ++i) transform_all(direction, tasks, team);
    });
  };
  // Samples of at least 2 ms: a team that has slept takes some 50 µs to wake, which is no part of its speed.
  walks(threads, 1);
  const int count = 1 + static_cast<int>(2e-3 / std::max(walks(Threads{1}, 1), walks(threads, 1)));
  for (const auto begin = Clock::now();
       ratios.size() < 5 || std::chrono::duration<double>(Clock::now() - begin).count() < seconds;) {
    const double one = walks(Threads{1}, count);
    ratios.push_back(one / walks(threads, count));
  }
  return median(ratios);
}

}  // namespace sotto::ntt
