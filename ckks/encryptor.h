// Encryption of an encoded polynomial under the secret or the public key.
#pragma once

#include "ckks/ciphertext.h"
#include "ckks/random.h"

namespace sotto::ckks {

/// (-a s + e + m, a) with a expanded from a fresh seed that the ciphertext keeps: in a file it takes half the
/// bytes, and its noise is the least there is. What a client that holds the secret should use.
Ciphertext encrypt(const SecretKey& key, const Plaintext& message, Rng& rng, Threads threads = {});

/// (b u + e0 + m, a u + e1) with u ternary.
Ciphertext encrypt(const PublicKey& key, const Plaintext& message, Rng& rng, Threads threads = {});

}  // namespace sotto::ckks
