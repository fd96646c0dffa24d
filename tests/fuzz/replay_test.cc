// The fuzz targets without libFuzzer: the kept corpus, the golden files, and a bounded loop of mutations with
// a printed seed.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "tests/fuzz/targets.h"
#include "tests/support/random.h"

namespace sotto::fuzz {
namespace {

/// The files of a folder of tests/, in the order of their names.
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

class FuzzReplay : public ::testing::TestWithParam<Target> {};

/// Its own corpus, and the golden files, also those that must be refused: a target refuses those of another
/// kind.
std::vector<Input> seeds_of(const Target& target) {
  std::vector<Input> seeds = read_folder("fuzz/corpus/" + std::string(target.name));
  if (target.format == Format::kBytes) return seeds;
  for (const char* folder : {"data/format-1", "data/format-1-refused", "data/format-2"}) {
    for (const Input& golden : read_folder(folder)) seeds.push_back(golden);
  }
  return seeds;
}

TEST_P(FuzzReplay, TheCorpusKeepsEveryPromise) {
  const std::vector<Input> seeds = seeds_of(GetParam());
  for (const Input& input : seeds) EXPECT_EQ(GetParam().run(input), "") << hex(input);
}

TEST_P(FuzzReplay, MutationsKeepEveryPromise) {
  const Target& target = GetParam();
  const std::vector<Input> seeds = seeds_of(target);
  const int rounds = target.name == "engine" ? 600 : target.name == "backends" ? 5000 : 1500;
  test::Rng random;
  for (int round = 0; round < rounds; ++round) {
    Input input = seeds[random.below(seeds.size())];
    for (auto count = 1 + random.below(8); count > 0; --count) {
      const bool tree = target.format == Format::kJson || target.format == Format::kPlan;
      if (!tree || random.below(8) == 0 ||
          !mutate_json(input, static_cast<std::uint32_t>(random.below(1u << 31))))
        mutate(input, seeds, random);
    }
    if (target.name == "engine") input.resize(std::min<std::size_t>(input.size(), 256));
    if (random.below(8) != 0) seal(target.format, input);
    ASSERT_EQ(target.run(input), "") << "round " << round << "\n" << hex(input);
  }
}

INSTANTIATE_TEST_SUITE_P(All, FuzzReplay, ::testing::ValuesIn(targets().begin(), targets().end()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace sotto::fuzz
