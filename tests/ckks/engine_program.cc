#include "tests/ckks/engine_program.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <optional>
#include <sstream>
#include <variant>

#include "base/error.h"

namespace sotto::ckks {
namespace {

/// One value on the three engines, with a bound on the subject's error in any slot.
struct Register {
  std::array<Cipher, 3> on;  // subject, cleartext, trace
  double error = 0;
};
enum Side { kSubject = 0, kClear = 1, kTrace = 2 };

using Operation = std::function<Cipher(Engine&, Side)>;
using Outcome = std::variant<Cipher, ErrorCode>;

class Machine {
 public:
  Machine(const Session& subject, ParamsPtr params, bool computes, std::span<const unsigned char> program)
      : params_(std::move(params)),
        clear_(make_cleartext_session(params_)),
        trace_(make_trace_session(params_)),
        engines_{subject.engine.get(), clear_.engine.get(), trace_.engine.get()},
        clients_{subject.client.get(), clear_.client.get(), trace_.client.get()},
        computes_(computes),
        program_(program),
        steps_(program_rotation_steps(params_->slots())) {}

  std::string run() {
    for (auto& r : registers_) encrypt_at(r, params_->max_level(), params_->scale(params_->max_level()));
    while (!program_.empty() && !finished_ && divergence_.empty()) step();
    return divergence_;
  }

 private:
  // --- the program as a stream ---
  unsigned next() {
    if (program_.empty()) return 0;
    const unsigned byte = program_.front();
    program_ = program_.subspan(1);
    return byte;
  }
  Register& next_register() { return registers_[next() % registers_.size()]; }
  int next_level() { return static_cast<int>(next() % static_cast<unsigned>(params_->max_level() + 1)); }
  double next_real() { return (static_cast<double>(next()) - 128) / 64; }  // [-2, 2)
  std::vector<double> next_slots() {
    const unsigned pattern = next();
    std::vector<double> values(params_->slots());
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = std::sin(static_cast<double>((i + 1) * (pattern + 1))) * (pattern % 4 == 3 ? 4 : 1);
    }
    return values;
  }
  /// Mostly the canonical scale, at times another one.
  double next_scale(int level) {
    const unsigned byte = next();
    return params_->scale(level) * (byte < 224 ? 1.0 : std::ldexp(1.0, static_cast<int>(byte % 16) - 8));
  }

  // --- noise: bounds that hold with room to spare, in slots, for one operation at `scale` ---
  double fresh(double scale) const { return 256 * static_cast<double>(params_->n()) / scale; }
  double rounding(double scale) const { return 16 * static_cast<double>(params_->n()) / scale; }
  double size(const Register& r) {
    double largest = 0;
    for (const auto& z : clients_[kClear]->decrypt_complex(r.on[kClear]))
      largest = std::max(largest, std::abs(z));
    return largest;
  }

  void step() {
    Register& a = next_register();
    switch (next() % 20) {
      case 0:
        return sum(a, next_register(), false);
      case 1:
        return sum(a, next_register(), true);
      case 2:
      case 3:
        return product(a, next_register());
      case 4:
        return product_plain(a);
      case 5:
        return product_constant(a);
      case 6:
        return sum_plain(a);
      case 7:
        return sum_constant(a);
      case 8:
      case 9:
        return rescale(a);
      case 10:
        return drop(a);
      case 11:
        return rotate(a);
      case 12:
        return perform(a, a.error + rounding(a.on[0].scale()),
                       [&](Engine& e, Side s) { return e.conjugate(a.on[s]); });
      case 13:
        return perform(a, a.error, [&](Engine& e, Side s) { return e.negate(a.on[s]); });
      case 14:
        return polynomial(a);
      case 15:
        return next() % 2 == 0 ? linear(a) : encrypt_into(a);
      case 16:
        return perform(a, a.error, [&](Engine& e, Side s) { return e.multiply_by_i(a.on[s]); });
      case 17:
        return lazy_product(a, next_register());
      case 18:
        return relinearise(a);
      default:
        return next() % 2 == 0 ? product_and_rescale(a, next_register()) : encrypt_complex_into(a);
    }
  }

  // --- operations ---
  void sum(Register& a, const Register& b, bool negative) {
    perform(a, a.error + b.error + mismatch(a, b), [&, negative](Engine& e, Side s) {
      return negative ? e.subtract(a.on[s], b.on[s]) : e.add(a.on[s], b.on[s]);
    });
  }
  /// Scales may differ by 2^-30.
  double mismatch(const Register& a, const Register& b) { return std::ldexp(size(a) + size(b), -29); }

  double product_error(const Register& a, const Register& b) {
    return size(a) * b.error + size(b) * a.error + a.error * b.error +
           rounding(a.on[0].scale() * b.on[0].scale());
  }
  void product(Register& a, const Register& b) {
    const double error = product_error(a, b);
    const bool squared = &a == &b && next() % 2 == 0;
    perform(a, error, [&, squared](Engine& e, Side s) {
      return squared ? e.square(a.on[s]) : e.multiply(a.on[s], b.on[s]);
    });
    if (next() % 4 != 0) rescale(a);
  }
  /// Where the rescale would be refused the product alone, lest the twin refuse its value first.
  void product_and_rescale(Register& a, const Register& b) {
    const int level = std::min(a.on[0].level(), b.on[0].level());
    const double scale = a.on[0].scale() * b.on[0].scale() / params_->rescale_factor(level);
    if (level == 0 || scale < 1) return product(a, b);
    perform(a, product_error(a, b) + rounding(scale),
            [&](Engine& e, Side s) { return e.multiply_rescale(a.on[s], b.on[s]); });
  }
  /// a b, or a b + a^2 where the scales agree; left in three parts at times.
  void lazy_product(Register& a, const Register& b) {
    const double error = product_error(a, b) + product_error(a, a);
    const bool summed = next() % 2 == 0 && a.on[kTrace].scale() == b.on[kTrace].scale();
    perform(a, error, [&, summed](Engine& e, Side s) {
      const Cipher product = e.product(a.on[s], b.on[s]);
      return summed ? e.add(product, e.product(a.on[s], a.on[s])) : product;
    });
    if (next() % 4 != 0) relinearise(a);
  }
  void relinearise(Register& a) {
    const double scale = a.on[0].scale();
    if (next() % 2 == 0) {
      return perform(a, a.error + rounding(scale), [&](Engine& e, Side s) { return e.relinearise(a.on[s]); });
    }
    perform(a, a.error + rounding(scale / params_->rescale_factor(a.on[0].level())),
            [&](Engine& e, Side s) { return e.relinearise_rescale(a.on[s]); });
  }
  void product_plain(Register& a) {
    const int level = next_level();
    const double scale = next_scale(level);
    const std::vector<double> values = next_slots();
    const double error = 4 * a.error + (size(a) + a.error) * rounding(scale);
    perform(a, error,
            [&](Engine& e, Side s) { return e.multiply_plain(a.on[s], e.encode(values, level, scale)); });
    if (next() % 4 != 0) rescale(a);
  }
  void product_constant(Register& a) {
    const double c = next_real(), scale = next_scale(a.on[0].level());
    const double error = 2 * a.error + (size(a) + a.error) / scale;
    perform(a, error, [&](Engine& e, Side s) { return e.multiply_constant(a.on[s], c, scale); });
    if (next() % 4 != 0) rescale(a);
  }
  void sum_plain(Register& a) {
    const int level = next_level();
    const double scale = next() % 8 == 0 ? next_scale(level) : a.on[0].scale();
    const std::vector<double> values = next_slots();
    const double error = a.error + rounding(scale) + std::ldexp(size(a) + 4, -29);
    perform(a, error,
            [&](Engine& e, Side s) { return e.add_plain(a.on[s], e.encode(values, level, scale)); });
  }
  void sum_constant(Register& a) {
    const double c = next_real();
    perform(a, a.error + rounding(a.on[0].scale()),
            [&](Engine& e, Side s) { return e.add_constant(a.on[s], c); });
  }
  void rescale(Register& a) {
    perform(a, a.error + rounding(a.on[0].scale() / params_->rescale_factor(a.on[0].level())),
            [&](Engine& e, Side s) { return e.rescale(a.on[s]); });
  }
  void drop(Register& a) {
    const int level = next_level();
    perform(a, a.error, [&](Engine& e, Side s) { return e.drop_to_level(a.on[s], level); });
  }
  void rotate(Register& a) {
    const int index = static_cast<int>(next()), turns = static_cast<int>(next() % 3) - 1;
    const int step =
        steps_[static_cast<std::size_t>(index) % steps_.size()] + turns * static_cast<int>(params_->slots());
    const bool many = next() % 2 == 0;
    perform(a, a.error + rounding(a.on[0].scale()), [&](Engine& e, Side s) {
      if (!many) return e.rotate(a.on[s], step);
      return e.rotate_many(a.on[s], std::vector<int>{steps_[0], step, 0})[1];
    });
  }
  void polynomial(Register& a) {
    std::vector<double> c(2 + next() % 6);
    for (double& v : c) v = next() % 3 == 0 ? 0.0 : next_real();
    if (next() % 2 == 0) c.back() = 1;
    // |p'| ≤ sum k |c_k| x^(k-1) carries the input's error; each of at most 2k operations for a power adds
    // its own.
    const double x = std::max(1.0, size(a) + a.error);
    double error = 0, power = 1;
    for (std::size_t k = 1; k < c.size(); ++k, power *= x) {
      error +=
          static_cast<double>(4 * k) * std::abs(c[k]) * power * x * (a.error + 4 * rounding(a.on[0].scale()));
    }
    perform(a, error + 16 * rounding(a.on[0].scale()),
            [&](Engine& e, Side s) { return e.polynomial(a.on[s], c); });
  }
  void linear(Register& a) {
    LinearTransform t{.giant_step = steps_[3], .blocks = {{}, {}, {}}, .folds = {}};
    const unsigned terms = 1 + next() % 4;
    for (unsigned k = 0; k < terms; ++k) t.blocks[next() % 3].push_back({steps_[next() % 3], next_slots()});
    if (next() % 2 == 0) t.folds.push_back(steps_[4]);
    if (next() % 2 == 0) t.giants = GiantSteps::kSeparate;  // with steps_[5], twice the giant step
    const int level = next() % 8 == 0 ? next_level() : a.on[0].level();
    const double scale = next_scale(level);
    const double key_switch = rounding(a.on[0].scale());
    const double one_term = 4 * (a.error + key_switch) + (size(a) + a.error) * rounding(scale);
    const double error = 2 * (terms * one_term + 8 * key_switch);
    perform(a, error + rounding(params_->scale(0) / 512),
            [&](Engine& e, Side s) { return e.apply(*e.prepare(t, level, scale), a.on[s]); });
  }
  void encrypt_into(Register& r) {
    const int level = std::max(next_level(), 1);
    encrypt_at(r, level, next_scale(level));
  }
  void encrypt_complex_into(Register& r) {
    const int level = std::max(next_level(), 1);
    const double scale = next_scale(level);
    const std::vector<double> re = next_slots(), im = next_slots();
    std::vector<std::complex<double>> values(re.begin(), re.end());
    for (std::size_t i = 0; i < values.size(); ++i) values[i].imag(im[i]);
    perform(r, fresh(scale),
            [&](Engine&, Side s) { return clients_[s]->encrypt_complex(values, level, scale); });
  }
  void encrypt_at(Register& r, int level, double scale) {
    const std::vector<double> values = next_slots();
    perform(r, fresh(scale), [&](Engine&, Side s) { return clients_[s]->encrypt(values, level, scale); });
  }

  // --- running one operation on three engines ---
  void perform(Register& target, double error, const Operation& operation) {
    std::array<Outcome, 3> outcomes;
    std::array<OpCounts, 3> counts;
    for (const Side side : {kSubject, kClear, kTrace}) {
      const OpCounts before = engines_[side]->counts();
      try {
        outcomes[side] = operation(*engines_[side], side);
      } catch (const Error& refusal) {
        outcomes[side] = refusal.code();
      }
      counts[side] = engines_[side]->counts() - before;
    }
    if (std::holds_alternative<ErrorCode>(outcomes[kClear]) &&
        !std::holds_alternative<ErrorCode>(outcomes[kTrace])) {
      finished_ = true;  // the cleartext twin saw a value wrap around; no engine with encrypted values can
      return;
    }
    for (const Side side : {kSubject, kClear}) compare_outcomes(outcomes[side], outcomes[kTrace], side);
    if (!divergence_.empty() || std::holds_alternative<ErrorCode>(outcomes[kTrace])) return;
    for (const Side side : {kSubject, kClear, kTrace}) target.on[side] = std::get<Cipher>(outcomes[side]);
    target.error = error;
    // Below 1 the scale holds no message; products of such scales soon leave the range of doubles.
    finished_ = target.on[kTrace].scale() < 1;
    if (counts[kSubject] != counts[kTrace] || counts[kClear] != counts[kTrace])
      report("the engines count differently");
    if (computes_) compare_slots(target);
  }

  void compare_outcomes(const Outcome& got, const Outcome& want, Side side) {
    const auto text = [](const Outcome& outcome) {
      std::ostringstream out;
      out.precision(17);
      if (const auto* code = std::get_if<ErrorCode>(&outcome)) {
        out << "refusal " << error_code_name(*code);
      } else {
        const Cipher& a = std::get<Cipher>(outcome);
        out << "level " << a.level() << ", scale " << a.scale() << ", " << a.parts() << " parts";
      }
      return out.str();
    };
    bool agree = got.index() == want.index();
    if (agree && std::holds_alternative<ErrorCode>(got)) {
      agree = std::get<ErrorCode>(got) == std::get<ErrorCode>(want);
    } else if (agree) {
      const Cipher &g = std::get<Cipher>(got), &w = std::get<Cipher>(want);
      agree = g.level() == w.level() && g.parts() == w.parts() && std::abs(g.scale() / w.scale() - 1) < 1e-12;
    }
    if (!agree)
      report((side == kSubject ? "subject: " : "cleartext: ") + text(got) + "; trace: " + text(want));
  }

  void compare_slots(const Register& r) {
    const std::vector<std::complex<double>> got = clients_[kSubject]->decrypt_complex(r.on[kSubject]);
    const std::vector<std::complex<double>> want = clients_[kClear]->decrypt_complex(r.on[kClear]);
    for (std::size_t i = 0; i < want.size(); ++i) {
      const double allowed = r.error + fresh(r.on[kClear].scale()) / 16 + std::ldexp(std::abs(want[i]), -40);
      if (std::abs(got[i] - want[i]) <= allowed) continue;
      std::ostringstream out;
      out << "slot " << i << ": " << got[i] << " instead of " << want[i] << ", allowed error " << allowed;
      return report(out.str());
    }
  }

  void report(const std::string& text) {
    if (divergence_.empty())
      divergence_ = text + "; " + std::to_string(program_.size()) + " bytes of the program left";
  }

  ParamsPtr params_;
  Session clear_, trace_;
  std::array<Engine*, 3> engines_;
  std::array<Client*, 3> clients_;
  bool computes_;
  std::span<const unsigned char> program_;
  std::vector<int> steps_;
  std::array<Register, 4> registers_;
  std::string divergence_;
  bool finished_ = false;
};

}  // namespace

std::vector<int> program_rotation_steps(std::size_t slots) {
  const int n = static_cast<int>(slots);
  return {1, 2, n - 3, 5, n / 2, 10};
}

std::string run_program(const Session& subject, const ParamsPtr& params, bool computes,
                        std::span<const unsigned char> program) {
  return Machine(subject, params, computes, program).run();
}

}  // namespace sotto::ckks
