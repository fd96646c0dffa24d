#include "ckks/random.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>

#include "base/error.h"

namespace sotto::ckks {
namespace {

[[noreturn]] void openssl_failed(const char* what) {
  throw Error(ErrorCode::kIo,
              std::string("randomness: OpenSSL failed in ") + what + "; check the OpenSSL installation");
}

struct FreeDigest {
  void operator()(EVP_MD* p) const noexcept { EVP_MD_free(p); }
  void operator()(EVP_MD_CTX* p) const noexcept { EVP_MD_CTX_free(p); }
  void operator()(EVP_CIPHER* p) const noexcept { EVP_CIPHER_free(p); }
  void operator()(EVP_CIPHER_CTX* p) const noexcept { EVP_CIPHER_CTX_free(p); }
};
template <class T>
using Handle = std::unique_ptr<T, FreeDigest>;

/// Fetched once: a fetch by name costs more than expanding a limb.
const EVP_MD* shake256() {
  static const Handle<EVP_MD> digest(EVP_MD_fetch(nullptr, "SHAKE256", nullptr));
  return digest ? digest.get() : (openssl_failed("EVP_MD_fetch(SHAKE256)"), nullptr);
}
const EVP_CIPHER* aes256_ctr() {
  static const Handle<EVP_CIPHER> cipher(EVP_CIPHER_fetch(nullptr, "AES-256-CTR", nullptr));
  return cipher ? cipher.get() : (openssl_failed("EVP_CIPHER_fetch(AES-256-CTR)"), nullptr);
}

/// The word stream of a seed: where it is read in bulk, into the caller's words; word by word, from a block
/// that lives here and is wiped with it.
class Stream {
 public:
  explicit Stream(const Seed& seed) : context_(EVP_CIPHER_CTX_new()) {
    static constexpr unsigned char kCounter[16] = {};
    if (!context_ || EVP_EncryptInit_ex2(context_.get(), aes256_ctr(), seed.data(), kCounter, nullptr) != 1) {
      openssl_failed("EVP_EncryptInit_ex2");
    }
  }
  ~Stream() { wipe(block_.data(), sizeof(block_)); }

  u64 next() {
    if (used_ == kWords) {
      fill(block_);
      used_ = 0;
    }
    return block_[used_++];
  }
  /// The next words, at most kWords; not to be mixed with next().
  void fill(std::span<u64> out) {
    static constexpr std::array<unsigned char, kWords * sizeof(u64)> kZeros{};
    const auto bytes = static_cast<int>(out.size_bytes());
    int written = 0;
    if (EVP_EncryptUpdate(context_.get(), reinterpret_cast<unsigned char*>(out.data()), &written,
                          kZeros.data(), bytes) != 1 ||
        written != bytes) {
      openssl_failed("EVP_EncryptUpdate");
    }
    if constexpr (std::endian::native == std::endian::big) {
      for (u64& word : out) word = __builtin_bswap64(word);
    }
  }

  static constexpr std::size_t kWords = 512;  // 4 KiB: in L1, and long enough to hide the call

 private:
  Handle<EVP_CIPHER_CTX> context_;
  alignas(64) std::array<u64, kWords> block_;
  std::size_t used_ = kWords;
};

/// Ones of the low 32 bits. Written out because the compiler's fallback for popcount is a table, indexed by
/// the secret.
constexpr std::int64_t count_ones(u64 x) noexcept {
  x -= (x >> 1) & 0x5555555555555555;
  x = (x & 0x3333333333333333) + ((x >> 2) & 0x3333333333333333);
  x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
  return static_cast<std::int64_t>((x * 0x0101010101010101) >> 56);
}

/// kGaussian[i] = round(2^63 Pr(|x| ≤ i)) for the discrete Gaussian of sigma 3.2; the first entry that rounds
/// to 2^63 is left out.
constexpr std::array<u64, 29> kGaussian = {
    0x0ff52b4064a1f258, 0x2e5a25d4026fff6e, 0x489ae2682e3db9bb, 0x5d2bc20de6f95106, 0x6bc8694a862fcdcf,
    0x7532d898e9d195da, 0x7ab396c980f5facb, 0x7d9e4e8f6717ea70, 0x7f054956150a592b, 0x7fa1ce99f8dbf691,
    0x7fdfb3f00a8f3398, 0x7ff5e6f7c97d68d9, 0x7ffd1f95b372bd36, 0x7fff40f7f7aedc64, 0x7fffd2e62d057ef0,
    0x7ffff6503aaa2875, 0x7ffffe1bab99a744, 0x7fffffaa0140ce53, 0x7ffffff21f8a3a77, 0x7ffffffdf72301f4,
    0x7fffffffba9fd472, 0x7ffffffff79b78ce, 0x7fffffffff13f6f9, 0x7fffffffffe8748a, 0x7ffffffffffdde24,
    0x7fffffffffffd320, 0x7ffffffffffffca7, 0x7fffffffffffffc6, 0x7ffffffffffffffc,
};
constexpr double kGaussianSigma = 3.2;

/// One sample of sigma 3.2 from 64 random bits: the low 63 choose |x|, the top one the sign. Reads the whole
/// table.
std::int64_t small_gaussian(u64 word) noexcept {
  const u64 position = word & ~(u64{1} << 63);
  std::int64_t magnitude = 0;
  for (u64 threshold : kGaussian) magnitude += static_cast<std::int64_t>((threshold - 1 - position) >> 63);
  const auto sign = -static_cast<std::int64_t>(word >> 63);  // 0 or -1
  return (magnitude ^ sign) - sign;
}

/// Of the sum of 2^i x_i over i < terms.
double deviation_of(int terms) {
  return kGaussianSigma * std::sqrt((std::exp2(2 * terms) - 1) / 3);
}

int gaussian_terms(double log_sigma) {
  if (!(log_sigma >= kMinGaussianBits && log_sigma <= kMaxGaussianBits)) {
    throw Error(ErrorCode::kInvalidArgument,
                "sample_gaussian: log_sigma = " + std::to_string(log_sigma) + " is outside 2…52");
  }
  int terms = 1;
  while (deviation_of(terms) < std::exp2(log_sigma)) ++terms;
  return terms;
}

/// Words below `limit`, moved to the front; how many. Public data: most blocks lose none, and end after the
/// first loop.
std::size_t keep_below(std::span<u64> words, u64 limit, int bits) noexcept {
  u64 carries = 0;  // a word that is too large has its upper 64 - bits bits set, as limit has
  for (const u64 word : words) carries |= (word >> bits) + 1;
  if (carries >> (64 - bits) == 0) return words.size();
  const auto end = std::remove_if(words.begin(), words.end(), [&](u64 word) { return word >= limit; });
  return static_cast<std::size_t>(end - words.begin());
}

const char* label_of(UniformPart part) noexcept {
  switch (part) {
    case UniformPart::kPublicKey:
      return "a:public-key";
    case UniformPart::kSwitchingKey:
      return "a:switching-key";
    case UniformPart::kCiphertext:
      return "a:ciphertext";
  }
  return "";
}

}  // namespace

void wipe(void* data, std::size_t bytes) noexcept {
  if (data != nullptr) OPENSSL_cleanse(data, bytes);
}

Rng::~Rng() {
  if (root_) wipe(root_->data(), root_->size());
}

Seed Rng::next_seed() {
  if (root_) return derive_seed(*root_, "rng", ParamsHash{}, {.object = count_++});
  Seed seed;
  if (RAND_priv_bytes(seed.data(), static_cast<int>(seed.size())) != 1) openssl_failed("RAND_priv_bytes");
  return seed;
}

Seed Rng::next_public_seed() {
  if (root_) return derive_seed(*root_, "rng:public", ParamsHash{}, {.object = count_++});
  Seed seed;
  if (RAND_bytes(seed.data(), static_cast<int>(seed.size())) != 1) openssl_failed("RAND_bytes");
  return seed;
}

Seed derive_seed(const Seed& parent, std::string_view label, const ParamsHash& hash, const SeedIndex& index) {
  std::array<unsigned char, 17> tail{};  // |label|, object, digit, limb
  tail[0] = static_cast<unsigned char>(label.size());
  for (std::size_t i = 0; i < 8; ++i) tail[1 + i] = static_cast<unsigned char>(index.object >> (8 * i));
  for (std::size_t i = 0; i < 4; ++i) tail[9 + i] = static_cast<unsigned char>(index.digit >> (8 * i));
  for (std::size_t i = 0; i < 4; ++i) tail[13 + i] = static_cast<unsigned char>(index.limb >> (8 * i));
  static constexpr std::string_view kDomain = "sotto-seed-1";
  const Handle<EVP_MD_CTX> context(EVP_MD_CTX_new());
  EVP_MD_CTX* c = context.get();
  Seed seed;
  const bool good = c != nullptr && EVP_DigestInit_ex2(c, shake256(), nullptr) == 1 &&
                    EVP_DigestUpdate(c, kDomain.data(), kDomain.size()) == 1 &&
                    EVP_DigestUpdate(c, tail.data(), 1) == 1 &&
                    EVP_DigestUpdate(c, label.data(), label.size()) == 1 &&
                    EVP_DigestUpdate(c, parent.data(), parent.size()) == 1 &&
                    EVP_DigestUpdate(c, hash.data(), hash.size()) == 1 &&
                    EVP_DigestUpdate(c, tail.data() + 1, tail.size() - 1) == 1 &&
                    EVP_DigestFinalXOF(c, seed.data(), seed.size()) == 1;
  if (!good) openssl_failed("SHAKE256");
  return seed;
}

void sample_uniform(const Seed& seed, const ntt::Modulus& q, ntt::Limb out) {
  Stream stream(seed);
  const u64 prime = q.value();
  const u64 ratio = ~u64{0} / prime;  // = floor(2^64 / q), q being odd
  const u64 limit = prime * ratio;    // largest multiple of q below 2^64, above 2^64 - q
  for (std::size_t at = 0; at < out.size(); at += Stream::kWords) {
    const std::span<u64> block = out.subspan(at, std::min(Stream::kWords, out.size() - at));
    for (std::size_t have = 0; have < block.size();) {
      const std::span<u64> rest = block.subspan(have);
      stream.fill(rest);
      have += keep_below(rest, limit, q.bits());
    }
    for (u64& word : block) {
      // The quotient estimate is at most 1 short: word/2^64 · (2^64/q - ratio) < 1.
      word = ntt::reduce_once(word - static_cast<u64>((ntt::u128{word} * ratio) >> 64) * prime, prime);
    }
  }
}

void sample_ternary(const Seed& seed, std::span<std::int64_t> out) {
  Stream stream(seed);
  for (std::int64_t& x : out) x = static_cast<std::int64_t>((ntt::u128{stream.next()} * 3) >> 64) - 1;
}

void sample_error(const Seed& seed, std::span<std::int64_t> out) {
  constexpr u64 kCoins = (u64{1} << 21) - 1;
  Stream stream(seed);
  for (std::int64_t& x : out) {
    const u64 word = stream.next();
    x = count_ones(word & kCoins) - count_ones((word >> 21) & kCoins);
  }
}

double gaussian_deviation(double log_sigma) {
  return deviation_of(gaussian_terms(log_sigma));
}

void sample_gaussian(const Seed& seed, double log_sigma, std::span<std::int64_t> out) {
  const int terms = gaussian_terms(log_sigma);
  Stream stream(seed);
  for (std::int64_t& x : out) {
    x = 0;
    for (int i = 0; i < terms; ++i) x += small_gaussian(stream.next()) * (std::int64_t{1} << i);
  }
}

std::span<const u64> detail::gaussian_table() noexcept {
  return kGaussian;
}

void to_residues(const ntt::Modulus& q, std::span<const std::int64_t> x, ntt::Limb out) noexcept {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto word = static_cast<u64>(x[i]);
    out[i] = word + (q.value() & (u64{0} - (word >> 63)));  // SSE2 can shift words in, but no signs
  }
}

void expand_uniform_limb(const Params& params, const Seed& seed, UniformPart part, int digit,
                         std::uint32_t limb, ntt::Limb out) {
  const bool special = limb >= special_limb(0);
  const ntt::Plan& plan =
      special ? params.p(static_cast<int>(limb - special_limb(0))) : params.q(static_cast<int>(limb));
  const SeedIndex index{.digit = static_cast<std::uint32_t>(digit), .limb = limb};
  sample_uniform(derive_seed(seed, label_of(part), params.hash(), index), plan.modulus(), out);
}

EvalPoly expand_uniform(const Params& params, const Seed& seed, UniformPart part, int digit,
                        const Basis& basis, int p_limbs, Threads threads) {
  EvalPoly a(params.n(), basis.size(), p_limbs);
  parallel_for(threads, a.limbs(), [&](int i) {
    const bool special = i >= basis.size();
    expand_uniform_limb(params, seed, part, digit,
                        special ? special_limb(i - basis.size()) : chain_limb(basis.prime(i)), a.limb(i));
  });
  return a;
}

}  // namespace sotto::ckks
