#include "tests/ckks/sampler_suite.h"

namespace sotto::ckks {
INSTANTIATE_TEST_SUITE_P(HundredMillion, Samplers, ::testing::Values(std::size_t{100'000'000}));
}  // namespace sotto::ckks
