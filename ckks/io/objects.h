// Parameters, keys and ciphertexts to bytes and files, and back. docs/file-formats.md gives every byte.
//
// Files from outside are hostile: a parser computes every length from the parameters and compares it before
// it allocates, checks that residues are below their primes and that levels and scales are in range, and
// accepts no byte too few or too many. Whatever is wrong is an Error kCorruptFile (kInsecure for parameters
// below 128 bits that do not say so in their name) that begins with `name`.
//
// A ciphertext is bound to parameters and key: it opens only beside the params and the key id that it was
// made with. Key files carry the parameter literal, so that a key and a ciphertext suffice to decrypt.
#pragma once

#include <string>
#include <vector>

#include "ckks/ciphertext.h"
#include "ckks/random.h"

namespace sotto::ckks::io {

/// Memory that is wiped before it is given back.
template <class T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <class U>
  WipingAllocator(const WipingAllocator<U>&) noexcept {}
  T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* p, std::size_t count) noexcept {
    wipe(p, count * sizeof(T));
    std::allocator<T>().deallocate(p, count);
  }
  bool operator==(const WipingAllocator&) const = default;
};

using FileBytes = std::vector<std::byte>;
using SecretBytes = std::vector<std::byte, WipingAllocator<std::byte>>;

FileBytes serialize(const Params& params);
SecretBytes serialize(const SecretKey& key);
FileBytes serialize(const PublicKey& key);
FileBytes serialize(const ServerKeys& keys);
/// 2 parts; one of them when the ciphertext is a fresh seeded one. Products must be relinearised first.
FileBytes serialize(const Ciphertext& ciphertext);

// `backend` as in Params::make.
ParamsPtr parse_params(std::span<const std::byte> file, std::string_view name = "the file",
                       std::string_view backend = "");
SecretKey parse_secret_key(std::span<const std::byte> file, std::string_view name = "the file",
                           std::string_view backend = "");
PublicKey parse_public_key(std::span<const std::byte> file, std::string_view name = "the file",
                           std::string_view backend = "");
/// Refuses a ciphertext of other parameters or of another key.
Ciphertext parse_ciphertext(std::span<const std::byte> file, const ParamsPtr& params, const KeyId& key_id,
                            std::string_view name = "the file");
// parse_server_keys: ckks/io/server_keys.h.

/// Atomic; the secret key readable by its owner only.
void save(const std::string& path, const Params& params);
void save(const std::string& path, const SecretKey& key);
void save(const std::string& path, const PublicKey& key);
void save(const std::string& path, const ServerKeys& keys);
void save(const std::string& path, const Ciphertext& ciphertext);

ParamsPtr load_params(const std::string& path, std::string_view backend = "");
SecretKey load_secret_key(const std::string& path, std::string_view backend = "");
PublicKey load_public_key(const std::string& path, std::string_view backend = "");
Ciphertext load_ciphertext(const std::string& path, const ParamsPtr& params, const KeyId& key_id);

/// Exact sizes of files, known before any key is made.
std::uint64_t ciphertext_file_bytes(const Params& params, int level, bool seeded);
std::uint64_t server_keys_file_bytes(const Params& params, const KeyRequest& request);

}  // namespace sotto::ckks::io
