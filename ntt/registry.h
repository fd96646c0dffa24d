// Lists the NTT backends, asks the CPU, selects or forces one.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ntt/plan.h"

namespace sotto::ntt {

using PlanPtr = std::shared_ptr<const Plan>;

struct BackendInfo {
  std::string_view name;         // "avx512ifma"
  std::string_view description;  // one line for people: word size, ceiling of q, needed CPU features
  bool (*usable)() noexcept;     // compiled in and this CPU (and operating system) has it
  bool (*supports)(const Modulus& q, int log_n) noexcept;
  PlanPtr (*make)(const Modulus& q, int log_n);
};

/// All backends known to this build, fastest first; `portable` is last and supports everything.
std::span<const BackendInfo> backends() noexcept;

/// The name forced by SOTTO_NTT_BACKEND or set_backend(), or "" for automatic choice. Throws Error naming the
/// backends when the forced one is unknown or not usable on this CPU.
std::string_view forced_backend();
/// Forces a backend for plans made later ("" = automatic); overrides SOTTO_NTT_BACKEND. Same errors.
void set_backend(std::string_view name);

/// A plan for prime q ≡ 1 (mod 2^(log_n+1)), 4 ≤ log_n ≤ 17. `backend` "" means forced, else the best that is
/// usable and supports q. A named or forced backend that does not support (q, log_n) is an Error; cached and
/// shared between callers (thread-safe).
PlanPtr make_plan(const Modulus& q, int log_n, std::string_view backend = "");

/// Plans of one chain, all on one backend (the best that supports every prime).
std::vector<PlanPtr> make_plans(std::span<const u64> primes, int log_n, std::string_view backend = "");

}  // namespace sotto::ntt
