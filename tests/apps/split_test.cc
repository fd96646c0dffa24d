// Client and server apart: the four commands over files, and everything that can be wrong with the files
// between them.
#include <sys/mount.h>
#include <sys/stat.h>

#include <functional>

#include "ckks/io/server_keys.h"
#include "nn/model_hash.h"
#include "tests/apps/cli_fixture.h"

namespace sotto::app {
namespace {

using testing::HasSubstr;

/// One set of keys, one encrypted image and one answer, shared by all tests; none of them changes these
/// files.
class Split : public Cli {
 protected:
  static void SetUpTestSuite() {
    Cli::SetUpTestSuite();
    must({"keygen", kModel, "--out", at("keys")});
    must({"encrypt", sample(3), "--key", at("keys/secret.key"), "--out", at("image.ct")});
    must({"infer", kModel, at("image.ct"), "--keys", at("keys/server.keys"), "--out", at("answer.ct")});
  }
  static void must(const std::vector<std::string>& arguments) {
    const Outcome outcome = run_program(arguments);
    if (outcome.exit_code != 0) throw std::runtime_error(arguments.front() + ": " + outcome.err);
  }

  /// Keys of another client with the same plan, made when first asked for.
  static std::string other_keys() {
    if (!fs::exists(at("other")))
      must({"keygen", kModel, "--out", at("other"), "--plan", at("keys/plan.json")});
    return at("other");
  }
  static Outcome encrypt(const std::string& out, const RunOptions& options = {}) {
    return run_program({"encrypt", sample(3), "--key", at("keys/secret.key"), "--out", out}, options);
  }
  static Outcome infer(const std::string& image, const std::string& keys) {
    return run_program(
        {"infer", kModel, image, "--keys", keys, "--plan", at("keys/plan.json"), "--out", at("x.ct")});
  }
  static Outcome decrypt(const std::string& answer, const std::string& key) {
    return run_program({"decrypt", answer, "--key", key, "--plan", at("keys/plan.json")});
  }
  /// A copy of `name` with `change` made to its bytes.
  template <class Change>
  static std::string damaged(const std::string& name, Change&& change) {
    std::string bytes = read_bytes(at(name));
    change(bytes);
    write_bytes(at("damaged"), bytes);
    return at("damaged");
  }
};

TEST_F(Split, GivesTheLogitsOfTheCleartextNetwork) {
  const Outcome outcome = run_program({"decrypt", at("answer.ct"), "--key", at("keys/secret.key"), "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json answer = Json::parse(outcome.out);
  EXPECT_EQ(answer["label"], 3);
  const Outcome clear = run_program({"classify", kModel, sample(3), "--engine", "cleartext", "--json"});
  ASSERT_EQ(clear.exit_code, 0) << clear.err;
  const Json logits = Json::parse(clear.out)["images"][0]["logits"];
  ASSERT_EQ(answer["logits"].size(), logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    EXPECT_NEAR(answer["logits"][i].get<double>(), logits[i].get<double>(), 0.02) << i;
  }
}

TEST_F(Split, GivesTheSameAnswerWithTheKeysOnTheDisk) {
  for (const char* memory : {"0", "3M", "10G"}) {  // none, two or three, all
    must({"infer", kModel, at("image.ct"), "--keys", at("keys/server.keys"), "--key-memory", memory, "--out",
          at("again.ct")});
    EXPECT_EQ(read_bytes(at("again.ct")), read_bytes(at("answer.ct"))) << memory;
  }
  const Outcome outcome = run_program({"infer", kModel, at("image.ct"), "--keys", at("keys/server.keys"),
                                       "--key-memory", "much", "--out", at("x.ct")});
  expect_failure(outcome, 2, "much");
}

TEST_F(Split, KeepsTheSecretFromOtherUsers) {
  struct stat info {};
  ASSERT_EQ(stat(at("keys/secret.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(Split, KeepsTheSizesThatWerePromised) {
  EXPECT_LE(fs::file_size(at("keys/server.keys")), 40'000'000u);
  EXPECT_LE(fs::file_size(at("image.ct")), 1'000'000u);
  EXPECT_LE(fs::file_size(at("answer.ct")), 150'000u);
}

TEST_F(Split, DoesNotReplaceASecretUnasked) {
  const std::string before = read_bytes(at("keys/secret.key"));
  const auto files = listing();
  expect_failure(run_program({"keygen", kModel, "--out", at("keys")}), 1, "--force");
  EXPECT_EQ(read_bytes(at("keys/secret.key")), before);
  EXPECT_EQ(listing(), files);
}

TEST_F(Split, ReplacesASecretWhenForced) {
  fs::copy(other_keys(), at("forced"), fs::copy_options::recursive);
  const std::string before = read_bytes(at("forced/secret.key"));
  must({"keygen", kModel, "--out", at("forced"), "--plan", at("keys/plan.json"), "--force"});
  EXPECT_NE(read_bytes(at("forced/secret.key")), before);
  fs::remove_all(at("forced"));
}

TEST_F(Split, RefusesTheKeysOfAnotherClient) {
  expect_failure(infer(at("image.ct"), other_keys() + "/server.keys"), 1, "key");
  EXPECT_FALSE(fs::exists(at("x.ct")));
  expect_failure(decrypt(at("answer.ct"), other_keys() + "/secret.key"), 1, "key");
}

TEST_F(Split, RefusesKeysOfOtherParameters) {
  write_bytes(at("params.json"), R"({"format":"sotto-params-1","name":"wide","log_n":14,)"
                                 R"("log_q":[40,36,36,36,36,36],"log_p":[45],"log_scale":36,"digits":6})");
  must({"keygen", kModel, "--out", at("wide"), "--params", at("params.json")});
  expect_failure(infer(at("image.ct"), at("wide/server.keys")), 1, "other parameters");
  expect_failure(decrypt(at("answer.ct"), at("wide/secret.key")), 1, "other parameters");
  const Outcome mixed =
      run_program({"infer", kModel, at("image.ct"), "--keys", at("wide/server.keys"), "--out", at("x.ct")});
  expect_failure(mixed, 1, "other parameters");
  EXPECT_FALSE(fs::exists(at("x.ct")));
  fs::remove_all(at("wide"));
}

TEST_F(Split, NamesEveryKeyThatIsMissing) {
  ckks::ServerKeys keys = ckks::io::load_server_keys(at("keys/server.keys"));
  keys.relin.reset();
  keys.galois.erase(std::next(keys.galois.begin(), 2), keys.galois.end());
  ckks::io::save(at("fewer.keys"), keys);
  const Outcome outcome = infer(at("image.ct"), at("fewer.keys"));
  expect_failure(outcome, 1, "no key for the relinearisation key at level");
  for (const auto& [id, key] : ckks::io::load_server_keys(at("keys/server.keys")).galois) {
    const std::string name = "rotation by " + std::to_string(id.step) + " at";
    EXPECT_EQ(outcome.err.find(name) == std::string::npos, keys.galois.contains(id)) << name;
  }
  EXPECT_FALSE(fs::exists(at("x.ct")));
}

TEST_F(Split, RefusesCutFiles) {
  const auto cut = [](std::string& bytes) { bytes.resize(bytes.size() * 2 / 3); };
  expect_failure(infer(damaged("image.ct", cut), at("keys/server.keys")), 1, "damaged");
  expect_failure(infer(at("image.ct"), damaged("keys/server.keys", cut)), 1, "damaged");
  expect_failure(decrypt(damaged("answer.ct", cut), at("keys/secret.key")), 1, "damaged");
  expect_failure(decrypt(at("answer.ct"), damaged("keys/secret.key", cut)), 1, "damaged");
  EXPECT_FALSE(fs::exists(at("x.ct")));
}

TEST_F(Split, NoticesAFlippedBitAnywhereInAnAnswer) {
  const std::size_t size = fs::file_size(at("answer.ct"));
  for (std::size_t i = 0; i < size; i += 1 + size / 40) {
    const auto flip = [i](std::string& bytes) { bytes[i] = static_cast<char>(bytes[i] ^ 4); };
    expect_failure(decrypt(damaged("answer.ct", flip), at("keys/secret.key")), 1, "damaged");
  }
}

TEST_F(Split, NoticesAChangedPlan) {
  const std::string plan = damaged("keys/plan.json", [](std::string& bytes) {
    bytes[bytes.rfind("\"base\": ") + 8] ^= 1;  // where the answer begins
  });
  expect_failure(run_program({"decrypt", at("answer.ct"), "--key", at("keys/secret.key"), "--plan", plan}), 1,
                 "sha256");
  write_bytes(at("damaged"), "{}");
  expect_failure(
      run_program({"decrypt", at("answer.ct"), "--key", at("keys/secret.key"), "--plan", at("damaged")}), 1,
      "not a plan");
}

TEST_F(Split, DoesNotTakeAnImageForAnAnswerOrAKeyForACiphertext) {
  expect_failure(decrypt(at("image.ct"), at("keys/secret.key")), 1, "not an answer of this plan");
  expect_failure(infer(at("answer.ct"), at("keys/server.keys")), 1, "level");
  expect_failure(decrypt(at("keys/server.keys"), at("keys/secret.key")), 1, "server.keys");
  expect_failure(decrypt(at("answer.ct"), at("answer.ct")), 1, "answer.ct");
  expect_failure(infer(at("image.ct"), at("keys/secret.key")), 1, "secret.key");
}

TEST_F(Split, NoOutputReplacesAnInput) {
  const std::string key = at("keys/secret.key"), server = at("keys/server.keys"), image = at("image.ct");
  const std::string before = read_bytes(key) + read_bytes(image);
  for (const std::string& out : {key, at("keys/plan.json"), at("keys/../keys/secret.key")})
    expect_failure(encrypt(out), 1, "choose another name");
  for (const std::string& out : {image, server, at("keys/plan.json")})
    expect_failure(run_program({"infer", kModel, image, "--keys", server, "--out", out}), 1,
                   "choose another name");
  EXPECT_EQ(read_bytes(key) + read_bytes(image), before);
}

/// The plan of the keys after `change`, with a seal that fits, as a server could send it.
std::string changed_plan(const std::string& path, const std::function<void(Json&)>& change) {
  Json plan = Json::parse(read_bytes(path));
  plan.erase("sha256");
  change(plan);
  plan["sha256"] = nn::sha256_hex(plan.dump());
  return plan.dump();
}

TEST_F(Split, RefusesAnAnswerBeyondThePlannedRange) {
  write_bytes(at("narrow.json"),
              changed_plan(at("keys/plan.json"), [](Json& plan) { plan["max_logit"] = 2; }));
  expect_failure(
      run_program({"decrypt", at("answer.ct"), "--key", at("keys/secret.key"), "--plan", at("narrow.json")}),
      1, "--max-logit 4");
}

TEST_F(Split, RefusesPlansThatSomebodySealedAgain) {
  const auto outcome = [](const std::function<void(Json&)>& change) {
    write_bytes(at("sealed.json"), changed_plan(at("keys/plan.json"), change));
    return run_program(
        {"decrypt", at("answer.ct"), "--key", at("keys/secret.key"), "--plan", at("sealed.json")});
  };
  expect_failure(outcome([](Json& plan) {
                   plan["steps"] = Json::array();
                   plan["keys"] = {{"relin_level", -1}, {"galois", Json::array()}};
                 }),
                 1, "sealed.json: plan: ");
  expect_failure(outcome([](Json& plan) { plan["input_level"] = 60; }), 1, "not one of the parameters");
  expect_failure(outcome([](Json& plan) { plan["keys"]["galois"].erase(0); }), 1, "that the steps need");
}

TEST_F(Split, AForcedKeygenThatFailsLeavesTheOldKeys) {
  fs::copy(other_keys(), at("stuck"), fs::copy_options::recursive);
  fs::remove(at("stuck/plan.json"));
  fs::create_directory(at("stuck/plan.json"));
  const std::string before = read_bytes(at("stuck/secret.key")) + read_bytes(at("stuck/server.keys"));
  expect_failure(
      run_program({"keygen", kModel, "--out", at("stuck"), "--plan", at("keys/plan.json"), "--force"}), 1,
      "plan.json");
  EXPECT_EQ(read_bytes(at("stuck/secret.key")) + read_bytes(at("stuck/server.keys")), before);
  fs::remove_all(at("stuck"));
}

TEST_F(Split, RefusesAModelThatThePlanIsNotFor) {
  std::string bytes = read_bytes(kModel);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_bytes(at("other.onnx"), bytes);
  expect_failure(run_program({"infer", at("other.onnx"), at("image.ct"), "--keys", at("keys/server.keys"),
                              "--out", at("x.ct")}),
                 1, "model");
  EXPECT_FALSE(fs::exists(at("x.ct")));
}

TEST_F(Split, RefusesAPictureOfAnotherSize) {
  write_bytes(at("small.pgm"), "P5 2 2 255\nabcd");
  expect_failure(
      run_program({"encrypt", at("small.pgm"), "--key", at("keys/secret.key"), "--out", at("y.ct")}), 1,
      "1x2x2");
  EXPECT_FALSE(fs::exists(at("y.ct")));
}

TEST_F(Split, LeavesNothingWhereItCannotWrite) {
  const auto files = listing();
  expect_failure(encrypt(at("no/such/folder/y.ct")), 1, "No such file or directory");
  expect_failure(encrypt(at("image.ct/y.ct")), 1, "Not a directory");
  expect_failure(encrypt(at("keys")), 1, "keys");
  expect_failure(encrypt("/dev/full"), 1, "/dev/full");
  expect_failure(
      run_program({"keygen", kModel, "--out", at("image.ct/keys"), "--plan", at("keys/plan.json")}), 1,
      "image.ct/keys");
  EXPECT_EQ(listing(), files);
}

TEST_F(Split, LeavesNothingAtALimitOfTheFileSize) {
  const auto files = listing();
  expect_failure(encrypt(at("y.ct"), {.max_file_bytes = 20000}), 1, "File too large");
  expect_failure(run_program({"keygen", kModel, "--out", at("new/keys"), "--plan", at("keys/plan.json")},
                             {.max_file_bytes = 500000}),
                 1, "File too large");
  EXPECT_EQ(listing(), files);
}

TEST_F(Split, LeavesNothingOnAFullDisk) {
  const std::string disk = at("disk");
  fs::create_directory(disk);
  if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=64k") != 0) {
    fs::remove(disk);
    GTEST_SKIP() << "a small file system cannot be mounted here: " << std::strerror(errno);
  }
  const Outcome image = encrypt(disk + "/y.ct");
  const Outcome keys =
      run_program({"keygen", kModel, "--out", disk + "/keys", "--plan", at("keys/plan.json")});
  const bool empty = fs::is_empty(disk);
  umount(disk.c_str());
  fs::remove(disk);
  expect_failure(image, 1, "No space left on device");
  expect_failure(keys, 1, "No space left on device");
  EXPECT_TRUE(empty);
}

}  // namespace
}  // namespace sotto::app
