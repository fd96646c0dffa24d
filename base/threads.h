// How many threads a call may use, and the one parallel loop of Sotto.
//
// Parallelism lives at one place of a call chain (over limbs, or over ciphertexts), never nested. Exceptions
// do not cross an OpenMP region: the first one is kept and thrown again on the calling thread.
#pragma once

#include <omp.h>

#include <atomic>
#include <exception>

namespace sotto {

/// Team size handed down from the caller; 1 runs on the calling thread without entering an OpenMP region.
struct Threads {
  int count = 1;
  static Threads all() noexcept { return Threads{omp_get_num_procs()}; }
};

/// Runs body(i) for i in [0, n), statically split over the team. Results must not depend on the split.
template <class Body>
void parallel_for(Threads threads, int n, Body&& body) {
  if (threads.count <= 1 || n <= 1 || omp_in_parallel()) {
    for (int i = 0; i < n; ++i) body(i);
    return;
  }
  std::exception_ptr failure;
  std::atomic_flag failed = ATOMIC_FLAG_INIT;
#pragma omp parallel for schedule(static) num_threads(threads.count)
  for (int i = 0; i < n; ++i) {
    try {
      body(i);
    } catch (...) {
      if (!failed.test_and_set()) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace sotto
