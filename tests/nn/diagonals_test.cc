// Lowering against the definition: the transform, run on plain doubles, puts every output where its layout
// says, in every copy.
#include "nn/diagonals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "nn/candidates.h"
#include "tests/nn/networks.h"

namespace sotto::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using namespace testing;

/// The transform of ckks/engine.h by its formula.
std::vector<double> run(const ckks::LinearTransform& transform, const std::vector<double>& x) {
  const std::size_t n = x.size();
  std::vector<double> z(n, 0.0);
  for (std::size_t k = 0; k < transform.blocks.size(); ++k) {
    for (const auto& term : transform.blocks[k]) {
      for (std::size_t s = 0; s < n; ++s) {
        const std::size_t from = (s + k * static_cast<std::size_t>(transform.giant_step)) % n;
        z[s] += term.values[from] * x[(from + static_cast<std::size_t>(term.baby)) % n];
      }
    }
  }
  for (const int fold : transform.folds) {
    const std::vector<double> before(z);
    for (std::size_t s = 0; s < n; ++s) z[s] += before[(s + static_cast<std::size_t>(fold)) % n];
  }
  return z;
}

/// Weights are small whole numbers, so that sums are exact.
double weight(Rng& rng) {
  return static_cast<double>(rng.below(9)) - 4.0;
}

LinearMap random_matrix(Rng& rng, int rows, int columns) {
  Dense dense{Tensor({rows, columns}), std::vector<double>(static_cast<std::size_t>(rows), 0.0)};
  for (double& w : dense.weights.values) w = weight(rng) + 0.5;  // never 0
  return linear_map(dense, {columns}, {rows});
}

std::vector<double> product(const LinearMap& map, const std::vector<double>& x) {
  std::vector<double> y(map.rows(), 0.0);
  for (std::size_t r = 0; r < map.rows(); ++r) {
    for (std::size_t e = map.row_begin[r]; e < map.row_begin[r + 1]; ++e)
      y[r] += map.value[e] * x[static_cast<std::size_t>(map.column[e])];
  }
  return y;
}

/// Slots outside the layout hold junk that no result may depend on.
std::vector<double> packed_among_junk(Rng& rng, const Layout& layout, const Tensor& tensor) {
  std::vector<double> slots(static_cast<std::size_t>(layout.slots));
  for (double& slot : slots) slot = 1000 + weight(rng);
  for (std::size_t e = 0; e < tensor.size(); ++e) {
    for (int copy = 0; copy < layout.copy_count(); ++copy)
      slots[static_cast<std::size_t>(layout.slot(e, copy))] = tensor[e];
  }
  return slots;
}

void expect_lowered(Rng& rng, const LinearMap& map, const Layout& in, const Candidate& way) {
  SCOPED_TRACE(to_string(in) + "  ->  " + to_string(way.out) + "  ring " + std::to_string(way.route.ring) +
               " folds " + std::to_string(way.route.folds.size()));
  validate(way.out);
  Tensor x(map.in);
  for (double& v : x.values) v = weight(rng);
  std::vector<double> slots = packed_among_junk(rng, in, x);
  // Junk repeats as the layout does, as it would after a transform.
  for (std::size_t s = static_cast<std::size_t>(period(in)); s < slots.size(); ++s)
    slots[s] = slots[s - static_cast<std::size_t>(period(in))];
  const ckks::LinearTransform transform = lower(map, in, way.out, way.route, way.diagonals);
  ckks::validate(transform, static_cast<std::size_t>(in.slots));
  const std::vector<double> z = run(transform, slots), want = product(map, x.values);
  for (std::size_t r = 0; r < want.size(); ++r) {
    for (int copy = 0; copy < way.out.copy_count(); ++copy)
      ASSERT_EQ(z[static_cast<std::size_t>(way.out.slot(r, copy))], want[r])
          << "row " << r << ", copy " << copy;
  }
  for (const auto& block : transform.blocks) {
    for (const auto& term : block)  // so that 2 · ring words of each limb are kept (ckks/linear.h)
      EXPECT_TRUE(std::equal(term.values.begin() + way.route.ring, term.values.end(), term.values.begin()));
  }
  const ckks::OpCounts counts = transform.apply_counts();
  EXPECT_EQ(counts.multiply_plain, way.shape.terms);
  EXPECT_EQ(counts.rotate, way.shape.babies + way.shape.giants + way.shape.folds);
}

/// Roughly what the native engine's price is: a giant costs two babies, a product a tenth.
double price(const LinearShape& shape) {
  return shape.babies + 2.0 * (shape.giants + shape.folds) + 0.1 * shape.terms;
}

void expect_all_lowered(Rng& rng, const LinearMap& map, const Layout& in) {
  const std::vector<Candidate> ways = linear_candidates(map, in, price);
  ASSERT_FALSE(ways.empty());
  for (const Candidate& way : ways) expect_lowered(rng, map, in, way);
}

TEST(Lowering, MatricesOfAllSmallSizesFromEveryInputLayout) {
  Rng rng;
  for (int rows = 1; rows <= 9; ++rows) {
    for (const int columns : {1, 2, 3, 5, 8, 11, 16}) {
      const LinearMap map = random_matrix(rng, rows, columns);
      for (const Layout& in : input_layouts({columns}, &map, 32)) expect_all_lowered(rng, map, in);
    }
  }
}

TEST(Lowering, MatricesFromOddLayouts) {
  Rng rng;
  for (int trial = 0; trial < 40; ++trial) {
    const int columns = 2 + static_cast<int>(rng.below(12)), rows = 1 + static_cast<int>(rng.below(12));
    Layout in = row_major({columns}, 64);
    in.base = static_cast<int>(rng.below(64));
    in.axes = {{{columns, 1 + 2 * static_cast<int>(rng.below(3))}}};
    if (rng.below(2) == 0 && columns <= 6 && in.axes[0][0].stride == 1) in.copies = {{4, 16}};
    expect_all_lowered(rng, random_matrix(rng, rows, columns), in);
  }
}

TEST(Lowering, ConvolutionsFromEveryInputLayout) {
  Rng rng;
  for (int trial = 0; trial < 60; ++trial) {
    const int groups = 1 + static_cast<int>(rng.below(2)), kernel = 1 + static_cast<int>(rng.below(3));
    Conv2d conv = random_conv(rng, groups * (1 + static_cast<int>(rng.below(2))), groups, kernel, groups);
    for (double& w : conv.weights.values) w = weight(rng);
    for (int& stride : conv.stride) stride = 1 + static_cast<int>(rng.below(3));
    for (int& pad : conv.pads) pad = static_cast<int>(rng.below(2));
    const Shape in{groups, 5, 6};
    const Shape out = output_shape(conv, {in}, {});
    const LinearMap map = linear_map(conv, in, out);
    for (const Layout& layout : input_layouts(in, &map, 256)) expect_all_lowered(rng, map, layout);
  }
}

TEST(Lowering, LayersAfterLayersAreLoweredFromTheLayoutsThatTheyLeave) {
  Rng rng;
  Conv2d conv = random_conv(rng, 3, 1, 3);
  for (double& w : conv.weights.values) w = weight(rng);
  conv.stride = {2, 2};
  const LinearMap first = linear_map(conv, {1, 9, 9}, {3, 4, 4});
  Conv2d next = random_conv(rng, 4, 3, 2);
  for (double& w : next.weights.values) w = weight(rng);
  const LinearMap second = linear_map(next, {3, 4, 4}, {4, 3, 3}), third = random_matrix(rng, 5, 48);
  for (const Layout& in : input_layouts({1, 9, 9}, &first, 512)) {
    for (const Candidate& way : linear_candidates(first, in, price)) {
      expect_all_lowered(rng, second, way.out);
      expect_all_lowered(rng, third, way.out);
    }
  }
}

TEST(Lowering, IntoAGivenLayoutWithItsCopies) {
  Rng rng;
  const LinearMap map = random_matrix(rng, 6, 9);
  Layout in = row_major({9}, 64), out = row_major({6}, 64);
  in.copies = {{4, 16}};
  for (const std::vector<Digit>& copies : {std::vector<Digit>{}, {{3, 10}}, {{8, 8}}, {{2, 6}, {2, 32}}}) {
    out.copies = copies;
    out.base = static_cast<int>(rng.below(64));
    expect_lowered(rng, map, in, linear_candidate_into(map, in, out, price));
  }
}

TEST(Lowering, AMapWithoutEntriesIsOneDiagonalOfZeros) {
  const LinearMap map = linear_map(Dense{Tensor({3, 4}), {1, 2, 3}}, {4}, {3});
  const Layout in = row_major({4}, 16);
  const Candidate way = linear_candidates(map, in, price).front();
  const auto transform = lower(map, in, way.out, way.route, way.diagonals);
  EXPECT_EQ(transform.apply_counts().multiply_plain, 1);
  EXPECT_EQ(transform.apply_counts().rotate, 0);
}

// ---- the textbook counts

TEST(Diagonals, HaleviShoupsHybridNeedsAsManyAsRows) {
  Rng rng;
  const LinearMap map = random_matrix(rng, 100, 845);
  const Layout in = row_major({845}, 4096);
  std::vector<int> targets(100);
  std::iota(targets.begin(), targets.end(), 0);
  const Route route{4096, {128, 256, 512, 1024, 2048}};
  const auto span = fold_span(route);
  ASSERT_TRUE(span);
  EXPECT_EQ(span->period, 128);
  const auto indices = cover(wanted_differences(map, positions(in), targets, 4096), reach({0}, *span, 4096),
                             Prefer::kSmallest);
  EXPECT_THAT(indices, SizeIs(128));
}

TEST(Diagonals, ShiftedPitchUsesCopiesAsDiagonals) {
  Rng rng;
  const LinearMap map = random_matrix(rng, 100, 845);
  for (const auto& [slots, copies, diagonals] : {std::array{4096, 4, 32}, {8192, 8, 16}, {16384, 16, 8}}) {
    Layout in = row_major({845}, slots);
    in.copies = {{copies, 1024 - 128 / copies}};
    std::vector<int> targets(100), folds;
    std::iota(targets.begin(), targets.end(), 0);
    for (int fold = 128; fold < slots; fold *= 2) folds.push_back(fold);
    const auto span = fold_span({slots, folds});
    const auto indices = cover(wanted_differences(map, positions(in), targets, slots),
                               reach(copy_offsets(in), *span, slots), Prefer::kSmallest);
    EXPECT_THAT(indices, SizeIs(static_cast<std::size_t>(diagonals))) << slots;
  }
}

TEST(Diagonals, OneRowInEachBlockIsOneProduct) {
  Rng rng;
  const LinearMap map = random_matrix(rng, 10, 100);
  Layout in = row_major({100}, 4096);
  in.copies = {{32, 128}};
  const auto ways = linear_candidates(map, in, [](const LinearShape& s) { return s.terms + 0.01 * s.folds; });
  EXPECT_EQ(ways.front().shape.terms, 1);
  EXPECT_EQ(ways.front().shape.folds, 7);
}

// ---- pieces

TEST(FoldSpan, KnowsItsPeriod) {
  EXPECT_EQ(fold_span({64, {16, 32}})->period, 16);
  EXPECT_EQ(fold_span({64, {1, 2}})->period, 64);
  EXPECT_EQ(fold_span({64, {}})->period, 64);
  EXPECT_EQ(fold_span({32, {8, 16}})->period, 8);
  EXPECT_FALSE(fold_span({64, {16, 16}}) && fold_span({64, {16, 16, 32}}));
  EXPECT_FALSE(fold_span({64, {32, 32}}));
}

TEST(Split, FindsThePitchOfATapGrid) {
  std::vector<int> taps;
  for (int y = 0; y < 5; ++y)
    for (int x = 0; x < 5; ++x) taps.push_back(28 * y + x);
  const Diagonals grid = split(taps, 1024, [](int babies, int giants, int) { return babies + 1.5 * giants; });
  EXPECT_EQ(grid.giant_step, 28);
  EXPECT_THAT(grid.blocks, SizeIs(5));
  EXPECT_THAT(grid.babies(), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(grid.terms(), 25);
}

TEST(Split, UsesOneBlockWhenGiantsAreDear) {
  const Diagonals one =
      split({0, 3, 9}, 16, [](int babies, int giants, int) { return babies + 100.0 * giants; });
  EXPECT_EQ(one.giant_step, 0);
  EXPECT_THAT(one.blocks, ElementsAre(ElementsAre(0, 3, 9)));
}

TEST(Split, KeepsIndicesBelowZero) {
  const Diagonals below =
      split({-3, -2, 1, 2}, 16, [](int babies, int giants, int) { return babies + 0.5 * giants; });
  std::vector<int> indices;
  for (std::size_t k = 0; k < below.blocks.size(); ++k)
    for (const int baby : below.blocks[k])
      indices.push_back((static_cast<int>(k) * below.giant_step + baby) % 16);
  EXPECT_THAT(indices, ::testing::UnorderedElementsAre(13, 14, 1, 2));
}

// ---- plans from outside

TEST(Lowering, RefusesDiagonalsThatDoNotCoverTheMap) {
  Rng rng;
  const LinearMap map = random_matrix(rng, 4, 4);
  const Layout in = row_major({4}, 16), out = row_major({4}, 16);
  EXPECT_THAT(message_of(ErrorCode::kInvalidArgument,
                         [&] {
                           lower(map, in, out, {16, {}}, {0, {{0, 1, 2, 3}}});
                         }),
              HasSubstr("no diagonal serves row 1, column 0"));
}

TEST(Lowering, RefusesFoldsThatMixOutputs) {
  Rng rng;
  const LinearMap map = random_matrix(rng, 4, 4);
  const Layout in = row_major({4}, 16), out = row_major({4}, 16);
  EXPECT_THAT(message_of(ErrorCode::kInvalidArgument,
                         [&] {
                           lower(map, in, out, {16, {2}}, {0, {{0}}});
                         }),
              HasSubstr("two outputs"));
  EXPECT_THAT(message_of(ErrorCode::kInvalidArgument,
                         [&] {
                           lower(map, in, out, {16, {8, 8}}, {0, {{0}}});
                         }),
              HasSubstr("coincide"));
}

TEST(Lowering, RefusesARingThatTheInputDoesNotRepeatIn) {
  Rng rng;
  const LinearMap map = random_matrix(rng, 4, 4);
  const Layout in = row_major({4}, 16), out = row_major({4}, 16);
  EXPECT_THAT(message_of(ErrorCode::kInvalidArgument,
                         [&] {
                           lower(map, in, out, {8, {}}, {0, {{0}}});
                         }),
              HasSubstr("ring of 8 does not suit an input of period 16"));
}

}  // namespace
}  // namespace sotto::nn
