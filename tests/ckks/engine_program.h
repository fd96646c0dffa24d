// Byte-coded programs for differential testing of engines: the bytes choose operations, operands, levels and
// scales; an engine, its cleartext twin and the trace run them in step and must agree. Random tests and the
// fuzzer drive the same interpreter.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ckks/engine.h"

namespace sotto::ckks {

/// Rotation steps that programs use; the session needs their keys at the top level, the conjugation's and the
/// relinearisation key.
std::vector<int> program_rotation_steps(std::size_t slots);

/// Runs the program on `subject` and on a cleartext and a trace session; every byte string is a program.
/// Agreement is demanded in refusals (code), levels, scales and counts, and in slots, within a bound on the
/// noise of the operations, when the subject `computes` them. Returns "" or a description of the first
/// divergence.
std::string run_program(const Session& subject, const ParamsPtr& params, bool computes,
                        std::span<const unsigned char> program);

}  // namespace sotto::ckks
