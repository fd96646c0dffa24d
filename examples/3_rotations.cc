// Rotations move slots to the left; sums over many slots are rotations and additions.
//
// Each step needs a key of its own, so programs say beforehand which steps they take. Next:
// examples/4_linear_transform.cc.
#include <cmath>
#include <cstdio>
#include <numeric>
#include <vector>

#include "ckks/named_params.h"
#include "ckks/operations.h"

namespace ckks = sotto::ckks;

int main() {
  const ckks::ParamsPtr params = ckks::Params::make(ckks::params::find("L13").literal);

  // What the program will do, and the keys that it needs for that: the steps of both operations together.
  constexpr int kCount = 100;
  const ckks::Needs needs = ckks::Needs{.steps = {1}} + ckks::mean_needs(kCount) + ckks::part_needs();
  std::printf("rotation keys for steps");
  for (const int step : needs.steps) std::printf(" %d", step);
  std::printf("; %d levels\n", needs.levels);
  auto [client, engine] = ckks::make_native_session(
      params, ckks::key_request(needs, *params, params->max_level()), sotto::Threads::all());
  const ckks::Automatic server(*engine);

  std::vector<double> values(kCount);
  std::iota(values.begin(), values.end(), 1.0);
  const ckks::Cipher x = ckks::encrypt(*client, *params, values);

  const std::vector<double> rotated = client->decrypt(server.rotate(x, 1));
  std::printf("one to the left: %.3f %.3f %.3f …\n", rotated[0], rotated[1], rotated[2]);
  const double mean = client->decrypt(ckks::mean(server, x, kCount))[0];
  std::printf("mean of 1…%d:   %.3f\n", kCount, mean);

  // Slots are complex numbers; conjugation is a rotation of another kind.
  const ckks::Cipher z = server.add(x, server.multiply_by_i(server.rotate(x, 1)));  // x[i] + i x[i+1]
  const double imaginary = client->decrypt(ckks::imaginary_part(server, z))[0];
  std::printf("imaginary part of 1 + 2i: %.3f\n", imaginary);
  return std::fabs(mean - 50.5) < 0.01 && std::fabs(imaginary - 2) < 0.01 ? 0 : 1;
}
