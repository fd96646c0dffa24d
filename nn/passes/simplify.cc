// The exact passes in the order in which they help each other.
#include <algorithm>

#include "nn/elementwise.h"
#include "nn/passes/passes.h"
#include "nn/rewrite.h"

namespace sotto::nn {
namespace {

bool changes_nothing(const Operator& op, const Shape& in, const Shape& out) {
  if (std::holds_alternative<Reshape>(op)) return in == out;
  return elementwise_polynomial(op) == Coefficients{0, 1};
}

/// Takes out reshapes to the same shape, elementwise identities, and all but the last of several reshapes in
/// a row.
Graph drop_no_ops(const Graph& graph) {
  Rewriter rewriter(graph);
  for (int i = 0; i < rewriter.node_count(); ++i) {
    if (!rewriter.alive(i) || std::holds_alternative<Add>(rewriter.node(i).op)) continue;
    if (std::holds_alternative<Reshape>(rewriter.node(i).op)) {
      const int maker = rewriter.producer(rewriter.node(i).inputs.front());
      if (maker != Rewriter::kNone && std::holds_alternative<Reshape>(rewriter.node(maker).op)) {
        rewriter.set_inputs(i, {rewriter.node(maker).inputs.front()});
      }
    }
    const Node& node = rewriter.node(i);
    if (changes_nothing(node.op, rewriter.shape(node.inputs.front()), rewriter.shape(node.output)))
      rewriter.bypass(i);
  }
  return std::move(rewriter).finish();
}

}  // namespace

Graph simplify(const Graph& graph) {
  Graph result = fold_affine(
      drop_no_ops(graph));  // into a layer first: there an Affine costs nothing, in a polynomial it may
  result = fuse_polynomials(result);        // what is left joins polynomials, or becomes one Affine …
  return drop_no_ops(fold_affine(result));  // … that may fold now
}

}  // namespace sotto::nn
