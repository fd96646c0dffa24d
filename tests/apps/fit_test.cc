// `sotto fit` from inside the process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "approx/polynomial.h"
#include "apps/plot/svg.h"
#include "base/error.h"
#include "tests/apps/fit_json.h"

namespace sotto::app {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

void expect_refusal(const std::vector<std::string>& arguments, int exit_code, const std::string& part) {
  const Captured captured = fit(arguments);
  EXPECT_EQ(captured.exit_code, exit_code) << captured.out;
  EXPECT_EQ(captured.out, "");
  EXPECT_THAT(captured.err, HasSubstr(part));
}

class Fit : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = fs::temp_directory_path() / "sotto-fit-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  static std::string read(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  fs::path folder_;
};

TEST_F(Fit, MinimaxGivesItsErrorCostAndCertificate) {
  const std::string out = folder_ / "p.json", plot = folder_ / "p.svg";
  const Json json = fit_json({"relu", "--degree", "7", "--interval=-8,8", "--out", out, "--plot", plot});
  EXPECT_EQ(json["depth"], 3);
  EXPECT_EQ(json["coefficients"].size(), 8u);
  EXPECT_LT(json["certificate"]["levelling"].get<double>(), 1e-9);
  EXPECT_NEAR(json["max_error"].get<double>(), json["certificate"]["lower_bound"].get<double>(), 1e-9);
  EXPECT_LT(json["mse"].get<double>(), std::pow(json["max_error"].get<double>(), 2));
  const approx::Polynomial polynomial = approx::polynomial_from_json(read(out));
  EXPECT_EQ(polynomial.coefficients, json["coefficients"].get<std::vector<double>>());
  EXPECT_THAT(read(plot), HasSubstr("|p - f|"));
}

TEST_F(Fit, LeastSquaresTakesAWeightAndACap) {
  const Json free =
      fit_json({"relu", "--method", "wls", "--degree", "14", "--weight", "normal:0,1", "--interval=-10,10"});
  EXPECT_NEAR(free["mse"].get<double>(), 7.81e-4, 5e-7);
  const Json capped = fit_json({"relu", "--method", "wls", "--degree", "14", "--weight", "normal:0,1",
                                "--interval=-10,10", "--cap", "0.5"});
  EXPECT_LE(capped["max_error"].get<double>(), 0.5);
}

TEST_F(Fit, WeightsAndFunctionsComeFromFiles) {
  const std::string histogram = write("h.txt", "# low high mass\n-2 0 3\n0 2 1\n");
  const std::string numbers = write("s.txt", "0.5\n-1\n\n2 # the last\n1\n");
  const std::string function = write("f.txt", "-1 1\n0 0\n1 1\n");
  EXPECT_EQ(
      fit_json({"gelu", "--method", "wls", "--degree", "3", "--weight", "histogram:" + histogram})["degree"],
      3);
  EXPECT_LT(fit_json({"gelu", "--method", "wls", "--degree", "3", "--weight", "samples:" + numbers})["mse"]
                .get<double>(),
            1e-20);
  EXPECT_NEAR(fit_json({"samples:" + function, "--degree", "2"})["max_error"].get<double>(), 0.125, 1e-9)
      << "|x|";
}

TEST_F(Fit, CompositeSaysWhichDegreesItTook) {
  const Json json = fit_json({"relu", "--method", "composite", "--alpha", "7", "--interval=-40,40"});
  EXPECT_EQ(json["degrees"], (Json{7, 7}));
  EXPECT_EQ(json["depth"], 7);
  EXPECT_LE(json["max_error"].get<double>(), 40 * 0x1p-7);
}

TEST_F(Fit, LayersGiveTheFrontierAndAPicture) {
  const std::string layers = write("layers.json", R"({"format": "sotto-layers-1", "layers": [
    {"name": "a", "sensitivity": 4, "options": [{"name": "2", "mse": 0.01, "cost": 2, "levels": 2}, {"name": "6", "mse": 0.002, "cost": 3, "levels": 3}]},
    {"name": "b", "sensitivity": 1, "options": [{"name": "2", "mse": 0.01, "cost": 2, "levels": 2}, {"name": "6", "mse": 0.002, "cost": 3, "levels": 3}]}]})");
  const std::string plot = folder_ / "layers.svg";
  const Json json = fit_json({"--layers", layers, "--budget", "5", "--plot", plot});
  EXPECT_EQ(json["chosen"]["options"], (Json{{"a", "6"}, {"b", "2"}}));
  EXPECT_EQ(json["frontier"].size(), 3u);
  EXPECT_TRUE(json["exact"].get<bool>());
  EXPECT_THAT(read(plot), HasSubstr("variance of the loss"));
  EXPECT_THAT(fit({"--layers", layers, "--variance", "0.02"}).out,
              HasSubstr("uniform     pays 6 for no more variance, 1.20 times as much"));
}

TEST_F(Fit, RefusalsAreOneSentence) {
  expect_refusal({"relu", "--degree", "3", "--interval=1,-1"}, kFailed, "the interval [1, -1] is reversed");
  expect_refusal({"relu", "--degree", "3", "--interval=1"}, kUsage, "'1' is no interval");
  expect_refusal({"swish", "--degree", "3"}, kFailed, "there is no function 'swish'");
  expect_refusal({"relu"}, kUsage, "needs --degree or --error");
  expect_refusal({}, kUsage, "fit needs a FUNCTION");
  expect_refusal({"inverse", "--degree", "3"}, kFailed, "inverse is inf at x = 0");
  expect_refusal({"relu", "--degree", "7", "--error", "0.01"}, kFailed, "degree 7 has an error of 0.02");
  expect_refusal({"relu", "--method", "wls", "--degree", "7"}, kUsage, "needs --weight");
  expect_refusal({"relu", "--method", "wls", "--degree", "7", "--weight", "cauchy:1"}, kUsage,
                 "'cauchy:1' is no weight");
  expect_refusal({"gelu", "--method", "composite", "--alpha", "5"}, kUsage, "serves sign, relu and abs");
  const std::string bad = write("bad.txt", "1\n2 3\n"), nan = write("nan.txt", "1\nnan\n"),
                    empty = write("h.txt", "0 1 0\n");
  expect_refusal({"relu", "--method", "wls", "--degree", "1", "--weight", "samples:" + bad}, kFailed,
                 "line 2 does not hold 1 number");
  expect_refusal({"relu", "--method", "wls", "--degree", "1", "--weight", "samples:" + nan}, kFailed,
                 "sample 2 is nan");
  expect_refusal({"relu", "--method", "wls", "--degree", "1", "--weight", "histogram:" + empty}, kFailed,
                 "has a mass of 0");
  expect_refusal({"--layers", bad}, kFailed, "not layers of format");
}

TEST(Svg, TicksAreRoundNumbers) {
  EXPECT_EQ(round_ticks(0, 10, 5), (std::vector<double>{0, 2, 4, 6, 8, 10}));
  EXPECT_EQ(round_ticks(-1, 1, 4), (std::vector<double>{-1, -0.5, 0, 0.5, 1}));
}

TEST(Svg, BreaksLinesAtWhatIsNotFiniteAndEscapesText) {
  const std::string svg =
      svg_chart("a < b", {{"p", "x", "y", false, {{"s", {0, 1, 2, 3, 4}, {0, 1, NAN, 1, 0}}}}});
  EXPECT_THAT(svg, HasSubstr("a &lt; b"));
  const std::string path = svg.substr(svg.find("<path"));
  EXPECT_EQ(std::count(path.begin(), path.end(), 'M'), 2);
  EXPECT_THROW(svg_chart("", {{"p", "x", "y", true, {{"s", {0}, {-1}}}}}), Error);
}

}  // namespace
}  // namespace sotto::app
