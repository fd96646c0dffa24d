// The suite that every backend must pass, in one line of a GoogleTest program:
//     #include "ntt/testing/backend_suite.h"
//     SOTTO_TEST_BACKEND(Mine, my_backend_info)
// The backend need not be registered. docs/ntt-backends.md says what is promised and tested.
#pragma once

#include "ntt/testing/kernel_suite.h"
#include "ntt/testing/transform_suite.h"

/// At namespace scope of one source file; `backend` is a BackendInfo that lives as long as the program.
#define SOTTO_TEST_BACKEND(prefix, backend)                                               \
  static std::vector<sotto::ntt::test::Case> prefix##_cases(const std::vector<int>& ns) { \
    return sotto::ntt::test::cases_of(backend, ns);                                       \
  }                                                                                       \
  SOTTO_INSTANTIATE_TRANSFORM_SUITE(prefix, prefix##_cases)                               \
  SOTTO_INSTANTIATE_KERNEL_SUITE(prefix, prefix##_cases)
