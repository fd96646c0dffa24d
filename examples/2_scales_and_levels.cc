// Scales and levels by hand: what a product costs, and why sums need equal scales.
//
// A number x is carried as the integer round(x scale). A product has the product of the scales, and a rescale
// divides both by a prime of the chain, which is then gone: one level less. Next: examples/3_rotations.cc.
#include <cmath>
#include <cstdio>
#include <vector>

#include "base/error.h"
#include "ckks/engine.h"
#include "ckks/named_params.h"

namespace ckks = sotto::ckks;

namespace {

void show(const char* name, const ckks::Cipher& a) {
  std::printf("%-16s level %d, scale 2^%.4f\n", name, a.level(), std::log2(a.scale()));
}

}  // namespace

int main() {
  const ckks::ParamsPtr params = ckks::Params::make(ckks::params::find("L13").literal);
  const int top = params->max_level();
  auto [client, engine] =
      ckks::make_native_session(params, {.relin_level = top, .galois = {}}, sotto::Threads::all());

  // Every level has a canonical scale; products of values at it, rescaled, are at the canonical scale below.
  // The primes differ a little from powers of two, and the scales say by how much: nothing is rounded away.
  const ckks::Cipher x = client->encrypt(std::vector{0.5, -0.25}, top, params->scale(top));
  const ckks::Cipher square = engine->multiply(x, x);
  const ckks::Cipher settled = engine->rescale(square);
  show("x", x);
  show("x^2", square);
  show("x^2 rescaled", settled);

  // A sum of two scales is refused, with the numbers.
  try {
    engine->add(x, square);
  } catch (const sotto::Error& error) {
    std::printf("refused          %s\n", error.what());
  }

  // To add x to x^2, x must come down to the level and the scale of x^2: multiplied by 1 at the constant
  // scale that makes its rescale land there. Automatic (examples/1_hello.cc) does this by itself.
  const double factor = params->scale(top - 1) * params->rescale_factor(top) / x.scale();
  const ckks::Cipher lowered = engine->rescale(engine->multiply_constant(x, 1.0, factor));
  show("x lowered", lowered);
  const ckks::Cipher sum = engine->add(settled, lowered);
  const std::vector<double> answer = client->decrypt(sum);
  std::printf("x^2 + x        = %.4f %.4f\n", answer[0], answer[1]);
  return std::fabs(answer[0] - 0.75) < 1e-3 ? 0 : 1;
}
