// What is fuzzed: one function for each target, called by libFuzzer (fuzz_*.cc) and by a plain test
// (replay_test.cc) alike. A target takes any input and returns "", or the promise that was broken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace sotto::fuzz {

/// The parsers of all file objects. What is accepted must serialize to the same bytes; what is not must be
/// refused by an Error.
std::string parse_file(std::span<const std::uint8_t> input);

/// A byte-coded program on the native engine beside its cleartext twin and the trace
/// (tests/ckks/engine_program.h).
std::string run_engine_program(std::span<const std::uint8_t> input);

/// One operation on one ring, prime and set of words, all chosen by the input: every usable NTT backend that
/// takes them must give the words of portable, and its inverse transform must undo its forward one.
std::string compare_backends(std::span<const std::uint8_t> input);

}  // namespace sotto::fuzz
