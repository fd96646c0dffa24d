// Loops that every compiler unrolls.
#pragma once

#include <utility>

namespace sotto::ntt {

/// body(0), …, body(kCount - 1) with compile-time indices: unrolled for certain by every compiler, unlike a
/// pragma.
template <int kCount, class Body>
[[gnu::always_inline]] inline void unroll(Body&& body) {
  [&]<int... kIndex>(std::integer_sequence<int, kIndex...>) __attribute__((always_inline)) {
    (body(std::integral_constant<int, kIndex>{}), ...);
  }
  (std::make_integer_sequence<int, kCount>{});
}

}  // namespace sotto::ntt
