// Many limbs in one call: the transforms that a change of representation of a polynomial consists of.
#pragma once

#include <span>

#include "base/threads.h"
#include "ntt/plan.h"

namespace sotto::ntt {

/// One limb and the plan that it belongs to.
struct LimbTask {
  const Plan* plan;
  Limb limb;
};

/// Transforms every limb in place, whole limbs shared out among the team. Limbs are distinct; the result does
/// not depend on the number of threads.
inline void transform_all(Direction direction, std::span<const LimbTask> tasks, Threads threads = {}) {
  parallel_for(threads, static_cast<int>(tasks.size()), [&](int i) {
    const LimbTask& task = tasks[static_cast<std::size_t>(i)];
    direction == Direction::kForward ? task.plan->forward(task.limb) : task.plan->inverse(task.limb);
  });
}

}  // namespace sotto::ntt
