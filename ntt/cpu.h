// Which instruction sets this CPU and its operating system offer, by the names that compilers use.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace sotto::ntt {

struct CpuFeature {
  std::string_view name;  // "avx512ifma"
  bool present;
};

/// Those that some backend of Sotto uses; empty on other architectures.
std::span<const CpuFeature> cpu_features() noexcept;

/// The features of `needed` that are absent, "avx512dq avx512ifma", or "" when all are there. A feature that
/// cpu_features() does not list is absent.
std::string missing_cpu_features(std::initializer_list<std::string_view> needed);

}  // namespace sotto::ntt
