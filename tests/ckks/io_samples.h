// One small object of every kind, the same in every run, as files; and the means to damage files on purpose.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ckks/io/format.h"
#include "ckks/io/server_keys.h"

namespace sotto::ckks::io {

/// N = 16, three chain primes, one special prime. Insecure.
struct Samples {
  ParamsPtr params;
  SecretKey secret;
  PublicKey public_key;
  ServerKeys server_keys;  // relinearisation, rotations by 1 and 3, conjugation; three levels
  Ciphertext seeded;       // encrypted with the secret key
  Ciphertext plain;        // encrypted with the public key, one level lower
};
const Samples& samples();
/// The slots in both ciphertexts.
std::vector<double> sample_slots();

struct SampleFile {
  std::string name;  // "ciphertext_seeded"
  ObjectType type;
  FileBytes bytes;
};
/// All samples as files.
const std::vector<SampleFile>& sample_files();

/// Parses a file of the type as its user would (ciphertexts beside the samples' key) and serializes the
/// object again.
FileBytes parse_and_serialize(ObjectType type, std::span<const std::byte> file);

/// The same words and metadata.
bool same(const EvalPoly& a, const EvalPoly& b);
bool same(const SwitchingKey& a, const SwitchingKey& b);
bool same(const Ciphertext& a, const Ciphertext& b);

/// Recomputes lengths in the header and every SHA-256, so that a parser looks past them. Any bytes are
/// accepted.
void reseal(FileBytes& file);

}  // namespace sotto::ckks::io
