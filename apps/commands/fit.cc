// sotto fit: a function and what is known of its inputs become the cheapest polynomial that will do.
#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "approx/chebyshev.h"
#include "approx/composite.h"
#include "approx/least_squares.h"
#include "approx/range.h"
#include "approx/remez.h"
#include "apps/app.h"
#include "apps/commands/commands.h"
#include "apps/files.h"
#include "apps/fit/input.h"
#include "apps/fit/layers.h"
#include "apps/fit/plot.h"
#include "apps/options.h"
#include "apps/output.h"
#include "apps/text/format.h"
#include "apps/text/progress.h"
#include "apps/text/table.h"
#include "base/error.h"
#include "base/file.h"

namespace sotto::app {
namespace {

constexpr const char* kFooter =
    R"(Functions: relu, sign, abs, sigmoid, tanh, gelu, silu, softplus, exp, inverse, sqrt, modular, sine, samples:FILE.

Examples:
  sotto fit relu --method minimax --degree 15 --interval=-40,40
  sotto fit relu --method wls --degree 14 --weight normal:0,1 --interval=-10,10 --cap 0.5 --plot relu.svg
  sotto fit relu --method composite --alpha 13
  sotto fit gelu --method minimax --error 1e-3 --interval=-8,8 --json
  sotto fit --layers layers.json --budget 60 --plot frontier.svg)";

constexpr int kMaxSearchedDegree = 255;  // for --error

struct Options {
  bool json = false, relative = false;
  int threads = 0, degree = -1, alpha = 0;
  double error = 0, cap = 0, noise = -1, uniform_share = 0;
  std::string function, method = "minimax", weight, parity = "auto", degrees, out, plot;
  std::vector<std::string> intervals;
  LayersRequest layers;
};

/// What every method ends with.
struct Fit {
  std::string method;
  approx::Domain domain;
  std::optional<approx::Polynomial> polynomial;  // or
  std::optional<approx::Composite> composite;
  double bound = 1;  // of the composite's inputs
  std::optional<approx::Certificate> certificate;
  approx::RealFunction value;
  double mse = 0, max_error = 0;
  int depth = 0, products = 0;
  std::vector<approx::CompositeChoice> choices;
};

bool is_for_composite(const std::string& name) {
  return name == "sign" || name == "relu" || name == "abs";
}

approx::Domain domain_of(const Options& options, const std::optional<approx::Distribution>& weight) {
  approx::Domain domain;
  for (const std::string& text : options.intervals) domain.push_back(parse_interval(text));
  if (domain.empty())
    domain.push_back(weight && options.method == "wls" ? approx::support(*weight) : approx::Interval{});
  approx::validate(domain);
  return domain;
}

approx::MinimaxOptions minimax_options(const Options& options, const approx::Function& f,
                                       const approx::Domain& domain) {
  approx::MinimaxOptions wanted;
  wanted.error = options.relative ? approx::ErrorKind::kRelative : approx::ErrorKind::kAbsolute;
  if (options.parity == "odd") wanted.parity = approx::Parity::kOdd;
  if (options.parity == "even") wanted.parity = approx::Parity::kEven;
  if (options.parity != "auto") return wanted;
  approx::require_bounded(f, domain);
  const approx::Parity own = approx::parity_of(f, domain);
  const bool fits = options.degree < 0 || (options.degree % 2 == 1) == (own == approx::Parity::kOdd);
  if (fits) wanted.parity = own;
  return wanted;
}

Fit fit_minimax(const Options& options, const approx::Function& f, const approx::Domain& domain) {
  const approx::MinimaxOptions wanted = minimax_options(options, f, domain);
  const bool fixed = options.degree >= 0;
  // A pair of coefficients costs about 80 µs; looking for a degree solves a dozen problems of up to the
  // largest.
  const bool searches = !fixed || options.error > 0;
  const double size = searches ? 2 * kMaxSearchedDegree : options.degree + 1;
  const Progress progress("fitting " + f.name, 0, 8e-5 * size * size);
  approx::Minimax best =
      fixed ? approx::minimax(f, domain, options.degree, wanted)
            : approx::minimax_for_error(f, domain, options.error, kMaxSearchedDegree, wanted);
  if (fixed && options.error > 0 && best.certificate.achieved > options.error) {
    const int could =
        approx::minimax_for_error(f, domain, options.error, kMaxSearchedDegree, wanted).polynomial.degree();
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("degree {} has an error of {:.4g} at least, more than {:g}; degree {} could",
                            options.degree, best.certificate.achieved, options.error, could));
  }
  return {.method = "minimax",
          .domain = domain,
          .polynomial = std::move(best.polynomial),
          .composite = {},
          .certificate = std::move(best.certificate),
          .value = {},
          .choices = {}};
}

Fit fit_least_squares(const Options& options, const approx::Function& f, const approx::Domain& domain,
                      const std::optional<approx::Distribution>& weight) {
  if (!weight) throw UsageError("--method wls needs --weight, the distribution of the inputs");
  if (domain.size() != 1)
    throw UsageError("--method wls takes one --interval, on which the polynomial is written");
  approx::Distribution law = *weight;
  if (options.uniform_share > 0) law = approx::mix(law, approx::uniform(domain[0]), options.uniform_share);
  const Progress progress("fitting " + f.name);
  const Threads threads = options.threads == 0 ? Threads::all() : Threads{options.threads};
  const approx::LeastSquares fits(f, law, options.degree >= 0 ? options.degree : kMaxSearchedDegree, threads);
  const int degree = options.degree >= 0 ? options.degree : fits.degree_for(options.error * options.error);
  Fit fit{.method = "wls",
          .domain = domain,
          .polynomial = {},
          .composite = {},
          .certificate = {},
          .value = {},
          .choices = {}};
  if (options.cap > 0)
    fit.polynomial = fits.capped(degree, domain[0], options.cap);
  else if (options.noise >= 0)
    fit.polynomial = fits.with_noise(degree, domain[0], {options.noise});
  else
    fit.polynomial = fits.polynomial(degree, domain[0]);
  return fit;
}

Fit fit_chebyshev(const Options& options, const approx::Function& f, const approx::Domain& domain) {
  if (domain.size() != 1) throw UsageError("--method chebyshev takes one --interval");
  if (options.degree < 0) throw UsageError("--method chebyshev needs --degree");
  return {.method = "chebyshev",
          .domain = domain,
          .polynomial = approx::interpolate(f, domain[0], options.degree),
          .composite = {},
          .certificate = {},
          .value = {},
          .choices = {}};
}

Fit fit_composite(const Options& options, const approx::Function& f, const approx::Domain& domain) {
  if (!is_for_composite(f.name))
    throw UsageError("--method composite serves sign, relu and abs, not " + f.name);
  if (domain.size() != 1 || !approx::is_symmetric(domain))
    throw UsageError("--method composite takes one --interval with 0 in its middle, as -40,40");
  if ((options.alpha > 0) == !options.degrees.empty())
    throw UsageError("--method composite needs either --alpha or --degrees");
  Fit fit{.method = "composite",
          .domain = domain,
          .polynomial = {},
          .composite = {},
          .certificate = {},
          .value = {},
          .choices = {}};
  fit.bound = domain[0].high;
  std::vector<int> degrees;
  if (options.alpha > 0) {
    const Progress progress("searching degrees", 0, 0.5 * std::max(1, options.alpha - 5));
    fit.choices = approx::search_composites({.alpha = options.alpha});
    degrees = fit.choices.front().degrees;
  } else {
    degrees = parse_degrees(options.degrees);
  }
  fit.composite = approx::compose_relu(degrees);
  fit.depth = fit.composite->depth();
  fit.products = fit.composite->products();
  const approx::Composite& sign = *fit.composite;
  fit.max_error = sign.sign_error;
  if (f.name == "sign") return fit;
  fit.depth += 1;
  fit.products += 1;
  fit.max_error = fit.bound * sign.relu_error * (f.name == "abs" ? 2 : 1);
  return fit;
}

/// p(x) of a fit.
approx::RealFunction value_of(const Fit& fit, const approx::Function& f) {
  if (fit.polynomial) return *fit.polynomial;
  const approx::Composite sign = *fit.composite;
  const double bound = fit.bound;
  if (f.name == "relu") return [sign, bound](double x) { return approx::composite_relu(sign, x, bound); };
  if (f.name == "abs") return [sign, bound](double x) { return x * sign(x / bound); };
  return [sign, bound](double x) { return sign(x / bound); };
}

Fit fit_function(const Options& options, const approx::Function& f,
                 const std::optional<approx::Distribution>& weight) {
  const approx::Domain domain = domain_of(options, weight);
  Fit fit = options.method == "wls"         ? fit_least_squares(options, f, domain, weight)
            : options.method == "chebyshev" ? fit_chebyshev(options, f, domain)
            : options.method == "composite" ? fit_composite(options, f, domain)
                                            : fit_minimax(options, f, domain);
  fit.value = value_of(fit, f);
  int degree = 128;
  if (fit.polynomial) {
    degree = fit.polynomial->degree();
    fit.depth = fit.polynomial->depth();
    fit.products = fit.polynomial->products();
    fit.max_error = fit.polynomial->max_error;
  }
  // Without a weight all inputs of the first interval are alike.
  fit.mse = approx::mean_square_error(fit.value, degree, f, weight ? *weight : approx::uniform(domain[0]));
  if (fit.polynomial) fit.polynomial->mse = fit.mse;
  return fit;
}

Json to_json(const Fit& fit, const approx::Function& f) {
  Json intervals = Json::array();
  for (const approx::Interval& part : fit.domain) intervals.push_back({part.low, part.high});
  Json json{{"function", f.name},         {"method", fit.method}, {"intervals", intervals},  {"mse", fit.mse},
            {"max_error", fit.max_error}, {"depth", fit.depth},   {"products", fit.products}};
  if (fit.polynomial) {
    json["degree"] = fit.polynomial->degree();
    json["coefficients"] = fit.polynomial->coefficients;
    json["polynomial"] = Json::parse(approx::to_json(*fit.polynomial));
  } else {
    json["degrees"] = fit.composite->degrees();
    Json coefficients = Json::array();
    for (const approx::Polynomial& stage : fit.composite->stages) coefficients.push_back(stage.coefficients);
    json["coefficients"] = coefficients;
    json["composite"] = Json::parse(approx::to_json(*fit.composite));
  }
  if (fit.certificate) {
    json["certificate"] = {{"lower_bound", fit.certificate->lower_bound},
                           {"achieved", fit.certificate->achieved},
                           {"levelling", fit.certificate->levelling()},
                           {"points", fit.certificate->points}};
  }
  for (const approx::CompositeChoice& choice : fit.choices) {
    json["choices"].push_back({{"degrees", choice.degrees},
                               {"depth", choice.depth},
                               {"products", choice.products},
                               {"relu_error", choice.relu_error}});
  }
  return json;
}

std::string polynomial_text(const approx::Polynomial& p, const approx::Function& f) {
  Table table({{"T_k"}, {"coefficient"}});
  for (std::size_t k = 0; k < p.coefficients.size(); ++k) {
    if (p.coefficients[k] != 0) table.add({std::to_string(k), fmt::format("{:.17g}", p.coefficients[k])});
  }
  Table wider({{"interval", Table::Align::kLeft}, {"max |p|"}, {"max |p - f|"}, {"at x"}});
  std::string text = table.text();
  try {
    for (const approx::Growth& row : approx::growth(p, f)) {
      const approx::Interval part{p.interval.from_unit(-row.factor), p.interval.from_unit(row.factor)};
      wider.add({approx::to_string(part), fmt::format("{:.4g}", row.largest_p),
                 fmt::format("{:.4g}", row.worst.error), fmt::format("{:.6g}", row.worst.at)});
    }
    text += "\nBeyond the interval:\n" + wider.text();
  } catch (const Error&) {
    text += "\nThe function is not finite beyond the interval.\n";
  }
  return text;
}

std::string degrees_text(const std::vector<int>& degrees) {
  std::string text;
  for (const int degree : degrees) text += (text.empty() ? "" : ",") + std::to_string(degree);
  return text;
}

std::string composite_text(const Fit& fit) {
  if (fit.choices.empty()) return "";
  Table table({{"degrees", Table::Align::kLeft}, {"depth"}, {"products"}, {"reaches alpha"}});
  for (const approx::CompositeChoice& choice : fit.choices) {
    table.add({degrees_text(choice.degrees), std::to_string(choice.depth), std::to_string(choice.products),
               fmt::format("{:.2f}", -std::log2(choice.relu_error))});
  }
  return "Signs that reach it, each with fewer products than those above:\n" + table.text();
}

std::string to_text(const Fit& fit, const approx::Function& f,
                    const std::optional<approx::Distribution>& weight) {
  std::string text = fmt::format(
      "{} on {}, {}, degree {}\n", f.name, approx::to_string(fit.domain), fit.method,
      fit.polynomial ? std::to_string(fit.polynomial->degree()) : degrees_text(fit.composite->degrees()));
  text += fmt::format("max error   {:.10g}{}\n", fit.max_error,
                      fit.composite && f.name == "sign"
                          ? fmt::format(" for |x| >= {:.4g}", fit.bound * fit.composite->gap)
                          : "");
  if (fit.certificate)
    text += fmt::format(
        "certificate {:.10g} is the least possible, {:.10g} was reached before rounding; {} points "
        "alternate\n",
        fit.certificate->lower_bound, fit.certificate->achieved, fit.certificate->points.size());
  text += fmt::format("rms error   {:.6g} (mse {:.6g}) under {}\n", std::sqrt(fit.mse), fit.mse,
                      weight ? weight->name : "a uniform weight");
  text += fmt::format("cost        {}, {} of two ciphertexts\n\n",
                      format_count(static_cast<std::size_t>(fit.depth), "level"),
                      format_count(static_cast<std::size_t>(fit.products), "product"));
  return text + (fit.polynomial ? polynomial_text(*fit.polynomial, f) : composite_text(fit));
}

int run_fit(Options options) {
  if (!options.layers.file.empty()) {
    if (!options.function.empty())
      throw UsageError("--layers searches for a whole network; leave FUNCTION out");
    options.layers.plot = options.plot;
    options.layers.json = options.json;
    return run_fit_layers(options.layers);
  }
  if (options.function.empty()) throw UsageError("fit needs a FUNCTION, or --layers; see sotto fit --help");
  if (options.method != "composite" && options.degree < 0 && !(options.error > 0))
    throw UsageError("--method " + options.method + " needs --degree or --error");
  refuse_input_as_output(options.out, {options.plot});
  const approx::Function f = parse_function(options.function);
  std::optional<approx::Distribution> weight;
  if (!options.weight.empty()) weight = parse_weight(options.weight);
  const Fit fit = fit_function(options, f, weight);
  if (!options.out.empty())
    write_file_atomic(options.out,
                      fit.polynomial ? approx::to_json(*fit.polynomial) : approx::to_json(*fit.composite));
  if (!options.plot.empty())
    write_file_atomic(options.plot,
                      plot_fit(fmt::format("{}, {}", f.name, fit.method), f, fit.value, fit.domain, weight));
  if (options.json)
    print_json(to_json(fit, f));
  else
    print_text(to_text(fit, f, weight));
  return kDone;
}

void add_fit_options(CLI::App& app, Options& options) {
  const auto positive = CLI::PositiveNumber.description("");
  app.add_option("FUNCTION", options.function, "Function, or samples:FILE with lines \"x y\"");
  app.add_option("--method", options.method, "minimax (default), composite, wls or chebyshev")
      ->check(CLI::IsMember({"minimax", "composite", "wls", "chebyshev"}).description(""))
      ->type_name("NAME");
  app.add_option("--degree", options.degree, "Degree of the polynomial")
      ->check(CLI::Range(0, approx::kMaxDegree).description(""))
      ->type_name("N");
  app.add_option("--error", options.error,
                 "Instead: the least degree with this error (wls: root mean square)")
      ->check(positive)
      ->type_name("E");
  app.add_option("--alpha", options.alpha, "composite: ReLU within 2^-A of the interval's half-width")
      ->check(CLI::Range(1, 20).description(""))
      ->type_name("A");
  app.add_option("--degrees", options.degrees, "composite: these stages, as 15,15,27")->type_name("LIST");
  app.add_option("--interval", options.intervals,
                 "Where it must hold, as =-8,8; again for a union (default: -1,1, or the weight's)")
      ->type_name("LOW,HIGH")
      ->allow_extra_args(false);
  app.add_option("--weight", options.weight,
                 "Inputs: normal:MEAN,DEVIATION, uniform:LOW,HIGH, histogram:FILE, samples:FILE")
      ->type_name("LAW");
  app.add_option("--uniform-share", options.uniform_share,
                 "wls: this share of the weight spread over the interval")
      ->check(CLI::Range(0.0, 0.999).description(""))
      ->type_name("S");
  app.add_option("--cap", options.cap, "wls: no error above this anywhere on the interval")
      ->check(positive)
      ->type_name("C");
  app.add_option("--noise", options.noise, "wls: variance of the noise of each evaluated T_k")
      ->check(CLI::NonNegativeNumber.description(""))
      ->type_name("V");
  app.add_option("--parity", options.parity, "minimax: auto (default), none, odd, even")
      ->check(CLI::IsMember({"auto", "none", "odd", "even"}).description(""))
      ->type_name("P");
  app.add_flag("--relative", options.relative, "minimax: relative error");
  app.add_option("--out", options.out, "Write the polynomial to this file (JSON)")->type_name("FILE");
  app.add_option("--plot", options.plot, "Draw the result to this file (SVG)")->type_name("FILE");
  app.add_option("--layers", options.layers.file, "Choose for the layers of a network (JSON)")
      ->type_name("FILE");
  auto* budget = app.add_option("--budget", options.layers.budget, "layers: the least variance for this cost")
                     ->check(positive)
                     ->type_name("K");
  app.add_option("--variance", options.layers.variance, "layers: the least cost for this variance")
      ->check(positive)
      ->type_name("V")
      ->excludes(budget);
  app.add_option("--steps", options.layers.steps, "layers: budget steps of the search (default: 10000)")
      ->check(CLI::Range(1, 10000000).description(""))
      ->type_name("N");
  add_program_options(app, options.json, options.threads);
}

}  // namespace

Command add_fit(CLI::App& root) {
  CLI::App* app = root.add_subcommand("fit", "Turn a function into the cheapest polynomial that will do");
  app->footer(kFooter);
  auto options = std::make_shared<Options>();
  add_fit_options(*app, *options);
  return {app, [options] { return run_fit(*options); }};
}

}  // namespace sotto::app
