// What `sotto fit` is told: functions, intervals and weights as words on the command line, numbers in files.
#pragma once

#include <string>
#include <vector>

#include "approx/distribution.h"
#include "approx/function.h"
#include "approx/interval.h"

namespace sotto::app {

/// "-8,8". Throws UsageError.
approx::Interval parse_interval(const std::string& text);
/// A name of approx::functions(), or samples:FILE with lines "x y".
approx::Function parse_function(const std::string& text);
/// normal:MEAN,DEVIATION, uniform:LOW,HIGH, histogram:FILE (lines "low high mass") or samples:FILE (numbers).
approx::Distribution parse_weight(const std::string& text);
/// "15,15,27".
std::vector<int> parse_degrees(const std::string& text);
/// Rows of `columns` numbers, blank lines and lines from # on passed over. Throws Error naming the line.
std::vector<std::vector<double>> read_rows(const std::string& path, std::size_t columns);

}  // namespace sotto::app
