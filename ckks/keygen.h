// Key generation. Each function takes its randomness from `rng`; with a seeded Rng the same calls give the
// same keys, whatever the number of threads. Which seed becomes what, to the bit: tests/data/kat-1/README.md.
#pragma once

#include "ckks/keys.h"
#include "ckks/random.h"

namespace sotto::ckks {

/// A uniform ternary secret with a fresh key id.
SecretKey make_secret_key(const ParamsPtr& params, Rng& rng);

PublicKey make_public_key(const SecretKey& secret, Rng& rng, Threads threads = {});

/// The keys of `request`, each cut to the level it asks for. Steps are normalised to (0, slots); a step that
/// is a multiple of slots needs no key and is skipped, and of two requests for one id the higher level
/// counts. Throws Error for a level outside [0, max_level].
ServerKeys make_server_keys(const SecretKey& secret, const KeyRequest& request, Rng& rng,
                            Threads threads = {});

}  // namespace sotto::ckks
