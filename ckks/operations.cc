#include "ckks/operations.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/error.h"

namespace sotto::ckks {
namespace {

void require_count(const char* operation, int count, int slots) {
  if (count >= 1 && count <= slots) return;
  throw Error(ErrorCode::kInvalidArgument, std::string(operation) + ": " + std::to_string(count) +
                                               " slots are outside 1…" + std::to_string(slots));
}

std::vector<int> merged(const std::vector<int>& a, const std::vector<int>& b) {
  std::set<int> all(a.begin(), a.end());
  all.insert(b.begin(), b.end());
  return {all.begin(), all.end()};
}

/// Diagonals of a matrix by their offset column - row, as what each output slot multiplies.
std::map<int, std::vector<double>> diagonals_of(std::span<const double> matrix, int rows, int columns,
                                                std::size_t slots) {
  std::map<int, std::vector<double>> diagonals;
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < columns; ++j) {
      const double x = matrix[static_cast<std::size_t>(i) * static_cast<std::size_t>(columns) +
                              static_cast<std::size_t>(j)];
      if (x == 0.0) continue;
      std::vector<double>& diagonal = diagonals[j - i];
      diagonal.resize(slots);
      diagonal[static_cast<std::size_t>(i)] = x;
    }
  }
  return diagonals;
}

std::vector<double> rotated_right(std::vector<double> values, std::size_t by) {
  std::rotate(values.begin(), values.end() - static_cast<std::ptrdiff_t>(by % values.size()), values.end());
  return values;
}

}  // namespace

Needs operator+(Needs a, const Needs& b) {
  a.steps = merged(a.steps, b.steps);
  a.conjugation = a.conjugation || b.conjugation;
  a.relinearisation = a.relinearisation || b.relinearisation;
  a.levels += b.levels;
  return a;
}

KeyRequest key_request(const Needs& needs, const Params& params, int level) {
  const int slots = static_cast<int>(params.slots());
  KeyRequest request{.relin_level = needs.relinearisation ? level : -1, .galois = {}};
  std::set<int> steps;
  for (const int step : needs.steps) steps.insert((step % slots + slots) % slots);
  steps.erase(0);
  for (const int step : steps) request.galois.push_back({{.step = step, .conjugate = false}, level});
  if (needs.conjugation) request.galois.push_back({{.step = 0, .conjugate = true}, level});
  return request;
}

/// By the binary digits of count: `window` holds sums of 2^k slots; a digit that is set appends one to the
/// result, behind the slots that it already covers.
Cipher inner_sum(const Automatic& automatic, const Cipher& a, int count) {
  require_count("inner_sum", count, automatic.engine().slots());
  Cipher window = automatic.settle(a);
  std::optional<Cipher> sum;
  int covered = 0;
  for (int width = 1; width <= count; width *= 2) {
    if ((count & width) != 0) {
      sum = sum ? automatic.add(*sum, automatic.rotate(window, covered)) : window;
      covered += width;
    }
    if (2 * width <= count) window = automatic.add(window, automatic.rotate(window, width));
  }
  return *sum;
}

Needs inner_sum_needs(int count) {
  std::set<int> steps;
  int covered = 0;
  for (int width = 1; width <= count; width *= 2) {
    if ((count & width) != 0) {
      if (covered > 0) steps.insert(covered);
      covered += width;
    }
    if (2 * width <= count) steps.insert(width);
  }
  return {.steps = {steps.begin(), steps.end()}};
}

Cipher dot(const Automatic& automatic, const Cipher& a, const Cipher& b, int count) {
  return inner_sum(automatic, automatic.multiply(a, b), count);
}

Cipher dot(const Automatic& automatic, const Cipher& a, std::span<const double> b) {
  require_count("dot", static_cast<int>(b.size()), automatic.engine().slots());
  return inner_sum(automatic, automatic.multiply(a, b), static_cast<int>(b.size()));
}

Needs dot_needs(int count, bool plain) {
  return Needs{.relinearisation = !plain, .levels = 1} + inner_sum_needs(count);
}

LinearTransform matrix_transform(std::span<const double> matrix, int rows, int columns, std::size_t slots) {
  require_count("matrix_transform, rows", rows, static_cast<int>(slots));
  require_count("matrix_transform, columns", columns, static_cast<int>(slots));
  if (matrix.size() != static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns)) {
    throw Error(ErrorCode::kInvalidArgument, "matrix_transform: " + std::to_string(matrix.size()) +
                                                 " values for " + std::to_string(rows) + " rows of " +
                                                 std::to_string(columns));
  }
  const auto diagonals = diagonals_of(matrix, rows, columns, slots);
  if (diagonals.empty())
    throw Error(ErrorCode::kInvalidArgument, "matrix_transform: every entry of the matrix is 0");
  const int first = diagonals.begin()->first, span = diagonals.rbegin()->first - first + 1;
  const int babies = std::max(1, static_cast<int>(std::ceil(std::sqrt(static_cast<double>(span)))));
  LinearTransform transform{.giant_step = span > babies ? babies : 0, .blocks = {}, .folds = {}};
  transform.blocks.resize(static_cast<std::size_t>((span + babies - 1) / babies));
  const int n = static_cast<int>(slots);
  for (const auto& [offset, values] : diagonals) {
    const int block = (offset - first) / babies, baby = (offset - first) % babies + first;
    transform.blocks[static_cast<std::size_t>(block)].push_back(
        {(baby % n + n) % n,
         rotated_right(values, static_cast<std::size_t>(block) * static_cast<std::size_t>(babies))});
  }
  return transform;
}

Needs transform_needs(const LinearTransform& transform) {
  return {.steps = transform.rotation_steps(), .levels = 1};
}

Cipher mask(const Automatic& automatic, const Cipher& a, int first, int count) {
  const int slots = automatic.engine().slots();
  require_count("mask", count, slots);
  if (first < 0 || first > slots - count) {
    throw Error(ErrorCode::kInvalidArgument, "mask: slots " + std::to_string(first) + " to " +
                                                 std::to_string(first + count - 1) + " are outside 0…" +
                                                 std::to_string(slots - 1));
  }
  std::vector<double> ones(static_cast<std::size_t>(first), 0.0);
  ones.resize(static_cast<std::size_t>(first + count), 1.0);
  return automatic.multiply(a, ones);
}

Cipher replicate(const Automatic& automatic, const Cipher& a, int count) {
  const int slots = automatic.engine().slots();
  require_count("replicate", count, slots);
  if (!std::has_single_bit(static_cast<unsigned>(count)))
    throw Error(ErrorCode::kInvalidArgument,
                "replicate: a period of " + std::to_string(count) + " slots is no power of two");
  Cipher sum = automatic.settle(a);
  for (int period = count; period < slots; period *= 2)
    sum = automatic.add(sum, automatic.rotate(sum, -period));
  return sum;
}

Needs replicate_needs(int count, int slots) {
  Needs needs;
  for (int period = count; period < slots; period *= 2) needs.steps.push_back(-period);
  std::ranges::reverse(needs.steps);
  return needs;
}

Cipher real_part(const Automatic& automatic, const Cipher& a) {
  const Cipher x = automatic.settle(a);
  return automatic.multiply(automatic.add(x, automatic.conjugate(x)), 0.5);
}

Cipher imaginary_part(const Automatic& automatic,
                      const Cipher& a) {  // (z - conj z) / 2i = i (conj z - z) / 2
  const Cipher x = automatic.settle(a);
  return automatic.multiply(automatic.multiply_by_i(automatic.subtract(automatic.conjugate(x), x)), 0.5);
}

Needs part_needs() {
  return {.conjugation = true, .levels = 1};
}

Cipher mean(const Automatic& automatic, const Cipher& a, int count) {
  return automatic.multiply(inner_sum(automatic, a, count), 1.0 / count);
}

Cipher variance(const Automatic& automatic, const Cipher& a, int count) {
  const Cipher of_squares = mean(automatic, automatic.square(a), count);
  return automatic.subtract(of_squares, automatic.square(mean(automatic, a, count)));
}

Needs mean_needs(int count) {
  return Needs{.levels = 1} + inner_sum_needs(count);
}

Needs variance_needs(int count) {
  return Needs{.relinearisation = true, .levels = 1} + mean_needs(count);
}

}  // namespace sotto::ckks
