// The editing table of the passes: a copy of a graph whose producers and readers are known. A node that
// nobody reads any more leaves by itself; finish() gives a clean graph.
#pragma once

#include <vector>

#include "nn/graph.h"

namespace sotto::nn {

class Rewriter {
 public:
  static constexpr int kNone = -1;

  explicit Rewriter(const Graph& graph);

  int node_count() const noexcept { return static_cast<int>(graph_.nodes.size()); }
  Node& node(int index) { return graph_.nodes[static_cast<std::size_t>(index)]; }
  const Shape& shape(ValueId id) const { return graph_.value(id).shape; }
  bool alive(int index) const { return alive_[static_cast<std::size_t>(index)]; }

  /// The node that makes a value, kNone for the graph's input.
  int producer(ValueId id) const { return producer_[static_cast<std::size_t>(id)]; }
  /// The one node that reads a value, kNone when there are several, or none, or when the value is the graph's
  /// output.
  int sole_reader(ValueId id) const;

  /// The node reads other values from now on.
  void set_inputs(int index, std::vector<ValueId> inputs);
  /// Takes out a node of one input: its readers read that input.
  void bypass(int index);

  /// Renumbers the values that are left and validates.
  Graph finish() &&;

 private:
  void remove(int index);
  void remove_if_unread(ValueId id);

  Graph graph_;
  std::vector<bool> alive_;                // [node]
  std::vector<int> producer_;              // [value]
  std::vector<std::vector<int>> readers_;  // [value] node indices, once for each input that reads it
};

}  // namespace sotto::nn
