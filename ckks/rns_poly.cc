#include "ckks/rns_poly.h"

#include "ntt/batch.h"

namespace sotto::ckks {
namespace {

template <class Poly>
void transform(const Params& params, ntt::Direction direction, Poly& poly, Threads threads) {
  std::vector<ntt::LimbTask> tasks;
  for (int i = 0; i < poly.limbs(); ++i) tasks.push_back({&params.limb(i, poly.q_limbs()), poly.limb(i)});
  ntt::transform_all(direction, tasks, threads);
}

}  // namespace

EvalPoly forward(const Params& params, CoeffPoly&& poly, Threads threads) {
  EvalPoly out = EvalPoly::adopt(std::move(poly));
  transform(params, ntt::Direction::kForward, out, threads);
  return out;
}

CoeffPoly inverse(const Params& params, EvalPoly&& poly, Threads threads) {
  CoeffPoly out = CoeffPoly::adopt(std::move(poly));
  transform(params, ntt::Direction::kInverse, out, threads);
  return out;
}

}  // namespace sotto::ckks
