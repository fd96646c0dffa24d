// Parameter sets by name, and the smallest set for a depth.
//
// The named sets are those of which the documents and benchmarks speak: L13 … L17 for circuits without
// bootstrapping, one for each ring, and the bootstrapping sets B15, B16-fast and B16-hp, whose chains are cut
// into the parts of the pipeline. All have 128-bit security against classical attacks; P exceeds the largest
// digit by 4 bits in B15, where there is no more, and by at least 5 elsewhere, so that key switching adds
// less noise than a rescale does.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ckks/params.h"

namespace sotto::ckks::params {

/// How a bootstrapping set spends its levels, from the bottom of the chain upwards, and the sparse secret
/// that encapsulation uses [BTPH22]: its weight, and the size of the one special prime that its key has. Data
/// for the bootstrapping of circuits; nothing else reads it.
struct BootstrapLevels {
  int slot_to_coeff = 0, user = 0, eval_mod = 0, coeff_to_slot = 0;  // levels
  int sparse_weight = 0;
  int log_sparse_p = 0;       // bits
  int log_message_ratio = 0;  // log2(q0 / scale)
};

struct NamedSet {
  ParamsLiteral literal;
  std::string_view purpose;
  std::optional<BootstrapLevels> bootstrap = {};
};

/// L13, L14, L15, L16, L17, B15, B16-fast, B16-hp.
std::span<const NamedSet> named();
/// Throws Error kInvalidArgument with the list of names.
const NamedSet& find(std::string_view name);

/// A checked set and why it is this one: each ring that was too small with its numbers, then the choice.
struct Chosen {
  ParamsPtr params;
  std::string reason;  // some lines of text
};

/// The set for circuits of `depth` levels at scale 2^scale_bits with at least `slots` slots: the smallest
/// ring whose security table allows it, and in it the digits whose rotation at the top level takes the fewest
/// transforms. q[0] has 8 bits over the scale for the integer part of answers; P exceeds the largest digit by
/// at least 6 bits. Scales beyond 2^50 take two primes a level, because vector transforms take words
/// below 2^50. depth 0…60, scale_bits 20…60, security 128, 192 or 256. Throws Error kInvalidArgument for what
/// is out of range, kOutOfLevels with the largest depth that would do when no ring up to 2^17 does.
Chosen for_depth(int depth, int scale_bits, std::size_t slots, int security = 128);

}  // namespace sotto::ckks::params
