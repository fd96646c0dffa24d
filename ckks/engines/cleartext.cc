// The cleartext twin of an encrypted computation: doubles in slots, with the levels, scales and refusals of
// the real scheme. Imaginary parts are kept, and cost time, only where one is not zero.
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
  explicit ClearBody(SlotParts s) : slots(std::move(s)) {}
  SlotParts slots;  // im is empty when all of it is zero
};

const SlotParts& slots_of(const Handle& a) {
  const auto* body = dynamic_cast<const ClearBody*>(a.body().get());
  if (body == nullptr) {
    throw Error(ErrorCode::kInvalidArgument, "cleartext: the value is empty or was made by another engine");
  }
  return body->slots;
}

std::shared_ptr<const ClearBody> make_body(SlotParts slots) {
  if (std::ranges::all_of(slots.im, [](double y) { return y == 0; })) slots.im.clear();
  return std::make_shared<const ClearBody>(std::move(slots));
}
Plain make_plain(SlotParts slots, Placement at) {
  return Plain(make_body(std::move(slots)), at.level, at.scale);
}
Cipher make_cipher(SlotParts slots, Placement at) {
  return Cipher(make_body(std::move(slots)), at.level, at.scale, at.parts);
}

/// All slots, zeros behind the given ones.
SlotParts padded(SlotParts slots, std::size_t count) {
  slots.re.resize(count);
  if (!slots.im.empty()) slots.im.resize(count);
  return slots;
}

/// f(out, in, …) on the real parts, and on the imaginary ones where an operand has any: those absent are
/// zeros.
template <class F>
Slots zipped(const Slots& x, const Slots& y, std::size_t count, F f) {
  if (x.empty()) return zipped(Slots(count), y, count, f);
  if (y.empty()) return zipped(x, Slots(count), count, f);
  Slots result(count);
  std::ranges::transform(x, y, result.begin(), f);
  return result;
}

SlotParts multiply_slots(const SlotParts& x, const SlotParts& y) {
  const std::size_t count = x.re.size();
  SlotParts z{zipped(x.re, y.re, count, std::multiplies<>()), {}};
  if (x.im.empty() && y.im.empty()) return z;
  z.im = zipped(zipped(x.re, y.im, count, std::multiplies<>()),
                zipped(x.im, y.re, count, std::multiplies<>()), count, std::plus<>());
  z.re = zipped(z.re, zipped(x.im, y.im, count, std::multiplies<>()), count, std::minus<>());
  return z;
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

/// The linear map on one part of the slots.
Slots mapped(const ClearLinear& linear, const Slots& x) {
  Slots sum(x.size()), block_sum;
  for (std::size_t k = 0; k < linear.blocks.size(); ++k) {
    const std::size_t giant = k * linear.giant_step % x.size();
    Slots& target = giant == 0 ? sum : block_sum;
    if (giant != 0) block_sum.assign(x.size(), 0.0);
    for (const Diagonal& d : linear.blocks[k]) accumulate(target, d, x);
    if (giant != 0) add_rotated(sum, block_sum, giant);
  }
  for (const int fold : linear.folds) add_rotated(sum, Slots(sum), static_cast<std::size_t>(fold));
  return sum;
}

class CleartextEngine final : public Engine {
 public:
  explicit CleartextEngine(const ParamsPtr& params)
      : info_{"cleartext", params, Threads{}}, ledger_(params) {}
  const EngineInfo& info() const noexcept override { return info_; }
  OpCounts counts() const noexcept override { return ledger_.counts(); }

  Plain encode(std::span<const double> values, int level, double scale) override {
    return encoded({{values.begin(), values.end()}, {}}, level, scale);
  }
  Plain encode_complex(std::span<const std::complex<double>> values, int level, double scale) override {
    return encoded(split_complex(values), level, scale);
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
  Cipher product(const Cipher& a, const Cipher& b) override {
    return fitting("multiply", multiply_slots(slots_of(a), slots_of(b)), ledger_.product(a, b));
  }
  Cipher multiply_plain(const Cipher& a, const Plain& b) override {
    return fitting("multiply_plain", multiply_slots(slots_of(a), slots_of(b)), ledger_.multiply_plain(a, b));
  }
  Cipher negate(const Cipher& a) override { return times(-1, "negate", a, placement(a)); }
  Cipher multiply_constant(const Cipher& a, double c, double constant_scale) override {
    return times(c, "multiply_constant", a, ledger_.multiply_constant(a, c, constant_scale));
  }
  Cipher add_constant(const Cipher& a, double c) override {
    const Placement at = ledger_.add_constant(a, c);
    SlotParts x = slots_of(a);
    for (double& v : x.re) v += c;
    return fitting("add_constant", std::move(x), at);
  }
  Cipher relinearise(const Cipher& a) override { return moved("relinearise", a, ledger_.relinearise(a)); }
  Cipher rescale(const Cipher& a) override { return moved("rescale", a, ledger_.rescale(a)); }
  Cipher drop_to_level(const Cipher& a, int level) override {
    return moved("drop_to_level", a, ledger_.drop_to_level(a, level));
  }
  Cipher read_at_scale(const Cipher& a, double scale) override {
    return times(a.scale() / scale, "read_at_scale", a, ledger_.read_at_scale(a, scale));
  }
  Cipher conjugate(const Cipher& a) override {
    const Placement at = ledger_.conjugate(a);
    SlotParts x = slots_of(a);
    for (double& y : x.im) y = -y;
    return make_cipher(std::move(x), at);
  }
  Cipher multiply_by_i(const Cipher& a) override {
    const SlotParts& x = slots_of(a);
    SlotParts z{Slots(x.re.size()), x.re};
    std::ranges::transform(x.im, z.re.begin(), std::negate<>());
    return make_cipher(std::move(z), placement(a));
  }
  Cipher rotate(const Cipher& a, int step) override {
    const Placement at = ledger_.rotate(a, step);
    SlotParts x = slots_of(a);
    for (Slots* part : {&x.re, &x.im}) {
      if (!part->empty()) std::rotate(part->begin(), part->begin() + ledger_.normalised(step), part->end());
    }
    return make_cipher(std::move(x), at);
  }

  PreparedLinearPtr prepare(const LinearTransform& transform, int level, double plaintext_scale) override;
  Cipher apply(const PreparedLinear& prepared, const Cipher& a) override;

 private:
  static Placement placement(const Cipher& a) { return {a.level(), a.scale(), a.parts()}; }
  Plain encoded(SlotParts values, int level, double scale) {
    const Placement at = ledger_.encode("encode", values.re, values.im, level, scale);
    return make_plain(padded(std::move(values), params().slots()), at);
  }
  Cipher fitting(std::string_view op, SlotParts slots, Placement at) {
    ledger_.require_fit(op, slots.re, slots.im, at);
    return make_cipher(std::move(slots), at);
  }
  /// A sum or a difference.
  template <class F>
  Cipher combine(std::string_view op, const Handle& a, const Handle& b, Placement at, F f) {
    const SlotParts &x = slots_of(a), &y = slots_of(b);
    const std::size_t count = x.re.size();
    SlotParts z{zipped(x.re, y.re, count, f), {}};
    if (!x.im.empty() || !y.im.empty()) z.im = zipped(x.im, y.im, count, f);
    return fitting(op, std::move(z), at);
  }
  Cipher times(double c, std::string_view op, const Cipher& a, Placement at) {
    SlotParts x = slots_of(a);
    for (Slots* part : {&x.re, &x.im}) {
      for (double& v : *part) v *= c;
    }
    return fitting(op, std::move(x), at);
  }
  /// The same slots at another place; the body is shared.
  Cipher moved(std::string_view op, const Cipher& a, Placement at) {
    ledger_.require_fit(op, slots_of(a).re, slots_of(a).im, at);
    return Cipher(a.body(), at.level, at.scale, at.parts);
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
      ledger_.encode("prepare", term.values, {}, level, plaintext_scale);
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
  const SlotParts& x = slots_of(a);
  const Placement at = ledger_.apply(a, linear->level, linear->plaintext_scale, linear->counts);
  SlotParts sum{mapped(*linear, x.re), x.im.empty() ? Slots{} : mapped(*linear, x.im)};
  ledger_.require_fit("apply", sum.re, sum.im, {linear->level, a.scale() * linear->plaintext_scale});
  return make_cipher(std::move(sum), at);
}

class CleartextClient final : public Client {
 public:
  explicit CleartextClient(const ParamsPtr& params) : ledger_(params) {}
  Cipher encrypt(std::span<const double> values, int level, double scale) override {
    return encrypted({{values.begin(), values.end()}, {}}, level, scale);
  }
  Cipher encrypt_complex(std::span<const std::complex<double>> values, int level, double scale) override {
    return encrypted(split_complex(values), level, scale);
  }
  std::vector<double> decrypt(const Cipher& a) override { return slots_of(a).re; }
  std::vector<std::complex<double>> decrypt_complex(const Cipher& a) override {
    const SlotParts& x = slots_of(a);
    std::vector<std::complex<double>> z(x.re.size());
    for (std::size_t i = 0; i < z.size(); ++i) z[i] = {x.re[i], x.im.empty() ? 0.0 : x.im[i]};
    return z;
  }

 private:
  Cipher encrypted(SlotParts values, int level, double scale) {
    const Placement at = ledger_.encode("encrypt", values.re, values.im, level, scale);
    return make_cipher(padded(std::move(values), ledger_.params().slots()), at);
  }

  Ledger ledger_;
};

}  // namespace

Session make_cleartext_session(const ParamsPtr& params) {
  return {std::make_unique<CleartextClient>(params), std::make_unique<CleartextEngine>(params)};
}

}  // namespace sotto::ckks
