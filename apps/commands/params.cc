// sotto params: parameter sets by name, from a file, or for a depth, and why they are as they are.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "apps/app.h"
#include "apps/commands/commands.h"
#include "apps/options.h"
#include "apps/output.h"
#include "apps/text/format.h"
#include "apps/text/parameters.h"
#include "apps/text/table.h"
#include "base/file.h"
#include "ckks/io/objects.h"
#include "ckks/named_params.h"
#include "ckks/security.h"

namespace sotto::app {
namespace {

constexpr const char* kFooter = R"(Example:
  sotto params                                  the named sets
  sotto params L15                              one of them, level by level
  sotto params my-set.json --json               a file of one's own, checked and with its primes filled in
  sotto params --depth 9 --scale-bits 40        the smallest set for nine levels, and why)";

struct Options {
  bool json = false;
  int threads = 0;
  std::string set;
  int depth = -1, scale_bits = 40, security = 128;
  std::size_t slots = 1;
};

double log2_of(const ntt::Plan& prime) {
  return std::log2(static_cast<double>(prime.modulus().value()));
}

std::uint64_t key_file_bytes(const ckks::Params& params) {
  return ckks::io::server_keys_file_bytes(params, {.relin_level = params.max_level(), .galois = {}});
}

/// Everything that lives under a published key, as the estimator script takes it.
Json security_rows(const ckks::Params& params, const ckks::params::NamedSet* named) {
  Json rows = Json::array();
  const Json secret = "ternary";
  rows.push_back(
      {{"name", params.name()}, {"log_n", params.log_n()}, {"log_qp", params.log_qp()}, {"secret", secret}});
  if (named == nullptr || !named->bootstrap) return rows;
  rows.push_back({{"name", params.name() + " ephemeral"},
                  {"log_n", params.log_n()},
                  {"log_qp", params.log_q(0) + named->bootstrap->log_sparse_p},
                  {"secret", fmt::format("sparse:{}", named->bootstrap->sparse_weight)}});
  return rows;
}

Json to_json(const ckks::Params& params, const ckks::params::NamedSet* named, const std::string& reason) {
  Json json = Json::parse(ckks::to_json(params.literal()));
  Json answer{
      {"params", json},
      {"slots", params.slots()},
      {"levels", params.max_level()},
      {"alpha", params.alpha()},
      {"log_qp", params.log_qp()},
      {"security_bits", params.security_bits()},
      {"limit_log_qp", ckks::max_log_qp(params.log_n(), 128)},
      {"rotation_transforms", (params.digits() + 2) * (params.chain_count() + params.special_count())},
      {"key_file_bytes", key_file_bytes(params)},
      {"security", security_rows(params, named)}};
  Json scales = Json::array();
  for (int level = 0; level <= params.max_level(); ++level) scales.push_back(std::log2(params.scale(level)));
  answer["log_scales"] = scales;
  if (named != nullptr) answer["purpose"] = named->purpose;
  if (named != nullptr && named->bootstrap) {
    const ckks::params::BootstrapLevels& b = *named->bootstrap;
    answer["bootstrap"] = {{"slot_to_coeff", b.slot_to_coeff},
                           {"user", b.user},
                           {"eval_mod", b.eval_mod},
                           {"coeff_to_slot", b.coeff_to_slot},
                           {"sparse_weight", b.sparse_weight},
                           {"log_sparse_p", b.log_sparse_p},
                           {"log_message_ratio", b.log_message_ratio}};
  }
  if (!reason.empty()) answer["reason"] = reason;
  return answer;
}

std::string levels_table(const ckks::Params& params) {
  Table table({{"level"}, {"limbs"}, {"log Q"}, {"scale"}, {"a rescale drops", Table::Align::kLeft}});
  for (int level = params.max_level(); level >= 0; --level) {
    std::string dropped;
    if (level > 0) {
      const ckks::Basis &from = params.basis(level), &to = params.basis(level - 1);
      for (const int prime : from.primes()) {
        if (to.limb_of(prime) < 0) dropped += fmt::format("{}q[{}]", dropped.empty() ? "" : " ", prime);
      }
      for (const int prime : to.primes()) {
        if (from.limb_of(prime) < 0) dropped += fmt::format(", adds q[{}]", prime);
      }
    }
    table.add({std::to_string(level), std::to_string(params.limbs(level)),
               fmt::format("{:.1f}", params.log_q(level)),
               fmt::format("2^{:.2f}", std::log2(params.scale(level))), dropped});
  }
  return table.text();
}

std::string bootstrap_line(const ckks::params::NamedSet* named) {
  if (named == nullptr || !named->bootstrap) return "";
  const ckks::params::BootstrapLevels& b = *named->bootstrap;
  return fmt::format(
      "levels      {} SlotToCoeff, {} for the circuit, {} EvalMod, {} CoeffToSlot; ephemeral secret of "
      "weight {}\n",
      b.slot_to_coeff, b.user, b.eval_mod, b.coeff_to_slot, b.sparse_weight);
}

std::string to_text(const ckks::Params& params, const ckks::params::NamedSet* named,
                    const std::string& reason) {
  const ckks::ParamsLiteral& literal = params.literal();
  double log_p = 0;
  for (int i = 0; i < params.special_count(); ++i) log_p += log2_of(params.p(i));
  return fmt::format(
      "{}{}: {}\n\n"
      "security    {}: log QP = {:.1f} of {} bits that N = 2^{} may carry at 128 bits\n"
      "chain       {} primes of {} bits\n"
      "special     {} primes of {} bits, P = 2^{:.1f}\n"
      "keys        {} digits of up to {} primes; {} transforms a rotation at the top, {} a key on "
      "disk\n{}\n{}",
      reason.empty() ? "" : reason + "\n", params.name(), describe_parameters(params),
      params.security_bits() == 0 ? std::string("none") : fmt::format("{} bits", params.security_bits()),
      params.log_qp(), ckks::max_log_qp(params.log_n(), 128), params.log_n(), params.chain_count(),
      prime_sizes(literal.q), params.special_count(), prime_sizes(literal.p), log_p, params.digits(),
      params.alpha(), (params.digits() + 2) * (params.chain_count() + params.special_count()),
      format_bytes(key_file_bytes(params)), bootstrap_line(named), levels_table(params));
}

int list(bool json) {
  Table table({{"name", Table::Align::kLeft},
               {"N"},
               {"levels"},
               {"log QP"},
               {"limit"},
               {"primes"},
               {"digits"},
               {"a key on disk"},
               {"for", Table::Align::kLeft}});
  Json all = Json::array();
  for (const ckks::params::NamedSet& set : ckks::params::named()) {
    const ckks::ParamsPtr params = ckks::Params::make(set.literal);
    all.push_back(to_json(*params, &set, ""));
    table.add(
        {params->name(), fmt::format("2^{}", params->log_n()), std::to_string(params->max_level()),
         fmt::format("{:.1f}", params->log_qp()), std::to_string(ckks::max_log_qp(params->log_n(), 128)),
         fmt::format("{} + {}", params->chain_count(), params->special_count()),
         std::to_string(params->digits()), format_bytes(key_file_bytes(*params)), std::string(set.purpose)});
  }
  if (json)
    print_json(all);
  else
    print_text(table.text());
  return kDone;
}

int show(const Options& options, const ckks::Params& params, const ckks::params::NamedSet* named,
         const std::string& reason) {
  if (options.json)
    print_json(to_json(params, named, reason));
  else
    print_text(to_text(params, named, reason));
  return kDone;
}

int run_params(const Options& options) {
  if (options.depth >= 0) {
    const ckks::params::Chosen chosen =
        ckks::params::for_depth(options.depth, options.scale_bits, options.slots, options.security);
    return show(options, *chosen.params, nullptr, chosen.reason);
  }
  if (options.set.empty()) return list(options.json);
  if (options.set.ends_with(".json")) {
    constexpr std::uint64_t kMostBytes = 64 * 1024;
    const std::vector<std::byte> bytes = read_file(options.set, kMostBytes);
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return show(options, *ckks::Params::make(ckks::literal_from_json(text)), nullptr, "");
  }
  const ckks::params::NamedSet& named = ckks::params::find(options.set);
  return show(options, *ckks::Params::make(named.literal), &named, "");
}

}  // namespace

Command add_params(CLI::App& root) {
  CLI::App* app = root.add_subcommand("params", "Show parameter sets, check one, or choose one for a depth");
  app->footer(kFooter);
  auto options = std::make_shared<Options>();
  CLI::Option* set =
      app->add_option("SET", options->set, "A name, or a file that ends in .json; all names if absent");
  CLI::Option* depth =
      app->add_option("--depth", options->depth, "Choose the smallest set with so many levels");
  depth->excludes(set);
  app->add_option("--scale-bits", options->scale_bits, "log2 of the scale, 20 to 60")
      ->needs(depth)
      ->capture_default_str();
  app->add_option("--slots", options->slots, "At least so many slots")->needs(depth)->capture_default_str();
  app->add_option("--security", options->security, "128, 192 or 256 bits")
      ->needs(depth)
      ->capture_default_str();
  app->add_flag("--json", options->json, "Print JSON for programs");
  return {app, [options] { return run_params(*options); }};
}

}  // namespace sotto::app
