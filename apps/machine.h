// What this computer and this build are, for `sotto info`.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace sotto::app {

struct Machine {
  std::string cpu;  // "AMD EPYC …", or the architecture where the system does not tell
  int cores;        // that this process may run on
  std::size_t memory_bytes;
};
Machine describe_machine();

/// (name, version) of the compiler and of every library that the program uses.
std::vector<std::pair<std::string, std::string>> library_versions();
std::string compiler();

/// Largest resident memory of this process so far.
std::size_t peak_bytes();

}  // namespace sotto::app
