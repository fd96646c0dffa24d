// A matrix times an encrypted vector, by diagonals.
//
// Slot i of the answer is sum_j m[i][j] x[j]. Each diagonal of the matrix is one product with a rotation of
// x; baby steps and giant steps share the rotations, and hoisting decomposes x once for all baby steps. Next:
// examples/5_polynomial.cc.
#include <cmath>
#include <cstdio>
#include <vector>

#include "ckks/named_params.h"
#include "ckks/operations.h"

namespace ckks = sotto::ckks;

int main() {
  const ckks::ParamsPtr params = ckks::Params::make(ckks::params::find("L13").literal);
  constexpr int kRows = 16, kColumns = 64;
  std::vector<double> matrix(kRows * kColumns), x(kColumns);
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kColumns; ++j)
      matrix[static_cast<std::size_t>(i * kColumns + j)] = std::cos(i * j) / kColumns;
  }
  for (int j = 0; j < kColumns; ++j) x[static_cast<std::size_t>(j)] = std::sin(j);

  const ckks::LinearTransform transform = ckks::matrix_transform(matrix, kRows, kColumns, params->slots());
  const ckks::OpCounts cost = transform.apply_counts();
  std::printf("%d x %d: %lld rotations, %lld plaintext products, %zu keys\n", kRows, kColumns,
              static_cast<long long>(cost.rotate), static_cast<long long>(cost.multiply_plain),
              transform.rotation_steps().size());

  const int top = params->max_level();
  auto [client, engine] = ckks::make_native_session(
      params, ckks::key_request(ckks::transform_needs(transform), *params, top), sotto::Threads::all());

  // Encoded once for a level, applied as often as one likes. This plaintext scale makes the answer canonical.
  const double plaintext_scale = params->scale(top - 1) * params->rescale_factor(top) / params->scale(top);
  const ckks::PreparedLinearPtr prepared = engine->prepare(transform, top, plaintext_scale);
  const ckks::Cipher y = engine->apply(*prepared, ckks::encrypt(*client, *params, x));

  double worst = 0;
  const std::vector<double> answer = client->decrypt(y);
  for (std::size_t i = 0; i < kRows; ++i) {
    double want = 0;
    for (std::size_t j = 0; j < kColumns; ++j) want += matrix[i * kColumns + j] * x[j];
    worst = std::fmax(worst, std::fabs(answer[i] - want));
  }
  std::printf("largest error 2^%.1f\n", std::log2(worst));
  return worst < 1e-3 ? 0 : 1;
}
