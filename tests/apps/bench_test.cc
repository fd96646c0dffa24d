// `sotto bench ntt` from inside the process, where a backend that computes wrong words can be registered.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "apps/app.h"
#include "ntt/backends/portable.h"
#include "ntt/registry.h"

namespace sotto::app {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

struct Captured {
  int exit_code;
  std::string out, err;
};

Captured run_here(std::vector<std::string> arguments) {
  std::vector<char*> argv{const_cast<char*>("sotto")};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int exit_code = run(static_cast<int>(argv.size()), argv.data());
  return {exit_code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

/// Right but for its sums of the largest words.
class OffByOne final : public ntt::PortableKernels {
 public:
  OffByOne(const ntt::Modulus& q, int log_n) : PortableKernels(q, log_n) {}
  std::string_view backend() const noexcept override { return "off_by_one"; }
  int input_bits() const noexcept override { return 61; }
  void forward(ntt::Limb x) const noexcept override { portable()->forward(x); }
  void inverse(ntt::Limb x) const noexcept override { portable()->inverse(x); }
  void add(ntt::Limb out, ntt::ConstLimb a, ntt::ConstLimb b) const noexcept override {
    PortableKernels::add(out, a, b);
    if (out[5] == modulus().value() - 2) out[5] += 1;
  }

 private:
  ntt::PlanPtr portable() const { return ntt::make_portable(modulus(), log_n()); }
};

class Bench : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const auto any = [](const ntt::Modulus&, int) noexcept { return true; };
    const auto make = [](const ntt::Modulus& q, int log_n) -> ntt::PlanPtr {
      return std::make_shared<OffByOne>(q, log_n);
    };
    ntt::register_backend({"narrow", "q < 2^30", nullptr,
                           [](const ntt::Modulus& q, int) noexcept { return q.bits() <= 30; },
                           [](const ntt::Modulus& q, int log_n) { return ntt::make_portable(q, log_n); }});
    ntt::register_backend({"off_by_one", "wrong", nullptr, any, make});
    ntt::register_backend({"elsewhere", "not here", [] { return std::string("a fast lane"); }, any, make});
  }
};

TEST_F(Bench, AWrongWordIsLoud) {
  const Captured text =
      run_here({"bench", "ntt", "--quick", "--backends", "off_by_one", "--log-n", "6", "--bits", "30"});
  EXPECT_EQ(text.exit_code, kDisagreement);
  EXPECT_THAT(text.out, HasSubstr("WRONG WORDS  add: word 5 of off_by_one"));
  EXPECT_THAT(text.err, HasSubstr("sotto: add: word 5 of off_by_one"));
  const Captured json = run_here(
      {"bench", "ntt", "--quick", "--backends", "off_by_one", "--log-n", "6", "--bits", "30", "--json"});
  EXPECT_EQ(json.exit_code, kDisagreement);
  const Json report = Json::parse(json.out);
  ASSERT_EQ(report["differences"].size(), 1u);
  EXPECT_THAT(report["differences"][0].get<std::string>(), HasSubstr("add: word 5"));
  EXPECT_TRUE(report["results"].empty()) << "wrong words have no speed";
}

TEST_F(Bench, ListsWhatAMachineMisses) {
  const Captured text = run_here({"bench", "ntt", "--backends", "elsewhere"});
  EXPECT_EQ(text.exit_code, kDone);
  EXPECT_THAT(text.out, HasSubstr("elsewhere   cannot run here, lacks a fast lane"));
}

TEST_F(Bench, RefusesToMeasureNothing) {
  const Captured captured =
      run_here({"bench", "ntt", "--backends", "narrow", "--log-n", "6,7", "--bits", "60,61"});
  EXPECT_EQ(captured.exit_code, kUsage);
  EXPECT_THAT(captured.err,
              HasSubstr("nothing to measure: narrow takes no primes just below 2^60 (N = 2^6, 2^7); "
                        "narrow takes no primes just below 2^61"));
}

TEST_F(Bench, SkipsWithAReason) {
  const std::vector<std::string> arguments{"bench",           "ntt",       "--quick", "--backends",
                                           "narrow,portable", "--log-n",   "6,16",    "--bits",
                                           "20,60",           "--threads", "1"};
  const Captured text = run_here(arguments);
  EXPECT_EQ(text.exit_code, kDone) << text.err;
  EXPECT_THAT(text.out, HasSubstr("skipped     fewer than 32 primes below 2^20 (N = 2^16)\n"));
  EXPECT_THAT(text.out, HasSubstr("skipped     narrow takes no primes just below 2^60 (N = 2^6, 2^16)\n"));
  std::vector<std::string> with_json = arguments;
  with_json.push_back("--json");
  const Json report = Json::parse(run_here(with_json).out);
  EXPECT_EQ(report["skipped"][0], (Json{{"why", "fewer than 32 primes below 2^20"}, {"log_n", {16}}}));
  EXPECT_EQ(report["results"].size(), 8u);  // narrow on 2^6; portable on 2^6, and with 60 bits on 2^16
}

TEST_F(Bench, GivesEveryFigureToPrograms) {
  const Captured captured = run_here({"bench", "ntt", "--quick", "--json", "--backends", "portable",
                                      "--log-n", "6,7", "--bits", "30,46.9", "--threads", "2"});
  ASSERT_EQ(captured.exit_code, kDone) << captured.err;
  const Json report = Json::parse(captured.out);
  EXPECT_EQ(report["threads"], 2);
  ASSERT_EQ(report["results"].size(), 8u);  // 2 rings, 2 sizes, 2 directions
  EXPECT_EQ(report["results"][0]["backend"], "portable");
  EXPECT_EQ(report["results"][0]["bits"], "30");
  EXPECT_EQ(report["results"][1]["direction"], "inverse");
  EXPECT_EQ(report["results"][7]["log_n"], 7);
  for (const Json& row : report["results"]) {
    for (const char* temperature : {"hot", "cold"}) {
      for (const char* figure : {"ns", "ns_per_butterfly", "bound_ratio", "gbytes_per_s"})
        EXPECT_GT(row[temperature][figure].get<double>(), 0) << figure;
    }
    EXPECT_GT(row["cold_over_hot"].get<double>(), 0);
    EXPECT_GT(row["thread_speedup"].get<double>(), 0);
  }
}

TEST_F(Bench, RefusesWhatIsNoSizeAndNoBackend) {
  EXPECT_EQ(run_here({"bench", "ntt", "--backends", "abacus"}).exit_code, kUsage);
  for (const char* bits : {"19", "62", "wide", "46x", "nan"})
    EXPECT_EQ(run_here({"bench", "ntt", "--bits", bits}).exit_code, kUsage) << bits;
  EXPECT_EQ(run_here({"bench", "ntt", "--log-n", "18"}).exit_code, kUsage);
  EXPECT_THAT(run_here({"bench"}).err, HasSubstr("see sotto bench --help"));
  EXPECT_THAT(run_here({"bench", "ntt", "--log-n", "x"}).err, HasSubstr("see sotto bench ntt --help"));
}

}  // namespace
}  // namespace sotto::app
