// Randomness: seeds from the operating system, their expansion, and the samplers of the scheme.
//
// Everything that is random in Sotto is a function of 32-byte seeds, specified here to the bit, so that a
// seeded key expands to the same words on every machine and with any number of threads.
//
//   fresh seed   RAND_priv_bytes of OpenSSL, or RAND_bytes for what is published (seeds of uniform halves,
//                key ids); failure is an Error, there is no fallback
//   sub-seed     first 32 bytes of SHAKE256("sotto-seed-1" || u8 |label| || label || parent[32] ||
//                params hash[32] || LE64 object || LE32 digit || LE32 limb)
//   stream       AES-256-CTR, key = seed, first counter block zero (128-bit big-endian counter);
//                the key stream is read as little-endian 64-bit words w0, w1, …
//   uniform      residues mod q: for each w in order, skipped if w ≥ q floor(2^64 / q), else w mod q
//   ternary      floor(3 w / 2^64) - 1 in {-1, 0, 1}; within 2^-62 of uniform
//   error        CBD(21): (ones of bits 0…20 of w) - (ones of bits 21…41 of w); sigma^2 = 10.5
//   gaussian     see sample_gaussian()
//
// Samplers of secrets (all but uniform) have no branch and no memory index that depends on a sample. Public
// and secret streams never share a root seed.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ckks/keys.h"
#include "ckks/rns_poly.h"

namespace sotto::ckks {

/// Overwrites memory so that the compiler cannot skip it.
void wipe(void* data, std::size_t bytes) noexcept;

/// Wipes the words of a polynomial that held a secret when the scope ends.
class WipeAtExit {
 public:
  explicit WipeAtExit(AlignedWords& words) noexcept : words_(words) {}
  template <Domain D>
  explicit WipeAtExit(RnsPoly<D>& poly) noexcept : words_(poly.words()) {}
  ~WipeAtExit() { wipe(words_.data(), words_.size() * sizeof(u64)); }
  WipeAtExit(const WipeAtExit&) = delete;
  WipeAtExit& operator=(const WipeAtExit&) = delete;

 private:
  AlignedWords& words_;
};

/// Small signed coefficients (a secret, an error); wiped on destruction.
class SmallPoly {
 public:
  explicit SmallPoly(std::size_t n) : values_(n) {}
  ~SmallPoly() { wipe(values_.data(), values_.size() * sizeof(std::int64_t)); }
  SmallPoly(SmallPoly&&) noexcept = default;
  SmallPoly(const SmallPoly&) = delete;
  std::span<std::int64_t> values() noexcept { return values_; }
  std::span<const std::int64_t> values() const noexcept { return values_; }

 private:
  std::vector<std::int64_t> values_;
};

/// A source of fresh seeds: the operating system, or a given root for tests. Then the n-th seed, counted from
/// 0 over both kinds, is the sub-seed of the root with object n, zeros for the params hash, and label "rng"
/// (private) or "rng:public".
class Rng {
 public:
  Rng() = default;
  explicit Rng(const Seed& seed) : root_(seed) {}
  ~Rng();
  Rng(Rng&&) = delete;  // a source that was moved from could give its seeds again
  // Both throw Error (kIo) when the operating system has no randomness to give.
  /// For secrets and errors; must not be published.
  Seed next_seed();
  /// For what everybody may see; from another generator, so that its output says nothing on private seeds.
  Seed next_public_seed();

 private:
  std::optional<Seed> root_;
  u64 count_ = 0;
};

/// Where in the scheme a sub-seed is used; the zero indices are for objects without that dimension.
struct SeedIndex {
  u64 object = 0;
  std::uint32_t digit = 0, limb = 0;
};
Seed derive_seed(const Seed& parent, std::string_view label, const ParamsHash& hash,
                 const SeedIndex& index = {});

void sample_uniform(const Seed& seed, const ntt::Modulus& q, ntt::Limb out);
void sample_ternary(const Seed& seed, std::span<std::int64_t> out);
void sample_error(const Seed& seed, std::span<std::int64_t> out);
/// Discrete Gaussian: the sum of 2^i x_i over i < m, with x_i of sigma_0 = 3.2 from a table (one word each,
/// in the order of i), where m is the least that gives a standard deviation of 2^log_sigma or more.
/// Convolution [MW17]: sqrt(2 pi) sigma_0 ≥ sqrt(5) eta_eps(Z) for eps = 2^-57, so the sum is that near to a
/// discrete Gaussian. Integers only. Throws Error unless kMinGaussianBits ≤ log_sigma ≤ kMaxGaussianBits.
void sample_gaussian(const Seed& seed, double log_sigma, std::span<std::int64_t> out);
inline constexpr int kMinGaussianBits = 2, kMaxGaussianBits = 52;
/// Its standard deviation, 3.2 sqrt((4^m - 1) / 3): in [2^log_sigma, 2^(log_sigma + 1.04)].
double gaussian_deviation(double log_sigma);

namespace detail {
/// [i] = round(2^63 Pr(|x| ≤ i)) for the discrete Gaussian of sigma 3.2; for the test that derives it again.
std::span<const u64> gaussian_table() noexcept;
}  // namespace detail

/// out = x mod q for |x| < q, branch-free.
void to_residues(const ntt::Modulus& q, std::span<const std::int64_t> x, ntt::Limb out) noexcept;

/// The uniform halves that are stored as seeds.
enum class UniformPart { kPublicKey, kSwitchingKey, kCiphertext };

/// A prime by the name it has in seeds: i for q[i], 256 + i for p[i].
constexpr std::uint32_t chain_limb(int prime) noexcept {
  return static_cast<std::uint32_t>(prime);
}
constexpr std::uint32_t special_limb(int prime) noexcept {
  return 256 + static_cast<std::uint32_t>(prime);
}

/// One limb of the polynomial `a` of one stored object, in the evaluation domain: sample_uniform of the
/// sub-seed with label "a:public-key", "a:switching-key" or "a:ciphertext", the params hash, object 0, digit
/// `digit`, and `limb` as above.
void expand_uniform_limb(const Params& params, const Seed& seed, UniformPart part, int digit,
                         std::uint32_t limb, ntt::Limb out);
/// All limbs: the primes of `basis`, then the first p_limbs special ones.
EvalPoly expand_uniform(const Params& params, const Seed& seed, UniformPart part, int digit,
                        const Basis& basis, int p_limbs, Threads threads = {});

}  // namespace sotto::ckks
