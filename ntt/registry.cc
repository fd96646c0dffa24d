// The table of backends, the choice among them, and the cache of plans.
//
// Each vector backend is compiled with flags of its own and exports one function, make_…(), which runs only
// where the CPU has what those flags promise; everything else about it is decided here, in code that any CPU
// can run.

#include "ntt/registry.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>

#include "base/error.h"
#include "ntt/backends/portable.h"
#include "ntt/primes.h"

namespace sotto::ntt {

#if SOTTO_NTT_X86
PlanPtr make_avx512_ifma(const Modulus& q, int log_n);
PlanPtr make_avx2(const Modulus& q, int log_n);
#endif

Plan::~Plan() = default;

u64 Plan::run_butterflies(Direction, std::size_t) const noexcept {
  return 0;
}

namespace {

constexpr BackendInfo kBackends[] = {
#if SOTTO_NTT_X86
    {"avx512ifma", "8 lanes of 52 bits, q < 2^50, N >= 2^7; AVX-512 F, DQ, VL and IFMA",
     []() noexcept {  // the builtin also asks the operating system whether it saves the registers
       return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
              __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512ifma");
     },
     [](const Modulus& q, int log_n) noexcept { return q.bits() <= 50 && log_n >= 7; }, make_avx512_ifma},
    {"avx2", "4 lanes of doubles, q < 2^50, N >= 2^5; AVX2 and FMA",
     []() noexcept { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); },
     [](const Modulus& q, int log_n) noexcept { return q.bits() <= 50 && log_n >= 5; }, make_avx2},
#endif
    {"portable", "64-bit words and 128-bit products, q < 2^61; any CPU", []() noexcept { return true; },
     [](const Modulus&, int) noexcept { return true; }, make_portable},
};

std::string list_backends() {
  std::string names;
  for (const BackendInfo& info : kBackends) {
    names +=
        (names.empty() ? "" : ", ") + std::string(info.name) + (info.usable() ? "" : " (not on this CPU)");
  }
  return names;
}

/// The usable backend of that name; `source` says who asked for it.
const BackendInfo& find_backend(std::string_view name, std::string_view source) {
  const auto* info = std::find_if(std::begin(kBackends), std::end(kBackends),
                                  [&](const BackendInfo& row) { return row.name == name; });
  if (info == std::end(kBackends)) {
    throw Error(ErrorCode::kInvalidArgument, std::string(source) + ": no NTT backend is called \"" +
                                                 std::string(name) + "\"; choose one of " + list_backends());
  }
  if (!info->usable()) {
    throw Error(ErrorCode::kUnsupported, std::string(source) + ": this CPU cannot run the NTT backend " +
                                             std::string(name) + "; choose one of " + list_backends());
  }
  return *info;
}

struct Registry {
  std::mutex mutex;
  std::optional<std::string_view> chosen;  // by set_backend(); names live in kBackends
  std::map<std::tuple<std::string_view, u64, int>, std::weak_ptr<const Plan>> plans;
};

Registry& registry() {
  static Registry instance;
  return instance;
}

void check_ring(u64 q, int log_n) {
  if (log_n < 4 || log_n > 17) {
    throw Error(ErrorCode::kInvalidArgument,
                "make_plan: ring degree 2^" + std::to_string(log_n) + "; choose 2^4 to 2^17");
  }
  if (q >= u64{1} << 61 || (q - 1) % (u64{2} << log_n) != 0 || !is_prime(q)) {
    throw Error(ErrorCode::kInvalidArgument,
                "make_plan: " + std::to_string(q) + " is not a prime below 2^61 that is 1 mod 2^" +
                    std::to_string(log_n + 1) + "; take it from largest_prime_below()");
  }
}

/// The backend that serves all of `primes`: the named or forced one, else the fastest that can.
const BackendInfo& choose_backend(std::span<const u64> primes, int log_n, std::string_view name) {
  if (name.empty()) name = forced_backend();
  const auto unsupported = [&](const BackendInfo& info) {
    return std::find_if(primes.begin(), primes.end(),
                        [&](u64 q) { return !info.supports(Modulus(q), log_n); });
  };
  if (!name.empty()) {
    const BackendInfo& info = find_backend(name, "make_plan");
    if (const auto q = unsupported(info); q != primes.end()) {
      throw Error(ErrorCode::kUnsupported, "make_plan: backend " + std::string(info.name) +
                                               " does not take q = " + std::to_string(*q) + " at N = 2^" +
                                               std::to_string(log_n) + " (" + std::string(info.description) +
                                               "); choose smaller primes or the backend portable");
    }
    return info;
  }
  const auto* info = std::find_if(std::begin(kBackends), std::end(kBackends), [&](const BackendInfo& row) {
    return row.usable() && unsupported(row) == primes.end();
  });
  return *info;  // portable, the last row, takes everything that check_ring() lets through
}

PlanPtr cached_plan(const BackendInfo& info, u64 q, int log_n) {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  std::weak_ptr<const Plan>& slot = r.plans[{info.name, q, log_n}];
  PlanPtr plan = slot.lock();
  if (!plan) {
    plan = info.make(Modulus(q), log_n);
    slot = plan;
  }
  return plan;
}

}  // namespace

std::span<const BackendInfo> backends() noexcept {
  return kBackends;
}

std::string_view forced_backend() {
  {
    Registry& r = registry();
    const std::lock_guard lock(r.mutex);
    if (r.chosen) return *r.chosen;
  }
  const char* name = std::getenv("SOTTO_NTT_BACKEND");
  return name == nullptr || *name == '\0' ? std::string_view{} : find_backend(name, "SOTTO_NTT_BACKEND").name;
}

void set_backend(std::string_view name) {
  const std::string_view known = name.empty() ? std::string_view{} : find_backend(name, "set_backend").name;
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  r.chosen = known;
}

PlanPtr make_plan(const Modulus& q, int log_n, std::string_view backend) {
  const u64 prime = q.value();
  return make_plans(std::span(&prime, 1), log_n, backend).front();
}

std::vector<PlanPtr> make_plans(std::span<const u64> primes, int log_n, std::string_view backend) {
  for (u64 q : primes) check_ring(q, log_n);
  const BackendInfo& info = choose_backend(primes, log_n, backend);
  std::vector<PlanPtr> plans;
  for (u64 q : primes) plans.push_back(cached_plan(info, q, log_n));
  return plans;
}

}  // namespace sotto::ntt
