// JSON form of a plan ("sotto-plan-1"). Reading is strict, because the text may come from outside: unknown
// fields, other versions, numbers out of range, lists that are too long and parts that contradict each other
// are refused.
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "nn/model_hash.h"
#include "nn/plan.h"

namespace sotto::nn {
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* kFormat = "sotto-plan-1";
constexpr const char* kSeal = "sha256";
constexpr std::size_t kMaxText = std::size_t{64} << 20;
constexpr std::size_t kMaxList = 1 << 17;
constexpr int kMaxInt = 1 << 28;

[[noreturn]] void refuse(const std::string& sentence) {
  throw Error(ErrorCode::kCorruptFile, "plan: " + sentence + "; make the plan again");
}

const char* kind_name(StepKind kind) {
  switch (kind) {
    case StepKind::kLinear:
      return "linear";
    case StepKind::kPolynomial:
      return "polynomial";
    case StepKind::kAdd:
      return "add";
  }
  return "";
}

// ---------------------------------------------------------------- writing

Json digits_json(const std::vector<Digit>& digits) {
  Json list = Json::array();
  for (const Digit& digit : digits) list.push_back({digit.extent, digit.stride});
  return list;
}

Json layout_json(const Layout& layout) {
  Json axes = Json::array();
  for (const auto& axis : layout.axes) axes.push_back(digits_json(axis));
  return {{"shape", layout.shape},
          {"slots", layout.slots},
          {"base", layout.base},
          {"axes", axes},
          {"copies", digits_json(layout.copies)}};
}

Json counts_json(const ckks::OpCounts& counts) {
  return {{"add", counts.add},           {"multiply_plain", counts.multiply_plain},
          {"multiply", counts.multiply}, {"relinearise", counts.relinearise},
          {"rotate", counts.rotate},     {"conjugate", counts.conjugate},
          {"rescale", counts.rescale},   {"encode", counts.encode}};
}

Json step_json(const Step& step) {
  Json json{{"kind", kind_name(step.kind)}, {"name", step.name},          {"nodes", step.nodes},
            {"node_ids", step.node_ids},    {"inputs", step.inputs},      {"in", layout_json(step.in)},
            {"out", layout_json(step.out)}, {"level_in", step.level_in},  {"level_out", step.level_out},
            {"scale_in", step.scale_in},    {"scale_out", step.scale_out}};
  if (step.kind == StepKind::kLinear) {
    json["ring"] = step.route.ring;
    json["folds"] = step.route.folds;
    json["giant_step"] = step.diagonals.giant_step;
    json["blocks"] = step.diagonals.blocks;
  }
  if (step.kind == StepKind::kPolynomial) json["coefficients"] = step.coefficients;
  json["counts"] = counts_json(step.counts);
  json["seconds"] = step.seconds;
  json["bytes"] = step.bytes;
  return json;
}

Json keys_json(const ckks::KeyRequest& keys) {
  Json galois = Json::array();
  for (const auto& key : keys.galois)
    galois.push_back({{"step", key.id.step}, {"conjugate", key.id.conjugate}, {"level", key.level}});
  return {{"relin_level", keys.relin_level}, {"galois", galois}};
}

// ---------------------------------------------------------------- reading

/// The fields of one object; finish() refuses what was not asked for.
class Fields {
 public:
  Fields(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json.is_object()) refuse(where_ + " must be an object");
  }

  const Json& at(const std::string& field) {
    const auto found = json_.find(field);
    if (found == json_.end()) refuse(where_ + " has no \"" + field + "\"");
    seen_.insert(field);
    return *found;
  }
  std::int64_t whole(const std::string& field, std::int64_t low, std::int64_t high) {
    return whole_number(at(field), name(field), low, high);
  }
  int integer(const std::string& field, int low = 0, int high = kMaxInt) {
    return static_cast<int>(whole(field, low, high));
  }
  std::size_t bytes(const std::string& field) {
    return static_cast<std::size_t>(whole(field, 0, std::int64_t{1} << 52));
  }
  /// Finite, and above 0 unless `any`.
  double number(const std::string& field, bool any = false) { return finite(at(field), name(field), any); }
  std::string text(const std::string& field) {
    const Json& value = at(field);
    if (!value.is_string() || value.get_ref<const std::string&>().size() > 4096)
      refuse(name(field) + " must be a short string");
    return value.get<std::string>();
  }
  bool boolean(const std::string& field) {
    if (!at(field).is_boolean()) refuse(name(field) + " must be true or false");
    return at(field).get<bool>();
  }
  const Json& list(const std::string& field) { return checked_list(at(field), name(field)); }
  std::vector<int> integers(const std::string& field, int high = kMaxInt) {
    return integer_list(list(field), name(field), high);
  }
  std::string name(const std::string& field) const { return where_ + "." + field; }

  void finish() const {
    for (const auto& [field, value] : json_.items()) {
      if (!seen_.contains(field)) refuse(where_ + " has an unknown field \"" + field.substr(0, 64) + "\"");
    }
  }

  static std::int64_t whole_number(const Json& value, const std::string& what, std::int64_t low,
                                   std::int64_t high) {
    const bool fits = value.is_number_integer() &&
                      (!value.is_number_unsigned() || value.get<std::uint64_t>() <= std::uint64_t{1} << 62);
    if (!fits || value.get<std::int64_t>() < low || value.get<std::int64_t>() > high)
      refuse(what + " must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    return value.get<std::int64_t>();
  }
  static double finite(const Json& value, const std::string& what, bool any) {
    if (!value.is_number() || !std::isfinite(value.get<double>()) || (!any && value.get<double>() <= 0))
      refuse(what + " must be a finite number" + (any ? "" : " above 0"));
    return value.get<double>();
  }
  static const Json& checked_list(const Json& value, const std::string& what) {
    if (!value.is_array() || value.size() > kMaxList)
      refuse(what + " must be a list of at most " + std::to_string(kMaxList) + " entries");
    return value;
  }
  static std::vector<int> integer_list(const Json& value, const std::string& what, int high) {
    std::vector<int> list;
    for (const Json& item : checked_list(value, what))
      list.push_back(static_cast<int>(whole_number(item, what, 0, high)));
    return list;
  }

 private:
  const Json& json_;
  std::string where_;
  std::set<std::string> seen_;
};

std::vector<Digit> read_digits(const Json& json, const std::string& what) {
  std::vector<Digit> digits;
  for (const Json& item : Fields::checked_list(json, what)) {
    const std::vector<int> pair = Fields::integer_list(item, what, kMaxInt);
    if (pair.size() != 2 || digits.size() == 32)
      refuse(what + " must hold at most 32 pairs (extent, stride)");
    digits.push_back({pair[0], pair[1]});
  }
  return digits;
}

Layout read_layout(const Json& json, const std::string& where) {
  Fields fields(json, where);
  Layout layout{.shape = fields.integers("shape"),
                .slots = fields.integer("slots"),
                .base = fields.integer("base"),
                .axes = {},
                .copies = read_digits(fields.at("copies"), where + ".copies")};
  for (const Json& axis : fields.list("axes")) layout.axes.push_back(read_digits(axis, where + ".axes"));
  fields.finish();
  return layout;
}

ckks::OpCounts read_counts(const Json& json, const std::string& where) {
  Fields fields(json, where);
  const auto count = [&](const char* field) { return fields.whole(field, 0, std::int64_t{1} << 40); };
  const ckks::OpCounts counts{.add = count("add"),
                              .multiply_plain = count("multiply_plain"),
                              .multiply = count("multiply"),
                              .relinearise = count("relinearise"),
                              .rotate = count("rotate"),
                              .conjugate = count("conjugate"),
                              .rescale = count("rescale"),
                              .encode = count("encode")};
  fields.finish();
  return counts;
}

StepKind read_kind(const std::string& name, const std::string& where) {
  for (const StepKind kind : {StepKind::kLinear, StepKind::kPolynomial, StepKind::kAdd}) {
    if (name == kind_name(kind)) return kind;
  }
  refuse(where + ".kind \"" + name.substr(0, 64) + "\" is not known");
}

void read_linear(Fields& fields, Step& step) {
  step.route = {fields.integer("ring"), fields.integers("folds")};
  step.diagonals.giant_step = fields.integer("giant_step");
  for (const Json& block : fields.list("blocks"))
    step.diagonals.blocks.push_back(Fields::integer_list(block, fields.name("blocks"), kMaxInt));
}

Step read_step(const Json& json, const std::string& where) {
  Fields fields(json, where);
  Step step;
  step.kind = read_kind(fields.text("kind"), where);
  step.name = fields.text("name");
  for (const Json& node : fields.list("nodes")) {
    if (!node.is_string()) refuse(where + ".nodes must hold strings");
    step.nodes.push_back(node.get<std::string>());
  }
  step.node_ids = fields.integers("node_ids");
  step.inputs = fields.integers("inputs");
  step.in = read_layout(fields.at("in"), where + ".in");
  step.out = read_layout(fields.at("out"), where + ".out");
  step.level_in = fields.integer("level_in", 0, 64);
  step.level_out = fields.integer("level_out", 0, 64);
  step.scale_in = fields.number("scale_in");
  step.scale_out = fields.number("scale_out");
  if (step.kind == StepKind::kLinear) read_linear(fields, step);
  if (step.kind == StepKind::kPolynomial) {
    for (const Json& c : fields.list("coefficients"))
      step.coefficients.push_back(Fields::finite(c, where + ".coefficients", true));
  }
  step.counts = read_counts(fields.at("counts"), where + ".counts");
  step.seconds = fields.number("seconds", true);
  step.bytes = fields.bytes("bytes");
  fields.finish();
  return step;
}

ckks::KeyRequest read_keys(const Json& json) {
  Fields fields(json, "keys");
  ckks::KeyRequest keys{.relin_level = fields.integer("relin_level", -1, 64), .galois = {}};
  for (const Json& item : fields.list("galois")) {
    Fields key(item, "keys.galois");
    keys.galois.push_back(
        {{.step = key.integer("step"), .conjugate = key.boolean("conjugate")}, key.integer("level", 0, 64)});
    key.finish();
  }
  fields.finish();
  return keys;
}

/// Refuses a text that was changed since it was written, and takes the seal off.
void open_seal(Json& json) {
  if (!json.is_object() || !json.contains("format") || !json.contains(kSeal))
    refuse("not a plan: an object with the fields \"format\" and \"sha256\" is wanted");
  const Json::iterator seal = json.find(kSeal);
  const std::string said = seal->is_string() ? seal->get<std::string>().substr(0, 64) : "something else";
  json.erase(seal);
  const std::string digest = sha256_hex(json.dump());
  if (digest == said) return;
  throw Error(ErrorCode::kCorruptFile,
              "plan: damaged or changed: its sha256 is " + digest + " and it says " + said +
                  "; take the file that came with the keys, or plan and make keys again");
}

Plan read_plan(const Json& json) {
  Fields fields(json, "the plan");
  if (fields.text("format") != kFormat)
    refuse("\"format\" must be \"" + std::string(kFormat) + "\": another kind or version");
  Plan plan;
  plan.model = fields.text("model");
  plan.model_sha256 = fields.text("model_sha256");
  plan.params = ckks::literal_from_json(fields.at("params").dump());
  plan.input = read_layout(fields.at("input"), "input");
  plan.output = read_layout(fields.at("output"), "output");
  plan.input_level = fields.integer("input_level", 0, 64);
  plan.input_scale = fields.number("input_scale");
  for (const Json& step : fields.list("steps"))
    plan.steps.push_back(read_step(step, "step " + std::to_string(plan.steps.size())));
  plan.output_tensor = fields.integer("output_tensor");
  plan.max_logit = fields.number("max_logit");
  plan.keys = read_keys(fields.at("keys"));
  plan.seconds = fields.number("seconds", true);
  plan.encrypt_seconds = fields.number("encrypt_seconds", true);
  plan.decrypt_seconds = fields.number("decrypt_seconds", true);
  plan.keygen_seconds = fields.number("keygen_seconds", true);
  plan.key_bytes_disk = fields.bytes("key_bytes_disk");
  plan.key_bytes_memory = fields.bytes("key_bytes_memory");
  plan.peak_bytes = fields.bytes("peak_bytes");
  plan.input_bytes = fields.bytes("input_bytes");
  plan.output_bytes = fields.bytes("output_bytes");
  fields.finish();
  return plan;
}

}  // namespace

std::string to_json(const Plan& plan) {
  Json steps = Json::array();
  for (const Step& step : plan.steps) steps.push_back(step_json(step));
  Json json{{"format", kFormat},
            {"model", plan.model},
            {"model_sha256", plan.model_sha256},
            {"params", Json::parse(ckks::to_json(plan.params))},
            {"input", layout_json(plan.input)},
            {"output", layout_json(plan.output)},
            {"input_level", plan.input_level},
            {"input_scale", plan.input_scale},
            {"steps", steps},
            {"output_tensor", plan.output_tensor},
            {"max_logit", plan.max_logit},
            {"keys", keys_json(plan.keys)},
            {"seconds", plan.seconds},
            {"encrypt_seconds", plan.encrypt_seconds},
            {"decrypt_seconds", plan.decrypt_seconds},
            {"keygen_seconds", plan.keygen_seconds},
            {"key_bytes_disk", plan.key_bytes_disk},
            {"key_bytes_memory", plan.key_bytes_memory},
            {"peak_bytes", plan.peak_bytes},
            {"input_bytes", plan.input_bytes},
            {"output_bytes", plan.output_bytes}};
  json[kSeal] = sha256_hex(json.dump());
  return json.dump(1) + "\n";
}

Plan plan_from_json(const std::string& text) {
  Json json = parse_json<Json>(text, kMaxText, "plan");
  open_seal(json);
  const Plan plan = read_plan(json);
  validate(plan);
  return plan;
}

}  // namespace sotto::nn
