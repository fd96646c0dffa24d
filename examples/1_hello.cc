// The first encrypted computation: multiply two vectors slot by slot, rotate the product, read the answer.
//
// Next: examples/2_classify.cc, then ckks/engine.h, which lists everything an engine can do.
#include <cstdio>
#include <vector>

#include "ckks/engine.h"

namespace ckks = sotto::ckks;

int main() {
  // Parameters are data. log_n = 13: polynomials of 8192 coefficients, so a ciphertext holds 4096 real
  // numbers ("slots"). The chain q has a base prime of 45 bits and one prime of 35 bits for each
  // multiplication in a row; p serves key switching. In all 45 + 35 + 35 + 50 = 165 bits; 128-bit security
  // allows 214 at this size, and make() refuses more.
  ckks::ParamsLiteral literal;
  literal.name = "hello-13";
  literal.log_n = 13;
  literal.log_q = {45, 35, 35};
  literal.log_p = {50};
  literal.log_scale = 35;  // a number x is carried as the integer round(x 2^35)
  literal.digits = 3;      // key switching cuts a ciphertext into 3 parts
  const ckks::ParamsPtr params = ckks::Params::make(literal);

  // Keys are made for exactly what the computation does: one product at the top level, one rotation by 1
  // below it.
  const int top = params->max_level();
  ckks::KeyRequest request;
  request.relin_level = top;
  request.galois = {{.id = {.step = 1}, .level = top - 1}};

  // A session plays both sides in one process: the client has the secret key, the engine (the server) has
  // none.
  auto [client, engine] = ckks::make_native_session(params, request, sotto::Threads::all());

  const ckks::Cipher x = client->encrypt(std::vector{1.0, 2.0, 3.0, 4.0}, top, params->scale(top));
  const ckks::Cipher y = client->encrypt(std::vector{0.5, 0.25, -1.0, 10.0}, top, params->scale(top));

  // Server side. A product of two numbers at scale 2^35 has scale 2^70; rescale() divides by the last prime
  // and drops it.
  const ckks::Cipher product = engine->rescale(engine->multiply(x, y));
  const ckks::Cipher rotated = engine->rotate(product, 1);  // slot i takes the value of slot i + 1

  // Client side. CKKS is approximate: the answers are right to about 2^-20, not exact.
  const std::vector<double> answer = client->decrypt(rotated);
  std::printf("(1 2 3 4) x (0.5 0.25 -1 10), one to the left: %.5f %.5f %.5f\n", answer[0], answer[1],
              answer[2]);
  std::printf("levels left: %d of %d\n", rotated.level(), top);
}
