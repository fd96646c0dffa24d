// The table of backends, the choice among them, and the cache of plans.
//
// Each vector backend is compiled with flags of its own and exports one function, make_…(), which runs only
// where the CPU has what those flags promise; everything else about it is decided here, in code that any CPU
// can run. The table never moves and never shrinks: readers take no lock.

#include "ntt/registry.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "ntt/backends/portable.h"
#include "ntt/cpu.h"
#include "ntt/primes.h"

namespace sotto::ntt {

#if SOTTO_NTT_X86
PlanPtr make_avx512_ifma(const Modulus& q, int log_n);
PlanPtr make_avx2(const Modulus& q, int log_n);
PlanPtr make_avx512_dq(const Modulus& q, int log_n);
#endif

Plan::~Plan() = default;

// Here and not in plan.h: files with the flags of a backend would emit it too, and a linker may keep theirs.
std::string_view Plan::kernel() const noexcept {
  return {};
}

u64 Plan::run_butterflies(Direction, std::size_t) const noexcept {
  return 0;
}

namespace {

constexpr BackendInfo kBuiltIn[] = {
#if SOTTO_NTT_X86
    {"avx512ifma", "8 lanes of 52 bits, q < 2^50; AVX-512 F, DQ, VL and IFMA",
     [] {
       return missing_cpu_features({"avx512f", "avx512dq", "avx512vl", "avx512ifma"});
     },
     [](const Modulus& q, int) noexcept { return q.bits() <= 50; }, make_avx512_ifma},
    {"avx2", "4 lanes of doubles, q < 2^50; AVX2 and FMA",
     [] {
       return missing_cpu_features({"avx2", "fma"});
     },
     [](const Modulus& q, int) noexcept { return q.bits() <= 50; }, make_avx2},
    {"avx512dq", "8 lanes of 64 bits, q < 2^61, limb kernels of portable; AVX-512 F, DQ and VL",
     [] {
       return missing_cpu_features({"avx512f", "avx512dq", "avx512vl"});
     },
     [](const Modulus&, int) noexcept { return true; }, make_avx512_dq},
#endif
    {"portable", "64-bit words and 128-bit products, q < 2^61; any CPU", nullptr,
     [](const Modulus&, int) noexcept { return true; }, make_portable},
};

struct Registry {
  Registry() { std::copy(std::begin(kBuiltIn), std::end(kBuiltIn), rows.begin()); }

  std::mutex mutex;  // held to write rows and to touch chosen and plans
  std::array<BackendInfo, kMaxBackends> rows{};
  std::atomic<std::size_t> count{std::size(kBuiltIn)};  // grows after its row was written
  std::optional<std::string_view> chosen;               // by set_backend(); names are those of rows
  std::map<std::tuple<std::string_view, u64, int>, std::weak_ptr<const Plan>> plans;
};

Registry& registry() {
  static Registry instance;
  return instance;
}

std::string list_backends() {
  std::string names;
  for (const BackendInfo& info : backends()) {
    names += (names.empty() ? "" : ", ") + std::string(info.name);
    if (!info.usable()) names += " (not on this CPU)";
  }
  return names;
}

const BackendInfo* find_row(std::string_view name) {
  const auto all = backends();
  const auto row = std::find_if(all.begin(), all.end(), [&](const auto& info) { return info.name == name; });
  return row == all.end() ? nullptr : &*row;
}

/// The usable backend of that name; `source` says who asked for it.
const BackendInfo& find_backend(std::string_view name, std::string_view source) {
  const BackendInfo* info = find_row(name);
  if (info == nullptr) {
    throw Error(ErrorCode::kInvalidArgument, std::string(source) + ": no NTT backend is called \"" +
                                                 std::string(name) + "\"; choose one of " + list_backends());
  }
  if (!info->usable()) {
    throw Error(ErrorCode::kUnsupported, std::string(source) + ": this CPU cannot run the NTT backend " +
                                             std::string(name) + ", it lacks " + info->missing() +
                                             "; choose one of " + list_backends());
  }
  return *info;
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
  for (const BackendInfo& row : kBuiltIn) {
    if (row.usable() && unsupported(row) == primes.end()) return row;
  }
  return *(std::end(kBuiltIn) - 1);  // portable, which takes everything that check_ring() lets through
}

/// Plans are made without the lock: a backend may ask for plans of another. Of two threads that make the same
/// plan, both get the one that came first.
PlanPtr cached_plan(const BackendInfo& info, u64 q, int log_n) {
  Registry& r = registry();
  const auto lookup = [&](PlanPtr made) {
    const std::lock_guard lock(r.mutex);
    std::weak_ptr<const Plan>& slot = r.plans[{info.name, q, log_n}];
    PlanPtr plan = slot.lock();
    if (!plan && made) slot = plan = std::move(made);
    return plan;
  };
  if (PlanPtr plan = lookup(nullptr)) return plan;
  PlanPtr made = info.make(Modulus(q), log_n);
  if (made == nullptr) {
    throw Error(ErrorCode::kUnsupported, "make_plan: backend " + std::string(info.name) +
                                             " made no plan for q = " + std::to_string(q) + ", N = 2^" +
                                             std::to_string(log_n) +
                                             ", which it says it supports; let its supports() decline");
  }
  return lookup(std::move(made));
}

}  // namespace

std::span<const BackendInfo> backends() noexcept {
  const Registry& r = registry();
  return {r.rows.data(), r.count.load(std::memory_order_acquire)};
}

void register_backend(const BackendInfo& info) {
  if (info.name.empty() || info.supports == nullptr || info.make == nullptr) {
    throw Error(ErrorCode::kInvalidArgument,
                "register_backend: a backend needs a name and the functions supports and make");
  }
  bool taken = false;
  {
    Registry& r = registry();
    const std::lock_guard lock(r.mutex);
    const std::size_t count = r.count.load(std::memory_order_relaxed);
    taken = find_row(info.name) != nullptr;
    if (!taken && count < kMaxBackends) {
      r.rows[count] = info;
      r.count.store(count + 1, std::memory_order_release);
      return;
    }
  }
  // Without the lock: list_backends() calls missing() of every row, which may itself ask the registry.
  if (taken) {
    throw Error(ErrorCode::kInvalidArgument, "register_backend: the name " + std::string(info.name) +
                                                 " is taken; there are " + list_backends());
  }
  throw Error(ErrorCode::kUnsupported, "register_backend: the table is full with " +
                                           std::to_string(kMaxBackends) + " backends; raise kMaxBackends");
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
