// The four engines of this library under the common suite.
#include "tests/ckks/engine_conformance.h"
#include "ckks/checked.h"

namespace sotto::ckks {
namespace {

Session native(const ParamsPtr& params, const KeyRequest& keys) {
  return make_native_session(params, keys, Threads{});
}
Session cleartext(const ParamsPtr& params, const KeyRequest&) {
  return make_cleartext_session(params);
}
Session trace(const ParamsPtr& params, const KeyRequest&) {
  return make_trace_session(params);
}

Session checked(const ParamsPtr& params, const KeyRequest& keys) {
  return std::move(make_checked_session(params, keys, Threads{}).session);
}

INSTANTIATE_TEST_SUITE_P(Engines, EngineConformance,
                         ::testing::Values(EngineUnderTest{"native", native, true, 0x1p-24},
                                           EngineUnderTest{"cleartext", cleartext, true, 1e-13},
                                           EngineUnderTest{"trace", trace, false, 0},
                                           EngineUnderTest{"checked", checked, true, 0x1p-24}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace sotto::ckks
