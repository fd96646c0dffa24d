#include "nn/search.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

#include "base/error.h"
#include "nn/slot_math.h"

namespace sotto::nn {
namespace {

constexpr std::size_t kBeam = 12;

/// group[tensor]: the representative of the tensors that share a layout.
std::vector<int> layout_groups(const StagedGraph& network) {
  std::vector<int> group(network.stages.size() + 1);
  std::iota(group.begin(), group.end(), 0);
  const auto join = [&](int a, int b) {
    const int keep = std::min(group[index(a)], group[index(b)]),
              drop = std::max(group[index(a)], group[index(b)]);
    std::ranges::replace(group, drop, keep);
  };
  for (std::size_t i = 0; i < network.stages.size(); ++i) {
    const Stage& stage = network.stages[i];
    if (stage.kind == StepKind::kLinear) continue;
    for (const int input : stage.inputs) join(input, static_cast<int>(i) + 1);
  }
  return group;
}

struct State {
  std::vector<std::optional<Layout>> layouts;  // [group representative]
  std::vector<Candidate> candidates;           // [stage so far]
  double seconds = 0;
};

class Beam {
 public:
  Beam(const StagedGraph& network, int slots, const std::vector<int>& levels, const CostModel& model,
       const ChainShape& chain)
      : network_(network), levels_(levels), model_(model), chain_(chain), group_(layout_groups(network)) {
    for (Layout& layout : input_layouts(network.input, first_map(), slots)) {
      State state{.layouts = std::vector<std::optional<Layout>>(group_.size()), .candidates = {}};
      state.layouts[0] = std::move(layout);
      states_.push_back(std::move(state));
    }
  }

  Choices run() && {
    for (std::size_t i = 0; i < network_.stages.size(); ++i) {
      if (network_.stages[i].kind == StepKind::kLinear) {
        expand(i);
      } else {
        for (State& state : states_) state.candidates.emplace_back();
      }
      prune(i);
    }
    State& best = *std::ranges::min_element(states_, {}, &State::seconds);
    Choices choices{.layouts = {}, .candidates = std::move(best.candidates)};
    for (const int representative : group_) choices.layouts.push_back(*best.layouts[index(representative)]);
    return choices;
  }

 private:
  /// The first linear map that reads the input or what shares its layout.
  const LinearMap* first_map() const {
    for (const Stage& stage : network_.stages) {
      if (stage.kind == StepKind::kLinear && group_[index(stage.inputs[0])] == 0) return &stage.map;
    }
    return nullptr;
  }

  void expand(std::size_t i) {
    const Stage& stage = network_.stages[i];
    const std::size_t from = index(group_[index(stage.inputs[0])]), to = index(group_[i + 1]);
    const LinearCost cost = [&, level = levels_[index(stage.inputs[0])]](const LinearShape& shape) {
      return linear_seconds(model_, chain_, level, shape);
    };
    std::vector<State> next;
    for (const State& state : states_) {
      const auto& forced = state.layouts[to];
      std::vector<Candidate> ways;
      if (forced) {
        ways.push_back(linear_candidate_into(stage.map, *state.layouts[from], *forced, cost));
      } else {
        ways = linear_candidates(stage.map, *state.layouts[from], cost);
      }
      for (Candidate& way : ways) {
        State after = state;
        after.layouts[to] = way.out;
        after.seconds += way.seconds;
        after.candidates.push_back(std::move(way));
        next.push_back(std::move(after));
      }
    }
    states_ = std::move(next);
  }

  /// Forgets layouts that nobody will need, joins equal states, keeps the cheapest.
  void prune(std::size_t stages_done) {
    std::vector<bool> live(group_.size(), false);
    live[index(group_[index(network_.output_tensor)])] = true;
    for (std::size_t i = stages_done + 1; i < network_.stages.size(); ++i) {
      for (const int input : network_.stages[i].inputs) live[index(group_[index(input)])] = true;
    }
    const auto same = [&](const State& a, const State& b) {
      for (std::size_t g = 0; g < live.size(); ++g) {
        if (live[g] && a.layouts[g] != b.layouts[g]) return false;
      }
      return true;
    };
    std::ranges::stable_sort(states_, {}, &State::seconds);
    std::vector<State> kept;
    for (State& state : states_) {
      if (kept.size() == kBeam) break;
      const bool known = std::ranges::any_of(kept, [&](const State& other) { return same(state, other); });
      if (!known) kept.push_back(std::move(state));
    }
    states_ = std::move(kept);
  }

  const StagedGraph& network_;
  const std::vector<int>& levels_;
  const CostModel& model_;
  const ChainShape& chain_;
  std::vector<int> group_;
  std::vector<State> states_;
};

}  // namespace

Choices choose_layouts(const StagedGraph& network, int slots, const std::vector<int>& levels,
                       const CostModel& model, const ChainShape& chain) {
  for (const Stage& stage : network.stages) {
    if (element_count(stage.out) > index(slots)) {
      throw Error(ErrorCode::kInvalidArgument, "plan: '" + stage.name + "' makes " + to_string(stage.out) +
                                                   " (" + std::to_string(element_count(stage.out)) +
                                                   " elements), more than the " + std::to_string(slots) +
                                                   " slots of a ciphertext; raise log_n");
    }
  }
  return Beam(network, slots, levels, model, chain).run();
}

}  // namespace sotto::nn
