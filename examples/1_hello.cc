// The first encrypted computation: two vectors are multiplied slot by slot by somebody who cannot read them.
//
// Next: examples/2_scales_and_levels.cc, which does by hand what Automatic does here.
#include <cstdio>
#include <vector>

#include "ckks/automatic.h"
#include "ckks/named_params.h"

namespace ckks = sotto::ckks;

int main() {
  // L13 is a named parameter set of 128-bit security: polynomials of 2^13 coefficients, so that a ciphertext
  // holds 4096 real numbers ("slots"), and 4 levels, one for each product in a row. `sotto params` shows all.
  const ckks::ParamsPtr params = ckks::Params::make(ckks::params::find("L13").literal);

  // Keys are made for exactly what the computation does: here products, relinearised up to the top level.
  const ckks::KeyRequest request{.relin_level = params->max_level(), .galois = {}};

  // A session plays both sides in one process. The client has the secret key; the engine, the server's side,
  // has none. Automatic computes on an engine and looks after scales and levels.
  auto [client, engine] = ckks::make_native_session(params, request, sotto::Threads::all());
  const ckks::Automatic server(*engine);

  const ckks::Cipher x = ckks::encrypt(*client, *params, std::vector{1.0, 2.0, 3.0, 4.0});
  const ckks::Cipher y = ckks::encrypt(*client, *params, std::vector{0.5, 0.25, -1.0, 10.0});

  const ckks::Cipher z = server.add(server.multiply(x, y), 1.0);  // x y + 1

  // CKKS is approximate: the answers are right to about 2^-16 with this set, not exact.
  const std::vector<double> answer = client->decrypt(z);
  std::printf("(1 2 3 4) x (0.5 0.25 -1 10) + 1 = %.3f %.3f %.3f %.3f\n", answer[0], answer[1], answer[2],
              answer[3]);
  std::printf("levels left: %d of %d\n", server.levels_left(z), params->max_level());
  return answer[3] > 40.99 && answer[3] < 41.01 ? 0 : 1;
}
