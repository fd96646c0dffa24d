// libFuzzer on the file parsers. The mutator seals most inputs anew, or no mutation would ever get past the
// SHA-256.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tests/ckks/io_samples.h"
#include "tests/fuzz/targets.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  const std::size_t mutated = LLVMFuzzerMutate(data, size, max_size);
  if (seed % 8 == 0) return mutated;
  const auto bytes = std::as_bytes(std::span(data, mutated));
  sotto::ckks::io::FileBytes file(bytes.begin(), bytes.end());
  sotto::ckks::io::reseal(file);
  std::ranges::transform(file, data, [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
  return mutated;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string broken = sotto::fuzz::parse_file({data, size});
  if (broken.empty()) return 0;
  std::fprintf(stderr, "%s\n", broken.c_str());
  std::abort();
}
