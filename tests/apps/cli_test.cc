// The program from outside: what it prints, its exit codes, and that a failure is one sentence.
#include <csignal>
#include "tests/apps/cli_fixture.h"

#include "tests/apps/onnx_bytes.h"

namespace sotto::app {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST_F(Cli, InfoNamesOneChosenBackend) {
  const Outcome outcome = run_program({"info", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json info = Json::parse(outcome.out);
  int chosen = 0;
  for (const Json& backend : info["backends"]) {
    chosen += backend["chosen"].get<bool>();
    if (backend["chosen"]) {
      EXPECT_TRUE(backend["usable"].get<bool>());
    }
  }
  EXPECT_EQ(chosen, 1);
  EXPECT_GE(info["cores"].get<int>(), 1);
  EXPECT_FALSE(info["cpu"].get<std::string>().empty());
  EXPECT_THAT(info["libraries"].dump(), AllOf(HasSubstr("GMP"), HasSubstr("OpenSSL"), HasSubstr("NTL")));
}

TEST_F(Cli, InfoFollowsAForcedBackend) {
  const Outcome outcome = run_program({"info", "--json", "--backend", "portable", "--threads", "3"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json info = Json::parse(outcome.out);
  EXPECT_EQ(info["threads"], 3);
  for (const Json& backend : info["backends"]) {
    EXPECT_EQ(backend["chosen"].get<bool>(), backend["name"] == "portable");
    if (backend["usable"]) {
      EXPECT_EQ(backend["why"],
                backend["name"] == "portable" ? "--backend asks for it" : "--backend asks for another");
    }
    EXPECT_EQ(backend["usable"].get<bool>(), backend["missing"] == "");
  }
}

TEST_F(Cli, InfoTellsWhichPrimesABackendTakes) {
  const Outcome outcome = run_program({"info", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json info = Json::parse(outcome.out);
  ASSERT_FALSE(info["backends"].empty());
  for (const Json& backend : info["backends"]) {
    const bool wide = backend["name"] == "portable" || backend["name"] == "avx512dq";
    EXPECT_EQ(backend["prime_bits"], wide ? 61 : 50);
    if (backend["usable"] && backend["name"] != "portable") {
      EXPECT_THAT(backend["kernels"].back().get<std::string>(), HasSubstr(wide ? "q < 2^61" : "q < 2^50"));
    }
  }
}

TEST_F(Cli, ParamsListsTheNamedSets) {
  const Outcome outcome = run_program({"params", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  std::vector<std::string> names;
  for (const Json& set : Json::parse(outcome.out)) {
    names.push_back(set["params"]["name"]);
    EXPECT_LE(set["log_qp"].get<double>(), set["limit_log_qp"].get<double>());
    EXPECT_EQ(set["security"].size(), set.contains("bootstrap") ? 2u : 1u);
  }
  EXPECT_THAT(names, testing::ElementsAre("L13", "L14", "L15", "L16", "L17", "B15", "B16-fast", "B16-hp"));
}

TEST_F(Cli, ParamsGivesAFileThatItReadsAgain) {
  const Outcome shown = run_program({"params", "L13", "--json"});
  ASSERT_EQ(shown.exit_code, 0) << shown.err;
  const Json set = Json::parse(shown.out)["params"];
  write_bytes(at("set.json"), set.dump());
  const Outcome again = run_program({"params", at("set.json"), "--json"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(Json::parse(again.out)["params"], set);
  EXPECT_THAT(run_program({"params", at("set.json")}).out,
              AllOf(HasSubstr("128 bits"), HasSubstr("42 transforms")));
}

TEST_F(Cli, ParamsChoosesASetForADepthAndSaysWhy) {
  const Outcome outcome = run_program({"params", "--depth", "4", "--scale-bits", "30"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("N = 2^12 is too small"), HasSubstr("N = 2^13 holds it")));
  EXPECT_THAT(run_program({"params", "L99"}).err, HasSubstr("there are L13"));
  EXPECT_THAT(run_program({"params", "--depth", "60", "--scale-bits", "60"}).err, HasSubstr("at most"));
  EXPECT_EQ(run_program({"params", "--slots", "5"}).exit_code, 2);
}

TEST_F(Cli, InfoSaysWhatASlowerBackendIsFor) {
  const Outcome outcome = run_program({"info", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json info = Json::parse(outcome.out);
  int chosen_bits = 0;
  for (const Json& backend : info["backends"]) {
    if (backend["chosen"]) chosen_bits = backend["prime_bits"];
  }
  for (const Json& backend : info["backends"]) {
    if (backend["chosen"] || !backend["usable"]) continue;
    EXPECT_EQ(backend["why"], backend["prime_bits"] > chosen_bits
                                  ? "slower; serves primes that the chosen one does not take"
                                  : "slower; serves who asks for it by name");
  }
}

TEST_F(Cli, BenchChecksAndTimesEveryBackendQuickly) {
  const Outcome outcome = run_program({"bench", "ntt", "--quick", "--log-n", "8"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("butterfly"), HasSubstr("cold/hot"), HasSubstr("portable"),
                                 HasSubstr("Every operation of every row gave the words of portable")));
}

TEST_F(Cli, InfoPrintsATableForPeople) {
  const Outcome outcome = run_program({"info"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("NTT backend"), HasSubstr("portable"), HasSubstr("threads")));
}

TEST_F(Cli, EverySubcommandExplainsItselfWithAnExample) {
  for (const char* name :
       {"info", "plan", "classify", "evaluate", "keygen", "encrypt", "infer", "decrypt", "bench"}) {
    const Outcome outcome = run_program({name, "--help"});
    EXPECT_EQ(outcome.exit_code, 0) << name;
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("Example"), HasSubstr(std::string("sotto ") + name)));
  }
}

TEST_F(Cli, UsageErrorsAreOneSentenceAndCodeTwo) {
  expect_failure(run_program({}), 2, "subcommand");
  expect_failure(run_program({"dance"}), 2, "dance");
  expect_failure(run_program({"plan"}), 2, "MODEL is required; see sotto plan --help");
  expect_failure(run_program({"classify", kModel}), 2, "IMAGE");
  expect_failure(run_program({"info", "--threads", "0"}), 2, "--threads");
  expect_failure(run_program({"infer", kModel, "x", "--keys", "k", "--out", "o", "--key", "secret"}), 2,
                 "--key");
  expect_failure(run_program({"info", "--backend", "abacus"}), 2, "portable");
  expect_failure(run_program({"classify", kModel, sample(0), "--engine", "steam"}), 2,
                 "native, cleartext, checked, trace");
}

TEST_F(Cli, JsonErrorsAreOneObject) {
  for (const auto& [arguments, code] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"plan", at("missing.onnx"), "--json"}, "io"}, {{"plan", "--json"}, "usage"}}) {
    const Outcome outcome = run_program(arguments);
    EXPECT_NE(outcome.exit_code, 0);
    const Json error = Json::parse(outcome.out).at("error");
    EXPECT_EQ(error.at("code"), code);
    EXPECT_EQ("sotto: " + error.at("message").get<std::string>() + "\n", outcome.err);
  }
}

TEST_F(Cli, AFullStandardOutputIsAFailure) {
  const Outcome outcome = run_program({"info"}, {.stdout_path = "/dev/full"});
  expect_failure(outcome, 1, "No space left on device");
}

TEST_F(Cli, PlanShowsLayersAndTotals) {
  const Outcome outcome = run_program({"plan", kModel});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("conv1"), HasSubstr("fc2"), HasSubstr("rotations"),
                                 HasSubstr("all"), HasSubstr("128-bit secure"), HasSubstr("keys")));
}

TEST_F(Cli, PlanWritesWhatItPrints) {
  const Outcome outcome = run_program({"plan", kModel, "--json", "--out", at("p.json")});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(read_bytes(at("p.json")), outcome.out);
  const Json plan = Json::parse(outcome.out);
  EXPECT_TRUE(plan.contains("steps"));
  EXPECT_TRUE(plan.contains("sha256"));
}

TEST_F(Cli, PlanTellsWhichAnswersItLeavesRoomFor) {
  fs::copy_file(kModel, at("bare.onnx"));
  const auto planned = [](std::vector<std::string> arguments) {
    const Outcome outcome = run_program(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return outcome.out;
  };
  EXPECT_THAT(planned({"plan", kModel}), HasSubstr("up to 16: twice the largest in the model card"));
  EXPECT_THAT(planned({"plan", at("bare.onnx")}), HasSubstr("up to 32: assumed"));
  EXPECT_THAT(planned({"plan", kModel, "--max-logit", "20"}), HasSubstr("up to 20: as --max-logit says"));
}

TEST_F(Cli, AnswersBeyondThePlannedRangeAreFlagged) {
  const Outcome text = run_program({"classify", kModel, sample(3), "--max-logit", "2"});
  EXPECT_EQ(text.exit_code, 3);
  EXPECT_THAT(text.out,
              AllOf(HasSubstr("BEYOND RANGE"), HasSubstr("1 answer beyond 2"), HasSubstr("--max-logit 4")));
}

TEST_F(Cli, NoOutputReplacesAnInput) {
  fs::copy_file(kModel, at("kept.onnx"));
  fs::copy_file(fs::path(kModel).replace_extension(".json"), at("kept.json"));
  const auto files = listing();
  const std::string model = read_bytes(at("kept.onnx")), card = read_bytes(at("kept.json"));
  expect_failure(run_program({"plan", at("kept.onnx"), "--out", at("kept.onnx")}), 1, "choose another name");
  expect_failure(run_program({"plan", at("kept.onnx"), "--out", at("kept.json")}), 1, "choose another name");
  fs::copy_file(kModel, at("plan.onnx"));
  fs::copy_file(at("kept.json"), at("plan.json"));
  expect_failure(run_program({"keygen", at("plan.onnx"), "--out", at("")}), 1, "choose another name");
  EXPECT_EQ(read_bytes(at("kept.onnx")), model);
  EXPECT_EQ(read_bytes(at("kept.json")), card);
  EXPECT_EQ(read_bytes(at("plan.json")), card);
}

TEST_F(Cli, DeeplyNestedTextsAreRefused) {
  const std::string deep(2'000'000, '[');
  write_bytes(at("deep.json"), deep);
  fs::copy_file(kModel, at("deep.onnx"));
  expect_failure(run_program({"plan", at("deep.onnx")}), 1, "nested deeper");
  expect_failure(run_program({"keygen", kModel, "--plan", at("deep.json"), "--out", at("k")}), 1,
                 "nested deeper");
  EXPECT_NE(run_program({"plan", kModel, "--params", at("deep.json")}).exit_code, 128 + SIGSEGV);
}

TEST_F(Cli, PlanRefusesParametersThatAreWrong) {
  const auto plan_with = [&](const std::string& params) {
    write_bytes(at("params.json"), params);
    return run_program({"plan", kModel, "--params", at("params.json")});
  };
  expect_failure(
      plan_with(R"({"format":"sotto-params-1","name":"weak","log_n":12,"log_q":[33,28,28,28,28,28],)"
                R"("log_p":[41],"log_scale":28,"digits":6})"),
      1, "128");
  expect_failure(plan_with(R"({"format":"sotto-params-1","name":"short","log_n":13,"log_q":[33,28,28],)"
                           R"("log_p":[41],"log_scale":28,"digits":3})"),
                 1, "level");
  expect_failure(plan_with("{"), 1, "");
}

TEST_F(Cli, ModelsWithOtherOperatorsAreRefusedByName) {
  write_bytes(at("tanh.onnx"), onnx_with_one_node("Tanh", "squash"));
  expect_failure(run_program({"plan", at("tanh.onnx")}), 1, "squash");
  write_bytes(at("relu.onnx"), onnx_with_one_node("Relu", "rectify"));
  expect_failure(run_program({"classify", at("relu.onnx"), sample(0)}), 1, "rectify");
}

TEST_F(Cli, DamagedModelsAreRefused) {
  const std::string whole = read_bytes(kModel);
  write_bytes(at("cut.onnx"), whole.substr(0, whole.size() / 2));
  expect_failure(run_program({"plan", at("cut.onnx")}), 1, "cut.onnx");
  // With its card beside it, a model that differs in one bit of one weight is noticed too.
  std::string flipped = whole;
  flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 1);
  write_bytes(at("flipped.onnx"), flipped);
  fs::copy_file(fs::path(kModel).replace_extension(".json"), at("flipped.json"));
  expect_failure(run_program({"plan", at("flipped.onnx")}), 1, "sha256");
}

TEST_F(Cli, ClassifiesTheSamples) {
  std::vector<std::string> arguments{"classify", kModel, "--json"};
  for (int digit = 0; digit < 10; ++digit) arguments.push_back(sample(digit));
  const Outcome outcome = run_program(arguments);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json report = Json::parse(outcome.out);
  EXPECT_EQ(report["agreement"], 1.0);
  EXPECT_EQ(report["engine"], "native");
  EXPECT_GE(report["security_bits"].get<int>(), 128);
  ASSERT_EQ(report["images"].size(), 10u);
  for (std::size_t digit = 0; digit < 10; ++digit) {
    EXPECT_EQ(report["images"][digit]["label"], digit);
    EXPECT_GT(report["images"][digit]["bits"].get<double>(), 8.0);
  }
}

TEST_F(Cli, ClassifyPrintsARowForEachPicture) {
  const Outcome outcome = run_program({"classify", kModel, sample(3), sample(8), "--engine", "cleartext"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("digit-3.pgm"), HasSubstr("digit-8.pgm"),
                                 HasSubstr("2 of 2 labels"), Not(HasSubstr("DIFFERENT"))));
}

TEST_F(Cli, ClassifyTellsTheBitsOfEveryOperationOnTheCheckedEngine) {
  const Outcome outcome = run_program({"classify", kModel, "--engine", "checked", "--json", sample(3)});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json report = Json::parse(outcome.out);
  EXPECT_EQ(report["engine"], "checked");
  EXPECT_EQ(report["images"][0]["label"], 3);
  const Json& operations = report["checks"]["operations"];
  ASSERT_GT(operations.size(), 5u);
  EXPECT_EQ(operations[0]["operation"], "encrypt");
  for (const Json& check : operations) EXPECT_GT(check["worst_bits"].get<double>(), 5) << check;
}

TEST_F(Cli, ClassifyCountsOnTheTraceEngine) {
  const Outcome outcome = run_program({"classify", kModel, sample(3), "--engine", "trace", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json operations = Json::parse(outcome.out).at("operations");
  EXPECT_EQ(operations["multiply"], 2);  // two squares
  EXPECT_GT(operations["rotate"].get<int>(), 0);
}

TEST_F(Cli, PicturesThatDoNotFitAreRefusedBeforeAnyWork) {
  write_bytes(at("small.pgm"), "P5 2 2 255\nabcd");
  expect_failure(run_program({"classify", kModel, sample(0), at("small.pgm")}), 1, "1x2x2");
  write_bytes(at("colour.ppm"), "P6 28 28 255\n" + std::string(3 * 28 * 28, 'x'));
  expect_failure(run_program({"classify", kModel, at("colour.ppm")}), 1, "3x28x28");
  write_bytes(at("cut.pgm"), read_bytes(sample(0)).substr(0, 500));
  expect_failure(run_program({"classify", kModel, at("cut.pgm")}), 1, "cut.pgm");
  expect_failure(run_program({"classify", kModel, at("missing.png")}), 1, "missing.png");
  expect_failure(run_program({"classify", kModel, kModel}), 1, "is not a PGM, PPM or PNG picture");
}

TEST_F(Cli, EvaluateTellsWhatItLookedFor) {
  expect_failure(run_program({"evaluate", kModel, "--data", at("")}), 1, "t10k-images-idx3-ubyte");
}

TEST_F(Cli, EvaluateMeasuresOnMnist) {
  const char* folder = std::getenv("SOTTO_DATA");
  const fs::path data = folder != nullptr ? fs::path(folder) : fs::path(SOTTO_SOURCE_DIR) / "../shared/data";
  if (!fs::exists(data / "mnist") && !fs::exists(data / "t10k-images-idx3-ubyte.gz")) {
    GTEST_SKIP() << "MNIST is not in " << data << "; name its folder with SOTTO_DATA";
  }
  const Outcome outcome =
      run_program({"evaluate", kModel, "--data", data, "--count", "5", "--offset", "20", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json report = Json::parse(outcome.out);
  EXPECT_EQ(report["count"], 5);
  EXPECT_EQ(report["agreement"], 1.0);
  EXPECT_EQ(report["accuracy"], report["cleartext_accuracy"]);
  EXPECT_GT(report["worst_bits"].get<double>(), 8.0);
  EXPECT_GE(report["security_bits"].get<int>(), 128);
  for (const char* field : {"median_seconds", "threads", "log_n", "log_qp", "key_bytes", "image_bytes",
                            "answer_bytes", "peak_bytes", "predicted_seconds", "keygen_seconds"}) {
    EXPECT_GT(report.at(field).get<double>(), 0.0) << field;
  }
}

}  // namespace
}  // namespace sotto::app
