// The readable NTT: plain C++ for any 64-bit machine and every q < 2^61. The other backends are measured and
// tested against it.
//
// PortableKernels are the limb kernels without tables; a vector backend derives from them and overrides what
// it does better.
#pragma once

#include "ntt/plan.h"
#include "ntt/registry.h"

namespace sotto::ntt {

class PortableKernels : public Plan {
 public:
  void add(Limb out, ConstLimb a, ConstLimb b) const noexcept override;
  void subtract(Limb out, ConstLimb a, ConstLimb b) const noexcept override;
  void negate(Limb out, ConstLimb a) const noexcept override;
  void multiply(Limb out, ConstLimb a, ConstLimb b) const noexcept override;
  void multiply_add(Limb acc, ConstLimb a, ConstLimb b) const noexcept override;
  void multiply_scalar(Limb out, ConstLimb a, u64 c) const noexcept override;
  void add_scalar(Limb out, ConstLimb a, u64 c) const noexcept override;
  void subtract_multiply_scalar(Limb out, ConstLimb a, ConstLimb b, u64 c) const noexcept override;
  void inner_product(Limb out, Rows a, Rows b) const noexcept override;
  void combine(Limb out, Rows x, std::span<const u64> factors) const noexcept override;
  void reduce(Limb out, ConstLimb x) const noexcept override;
  void round_quotient(Limb out, Rows x, std::span<const u64> tau, int shift) const noexcept override;
  void permute(Limb out, ConstLimb in, const Automorphism& sigma) const noexcept override;

 protected:
  using Plan::Plan;
};

PlanPtr make_portable(const Modulus& q, int log_n);

}  // namespace sotto::ntt
