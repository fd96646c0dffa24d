#include "nn/rewrite.h"

#include <algorithm>

namespace sotto::nn {
namespace {

std::size_t at(ValueId id) {
  return static_cast<std::size_t>(id);
}

}  // namespace

Rewriter::Rewriter(const Graph& graph)
    : graph_(graph),
      alive_(graph.nodes.size(), true),
      producer_(graph.values.size(), kNone),
      readers_(graph.values.size()) {
  for (int i = 0; i < node_count(); ++i) {
    producer_[at(node(i).output)] = i;
    for (const ValueId id : node(i).inputs) readers_[at(id)].push_back(i);
  }
  for (const Node& made : graph_.nodes) remove_if_unread(made.output);
}

int Rewriter::sole_reader(ValueId id) const {
  const std::vector<int>& readers = readers_[at(id)];
  return id != graph_.output && readers.size() == 1 ? readers.front() : kNone;
}

void Rewriter::set_inputs(int index, std::vector<ValueId> inputs) {
  for (const ValueId id : inputs) readers_[at(id)].push_back(index);
  node(index).inputs.swap(inputs);
  for (const ValueId old : inputs) {
    std::vector<int>& readers = readers_[at(old)];
    readers.erase(std::find(readers.begin(), readers.end(), index));
  }
  for (const ValueId old : inputs) remove_if_unread(old);
}

void Rewriter::remove_if_unread(ValueId id) {
  const int maker = producer(id);
  if (maker == kNone || id == graph_.output || !readers_[at(id)].empty()) return;
  remove(maker);
}

void Rewriter::remove(int index) {
  alive_[static_cast<std::size_t>(index)] = false;
  producer_[at(node(index).output)] = kNone;
  set_inputs(index, {});
}

void Rewriter::bypass(int index) {
  const ValueId input = node(index).inputs.front(), output = node(index).output;
  if (graph_.output == output) graph_.output = input;
  for (const int reader : std::vector<int>(readers_[at(output)])) {
    std::vector<ValueId> inputs = node(reader).inputs;
    std::replace(inputs.begin(), inputs.end(), output, input);
    if (inputs != node(reader).inputs) set_inputs(reader, std::move(inputs));
  }
  if (alive(index)) remove(index);  // it had no readers: it made the graph's output
}

Graph Rewriter::finish() && {
  Graph clean;
  clean.name = std::move(graph_.name);
  std::vector<ValueId> renumbered(graph_.values.size(), kNone);
  for (std::size_t id = 0; id < graph_.values.size(); ++id) {
    if (producer_[id] == kNone && static_cast<ValueId>(id) != graph_.input) continue;
    renumbered[id] = add_value(clean, std::move(graph_.values[id].name), std::move(graph_.values[id].shape));
  }
  for (int i = 0; i < node_count(); ++i) {
    if (!alive(i)) continue;
    for (ValueId& id : node(i).inputs) id = renumbered[at(id)];
    node(i).output = renumbered[at(node(i).output)];
    clean.nodes.push_back(std::move(node(i)));
  }
  clean.input = renumbered[at(graph_.input)];
  clean.output = renumbered[at(graph_.output)];
  validate(clean);
  return clean;
}

}  // namespace sotto::nn
