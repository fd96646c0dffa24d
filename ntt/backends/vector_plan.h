// A plan whose transforms are VectorTransform<A> and whose limb kernels are Kernels: what every vector
// backend is made of.
#pragma once

#include "ntt/backends/vector_transform.h"

namespace sotto::ntt {

template <class Kernels, class A>
class VectorPlan : public Kernels {
 public:
  VectorPlan(const Modulus& q, int log_n) : Kernels(q, log_n), transform_(q, log_n) {}
  void forward(Limb x) const noexcept final { transform_.forward(x.data()); }
  void inverse(Limb x) const noexcept final { transform_.inverse(x.data()); }
  u64 run_butterflies(Direction direction, std::size_t count) const noexcept override {
    return direction == Direction::kForward ? transform_.template run_butterflies<Direction::kForward>(count)
                                            : transform_.template run_butterflies<Direction::kInverse>(count);
  }

 private:
  VectorTransform<A> transform_;
};

}  // namespace sotto::ntt
