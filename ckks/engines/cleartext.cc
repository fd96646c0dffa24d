// The cleartext twin of an encrypted computation: doubles in slots, with the levels, scales and refusals of
// the real scheme.
//
// No noise is modelled: what differs from `native` beyond rounding is an error of ours. A value that would
// wrap around the modulus of its level, which a ciphertext cannot notice, is refused here with the numbers.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "ckks/engines/ledger.h"

namespace sotto::ckks {
namespace {

using Slots = std::vector<double>;  // [slots]

struct ClearBody final : Body {
  explicit ClearBody(Slots s) : slots(std::move(s)) {}
  Slots slots;
};

const Slots& slots_of(const Handle& a) {
  const auto* body = dynamic_cast<const ClearBody*>(a.body().get());
  if (body == nullptr) {
    throw Error(ErrorCode::kInvalidArgument, "cleartext: the value is empty or was made by another engine");
  }
  return body->slots;
}

template <class H>
H make_handle(Slots slots, Placement at) {
  return H(std::make_shared<const ClearBody>(std::move(slots)), at.level, at.scale);
}

/// out[i] += values[i] x[i + first + step mod slots] over the range of `values`.
struct Diagonal {
  std::size_t step = 0;   // in [0, slots)
  std::size_t first = 0;  // slot of values[0]; slots outside the stored range are zero
  std::vector<double> values;
};

struct ClearLinear final : PreparedLinear {
  ParamsPtr params;
  int level = 0;
  double plaintext_scale = 0;
  OpCounts counts;
  std::size_t giant_step = 0;
  std::vector<std::vector<Diagonal>> blocks;
  std::vector<int> folds;
};

Diagonal trimmed(const LinearTransform::Term& term) {
  const auto is_set = [](double v) { return v != 0.0; };
  const auto first = std::ranges::find_if(term.values, is_set);
  const auto last = std::find_if(term.values.rbegin(), term.values.rend(), is_set).base();
  if (first == term.values.end())
    return {.step = static_cast<std::size_t>(term.baby), .first = 0, .values = {}};
  return {.step = static_cast<std::size_t>(term.baby),
          .first = static_cast<std::size_t>(first - term.values.begin()),
          .values = {first, last}};
}

void multiply_accumulate(double* __restrict out, const double* __restrict v, const double* __restrict x,
                         std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) out[i] += v[i] * x[i];
}

void accumulate(Slots& out, const Diagonal& d, const Slots& x) noexcept {
  const std::size_t source = (d.first + d.step) % x.size();
  const std::size_t before_wrap = std::min(d.values.size(), x.size() - source);
  multiply_accumulate(out.data() + d.first, d.values.data(), x.data() + source, before_wrap);
  multiply_accumulate(out.data() + d.first + before_wrap, d.values.data() + before_wrap, x.data(),
                      d.values.size() - before_wrap);
}

/// out += Rot(x, step).
void add_rotated(Slots& out, const Slots& x, std::size_t step) noexcept {
  const std::size_t n = x.size();
  for (std::size_t i = 0; i < n - step; ++i) out[i] += x[i + step];
  for (std::size_t i = n - step; i < n; ++i) out[i] += x[i + step - n];
}

class CleartextEngine final : public Engine {
 public:
  explicit CleartextEngine(const ParamsPtr& params)
      : info_{"cleartext", params, Threads{}}, ledger_(params) {}
  const EngineInfo& info() const noexcept override { return info_; }
  OpCounts counts() const noexcept override { return ledger_.counts(); }

  Plain encode(std::span<const double> values, int level, double scale) override {
    const Placement at = ledger_.encode("encode", values, level, scale);
    Slots padded(values.begin(), values.end());
    padded.resize(params().slots());
    return make_handle<Plain>(std::move(padded), at);
  }
  Cipher add(const Cipher& a, const Cipher& b) override {
    return combine("add", a, b, ledger_.add("add", a, b), std::plus<>());
  }
  Cipher subtract(const Cipher& a, const Cipher& b) override {
    return combine("subtract", a, b, ledger_.add("subtract", a, b), std::minus<>());
  }
  Cipher add_plain(const Cipher& a, const Plain& b) override {
    return combine("add_plain", a, b, ledger_.add_plain(a, b), std::plus<>());
  }
  Cipher multiply(const Cipher& a, const Cipher& b) override {
    return combine("multiply", a, b, ledger_.multiply(a, b), std::multiplies<>());
  }
  Cipher multiply_plain(const Cipher& a, const Plain& b) override {
    return combine("multiply_plain", a, b, ledger_.multiply_plain(a, b), std::multiplies<>());
  }
  Cipher negate(const Cipher& a) override {
    return map("negate", a, {a.level(), a.scale()}, std::negate<>());
  }
  Cipher multiply_constant(const Cipher& a, double c, double constant_scale) override {
    const Placement at = ledger_.multiply_constant(a, c, constant_scale);
    return map("multiply_constant", a, at, [c](double x) { return c * x; });
  }
  Cipher add_constant(const Cipher& a, double c) override {
    return map("add_constant", a, ledger_.add_constant(a, c), [c](double x) { return c + x; });
  }
  Cipher rescale(const Cipher& a) override { return moved("rescale", a, ledger_.rescale(a)); }
  Cipher drop_to_level(const Cipher& a, int level) override {
    return moved("drop_to_level", a, ledger_.drop_to_level(a, level));
  }
  Cipher conjugate(const Cipher& a) override { return moved("conjugate", a, ledger_.conjugate(a)); }
  Cipher rotate(const Cipher& a, int step) override {
    const Placement at = ledger_.rotate(a, step);
    const Slots& x = slots_of(a);
    Slots rotated(x.size());
    std::ranges::rotate_copy(x, x.begin() + ledger_.normalised(step), rotated.begin());
    return make_handle<Cipher>(std::move(rotated), at);
  }

  PreparedLinearPtr prepare(const LinearTransform& transform, int level, double plaintext_scale) override;
  Cipher apply(const PreparedLinear& prepared, const Cipher& a) override;

 private:
  template <class F>
  Cipher combine(std::string_view op, const Handle& a, const Handle& b, Placement at, F f) {
    const Slots &x = slots_of(a), &y = slots_of(b);
    Slots result(x.size());
    std::ranges::transform(x, y, result.begin(), f);
    ledger_.require_fit(op, result, at);
    return make_handle<Cipher>(std::move(result), at);
  }
  template <class F>
  Cipher map(std::string_view op, const Cipher& a, Placement at, F f) {
    const Slots& x = slots_of(a);
    Slots result(x.size());
    std::ranges::transform(x, result.begin(), f);
    ledger_.require_fit(op, result, at);
    return make_handle<Cipher>(std::move(result), at);
  }
  /// The same slots at another place; the body is shared.
  Cipher moved(std::string_view op, const Cipher& a, Placement at) {
    ledger_.require_fit(op, slots_of(a), at);
    return Cipher(a.body(), at.level, at.scale);
  }

  EngineInfo info_;
  Ledger ledger_;
};

PreparedLinearPtr CleartextEngine::prepare(const LinearTransform& transform, int level,
                                           double plaintext_scale) {
  validate(transform, params().slots());
  auto prepared = std::make_shared<ClearLinear>();
  prepared->params = info_.params;
  prepared->level = level;
  prepared->plaintext_scale = plaintext_scale;
  prepared->counts = transform.apply_counts();
  prepared->giant_step = static_cast<std::size_t>(transform.giant_step);
  prepared->folds = transform.folds;
  for (const auto& block : transform.blocks) {
    auto& diagonals = prepared->blocks.emplace_back();
    for (const auto& term : block) {
      ledger_.encode("prepare", term.values, level, plaintext_scale);
      diagonals.push_back(trimmed(term));
    }
  }
  return prepared;
}

Cipher CleartextEngine::apply(const PreparedLinear& prepared, const Cipher& a) {
  const auto* linear = dynamic_cast<const ClearLinear*>(&prepared);
  if (linear == nullptr) {
    throw Error(ErrorCode::kInvalidArgument,
                "apply: the transform was prepared by another engine; prepare it with this one");
  }
  require_same_params(*info_.params, *linear->params, "apply");
  const Slots& x = slots_of(a);
  const Placement at = ledger_.apply(a, linear->level, linear->plaintext_scale, linear->counts);

  Slots sum(x.size()), block_sum;
  for (std::size_t k = 0; k < linear->blocks.size(); ++k) {
    const std::size_t giant = k * linear->giant_step % x.size();
    Slots& target = giant == 0 ? sum : block_sum;
    if (giant != 0) block_sum.assign(x.size(), 0.0);
    for (const Diagonal& d : linear->blocks[k]) accumulate(target, d, x);
    if (giant != 0) add_rotated(sum, block_sum, giant);
  }
  for (const int fold : linear->folds) add_rotated(sum, Slots(sum), static_cast<std::size_t>(fold));
  ledger_.require_fit("apply", sum, {linear->level, a.scale() * linear->plaintext_scale});
  return make_handle<Cipher>(std::move(sum), at);
}

class CleartextClient final : public Client {
 public:
  explicit CleartextClient(const ParamsPtr& params) : ledger_(params) {}
  Cipher encrypt(std::span<const double> values, int level, double scale) override {
    const Placement at = ledger_.encode("encrypt", values, level, scale);
    Slots padded(values.begin(), values.end());
    padded.resize(ledger_.params().slots());
    return make_handle<Cipher>(std::move(padded), at);
  }
  std::vector<double> decrypt(const Cipher& a) override { return slots_of(a); }

 private:
  Ledger ledger_;
};

}  // namespace

Session make_cleartext_session(const ParamsPtr& params) {
  return {std::make_unique<CleartextClient>(params), std::make_unique<CleartextEngine>(params)};
}

}  // namespace sotto::ckks
