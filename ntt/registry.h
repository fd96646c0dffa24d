// Lists the NTT backends, asks the CPU, selects or forces one. How to write one: docs/ntt-backends.md.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ntt/plan.h"

namespace sotto::ntt {

using PlanPtr = std::shared_ptr<const Plan>;

/// One backend. Strings and functions live as long as the program; the functions may be called by any thread.
struct BackendInfo {
  std::string_view name;         // "avx512ifma"
  std::string_view description;  // one line for people: word size, ceiling of q, needed CPU features
  /// What this machine lacks to run it, or ""; null: runs anywhere.
  std::string (*missing)();
  /// May decline, and the next backend that takes (q, N) serves it.
  bool (*supports)(const Modulus& q, int log_n) noexcept;
  /// Called only where nothing is missing and (q, N) is supported.
  PlanPtr (*make)(const Modulus& q, int log_n);

  bool usable() const { return missing == nullptr || missing().empty(); }
};

/// All backends: those of this build, fastest first, up to `portable`, which runs anywhere and supports
/// everything; then the registered ones. A span stays valid for good and does not see later registrations.
std::span<const BackendInfo> backends() noexcept;

/// Adds a backend to the list. It serves who names or forces it; the automatic choice ends at `portable`.
/// Throws Error when the row is incomplete, its name is taken, or the list (kMaxBackends) is full.
void register_backend(const BackendInfo& info);
inline constexpr std::size_t kMaxBackends = 32;

/// The name forced by SOTTO_NTT_BACKEND or set_backend(), or "" for automatic choice. Throws Error naming the
/// backends when the forced one is unknown or not usable on this machine.
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
