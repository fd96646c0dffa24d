// The limb kernels of the backend avx512ifma: everything but the transforms, which come in the widths of Ifma
// (avx512_ifma.cc). Kernels that read many rows take 64 words at a time, but for limbs that are shorter.
#pragma once

#include "ntt/backends/ifma_lanes.h"
#include "ntt/backends/portable.h"

namespace sotto::ntt::ifma {

class IfmaKernels : public PortableKernels {
 public:
  IfmaKernels(const Modulus& q, int log_n);

  std::string_view backend() const noexcept override { return "avx512ifma"; }
  int input_bits() const noexcept override { return 50; }
  void add(Limb out, ConstLimb a, ConstLimb b) const noexcept override;
  void subtract(Limb out, ConstLimb a, ConstLimb b) const noexcept override;
  void negate(Limb out, ConstLimb a) const noexcept override;
  void multiply(Limb out, ConstLimb a, ConstLimb b) const noexcept override;
  void multiply_add(Limb acc, ConstLimb a, ConstLimb b) const noexcept override;
  void multiply_scalar(Limb out, ConstLimb a, u64 c) const noexcept override;
  void add_scalar(Limb out, ConstLimb a, u64 c) const noexcept override;
  void subtract_multiply_scalar(Limb out, ConstLimb a, ConstLimb b, u64 c) const noexcept override;
  void inner_product(Limb out, Rows a, Rows b) const noexcept override;
  std::vector<u64> combine_factors(std::span<const u64> c) const override;
  void combine(Limb out, Rows x, std::span<const u64> factors) const noexcept override;
  void reduce(Limb out, ConstLimb x) const noexcept override;
  void round_quotient(Limb out, Rows x, std::span<const u64> tau, int shift) const noexcept override;
  void permute(Limb out, ConstLimb in, const Automorphism& sigma) const noexcept override;

 private:
  LaneModulus lanes_;
  u64 minus_inverse_;  // -1 / q mod 2^52
};

}  // namespace sotto::ntt::ifma
