// libFuzzer on the target that SOTTO_FUZZ_TARGET names. Most mutations of a format with checksums are sealed
// anew, and most of a JSON text change one value of its tree, or they would hardly get past the first check.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/targets.h"

using namespace sotto::fuzz;

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

const Target& chosen() {
  static const Target& target = [&]() -> const Target& {
    const char* name = std::getenv("SOTTO_FUZZ_TARGET");
    for (const Target& candidate : targets()) {
      if (name != nullptr && candidate.name == name) return candidate;
    }
    std::fprintf(stderr, "SOTTO_FUZZ_TARGET must name one of:");
    for (const Target& candidate : targets())
      std::fprintf(stderr, " %s", std::string(candidate.name).c_str());
    std::fprintf(stderr, "\n");
    std::exit(2);
  }();
  return target;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  const Format format = chosen().format;
  const bool tree = format == Format::kJson || format == Format::kPlan;
  const auto bytes = std::as_bytes(std::span(data, size));
  Input input(bytes.begin(), bytes.end());
  if (!tree || seed % 4 == 0 || !mutate_json(input, seed / 4)) {
    const std::size_t mutated = LLVMFuzzerMutate(data, size, max_size);
    const auto changed = std::as_bytes(std::span(data, mutated));
    input.assign(changed.begin(), changed.end());
  }
  if (seed / 4 % 8 != 0) seal(format, input);
  if (input.size() > max_size) input.resize(max_size);
  std::ranges::transform(input, data, [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
  return input.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string broken = chosen().run(std::as_bytes(std::span(data, size)));
  if (broken.empty()) return 0;
  std::fprintf(stderr, "%s\n", broken.c_str());
  std::abort();
}
