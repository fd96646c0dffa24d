#include "apps/fit/input.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <sstream>

#include "apps/files.h"
#include "apps/options.h"
#include "base/error.h"

namespace sotto::app {
namespace {

/// The numbers of "1,2,3", or none when one of them is not a number.
std::vector<double> parse_numbers(const std::string& text) {
  std::vector<double> numbers;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    char* end = nullptr;
    numbers.push_back(std::strtod(part.c_str(), &end));
    if (part.empty() || *end != '\0') return {};
  }
  return numbers;
}

/// "normal" and "0,1" of "normal:0,1".
std::pair<std::string, std::string> split(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return {text, ""};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::vector<double> column(const std::vector<std::vector<double>>& rows, std::size_t i) {
  std::vector<double> values;
  for (const auto& row : rows) values.push_back(row[i]);
  return values;
}

}  // namespace

std::vector<std::vector<double>> read_rows(const std::string& path, std::size_t columns) {
  constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 30;
  std::istringstream lines(read_text_file(path, kMaxBytes));
  std::vector<std::vector<double>> rows;
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    line.erase(std::min(line.find('#'), line.size()));
    std::vector<double> row;
    const char* at = line.c_str();
    for (char* end = nullptr;; at = end) {
      const double value = std::strtod(at, &end);
      if (end == at) break;
      row.push_back(value);
    }
    const bool rest_is_blank = std::string(at).find_first_not_of(" \t\r") == std::string::npos;
    if (row.empty() && rest_is_blank) continue;
    if (row.size() != columns || !rest_is_blank) {
      throw Error(ErrorCode::kCorruptFile,
                  fmt::format("{}: line {} does not hold {} number{} and nothing else", path, number, columns,
                              columns == 1 ? "" : "s"));
    }
    rows.push_back(std::move(row));
  }
  if (rows.empty()) throw Error(ErrorCode::kCorruptFile, path + " holds no numbers");
  return rows;
}

approx::Interval parse_interval(const std::string& text) {
  const std::vector<double> ends = parse_numbers(text);
  if (ends.size() != 2)
    throw UsageError("'" + text + "' is no interval; write its two ends with a comma between, as -8,8");
  return {ends[0], ends[1]};
}

approx::Function parse_function(const std::string& text) {
  const auto [kind, path] = split(text);
  if (kind != "samples" || path.empty()) return approx::find_function(text);
  const std::vector<std::vector<double>> rows = read_rows(path, 2);
  return approx::sampled_function(path, column(rows, 0), column(rows, 1));
}

approx::Distribution parse_weight(const std::string& text) {
  const auto [kind, rest] = split(text);
  const std::vector<double> numbers = parse_numbers(rest);
  if (kind == "normal" && numbers.size() == 2) return approx::normal(numbers[0], numbers[1]);
  if (kind == "uniform" && numbers.size() == 2) return approx::uniform({numbers[0], numbers[1]});
  if (kind == "samples" && !rest.empty()) return approx::samples(column(read_rows(rest, 1), 0));
  if (kind == "histogram" && !rest.empty()) {
    const std::vector<std::vector<double>> rows = read_rows(rest, 3);
    std::vector<double> edges{rows.front()[0]}, masses;
    for (const auto& row : rows) {
      if (row[0] != edges.back()) {
        throw Error(ErrorCode::kInvalidArgument,
                    fmt::format("{}: the bin from {:g} on does not begin where the one before it "
                                "ends, {:g}; give bins that touch",
                                rest, row[0], edges.back()));
      }
      edges.push_back(row[1]);
      masses.push_back(row[2]);
    }
    return approx::histogram(edges, masses);
  }
  throw UsageError(
      "'" + text +
      "' is no weight; write normal:MEAN,DEVIATION, uniform:LOW,HIGH, histogram:FILE or samples:FILE");
}

std::vector<int> parse_degrees(const std::string& text) {
  std::vector<int> degrees;
  for (const double number : parse_numbers(text)) {
    if (number != std::floor(number) || std::abs(number) > 1e6)
      throw UsageError("'" + text + "' are no degrees; write 15,15,27");
    degrees.push_back(static_cast<int>(number));
  }
  if (degrees.empty()) throw UsageError("'" + text + "' are no degrees; write 15,15,27");
  return degrees;
}

}  // namespace sotto::app
