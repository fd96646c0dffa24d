// Powers of the root of unity in the order in which the transforms read them; every backend makes its own
// tables from these.
#pragma once

#include "ntt/modulus.h"

namespace sotto::ntt {

/// The powers that one (q, N) needs: the butterflies form a binary tree with root 1, and node i (children 2i
/// and 2i+1) multiplies by psi^brv(i), brv reversing log_n bits. Stage s of the forward transform reads nodes
/// 2^s .. 2^(s+1)-1 from left to right.
struct Roots {
  Roots(const Modulus& q, int log_n);
  ~Roots();  // in roots.cc: an inline copy would be compiled with the flags of a vector backend

  AlignedWords forward;  // [n] psi^brv(i)
  AlignedWords inverse;  // [n] psi^-brv(i)
  u64 n_inverse;         // N^-1 mod q
};

}  // namespace sotto::ntt
