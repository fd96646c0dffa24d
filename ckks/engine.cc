// Default composites of the engine interface, written with the primitives alone; an engine overrides what it
// can fuse.
//
// polynomial() splits p = sum_m q_m(x) x^(2^m) + c_0 by the leading bit of each exponent, and q_m likewise.
// The powers x^(2^m) lie on canonical scales by themselves; each coefficient is multiplied in at the scale
// that makes its whole branch land exactly where the sum is formed, so no two scales are ever reconciled by
// approximation.
#include "ckks/engine.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <set>

#include "base/error.h"

namespace sotto::ckks {
namespace {

using Coefficients = std::span<const double>;

/// Highest index with a coefficient that is not zero; 0 for constants.
std::size_t degree_of(Coefficients c) noexcept {
  std::size_t degree = c.size();
  while (degree > 0 && c[degree - 1] == 0.0) --degree;
  return degree == 0 ? 0 : degree - 1;
}

bool is_monic_power_of_two(Coefficients c) noexcept {
  const std::size_t degree = degree_of(c);
  return std::has_single_bit(degree) && c[degree] == 1.0;
}

/// Evaluates one polynomial; remembers x^(2^m), each made once by squaring, at level L - m and its canonical
/// scale.
class PolynomialEvaluation {
 public:
  PolynomialEvaluation(Engine& engine, const Cipher& x) : engine_(engine), powers_{x} {}

  /// p(x) at level(x) - polynomial_depth(p) and the canonical scale there, but for rounding: a relative error
  /// of 2^-40 of the input doubles in every squaring, so the sums, which allow 2^-30, accept degrees below
  /// 2^10.
  Cipher evaluate_canonical(Coefficients p) {
    const Cipher& x = powers_.front();
    const std::size_t degree = degree_of(p);
    if (degree == 0) return with_constant(engine_.subtract(x, x), p.empty() ? 0.0 : p[0]);
    const int level = x.level() - polynomial_depth(p);
    const double scale = engine_.params().scale(level);
    if (!is_monic_power_of_two(p)) return evaluate(p, level, scale);

    // x^(2^m) itself, already at the wanted level and scale, plus what is below it.
    const Coefficients rest = p.first(degree);
    const Cipher leading = power(static_cast<std::size_t>(std::countr_zero(degree)));
    if (degree_of(rest) == 0) return with_constant(leading, rest[0]);
    return engine_.add(leading, evaluate(rest, level, scale));
  }

 private:
  /// p(x) at exactly (level, scale); needs polynomial depth ≤ level(x) - level, degree ≥ 1, and p(x) is not
  /// one of power().
  Cipher evaluate(Coefficients p, int level, double scale) {
    // Everything but c_0 is summed before one common rescale, at sum_scale on level + 1.
    const double sum_scale = scale * engine_.params().rescale_factor(level + 1);
    const std::size_t degree = degree_of(p);
    std::optional<Cipher> sum;
    for (std::size_t m = 0, first = 1; first <= degree; ++m, first *= 2) {
      const Coefficients q = p.subspan(first, std::min(2 * first, degree + 1) - first);
      if (degree_of(q) == 0 && q[0] == 0.0) continue;
      Cipher term = times_power(q, m, level + 1, sum_scale);
      sum = sum ? engine_.add(*sum, term) : std::move(term);
    }
    return with_constant(engine_.rescale(*sum), p[0]);
  }

  /// x^(2^m).
  const Cipher& power(std::size_t m) {
    while (powers_.size() <= m) {
      const Cipher& last = powers_.back();
      powers_.push_back(engine_.multiply_rescale(last, last));
    }
    return powers_[m];
  }

  Cipher with_constant(Cipher a, double c) { return c == 0.0 ? std::move(a) : engine_.add_constant(a, c); }

  /// q(x) x^(2^m) at exactly (level, scale), not rescaled; deg q < 2^m.
  Cipher times_power(Coefficients q, std::size_t m, int level, double scale) {
    const Cipher x = power(m).level() == level ? power(m) : engine_.drop_to_level(power(m), level);
    const double q_scale = scale / x.scale();
    if (degree_of(q) == 0) return engine_.multiply_constant(x, q[0], q_scale);
    return engine_.multiply(x, evaluate(q, level, q_scale));
  }

  Engine& engine_;
  std::vector<Cipher> powers_;
};

void require_polynomial_input(const Params& params, const Cipher& a, Coefficients c) {
  if (a.parts() != 2) {
    throw Error(ErrorCode::kInvalidArgument,
                "polynomial: a ciphertext of 3 parts; relinearise products before they are used");
  }
  for (std::size_t k = 0; k < c.size(); ++k) {
    if (!std::isfinite(c[k])) {
      throw Error(ErrorCode::kInvalidArgument,
                  "polynomial: coefficient " + std::to_string(k) + " is not a finite number");
    }
  }
  const int depth = polynomial_depth(c);
  if (depth > a.level()) {
    throw Error(ErrorCode::kOutOfLevels, "polynomial: degree " + std::to_string(degree_of(c)) + " needs " +
                                             std::to_string(depth) + " levels and the input has " +
                                             std::to_string(a.level()) + "; plan at least " +
                                             std::to_string(depth - a.level()) + " more");
  }
  if (!is_canonical(params, a)) {
    throw Error(ErrorCode::kScaleMismatch, "polynomial: the input has scale " + std::to_string(a.scale()) +
                                               ", the canonical scale of level " + std::to_string(a.level()) +
                                               " is " + std::to_string(params.scale(a.level())) +
                                               "; rescale to it first");
  }
}

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
  if (used_blocks(*this) > 1) steps.insert(giant_step);
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
  if (giant_step != 0) counts.rotate += static_cast<std::int64_t>(used) - 1;
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
  std::optional<Cipher> sum;  // Horner: sum <- block_k + Rot(sum, giant_step), from the last block down
  for (std::size_t k = linear->blocks.size(); k-- > 0;) {
    if (sum) sum = rotate(*sum, linear->giant_step);
    for (const auto& term : linear->blocks[k])
      add_to(*this, sum, multiply_plain(babies[term.baby], term.plain));
  }
  for (const int fold : linear->folds) sum = add(*sum, rotate(*sum, fold));
  return rescale(*sum);
}

Cipher Engine::polynomial(const Cipher& a, std::span<const double> coefficients) {
  require_polynomial_input(params(), a, coefficients);
  const Cipher result = PolynomialEvaluation(*this, a).evaluate_canonical(coefficients);
  return Cipher(result.body(), result.level(), params().scale(result.level()));
}

bool is_canonical(const Params& params, const Handle& a) noexcept {
  return std::abs(a.scale() / params.scale(a.level()) - 1) <= 0x1p-40;
}

int polynomial_depth(std::span<const double> coefficients) {
  const std::size_t degree = degree_of(coefficients);
  return static_cast<int>(std::bit_width(degree)) - (is_monic_power_of_two(coefficients) ? 1 : 0);
}

}  // namespace sotto::ckks
