// What is fuzzed: one target for each loader, the public operations and the NTT backends. libFuzzer (fuzz.cc)
// and a plain test (replay_test.cc) run the same ones. A target takes any input and returns "", or the
// promise that was broken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sotto::fuzz {

using Input = std::vector<std::byte>;

/// What a mutation must know of a format, or it would never get past the first check.
enum class Format {
  kBytes,      // nothing
  kSottoFile,  // lengths in the header, and SHA-256
  kPng,        // a CRC for each chunk
  kJson,       // a tree of values
  kPlan,       // JSON with a SHA-256 of its own
};

struct Target {
  std::string_view name;  // and that of its folder in tests/fuzz/corpus
  Format format;
  std::string (*run)(std::span<const std::byte> input);
};
std::span<const Target> targets();

/// Makes the checksums of an input true again. Any bytes are accepted.
void seal(Format format, Input& input);
/// One value of a JSON text replaced, repeated or removed, as `seed` chooses; false when it is not JSON.
bool mutate_json(Input& input, std::uint32_t seed);

// --- loaders (loaders.cc, loaders_text.cc): what is accepted must be written as the same bytes, or for texts
// as a text that reads as the same; what is not must be refused by an Error ---

std::string load_params(std::span<const std::byte> input);
std::string load_secret_key(std::span<const std::byte> input);
std::string load_public_key(std::span<const std::byte> input);
std::string load_server_keys(std::span<const std::byte> input);
/// Through StoredKeys, with a budget that holds one key: each key twice, the same words as from the whole
/// set.
std::string load_stored_keys(std::span<const std::byte> input);
std::string load_ciphertext(std::span<const std::byte> input);
std::string load_params_json(std::span<const std::byte> input);
std::string load_plan_json(std::span<const std::byte> input);
std::string load_polynomial_json(std::span<const std::byte> input);
std::string load_model_card(std::span<const std::byte> input);
std::string load_onnx(std::span<const std::byte> input);
/// PNG, PGM and PPM: every value in [0, 1].
std::string load_image(std::span<const std::byte> input);
/// Through a file in memory, plain or gzipped.
std::string load_idx(std::span<const std::byte> input);

// --- operations ---

/// A byte-coded program on the native engine beside its cleartext twin and the trace
/// (tests/ckks/engine_program.h).
std::string run_engine_program(std::span<const std::byte> input);

/// One operation on one ring, prime and set of words, all chosen by the input: every usable NTT backend that
/// takes them must give the words of portable, and its inverse transform must undo its forward one.
std::string compare_backends(std::span<const std::byte> input);

}  // namespace sotto::fuzz
