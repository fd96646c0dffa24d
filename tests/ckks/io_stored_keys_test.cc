#include "ckks/io/stored_keys.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "ckks/encoder.h"
#include "ckks/linear.h"
#include "tests/ckks/io_samples.h"
#include "tests/support/refusal.h"

namespace sotto::ckks::io {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::uint64_t kAll = ~std::uint64_t{0};

const KeyName kRelin, kOne = GaloisKeyId{1, false}, kThree = GaloisKeyId{3, false},
                      kConjugate = GaloisKeyId{0, true};

std::uint64_t bytes_of(const KeyName& name) {
  const ServerKeys& keys = samples().server_keys;
  return expanded_key_bytes(*samples().params, name ? keys.galois.at(*name).level : keys.relin->level);
}

/// The samples' keys in a file that the test may change.
class StoredKeysTest : public ::testing::Test {
 protected:
  StoredKeysTest() : path_((std::filesystem::temp_directory_path() / "sotto-stored-keys-XXXXXX").string()) {
    ::close(::mkstemp(path_.data()));
    save(path_, samples().server_keys);
  }
  ~StoredKeysTest() override { std::filesystem::remove(path_); }

  std::shared_ptr<const StoredKeys> open(std::uint64_t budget, Threads threads = {}) const {
    return std::make_shared<const StoredKeys>(ServerKeysReader(path_), budget, threads);
  }
  /// Changes one byte of the file that is already open, as no writer of ours would.
  void overwrite(std::uint64_t offset, unsigned char value) const {
    FILE* file = std::fopen(path_.c_str(), "r+b");
    std::fseek(file, static_cast<long>(offset), SEEK_SET);
    std::fputc(value, file);
    std::fclose(file);
  }

  std::string path_;
};

TEST_F(StoredKeysTest, GivesTheKeysOfTheSet) {
  const KeyStorePtr all = resident(ServerKeys(samples().server_keys));
  for (const std::uint64_t budget : {std::uint64_t{0}, bytes_of(kRelin), kAll}) {
    for (const int threads : {1, 3}) {
      const auto keys = open(budget, Threads{threads});
      EXPECT_EQ(keys->levels(), all->levels());
      EXPECT_EQ(keys->id(), all->id());
      EXPECT_EQ(keys->params()->hash(), all->params()->hash());
      for (int round = 0; round < 2; ++round) {
        for (const auto& [name, level] : keys->levels()) {
          EXPECT_TRUE(same(*keys->find(name), *all->find(name))) << describe(name);
        }
      }
    }
  }
}

TEST_F(StoredKeysTest, OperationsGiveTheSameCiphertexts) {
  const Evaluator resident_keys(resident(ServerKeys(samples().server_keys)));
  const Ciphertext& image = samples().seeded;
  const std::vector<int> steps{1, 3, 0, 1};
  LinearTransform map;
  map.giant_step = 3;
  map.folds = {1};
  map.blocks = {{{0, sample_slots()}, {1, sample_slots()}}, {{1, sample_slots()}}};
  const EncodedTransform transform =
      encode_transform(map, Encoder(samples().params), *samples().params, 1, 0x1p20, {});
  const auto run = [&](const Evaluator& evaluator) {
    const Ciphertext product = evaluator.multiply_rescale(image, image);
    RecycledVector<Ciphertext> out = evaluator.rotate_many(product, steps);
    out.push_back(evaluator.multiply(image, image));
    out.push_back(evaluator.conjugate(evaluator.drop_to_level(image, 0)));
    out.push_back(apply_transform(evaluator, transform, product));
    return out;
  };
  const RecycledVector<Ciphertext> want = run(resident_keys);
  for (const std::uint64_t budget : {std::uint64_t{0}, bytes_of(kOne), kAll}) {
    for (const int threads : {1, 2}) {
      const RecycledVector<Ciphertext> got = run(Evaluator(open(budget, Threads{threads}), Threads{threads}));
      ASSERT_EQ(got.size(), want.size());
      for (std::size_t i = 0; i < want.size(); ++i) EXPECT_TRUE(same(got[i], want[i])) << i;
    }
  }
}

TEST_F(StoredKeysTest, KeepsWhatWasUsedLastWithinItsBudget) {
  const auto keys = open(bytes_of(kRelin) + bytes_of(kOne));
  const auto reads_of = [&](const KeyName& name) {
    const std::uint64_t before = keys->reads();
    keys->find(name);
    EXPECT_LE(keys->kept_bytes(), bytes_of(kRelin) + bytes_of(kOne));
    return keys->reads() - before;
  };
  EXPECT_EQ(keys->reads(), 0u) << "opening reads no key";
  EXPECT_EQ(reads_of(kRelin), 1u);
  EXPECT_EQ(reads_of(kOne), 1u);
  EXPECT_EQ(keys->kept_bytes(), bytes_of(kRelin) + bytes_of(kOne));
  EXPECT_EQ(reads_of(kRelin), 0u);
  EXPECT_EQ(reads_of(kThree), 1u) << "takes the place of the rotation by 1";
  EXPECT_EQ(reads_of(kRelin), 0u);
  EXPECT_EQ(reads_of(kConjugate), 1u) << "is smaller than what the rotation by 1 left";
  EXPECT_EQ(reads_of(kThree), 0u);
  EXPECT_EQ(reads_of(kOne), 1u);
}

TEST_F(StoredKeysTest, AKeyThatIsHeldOutlivesItsPlaceAndIsNotReadTwice) {
  const auto keys = open(0);
  auto held = keys->find(kOne);
  EXPECT_EQ(keys->kept_bytes(), 0u);
  EXPECT_EQ(keys->find(kOne), held);
  keys->find(kThree);
  EXPECT_TRUE(same(*held, samples().server_keys.galois.at({1, false})));
  EXPECT_EQ(keys->reads(), 2u);
  held.reset();
  keys->find(kOne);
  EXPECT_EQ(keys->reads(), 3u);
}

TEST_F(StoredKeysTest, ThreadsShareOneReading) {
  const auto all = resident(ServerKeys(samples().server_keys));
  for (const std::uint64_t budget : {std::uint64_t{0}, bytes_of(kOne), kAll}) {
    const auto keys = open(budget);
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int round = 0; round < 50; ++round) {
          for (const auto& [name, level] : keys->levels())
            wrong += !same(*keys->find(name), *all->find(name));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_TRUE(budget != kAll || keys->reads() == 4);
    EXPECT_LE(keys->kept_bytes(), budget);
  }
}

TEST_F(StoredKeysTest, DamageIsFoundInTheKeyThatHasItWhenItIsUsed) {
  const std::vector<KeyEntry> contents = ServerKeysReader(path_).contents();
  const auto keys = open(kAll);
  overwrite(contents[2].offset + 40, 0xff);  // the rotation by 3
  for (int attempt = 0; attempt < 2; ++attempt) {
    EXPECT_THAT(test::refusal([&] { keys->find(kThree); }, ErrorCode::kCorruptFile),
                AllOf(HasSubstr(path_ + ", the rotation key 3, is damaged"), HasSubstr("SHA-256")));
  }
  EXPECT_EQ(keys->reads(), 0u);
  EXPECT_TRUE(same(*keys->find(kOne), samples().server_keys.galois.at({1, false})));
}

// The SHA-256 is not computed again, so a file that changes in use can give another key, but never a residue
// out of range, and a file that is cut is an error.
TEST_F(StoredKeysTest, AFileThatChangesInUseIsAnError) {
  const std::vector<KeyEntry> contents = ServerKeysReader(path_).contents();
  const auto keys = open(0);
  keys->find(kThree);
  for (std::uint64_t i = 0; i < 64; ++i) overwrite(contents[2].offset + 32 + i, 0xff);
  EXPECT_THAT(test::refusal([&] { keys->find(kThree); }, ErrorCode::kCorruptFile),
              HasSubstr("not below its prime"));
  std::filesystem::resize_file(path_, contents[3].offset + 10);
  EXPECT_THAT(test::refusal([&] { keys->find(kConjugate); }, ErrorCode::kIo), HasSubstr("it ends at byte"));
  EXPECT_TRUE(same(*keys->find(kOne), samples().server_keys.galois.at({1, false})));
}

TEST_F(StoredKeysTest, MissingKeysAreNamedBeforeOneIsRead) {
  const auto keys = open(kAll);
  const Evaluator evaluator(keys);
  const std::vector<int> steps{1, 2, 4};
  EXPECT_THAT(test::refusal([&] { evaluator.rotate_many(samples().seeded, steps); }, ErrorCode::kMissingKey),
              HasSubstr("rotation by 2, rotation by 4"));
  const KeyRequest request{.relin_level = 2, .galois = {{{1, false}, 2}, {{3, false}, 2}, {{5, false}, 0}}};
  EXPECT_EQ(test::refusal([&] { require_keys(*keys, request, "server.keys"); }, ErrorCode::kMissingKey),
            "server.keys: no key for rotation by 3 at level 2 (its key reaches level 1), rotation by 5 at "
            "level 0; make keys for this plan");
  require_keys(*keys, {.relin_level = 2, .galois = {{{3, false}, 1}}}, "server.keys");
  EXPECT_EQ(keys->reads(), 0u);
}

}  // namespace
}  // namespace sotto::ckks::io
