#include "ckks/engines/ledger.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "base/error.h"
#include "ckks/text.h"

namespace sotto::ckks {
namespace {

std::string sentence(std::string_view op, const std::string& text) {
  return std::string(op) + ": " + text;
}

void require_same_scale(std::string_view op, double a, double b) {
  if (std::abs(a / b - 1.0) <= std::ldexp(1.0, -30)) return;
  char text[128];
  std::snprintf(text, sizeof text, "the operands have scales %.17g and %.17g; bring both to one scale first",
                a, b);
  throw Error(ErrorCode::kScaleMismatch, sentence(op, text));
}

void require_values(std::string_view op, std::span<const double> values, double scale) {
  if (!(scale > 0) || !std::isfinite(scale)) {
    throw Error(ErrorCode::kInvalidArgument,
                sentence(op, "scale " + std::to_string(scale) + " is not a positive number"));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      throw Error(ErrorCode::kInvalidArgument,
                  sentence(op, "value " + std::to_string(i) + " is not a finite number"));
    }
  }
}

void require_two_parts(std::string_view op, const Cipher& a) {
  if (a.parts() == 2) return;
  throw Error(ErrorCode::kInvalidArgument,
              sentence(op, "a ciphertext of 3 parts; relinearise products before they are used"));
}

/// Plaintexts are used at the level of the ciphertext, or above it where that has all its primes.
void require_plain_level(const Params& params, std::string_view op, const Cipher& a, const Plain& b) {
  if (b.level() >= a.level() && params.basis(b.level()).contains(params.basis(a.level()))) return;
  throw Error(ErrorCode::kInvalidArgument,
              sentence(op, "the plaintext is encoded at level " + std::to_string(b.level()) +
                               " and the ciphertext is at level " + std::to_string(a.level()) +
                               "; encode it at level " + std::to_string(a.level())));
}

}  // namespace

SlotParts split_complex(std::span<const std::complex<double>> slots) {
  SlotParts parts;
  for (const std::complex<double>& z : slots) {
    parts.re.push_back(z.real());
    parts.im.push_back(z.imag());
  }
  if (std::ranges::all_of(parts.im, [](double y) { return y == 0; })) parts.im.clear();
  return parts;
}

Ledger::Ledger(ParamsPtr params) : params_(std::move(params)) {}

Placement Ledger::encode(std::string_view op, std::span<const double> re, std::span<const double> im,
                         int level, double scale) {
  require_level(op, level);
  if (re.size() > params_->slots()) {
    throw Error(ErrorCode::kInvalidArgument, sentence(op, std::to_string(re.size()) + " values do not fit " +
                                                              std::to_string(params_->slots()) + " slots"));
  }
  require_values(op, re, scale);
  require_values(op, im, scale);
  require_fit(op, re, im, {level, scale});
  ++counts_.encode;
  return {level, scale};
}

/// The scale of an operand once it has come down to this level.
double Ledger::scale_at(const Cipher& a, int level) const noexcept {
  return a.scale() * params_->drop_scale(a.level(), level);
}

Placement Ledger::add(std::string_view op, const Cipher& a, const Cipher& b) {
  const int level = std::min(a.level(), b.level());
  require_same_scale(op, scale_at(a, level), scale_at(b, level));
  ++counts_.add;
  return {level, scale_at(a, level), std::max(a.parts(), b.parts())};
}

Placement Ledger::add_plain(const Cipher& a, const Plain& b) {
  require_plain_level(*params_, "add_plain", a, b);
  require_same_scale("add_plain", a.scale(), b.scale());
  ++counts_.add;
  return {a.level(), a.scale(), a.parts()};
}

Placement Ledger::add_constant(const Cipher& a, double c) {
  require_values("add_constant", {&c, 1}, a.scale());
  require_fit("add_constant", {&c, 1}, {}, {a.level(), a.scale()});
  ++counts_.add;
  return {a.level(), a.scale(), a.parts()};
}

Placement Ledger::product(const Cipher& a, const Cipher& b) {
  require_two_parts("multiply", a);
  require_two_parts("multiply", b);
  const int level = std::min(a.level(), b.level());
  const Placement result{level, scale_at(a, level) * scale_at(b, level), 3};
  require_scale_fits("multiply", result);
  ++counts_.multiply;
  return result;
}

Placement Ledger::relinearise(const Cipher& a) {
  if (a.parts() != 3) {
    throw Error(ErrorCode::kInvalidArgument,
                "relinearise: a ciphertext of 2 parts; only products before relinearisation have 3");
  }
  ++counts_.relinearise;
  return {a.level(), a.scale()};
}

Placement Ledger::multiply_plain(const Cipher& a, const Plain& b) {
  require_plain_level(*params_, "multiply_plain", a, b);
  const Placement result{a.level(), a.scale() * b.scale(), a.parts()};
  require_scale_fits("multiply_plain", result);
  ++counts_.multiply_plain;
  return result;
}

Placement Ledger::multiply_constant(const Cipher& a, double c, double constant_scale) {
  require_values("multiply_constant", {&c, 1}, constant_scale);
  require_fit("multiply_constant", {&c, 1}, {}, {a.level(), constant_scale});
  const Placement result{a.level(), a.scale() * constant_scale, a.parts()};
  require_scale_fits("multiply_constant", result);
  ++counts_.multiply_plain;
  return result;
}

Placement Ledger::rescale(const Cipher& a) {
  require_two_parts("rescale", a);
  if (a.level() == 0) {
    throw Error(ErrorCode::kOutOfLevels,
                "rescale: level 0 has no prime left to rescale by; plan at least 1 more level");
  }
  const double scale = a.scale() / params_->rescale_factor(a.level());
  if (!(scale >= 1)) {
    throw Error(ErrorCode::kOutOfLevels,
                "rescale: scale " + power_of_two(std::log2(a.scale())) + " at level " +
                    std::to_string(a.level()) + " becomes " + power_of_two(std::log2(scale)) +
                    ", below 1, where the message is rounded away; multiply first or rescale less");
  }
  ++counts_.rescale;
  return {a.level() - 1, scale};
}

Placement Ledger::drop_to_level(const Cipher& a, int level) {
  require_level("drop_to_level", level);
  if (level > a.level()) {
    throw Error(ErrorCode::kInvalidArgument, "drop_to_level: the ciphertext is at level " +
                                                 std::to_string(a.level()) +
                                                 " and cannot be raised to level " + std::to_string(level));
  }
  return {level, a.scale() * params_->drop_scale(a.level(), level), a.parts()};
}

Placement Ledger::read_at_scale(const Cipher& a, double scale) const {
  require_values("read_at_scale", {}, scale);
  return {a.level(), scale, a.parts()};
}

Placement Ledger::rotate(const Cipher& a, int step) {
  require_two_parts("rotate", a);
  counts_.rotate += normalised(step) != 0;
  return {a.level(), a.scale()};
}

Placement Ledger::conjugate(const Cipher& a) {
  require_two_parts("conjugate", a);
  ++counts_.conjugate;
  return {a.level(), a.scale()};
}

Placement Ledger::apply(const Cipher& a, int level, double plaintext_scale, const OpCounts& counts) {
  require_two_parts("apply", a);
  if (a.level() != level) {
    throw Error(ErrorCode::kInvalidArgument, "apply: the transform was prepared for level " +
                                                 std::to_string(level) + ", the ciphertext is at level " +
                                                 std::to_string(a.level()));
  }
  const Placement product{level, a.scale() * plaintext_scale};
  require_scale_fits("apply", product);
  const Placement result = rescale(Cipher(a.body(), product.level, product.scale));
  counts_ += counts;
  --counts_.rescale;  // in `counts` already
  return result;
}

int Ledger::normalised(int step) const noexcept {
  const int slots = static_cast<int>(params_->slots());
  return ((step % slots) + slots) % slots;
}

void Ledger::require_fit(std::string_view op, std::span<const double> re, std::span<const double> im,
                         Placement at) const {
  double largest = 0;
  for (std::size_t i = 0; i < re.size(); ++i) {
    const double magnitude = im.empty() ? std::abs(re[i]) : std::hypot(re[i], im[i]);
    largest = magnitude > largest ? magnitude : largest;
  }
  const double log_room = params_->log_room(at.level);
  if (std::log2(largest) + std::log2(at.scale) < log_room) return;
  throw Error(
      ErrorCode::kInvalidArgument,
      sentence(op, "|value| " + power_of_two(std::log2(largest)) + " at scale " +
                       power_of_two(std::log2(at.scale)) + " exceeds what level " + std::to_string(at.level) +
                       " can hold, " + power_of_two(log_room) + "; lower the scale or keep more levels"));
}

void Ledger::require_level(std::string_view op, int level) const {
  if (level >= 0 && level <= params_->max_level()) return;
  throw Error(ErrorCode::kInvalidArgument, sentence(op, "level " + std::to_string(level) + " is not in 0…" +
                                                            std::to_string(params_->max_level())));
}

void Ledger::require_scale_fits(std::string_view op, Placement at) const {
  const double log_modulus = params_->log_q(at.level);
  if (std::log2(at.scale) < log_modulus) return;
  throw Error(ErrorCode::kOutOfLevels,
              sentence(op, "scale " + power_of_two(std::log2(at.scale)) +
                               " of the product exceeds the modulus of level " + std::to_string(at.level) +
                               ", " + power_of_two(log_modulus) +
                               "; rescale the operands first or plan at least 1 more level"));
}

}  // namespace sotto::ckks
