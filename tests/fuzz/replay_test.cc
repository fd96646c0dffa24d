// The fuzz targets without libFuzzer: the kept corpus, the golden files, and a bounded loop of mutations with
// a printed seed.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "tests/ckks/io_samples.h"
#include "tests/fuzz/targets.h"
#include "tests/support/random.h"

namespace sotto::fuzz {
namespace {

using Input = std::vector<std::byte>;

std::span<const std::uint8_t> as_input(const Input& bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

std::vector<Input> read_folder(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(SOTTO_SOURCE_DIR "/tests/" + folder))
    paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<Input> inputs;
  for (const auto& path : paths) inputs.push_back(read_file(path.string(), 1 << 20));
  return inputs;
}

std::string hex(const Input& input) {
  std::string text;
  for (const std::byte b : input) {
    for (const int shift : {4, 0}) text += "0123456789abcdef"[std::to_integer<int>(b) >> shift & 15];
  }
  return text;
}

/// Overwrites, inserts, removes, repeats or crosses over, as fuzzers do.
void mutate(Input& input, const std::vector<Input>& corpus, test::Rng& random) {
  const auto position = [&] { return static_cast<std::ptrdiff_t>(random.below(input.size() + 1)); };
  switch (random.below(5)) {
    case 0:
      if (!input.empty()) input[random.below(input.size())] = static_cast<std::byte>(random.below(256));
      break;
    case 1:
      input.insert(input.begin() + position(), 1 + random.below(8),
                   static_cast<std::byte>(random.below(256)));
      break;
    case 2: {
      const auto first = position(),
                 last = std::min(first + static_cast<std::ptrdiff_t>(random.below(9)), std::ssize(input));
      input.erase(input.begin() + first, input.begin() + last);
      break;
    }
    case 3:
      if (input.size() >= 4) {  // a length or a count
        const std::size_t at = random.below(input.size() - 3);
        std::fill_n(input.begin() + static_cast<std::ptrdiff_t>(at), 4,
                    random.below(2) == 0 ? std::byte{0} : std::byte{0xff});
      }
      break;
    default: {
      const Input& other = corpus[random.below(corpus.size())];
      const auto cut = static_cast<std::ptrdiff_t>(random.below(std::min(input.size(), other.size()) + 1));
      std::copy(other.begin() + cut, other.end(), std::back_inserter(input));
    }
  }
}

TEST(FuzzReplay, Files) {
  std::vector<Input> corpus = read_folder("fuzz/corpus/files");
  for (const Input& golden : read_folder("data/format-1")) corpus.push_back(golden);
  for (const Input& input : corpus) EXPECT_EQ(parse_file(as_input(input)), "");
  test::Rng random;
  for (int round = 0; round < 6000; ++round) {
    Input input = corpus[random.below(corpus.size())];
    for (auto count = 1 + random.below(4); count > 0; --count) mutate(input, corpus, random);
    if (random.below(8) != 0) ckks::io::reseal(input);
    ASSERT_EQ(parse_file(as_input(input)), "") << "round " << round;
  }
}

TEST(FuzzReplay, EnginePrograms) {
  const std::vector<Input> corpus = read_folder("fuzz/corpus/engine");
  for (const Input& input : corpus) EXPECT_EQ(run_engine_program(as_input(input)), "");
  test::Rng random;
  for (int round = 0; round < 600; ++round) {
    Input input = corpus[random.below(corpus.size())];
    for (auto count = 1 + random.below(8); count > 0; --count) mutate(input, corpus, random);
    input.resize(std::min<std::size_t>(input.size(), 256));
    ASSERT_EQ(run_engine_program(as_input(input)), "") << "round " << round << "\n" << hex(input);
  }
}

TEST(FuzzReplay, NttBackends) {
  const std::vector<Input> corpus = read_folder("fuzz/corpus/backends");
  for (const Input& input : corpus) EXPECT_EQ(compare_backends(as_input(input)), "");
  test::Rng random;
  for (int round = 0; round < 5000; ++round) {
    Input input = corpus[random.below(corpus.size())];
    for (auto count = 1 + random.below(8); count > 0; --count) mutate(input, corpus, random);
    ASSERT_EQ(compare_backends(as_input(input)), "") << "round " << round << "\n" << hex(input);
  }
}

}  // namespace
}  // namespace sotto::fuzz
