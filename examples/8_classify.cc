// A network on an encrypted image: model -> graph -> plan -> keys -> program, then encrypt, run, decrypt.
//
// Run as: 8_classify models/mnist-cryptonets.onnx samples/digit-3.pgm
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include "nn/executor.h"
#include "nn/onnx.h"
#include "nn/passes/passes.h"
#include "nn/reference.h"

namespace ckks = sotto::ckks;
namespace nn = sotto::nn;

/// A binary PGM without comments, pixels scaled to [0, 1]. The program `sotto` has a reader that trusts
/// nothing (apps/images).
static nn::Tensor read_pgm(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string magic;
  int width = 0, height = 0, white = 0;
  file >> magic >> width >> height >> white;
  file.get();
  nn::Tensor image({1, height, width});
  for (double& pixel : image.values) pixel = file.get() / static_cast<double>(white);
  return image;
}

static int classify(const std::string& model, const std::string& picture) {
  // The plan says, before a key exists, which levels, rotations and keys the network takes.
  const nn::Graph graph = nn::simplify(nn::import_onnx(model));
  const nn::Plan plan = nn::make_plan(graph);
  std::printf("%zu steps, %zu rotation keys, %.0f ms predicted\n", plan.steps.size(), plan.keys.galois.size(),
              1e3 * plan.seconds);

  // Both sides in one process; `sotto keygen | encrypt | infer | decrypt` is the same with the two sides
  // apart.
  auto [client, engine] =
      ckks::make_native_session(ckks::Params::make(plan.params), plan.keys, sotto::Threads::all());
  const nn::Program program(graph, plan, *engine);  // encodes the weights once

  const nn::Tensor image = read_pgm(picture);
  const ckks::Cipher input = client->encrypt(nn::pack(plan.input, image), plan.input_level, plan.input_scale);
  const ckks::Cipher output = program.run(input);
  const nn::Tensor logits = nn::unpack(plan.output, client->decrypt(output));

  const int label = nn::argmax(logits.values);
  const int clear_label = nn::argmax(nn::evaluate(graph, image).values);
  std::printf("%s: encrypted %d, cleartext %d\n", picture.c_str(), label, clear_label);
  return label == clear_label ? 0 : 1;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s MODEL.onnx IMAGE.pgm\n", argv[0]);
    return 2;
  }
  try {
    return classify(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "8_classify: %s\n", error.what());
    return 1;
  }
}
