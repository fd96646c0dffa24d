// Folds y = scale[c] x + shift[c] into a neighbouring Conv2d or Dense, so that batch normalisation costs
// nothing.
//
// The layer before is tried first, then the layer after. On the way an Affine may pass an AveragePool, with
// which it commutes when no window averages padding (or the shift is 0), and on the way forward a Reshape.
// Every value passed must have one reader: a second one would see other numbers. In front of a padded
// convolution only a shift of 0 folds, because the padding is zero before the shift, not after.
#include <algorithm>

#include "nn/passes/passes.h"
#include "nn/rewrite.h"

namespace sotto::nn {
namespace {

template <class Entries>
bool all_zero(const Entries& entries) {
  return std::all_of(entries.begin(), entries.end(), [](auto x) { return x == 0; });
}

bool commutes(const AveragePool& pool, const Affine& affine) {
  return all_zero(affine.shift) || !pool.count_include_pad || all_zero(pool.pads);
}

/// Conv2d or Dense: row r of the weights and entry r of the bias make output channel r.
template <class Layer>
void fold_after(Layer& layer, const Affine& affine) {
  const std::size_t row = layer.weights.size() / layer.bias.size();
  for (std::size_t i = 0; i < layer.weights.size(); ++i) layer.weights[i] *= affine.scale[i / row];
  for (std::size_t r = 0; r < layer.bias.size(); ++r)
    layer.bias[r] = affine.scale[r] * layer.bias[r] + affine.shift[r];
}

bool fold_before(Conv2d& conv, const Affine& affine) {
  if (!all_zero(conv.pads) && !all_zero(affine.shift)) return false;
  const auto maps = conv.bias.size(), channels = static_cast<std::size_t>(conv.weights.shape[1]);
  const std::size_t taps = conv.weights.size() / (maps * channels),
                    maps_per_group = maps / static_cast<std::size_t>(conv.groups);
  for (std::size_t map = 0; map < maps; ++map) {
    for (std::size_t c = 0; c < channels; ++c) {
      const std::size_t from = map / maps_per_group * channels + c;  // the input channel
      double* weight = conv.weights.values.data() + (map * channels + c) * taps;
      for (std::size_t t = 0; t < taps; ++t) {
        conv.bias[map] += weight[t] * affine.shift[from];
        weight[t] *= affine.scale[from];
      }
    }
  }
  return true;
}

/// `affine` has one entry for each column.
void fold_before(Dense& dense, const Affine& affine) {
  const std::size_t columns = affine.scale.size();
  for (std::size_t i = 0; i < dense.weights.size(); ++i) {
    dense.bias[i / columns] += dense.weights[i] * affine.shift[i % columns];
    dense.weights[i] *= affine.scale[i % columns];
  }
}

void fold_before(Affine& later, const Affine& affine) {
  for (std::size_t i = 0; i < later.scale.size(); ++i) {
    later.shift[i] += later.scale[i] * affine.shift[i];
    later.scale[i] *= affine.scale[i];
  }
}

/// One entry for each element instead of each channel.
Affine spread(const Affine& affine, std::size_t elements) {
  const std::size_t per_channel = elements / affine.scale.size();
  Affine wide{std::vector<double>(elements), std::vector<double>(elements)};
  for (std::size_t i = 0; i < elements; ++i) {
    wide.scale[i] = affine.scale[i / per_channel];
    wide.shift[i] = affine.shift[i / per_channel];
  }
  return wide;
}

bool fold_into_layer_before(Rewriter& graph, int index) {
  const Affine& affine = std::get<Affine>(graph.node(index).op);
  int reader = index;
  while (true) {
    const ValueId value = graph.node(reader).inputs.front();
    const int maker = graph.producer(value);
    if (maker == Rewriter::kNone || graph.sole_reader(value) != reader) return false;
    Operator& op = graph.node(maker).op;
    if (auto* conv = std::get_if<Conv2d>(&op)) {
      fold_after(*conv, affine);
      return true;
    }
    if (auto* dense = std::get_if<Dense>(&op)) {
      fold_after(*dense, affine);
      return true;
    }
    const auto* pool = std::get_if<AveragePool>(&op);
    if (pool == nullptr || !commutes(*pool, affine)) return false;
    reader = maker;
  }
}

bool fold_into_layer_after(Rewriter& graph, int index) {
  Affine affine = std::get<Affine>(graph.node(index).op);
  bool reshaped = false;  // entries stand for single elements from then on
  ValueId value = graph.node(index).output;
  while (true) {
    const int reader = graph.sole_reader(value);
    if (reader == Rewriter::kNone) return false;
    Operator& op = graph.node(reader).op;
    if (auto* dense = std::get_if<Dense>(&op)) {
      fold_before(*dense, spread(affine, element_count(graph.shape(value))));
      return true;
    }
    if (auto* later = std::get_if<Affine>(&op)) {
      if (later->scale.size() != affine.scale.size()) return false;
      fold_before(*later, affine);
      return true;
    }
    if (auto* conv = std::get_if<Conv2d>(&op)) return !reshaped && fold_before(*conv, affine);
    if (std::holds_alternative<Reshape>(op)) {
      affine = spread(affine, element_count(graph.shape(value)));
      reshaped = true;
    } else if (const auto* pool = std::get_if<AveragePool>(&op);
               pool == nullptr || reshaped || !commutes(*pool, affine)) {
      return false;
    }
    value = graph.node(reader).output;
  }
}

}  // namespace

Graph fold_affine(const Graph& graph) {
  Rewriter rewriter(graph);
  for (int i = 0; i < rewriter.node_count(); ++i) {
    if (!rewriter.alive(i) || !std::holds_alternative<Affine>(rewriter.node(i).op)) continue;
    if (fold_into_layer_before(rewriter, i) || fold_into_layer_after(rewriter, i)) rewriter.bypass(i);
  }
  return std::move(rewriter).finish();
}

}  // namespace sotto::nn
