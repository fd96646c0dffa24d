// The loaders of texts: parameters, plans, polynomials, model cards.
#include "approx/polynomial.h"
#include "apps/model.h"
#include "base/error.h"
#include "ckks/params.h"
#include "nn/plan.h"
#include "tests/fuzz/targets.h"

namespace sotto::fuzz {
namespace {

std::string text_of(std::span<const std::byte> input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}

/// `rewrite` reads a text and writes what it read.
template <class Rewrite>
std::string same_text(std::span<const std::byte> input, Rewrite&& rewrite) {
  std::string written;
  try {
    written = rewrite(text_of(input));
  } catch (const Error&) {
    return "";
  }
  try {
    if (rewrite(written) == written) return "";
  } catch (const Error& error) {
    return std::string("what was read and written is refused: ") + error.what();
  }
  return "what was read and written reads as something else";
}

}  // namespace

std::string load_params_json(std::span<const std::byte> input) {
  return same_text(input, [](const std::string& text) {
    const ckks::ParamsLiteral literal = ckks::literal_from_json(text);
    if (literal.log_n > 10) return to_json(literal);  // larger ones would spend the time on tables
    return to_json(ckks::Params::make(literal)->literal());
  });
}

std::string load_plan_json(std::span<const std::byte> input) {
  return same_text(input, [](const std::string& text) { return to_json(nn::plan_from_json(text)); });
}

std::string load_polynomial_json(std::span<const std::byte> input) {
  return same_text(input,
                   [](const std::string& text) { return to_json(approx::polynomial_from_json(text)); });
}

std::string load_model_card(std::span<const std::byte> input) {
  try {
    app::parse_model_card(text_of(input), "card.json", "fc2");
  } catch (const Error&) {
  }
  return "";
}

}  // namespace sotto::fuzz
