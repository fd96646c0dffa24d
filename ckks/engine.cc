// Default composites of the engine interface, written with the primitives alone; an engine overrides what it
// can fuse.
#include "ckks/engine.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "base/error.h"
#include "ckks/polynomial.h"

namespace sotto::ckks {
namespace {

/// Plaintexts of the default prepare(): encode() of every term.
struct EncodedLinear final : PreparedLinear {
  struct Term {
    std::size_t baby;  // index into babies
    Plain plain;
  };
  int level = 0;
  std::vector<int> babies;
  int giant_step = 0;
  std::vector<std::vector<Term>> blocks;  // the last is not empty
  std::vector<int> folds;
  GiantSteps giants = GiantSteps::kHorner;
};

void add_to(Engine& engine, std::optional<Cipher>& sum, Cipher term) {
  sum = sum ? engine.add(*sum, term) : std::move(term);
}

std::size_t used_blocks(const LinearTransform& transform) noexcept {
  std::size_t used = transform.blocks.size();
  while (used > 0 && transform.blocks[used - 1].empty()) --used;
  return used;
}

std::vector<int> distinct_babies(const LinearTransform& transform) {
  std::set<int> babies;
  for (const auto& block : transform.blocks) {
    for (const auto& term : block) babies.insert(term.baby);
  }
  return {babies.begin(), babies.end()};
}

/// Every rotation of a block or of the sum of blocks.
std::vector<std::int64_t> giant_rotations(const LinearTransform& transform) {
  std::vector<std::int64_t> steps;
  for (std::size_t k = 1; k < used_blocks(transform); ++k) {
    if (transform.giants == GiantSteps::kHorner) {
      steps.push_back(transform.giant_step);
    } else if (!transform.blocks[k].empty()) {
      steps.push_back(static_cast<std::int64_t>(k) * transform.giant_step);
    }
  }
  return steps;
}

void add_terms(Engine& engine, std::optional<Cipher>& sum, const std::vector<EncodedLinear::Term>& terms,
               const std::vector<Cipher>& babies) {
  for (const auto& term : terms) add_to(engine, sum, engine.multiply_plain(babies[term.baby], term.plain));
}

Cipher sum_by_horner(Engine& engine, const EncodedLinear& linear, const std::vector<Cipher>& babies) {
  std::optional<Cipher> sum;
  for (std::size_t k = linear.blocks.size(); k-- > 0;) {
    if (sum) sum = engine.rotate(*sum, linear.giant_step);
    add_terms(engine, sum, linear.blocks[k], babies);
  }
  return *sum;
}

Cipher sum_of_separate(Engine& engine, const EncodedLinear& linear, const std::vector<Cipher>& babies) {
  std::optional<Cipher> sum;
  for (std::size_t k = 0; k < linear.blocks.size(); ++k) {
    std::optional<Cipher> block;
    add_terms(engine, block, linear.blocks[k], babies);
    if (!block) continue;
    add_to(engine, sum, k == 0 ? *block : engine.rotate(*block, static_cast<int>(k) * linear.giant_step));
  }
  return *sum;
}

}  // namespace

OpCounts& OpCounts::operator+=(const OpCounts& other) noexcept {
  add += other.add;
  multiply_plain += other.multiply_plain;
  multiply += other.multiply;
  relinearise += other.relinearise;
  rotate += other.rotate;
  conjugate += other.conjugate;
  rescale += other.rescale;
  encode += other.encode;
  return *this;
}

OpCounts operator-(const OpCounts& a, const OpCounts& b) noexcept {
  return {.add = a.add - b.add,
          .multiply_plain = a.multiply_plain - b.multiply_plain,
          .multiply = a.multiply - b.multiply,
          .relinearise = a.relinearise - b.relinearise,
          .rotate = a.rotate - b.rotate,
          .conjugate = a.conjugate - b.conjugate,
          .rescale = a.rescale - b.rescale,
          .encode = a.encode - b.encode};
}

std::vector<int> LinearTransform::rotation_steps() const {
  std::set<int> steps(folds.begin(), folds.end());
  for (const int baby : distinct_babies(*this)) steps.insert(baby);
  for (const std::int64_t step : giant_rotations(*this)) steps.insert(static_cast<int>(step));
  steps.erase(0);
  return {steps.begin(), steps.end()};
}

OpCounts LinearTransform::apply_counts() const {
  OpCounts counts{.rescale = 1};
  const std::size_t used = used_blocks(*this);
  for (std::size_t k = 0; k < used; ++k) {
    const auto terms = static_cast<std::int64_t>(blocks[k].size());
    counts.multiply_plain += terms;
    counts.add += terms;  // one less for the very first term, see below
  }
  counts.add -= 1;
  for (const int baby : distinct_babies(*this)) counts.rotate += baby != 0;
  for (const std::int64_t step : giant_rotations(*this)) counts.rotate += step != 0;
  for (const int fold : folds) {
    counts.rotate += fold != 0;
    ++counts.add;
  }
  return counts;
}

void validate(const LinearTransform& transform, std::size_t slots) {
  const auto require = [slots](bool ok, const std::string& what) {
    if (!ok) {
      throw Error(ErrorCode::kInvalidArgument,
                  "linear transform: " + what + " (the parameters have " + std::to_string(slots) + " slots)");
    }
  };
  const auto in_range = [slots](int step) { return step >= 0 && static_cast<std::size_t>(step) < slots; };
  require(used_blocks(transform) > 0, "there is no diagonal");
  require(in_range(transform.giant_step),
          "giant step " + std::to_string(transform.giant_step) + " is out of range");
  require(used_blocks(transform) == 1 || transform.giant_step != 0, "several blocks need a giant step");
  for (const std::int64_t step : giant_rotations(transform)) {
    require(step < static_cast<std::int64_t>(slots),
            "a block moves by " + std::to_string(step) +
                ", out of range for separate giant steps; use Horner or an earlier block");
  }
  for (const int fold : transform.folds)
    require(in_range(fold), "fold " + std::to_string(fold) + " is out of range");
  for (const auto& block : transform.blocks) {
    for (const auto& term : block) {
      require(in_range(term.baby), "baby step " + std::to_string(term.baby) + " is out of range");
      require(term.values.size() == slots,
              "a diagonal has " + std::to_string(term.values.size()) + " values");
    }
  }
}

Cipher Engine::multiply(const Cipher& a, const Cipher& b) {
  return relinearise(product(a, b));
}

Cipher Engine::square(const Cipher& a) {
  return multiply(a, a);
}

Cipher Engine::relinearise_rescale(const Cipher& a) {
  return rescale(relinearise(a));
}

Cipher Engine::multiply_rescale(const Cipher& a, const Cipher& b) {
  return relinearise_rescale(product(a, b));
}

std::vector<Cipher> Engine::rotate_many(const Cipher& a, std::span<const int> steps) {
  std::vector<Cipher> rotated;
  rotated.reserve(steps.size());
  for (const int step : steps) rotated.push_back(rotate(a, step));
  return rotated;
}

PreparedLinearPtr Engine::prepare(const LinearTransform& transform, int level, double plaintext_scale) {
  validate(transform, params().slots());
  auto prepared = std::make_shared<EncodedLinear>();
  prepared->level = level;
  prepared->babies = distinct_babies(transform);
  prepared->giant_step = transform.giant_step;
  prepared->folds = transform.folds;
  prepared->giants = transform.giants;
  prepared->blocks.resize(used_blocks(transform));
  for (std::size_t k = 0; k < prepared->blocks.size(); ++k) {
    for (const auto& term : transform.blocks[k]) {
      const auto at = std::ranges::lower_bound(prepared->babies, term.baby) - prepared->babies.begin();
      prepared->blocks[k].push_back(
          {static_cast<std::size_t>(at), encode(term.values, level, plaintext_scale)});
    }
  }
  return prepared;
}

Cipher Engine::apply(const PreparedLinear& prepared, const Cipher& a) {
  const auto* linear = dynamic_cast<const EncodedLinear*>(&prepared);
  if (linear == nullptr) {
    throw Error(ErrorCode::kInvalidArgument,
                "apply: the transform was prepared by another engine; prepare it with this one");
  }
  if (a.level() != linear->level) {
    throw Error(ErrorCode::kInvalidArgument, "apply: the transform was prepared for level " +
                                                 std::to_string(linear->level) +
                                                 ", the ciphertext is at level " + std::to_string(a.level()));
  }
  const std::vector<Cipher> babies = rotate_many(a, linear->babies);
  Cipher sum = linear->giants == GiantSteps::kHorner ? sum_by_horner(*this, *linear, babies)
                                                     : sum_of_separate(*this, *linear, babies);
  for (const int fold : linear->folds) sum = add(sum, rotate(sum, fold));
  return rescale(sum);
}

Cipher Engine::polynomial(const Cipher& a, std::span<const double> coefficients) {
  const Polynomial p{.basis = PolynomialBasis::kPower,
                     .coefficients = {coefficients.begin(), coefficients.end()}};
  return evaluate(*this, make_polynomial_plan(info().params, {.polynomials = {p}, .level = a.level()}), a)
      .front();
}

bool is_canonical(const Params& params, const Handle& a) noexcept {
  return std::abs(a.scale() / params.scale(a.level()) - 1) <= 0x1p-40;
}

}  // namespace sotto::ckks
