#include "ntt/cpu.h"

#include <algorithm>

namespace sotto::ntt {

std::span<const CpuFeature> cpu_features() noexcept {
#if defined(__x86_64__)
  // The builtin wants literals; it asks the operating system too, so a feature that is off does not count.
  static const CpuFeature features[] = {{"avx2", __builtin_cpu_supports("avx2") != 0},
                                        {"fma", __builtin_cpu_supports("fma") != 0},
                                        {"avx512f", __builtin_cpu_supports("avx512f") != 0},
                                        {"avx512dq", __builtin_cpu_supports("avx512dq") != 0},
                                        {"avx512vl", __builtin_cpu_supports("avx512vl") != 0},
                                        {"avx512ifma", __builtin_cpu_supports("avx512ifma") != 0}};
  return features;
#else
  return {};
#endif
}

std::string missing_cpu_features(std::initializer_list<std::string_view> needed) {
  std::string missing;
  for (std::string_view name : needed) {
    const auto features = cpu_features();
    const bool present = std::any_of(features.begin(), features.end(),
                                     [&](const CpuFeature& f) { return f.present && f.name == name; });
    if (present) continue;
    if (!missing.empty()) missing += ' ';
    missing += name;
  }
  return missing;
}

}  // namespace sotto::ntt
