// Joins elementwise polynomials: p(q(x)) and p(x) + q(x) become one Polynomial (an Affine when the degree
// stays below 2).
//
// The inner result must have no other reader. Two polynomials of degree 2 or more are composed only up to
// degree 8: beyond that a composition is the cheaper form (the composite sign approximations live from it),
// and joining them saves no level.
#include <algorithm>
#include <optional>

#include "nn/elementwise.h"
#include "nn/passes/passes.h"
#include "nn/rewrite.h"

namespace sotto::nn {
namespace {

constexpr int kMaxComposedDegree = 8;

/// A value as a polynomial of another one.
struct Form {
  ValueId root;
  Coefficients polynomial;
};

/// How `reader` may see its input: as itself and, when nobody else reads it, as a polynomial of what its
/// producer reads.
std::vector<Form> forms(Rewriter& graph, int reader, ValueId value) {
  std::vector<Form> found{{value, {0, 1}}};
  const int maker = graph.producer(value);
  if (maker == Rewriter::kNone || graph.sole_reader(value) != reader) return found;
  if (auto polynomial = elementwise_polynomial(graph.node(maker).op)) {
    found.push_back({graph.node(maker).inputs.front(), *std::move(polynomial)});
  }
  return found;
}

std::optional<Form> composed(Rewriter& graph, int index) {
  const auto outer = elementwise_polynomial(graph.node(index).op);
  if (!outer) return std::nullopt;
  const std::vector<Form> inner = forms(graph, index, graph.node(index).inputs.front());
  if (inner.size() < 2) return std::nullopt;
  const int p = degree(*outer), q = degree(inner[1].polynomial);
  if (std::min(p, q) > 1 && p * q > kMaxComposedDegree) return std::nullopt;
  return Form{inner[1].root, compose(*outer, inner[1].polynomial)};
}

std::optional<Form> summed(Rewriter& graph, int index) {
  const Node& node = graph.node(index);
  if (!std::holds_alternative<Add>(node.op)) return std::nullopt;
  for (const Form& left : forms(graph, index, node.inputs[0])) {
    for (const Form& right : forms(graph, index, node.inputs[1])) {
      if (left.root == right.root) return Form{left.root, add(left.polynomial, right.polynomial)};
    }
  }
  return std::nullopt;
}

}  // namespace

Graph fuse_polynomials(const Graph& graph) {
  Rewriter rewriter(graph);
  for (int i = 0; i < rewriter.node_count(); ++i) {
    while (rewriter.alive(i)) {
      auto form = summed(rewriter, i);
      if (!form) form = composed(rewriter, i);
      if (!form) break;
      rewriter.node(i).op = elementwise_operator(form->polynomial, rewriter.shape(form->root).front());
      rewriter.set_inputs(i, {form->root});
    }
  }
  return std::move(rewriter).finish();
}

}  // namespace sotto::nn
