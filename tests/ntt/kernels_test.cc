// The exported suite of limb kernels on every backend of the build.
#include "ntt/testing/kernel_suite.h"

SOTTO_INSTANTIATE_KERNEL_SUITE(Backends, all_cases)
