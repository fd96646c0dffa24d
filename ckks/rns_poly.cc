#include "ckks/rns_poly.h"

namespace sotto::ckks {

EvalPoly forward(const Params& params, CoeffPoly&& poly, Threads threads) {
  EvalPoly out = EvalPoly::adopt(std::move(poly));
  parallel_for(threads, out.limbs(), [&](int i) { params.limb(i, out.q_limbs()).forward(out.limb(i)); });
  return out;
}

CoeffPoly inverse(const Params& params, EvalPoly&& poly, Threads threads) {
  CoeffPoly out = CoeffPoly::adopt(std::move(poly));
  parallel_for(threads, out.limbs(), [&](int i) { params.limb(i, out.q_limbs()).inverse(out.limb(i)); });
  return out;
}

}  // namespace sotto::ckks
