#include "tests/ckks/sampler_suite.h"

namespace sotto::ckks {
INSTANTIATE_TEST_SUITE_P(Million, Samplers, ::testing::Values(std::size_t{1'000'000}));
}  // namespace sotto::ckks
