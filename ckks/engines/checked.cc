#include "ckks/checked.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <initializer_list>
#include <limits>

#include "base/error.h"
#include "ckks/text.h"

namespace sotto::ckks {
namespace {

constexpr double kMostBits = std::numeric_limits<double>::digits;

enum Side { kEncrypted = 0, kClear = 1 };

struct CheckedCipher final : Body {
  CheckedCipher(Cipher encrypted, Cipher clear, double worst_bits)
      : on{std::move(encrypted), std::move(clear)}, bits(worst_bits) {}
  Cipher on[2];
  double bits;
};
struct CheckedPlain final : Body {
  CheckedPlain(Plain encrypted, Plain clear) : on{std::move(encrypted), std::move(clear)} {}
  Plain on[2];
};
struct CheckedLinear final : PreparedLinear {
  PreparedLinearPtr on[2];
};

template <class B>
const B& body_of(const Handle& a) {
  const auto* body = dynamic_cast<const B*>(a.body().get());
  if (body == nullptr)
    throw Error(ErrorCode::kInvalidArgument, "checked: the value is empty or was made by another engine");
  return *body;
}
const Cipher& part(const Cipher& a, Side side) {
  return body_of<CheckedCipher>(a).on[side];
}
const Plain& part(const Plain& a, Side side) {
  return body_of<CheckedPlain>(a).on[side];
}

/// What the engine and the client share: both sessions and the report.
struct Run {
  Session on[2];
  std::shared_ptr<CheckReport> report = std::make_shared<CheckReport>();

  /// Decrypts, compares and records one result.
  Cipher checked(std::string_view operation, std::initializer_list<const Cipher*> operands, Cipher encrypted,
                 Cipher clear) {
    Check check{.number = report->checks.size() + 1,
                .operation = std::string(operation),
                .level = encrypted.level(),
                .scale = encrypted.scale(),
                .bits_before = kMostBits};
    for (const Cipher* operand : operands)
      check.bits_before = std::min(check.bits_before, body_of<CheckedCipher>(*operand).bits);
    measure(check, on[kEncrypted].client->decrypt_complex(encrypted),
            on[kClear].client->decrypt_complex(clear));
    const double scale = encrypted.scale();
    const int level = encrypted.level(), parts = encrypted.parts();
    auto body =
        std::make_shared<const CheckedCipher>(std::move(encrypted), std::move(clear), check.worst_bits);
    report->checks.push_back(std::move(check));
    return Cipher(std::move(body), level, scale, parts);
  }

  /// The cleartext twin's side of an operation; its refusals name the operation's number.
  template <class F>
  auto on_twin(F f) {
    try {
      return f();
    } catch (const Error& error) {
      throw Error(error.code(), std::string(error.what()) + " (operation " +
                                    std::to_string(report->checks.size() + 1) + " of this checked run)");
    }
  }

 private:
  static void measure(Check& check, const std::vector<std::complex<double>>& got,
                      const std::vector<std::complex<double>>& want) {
    double worst = 0, squares = 0;
    for (std::size_t i = 0; i < want.size(); ++i) {
      const double distance = std::abs(got[i] - want[i]);
      const double error = std::isfinite(distance) ? distance : std::numeric_limits<double>::infinity();
      worst = std::max(worst, error);
      squares += error * error;
      check.magnitude = std::max(check.magnitude, std::abs(want[i]));
    }
    const double unit = check.magnitude > 0 ? check.magnitude : 1;
    const auto bits = [unit](double error) { return std::min(kMostBits, -std::log2(error / unit)); };
    check.worst_bits = bits(worst);
    check.rms_bits = bits(std::sqrt(squares / static_cast<double>(want.size())));
  }
};

class CheckedEngine final : public Engine {
 public:
  explicit CheckedEngine(std::shared_ptr<Run> run) : run_(std::move(run)), info_(engine(kEncrypted).info()) {
    info_.name = "checked";
  }
  const EngineInfo& info() const noexcept override { return info_; }
  OpCounts counts() const noexcept override { return run_->on[kEncrypted].engine->counts(); }

  Plain encode(std::span<const double> slots, int level, double scale) override {
    return encoded([&](Engine& e) { return e.encode(slots, level, scale); });
  }
  Plain encode_complex(std::span<const std::complex<double>> slots, int level, double scale) override {
    return encoded([&](Engine& e) { return e.encode_complex(slots, level, scale); });
  }
  Cipher add(const Cipher& a, const Cipher& b) override {
    return both("add", {&a, &b}, [&](Engine& e, Side s) { return e.add(part(a, s), part(b, s)); });
  }
  Cipher subtract(const Cipher& a, const Cipher& b) override {
    return both("subtract", {&a, &b}, [&](Engine& e, Side s) { return e.subtract(part(a, s), part(b, s)); });
  }
  Cipher negate(const Cipher& a) override {
    return both("negate", {&a}, [&](Engine& e, Side s) { return e.negate(part(a, s)); });
  }
  Cipher add_plain(const Cipher& a, const Plain& b) override {
    return both("add_plain", {&a}, [&](Engine& e, Side s) { return e.add_plain(part(a, s), part(b, s)); });
  }
  Cipher add_constant(const Cipher& a, double c) override {
    return both("add_constant", {&a}, [&](Engine& e, Side s) { return e.add_constant(part(a, s), c); });
  }
  Cipher product(const Cipher& a, const Cipher& b) override {
    return both("product", {&a, &b}, [&](Engine& e, Side s) { return e.product(part(a, s), part(b, s)); });
  }
  Cipher relinearise(const Cipher& a) override {
    return both("relinearise", {&a}, [&](Engine& e, Side s) { return e.relinearise(part(a, s)); });
  }
  Cipher relinearise_rescale(const Cipher& a) override {
    return both("relinearise_rescale", {&a},
                [&](Engine& e, Side s) { return e.relinearise_rescale(part(a, s)); });
  }
  Cipher multiply_plain(const Cipher& a, const Plain& b) override {
    return both("multiply_plain", {&a},
                [&](Engine& e, Side s) { return e.multiply_plain(part(a, s), part(b, s)); });
  }
  Cipher multiply_constant(const Cipher& a, double c, double constant_scale) override {
    return both("multiply_constant", {&a},
                [&](Engine& e, Side s) { return e.multiply_constant(part(a, s), c, constant_scale); });
  }
  Cipher rescale(const Cipher& a) override {
    return both("rescale", {&a}, [&](Engine& e, Side s) { return e.rescale(part(a, s)); });
  }
  Cipher drop_to_level(const Cipher& a, int level) override {
    return both("drop_to_level", {&a}, [&](Engine& e, Side s) { return e.drop_to_level(part(a, s), level); });
  }
  Cipher read_at_scale(const Cipher& a, double scale) override {
    return both("read_at_scale", {&a}, [&](Engine& e, Side s) { return e.read_at_scale(part(a, s), scale); });
  }
  Cipher rotate(const Cipher& a, int step) override {
    return both("rotate", {&a}, [&](Engine& e, Side s) { return e.rotate(part(a, s), step); });
  }
  Cipher conjugate(const Cipher& a) override {
    return both("conjugate", {&a}, [&](Engine& e, Side s) { return e.conjugate(part(a, s)); });
  }
  Cipher multiply_by_i(const Cipher& a) override {
    return both("multiply_by_i", {&a}, [&](Engine& e, Side s) { return e.multiply_by_i(part(a, s)); });
  }
  std::vector<Cipher> rotate_many(const Cipher& a, std::span<const int> steps) override {
    const std::vector<Cipher> encrypted = engine(kEncrypted).rotate_many(part(a, kEncrypted), steps);
    const std::vector<Cipher> clear =
        run_->on_twin([&] { return engine(kClear).rotate_many(part(a, kClear), steps); });
    std::vector<Cipher> out;
    for (std::size_t i = 0; i < steps.size(); ++i)
      out.push_back(run_->checked("rotate", {&a}, encrypted[i], clear[i]));
    return out;
  }

  PreparedLinearPtr prepare(const LinearTransform& transform, int level, double plaintext_scale) override {
    auto prepared = std::make_shared<CheckedLinear>();
    for (const Side side : {kEncrypted, kClear})
      prepared->on[side] = engine(side).prepare(transform, level, plaintext_scale);
    return prepared;
  }
  Cipher apply(const PreparedLinear& prepared, const Cipher& a) override {
    const auto* linear = dynamic_cast<const CheckedLinear*>(&prepared);
    if (linear == nullptr) return Engine::apply(prepared, a);
    return both("apply", {&a}, [&](Engine& e, Side s) { return e.apply(*linear->on[s], part(a, s)); });
  }

 private:
  Engine& engine(Side side) { return *run_->on[side].engine; }

  template <class F>
  Cipher both(std::string_view operation, std::initializer_list<const Cipher*> operands, F f) {
    Cipher encrypted = f(engine(kEncrypted), kEncrypted);
    Cipher clear = run_->on_twin([&] { return f(engine(kClear), kClear); });
    return run_->checked(operation, operands, std::move(encrypted), std::move(clear));
  }
  template <class F>
  Plain encoded(F f) {
    Plain encrypted = f(engine(kEncrypted));
    const int level = encrypted.level();
    const double scale = encrypted.scale();
    return Plain(std::make_shared<const CheckedPlain>(std::move(encrypted), f(engine(kClear))), level, scale);
  }

  std::shared_ptr<Run> run_;
  EngineInfo info_;
};

class CheckedClient final : public Client {
 public:
  explicit CheckedClient(std::shared_ptr<Run> run) : run_(std::move(run)) {}

  Cipher encrypt(std::span<const double> slots, int level, double scale) override {
    return encrypted([&](Client& c) { return c.encrypt(slots, level, scale); });
  }
  Cipher encrypt_complex(std::span<const std::complex<double>> slots, int level, double scale) override {
    return encrypted([&](Client& c) { return c.encrypt_complex(slots, level, scale); });
  }
  std::vector<double> decrypt(const Cipher& a) override {
    return run_->on[kEncrypted].client->decrypt(part(a, kEncrypted));
  }
  std::vector<std::complex<double>> decrypt_complex(const Cipher& a) override {
    return run_->on[kEncrypted].client->decrypt_complex(part(a, kEncrypted));
  }

 private:
  template <class F>
  Cipher encrypted(F f) {
    Cipher hidden = f(*run_->on[kEncrypted].client);
    return run_->checked("encrypt", {}, std::move(hidden), f(*run_->on[kClear].client));
  }

  std::shared_ptr<Run> run_;
};

std::string named(const Check& check) {
  return "operation " + std::to_string(check.number) + " (" + check.operation + " at level " +
         std::to_string(check.level) + ")";
}

}  // namespace

const Check* CheckReport::first_below() const noexcept {
  const auto found =
      std::ranges::find_if(checks, [&](const Check& c) { return !(c.worst_bits >= threshold_bits); });
  return found == checks.end() ? nullptr : &*found;
}

const Check* CheckReport::least_precise() const noexcept {
  const auto found = std::ranges::min_element(checks, {}, &Check::worst_bits);
  return found == checks.end() ? nullptr : &*found;
}

std::string CheckReport::summary() const {
  const Check *least = least_precise(), *below = first_below();
  if (least == nullptr) return "no operation was checked";
  std::string text = std::to_string(checks.size()) + " operations; the least precise is " + named(*least) +
                     " with " + two_decimals(least->worst_bits) + " bits in the worst slot; ";
  const std::string threshold = two_decimals(threshold_bits) + " bits";
  if (below == nullptr) return text + "none is below " + threshold;
  return text + "the first below " + threshold + " is " + named(*below) + ", which lost " +
         two_decimals(below->lost_bits()) + " of " + two_decimals(below->bits_before);
}

std::string CheckReport::table() const {
  std::string text =
      "  no. operation            level  log2 scale  log2 size  bits before    rms  worst   lost\n";
  for (const Check& c : checks) {
    char line[160];
    std::snprintf(line, sizeof line, "%5zu %-20s %5d  %10.2f  %9.2f  %11.2f %6.2f %6.2f %6.2f\n", c.number,
                  c.operation.c_str(), c.level, std::log2(c.scale), std::log2(c.magnitude), c.bits_before,
                  c.rms_bits, c.worst_bits, c.lost_bits());
    text += line;
  }
  return text;
}

CheckedSession make_checked_session(const ParamsPtr& params, const KeyRequest& request, Threads threads,
                                    const CheckOptions& options) {
  auto run = std::make_shared<Run>();
  run->on[kEncrypted] = make_native_session(params, request, threads);
  run->on[kClear] = make_cleartext_session(params);
  run->report->threshold_bits = options.threshold_bits;
  return {{std::make_unique<CheckedClient>(run), std::make_unique<CheckedEngine>(run)}, run->report};
}

}  // namespace sotto::ckks
