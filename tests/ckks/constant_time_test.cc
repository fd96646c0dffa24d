// No branch and no address depends on a secret: checked on the compiled code, under valgrind.
//
// Memcheck reports every conditional jump and every address that depends on undefined memory. This program
// takes the place of OpenSSL's random generator, at the one door through which secrets enter, and gives
// private seeds that are marked undefined; the library is the one that ships. Whatever is computed from them
// is then watched, bit by bit, through SHAKE, AES, samplers, transforms and decoding. What the scheme
// publishes is marked defined again where it becomes public. Values that are watched must not be printed or
// compared here: that is a branch.
//
// Not seen by this check: instructions whose own time depends on their operands (divisions), the AVX-512
// backends (valgrind has no such CPU), and Encoder::encode, which looks at the largest value on purpose.
#include <gtest/gtest.h>
#include <malloc.h>
#include <openssl/rand.h>
#include <valgrind/memcheck.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>
#include <numeric>

#include "ckks/decryptor.h"
#include "ckks/encryptor.h"
#include "ckks/io/objects.h"
#include "ckks/keygen.h"
#include "ntt/registry.h"

namespace {

/// Both generators count, so that every run is the same; what differs is whether memcheck may see the bytes.
void give_bytes(unsigned char* out, int count, unsigned char family) {
  static unsigned char calls = 0;
  ++calls;
  for (int i = 0; i < count; ++i) out[i] = static_cast<unsigned char>(family + 37 * calls + i);
}

}  // namespace

extern "C" int RAND_priv_bytes(unsigned char* out, int count) {
  give_bytes(out, count, 1);
  (void)VALGRIND_MAKE_MEM_UNDEFINED(out, static_cast<std::size_t>(count));
  return 1;
}

extern "C" int RAND_bytes(unsigned char* out, int count) {
  give_bytes(out, count, 101);
  return 1;
}

// Memory of the program: given out as defined, and looked at when it comes back. What is undefined then is a
// secret that nobody wiped. (Valgrind must leave these be: --soname-synonyms=somalloc=nouserintercepts.)
namespace {

unsigned blocks_with_secrets = 0;

void* give_memory(std::size_t bytes, std::size_t alignment) {
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* p = std::aligned_alloc(alignment, rounded);
  if (p == nullptr) throw std::bad_alloc();
  (void)VALGRIND_MAKE_MEM_DEFINED(p, rounded);
  return p;
}

void take_memory(void* p) noexcept {
  static std::array<std::uint64_t, 1 << 13>
      marks;  // whole words, for the padding of structs is undefined too
  const std::size_t words = std::min(malloc_usable_size(p) / sizeof marks[0], marks.size());
  if (words != 0 && VALGRIND_GET_VBITS(p, marks.data(), words * sizeof marks[0]) == 1) {
    const auto end = marks.begin() + static_cast<std::ptrdiff_t>(words);
    blocks_with_secrets += std::find(marks.begin(), end, ~std::uint64_t{0}) != end;
  }
  std::free(p);
}

}  // namespace

void* operator new(std::size_t bytes) {
  return give_memory(bytes, alignof(std::max_align_t));
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return give_memory(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* p) noexcept {
  take_memory(p);
}
void operator delete(void* p, std::size_t) noexcept {
  take_memory(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
  take_memory(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
  take_memory(p);
}

namespace sotto::ckks {
namespace {

template <class T>
void make_secret(std::span<T> values) {
  (void)VALGRIND_MAKE_MEM_UNDEFINED(values.data(), values.size_bytes());
}
template <class T>
void make_public(std::span<T> values) {
  (void)VALGRIND_MAKE_MEM_DEFINED(values.data(), values.size_bytes());
}

/// Does any bit of it depend on a secret? Reading the marks is no use of the value.
template <class T>
bool is_secret(std::span<const T> values) {
  std::vector<unsigned char> marks(values.size_bytes());
  const unsigned answer = VALGRIND_GET_VBITS(values.data(), marks.data(), marks.size());
  EXPECT_EQ(answer, 1u) << "the marks could not be read";
  return std::accumulate(marks.begin(), marks.end(), 0u) != 0;
}

/// Branches and addresses that depend on a secret while `body` runs.
template <class Body>
unsigned leaks(Body&& body) {
  const auto before = VALGRIND_COUNT_ERRORS;
  body();
  return static_cast<unsigned>(VALGRIND_COUNT_ERRORS - before);
}

/// What base/recycle.cc keeps at most.
constexpr std::size_t kRecycledBytes = std::size_t{512} << 20;

/// Blocks of memory that are given back with a secret in them while `body` runs.
template <class Body>
unsigned remains(Body&& body) {
  const unsigned before = blocks_with_secrets;
  body();
  {
    const AlignedWords flush(kRecycledBytes / sizeof(u64));
  }  // given back, it drives out all that waits for reuse
  return blocks_with_secrets - before;
}

ParamsLiteral toy(int log_n = 10) {
  return {.name = "insecure_constant_time",
          .log_n = log_n,
          .log_q = {45, 36, 36},
          .log_p = {44, 44},
          .q = {},
          .p = {},
          .log_scale = 36,
          .digits = 2};
}

ParamsLiteral secure() {
  return {.name = "constant-time-12",
          .log_n = 12,
          .log_q = {36, 26},
          .log_p = {42},
          .q = {},
          .p = {},
          .log_scale = 26,
          .digits = 2};
}

/// Without a grid: rounding to it comes after the noise, on values that may be published as they are.
constexpr ReleasePolicy kPolicy{.flooding_bits = 20, .grid = 0, .releases = 2};

struct Case {
  const char* backend;
  ParamsLiteral literal;
};
void PrintTo(const Case& test, std::ostream* out) {
  *out << test.literal.name << " on " << test.backend;
}

/// Keys of one parameter set on one backend; the public ones are published.
class ConstantTime : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (RUNNING_ON_VALGRIND == 0) GTEST_SKIP() << "runs under valgrind; see docs/security.md for the command";
    for (const ntt::BackendInfo& backend : ntt::backends()) {
      if (backend.name == GetParam().backend && backend.usable())
        params_ = Params::make(GetParam().literal, backend.name);
    }
    if (params_ == nullptr) GTEST_SKIP() << "valgrind runs no " << GetParam().backend << " on this CPU";
  }

  static void publish(EvalPoly& poly) { make_public(poly.words().span()); }
  static void publish(Ciphertext& a) {
    for (EvalPoly& part : a.c) publish(part);
  }
  static void publish(SwitchingKey& key) {
    for (EvalPoly& b : key.b) publish(b);
  }

  /// An encoded message of which memcheck knows that it is secret.
  Plaintext secret_message(int level) const {
    const std::vector<double> slots(params_->slots(), 0.25);
    Plaintext message = Encoder(params_).encode(slots, level, params_->scale(level));
    make_secret(message.poly.words().span());
    return message;
  }
  std::shared_ptr<const SecretKey> secret_key() {
    return std::make_shared<const SecretKey>(make_secret_key(params_, rng_));
  }
  std::shared_ptr<ClientKeys> client_keys(const ReleasePolicy& policy) {
    return std::make_shared<ClientKeys>(make_secret_key(params_, rng_), policy);
  }
  Ciphertext sealed(const SecretKey& key, int level) {
    Ciphertext a = encrypt(key, secret_message(level), rng_);
    publish(a);
    return a;
  }

  ParamsPtr params_;
  Rng rng_;
};

// A check that cannot fail is none: each kind of leak, on the words of a real key, must be reported.
TEST_P(ConstantTime, LeaksAreReported) {
  const auto key = secret_key();
  const ntt::ConstLimb s = key->s().limb(0);
  static volatile unsigned sink = 0;
  EXPECT_GT(leaks([&] {
              if (s[0] > 1) sink = sink + 1;
            }),
            0u)
      << "a branch on a word of the secret";
  static const std::vector<unsigned> table(256, 1);
  EXPECT_GT(leaks([&] { sink = sink + table[s[1] & 255]; }), 0u) << "an address made from the secret";
}

TEST_P(ConstantTime, MakingKeys) {
  EXPECT_TRUE(is_secret<unsigned char>(rng_.next_seed()));
  EXPECT_FALSE(is_secret<unsigned char>(rng_.next_public_seed()));
  std::shared_ptr<const SecretKey> key;
  EXPECT_EQ(leaks([&] { key = secret_key(); }), 0u);
  EXPECT_TRUE(is_secret(key->s().words().span()));
  PublicKey pk;
  EXPECT_EQ(leaks([&] { pk = make_public_key(*key, rng_); }), 0u);
  EXPECT_TRUE(is_secret(std::as_const(pk.b).words().span()));
  EXPECT_FALSE(is_secret(std::as_const(pk.a).words().span()));
  const int top = params_->max_level();
  ServerKeys keys;
  EXPECT_EQ(leaks([&] {
              keys = make_server_keys(
                  *key,
                  {.relin_level = top,
                   .galois = {{{.step = 3, .conjugate = false}, top}, {{.step = 0, .conjugate = true}, 0}}},
                  rng_);
            }),
            0u);
  EXPECT_TRUE(is_secret(std::as_const(keys.relin->b[0]).words().span()));
}

TEST_P(ConstantTime, WritingTheSecretKey) {
  const auto key = secret_key();
  io::SecretBytes bytes;
  EXPECT_EQ(leaks([&] { bytes = io::serialize(*key); }), 0u);
  EXPECT_TRUE(is_secret<std::byte>(bytes));
}

TEST_P(ConstantTime, Encrypting) {
  const auto key = secret_key();
  PublicKey pk = make_public_key(*key, rng_);
  publish(pk.b);  // b = -a s + e is what the world gets: Ring-LWE hides the secret in it
  const Plaintext message = secret_message(params_->max_level());
  Ciphertext symmetric, asymmetric;
  EXPECT_EQ(leaks([&] { symmetric = encrypt(*key, message, rng_); }), 0u);
  EXPECT_EQ(leaks([&] { asymmetric = encrypt(pk, message, rng_); }), 0u);
  EXPECT_TRUE(is_secret(std::as_const(symmetric.c[0]).words().span()));
  EXPECT_FALSE(is_secret(std::as_const(symmetric.c[1]).words().span())) << "comes from a public seed";
  EXPECT_TRUE(is_secret(std::as_const(asymmetric.c[1]).words().span()));
}

TEST_P(ConstantTime, DecryptingAndDecodingForTheOwner) {
  const auto keys = client_keys(kPolicy);
  const Decryptor decryptor(keys);
  for (const int level : {0, params_->max_level()}) {
    Ciphertext a = sealed(keys->secret(), level);  // a ciphertext is public: that is what encryption is for
    std::vector<double> real;
    std::vector<std::complex<double>> complex;
    EXPECT_EQ(leaks([&] { real = decryptor.decode_private(decryptor.decrypt(a)); }), 0u) << level;
    EXPECT_TRUE(is_secret<double>(real));
    EXPECT_EQ(leaks([&] { complex = decryptor.decode_private_complex(decryptor.decrypt(a)); }), 0u) << level;
    a.c.push_back(a.c[1]);  // three parts, as after a product
    EXPECT_EQ(leaks([&] { real = decryptor.decode_private(decryptor.decrypt(a)); }), 0u) << level;
  }
}

TEST_P(ConstantTime, Releasing) {
  const auto keys = client_keys(kPolicy);
  Decryptor decryptor(keys);
  for (const int level : {0, params_->max_level()}) {
    const Ciphertext a = sealed(keys->secret(), level);
    std::vector<double> released;
    EXPECT_EQ(leaks([&] { released = decryptor.decode_release(decryptor.decrypt(a), rng_); }), 0u) << level;
    EXPECT_TRUE(is_secret<double>(released));
  }
}

TEST(Wiping, NothingSecretRemainsInFreedMemory) {
  if (RUNNING_ON_VALGRIND == 0) GTEST_SKIP() << "runs under valgrind; see docs/security.md for the command";
  const ParamsPtr params = Params::make(toy(8), "portable");
  Rng rng;
  auto keys = std::make_shared<ClientKeys>(make_secret_key(params, rng), kPolicy);
  EXPECT_EQ(remains([&] { const std::vector<u64> copy(64, keys->secret().s().limb(0)[0]); }), 1u)
      << "a check that cannot fail";
  EXPECT_GE(remains([&] { const AlignedWords copy(keys->secret().s().words()); }), 1u)
      << "nor for polynomials";

  EXPECT_EQ(remains([&] { (void)make_secret_key(params, rng); }), 0u);
  PublicKey pk;
  EXPECT_EQ(remains([&] { pk = make_public_key(keys->secret(), rng); }), 0u);
  ServerKeys server;
  EXPECT_EQ(remains([&] {
              server = make_server_keys(
                  keys->secret(), {.relin_level = 2, .galois = {{{.step = 1, .conjugate = false}, 2}}}, rng);
            }),
            0u);
  EXPECT_EQ(remains([&] { (void)io::serialize(keys->secret()); }), 0u);
  Plaintext message = Encoder(params).encode(std::vector<double>{1, 2, 3}, 2, params->scale(2));
  Ciphertext symmetric, asymmetric;
  EXPECT_EQ(remains([&] { symmetric = encrypt(keys->secret(), message, rng); }), 0u);
  EXPECT_EQ(remains([&] { asymmetric = encrypt(pk, message, rng); }), 0u);
  for (EvalPoly& part : symmetric.c) make_public(part.words().span());
  auto decryptor = std::make_unique<Decryptor>(keys);
  std::vector<double> kept, released;  // the caller's to wipe
  std::vector<std::complex<double>> complex;
  EXPECT_EQ(remains([&] { kept = decryptor->decode_private(decryptor->decrypt(symmetric)); }), 0u);
  EXPECT_EQ(remains([&] { complex = decryptor->decode_private_complex(decryptor->decrypt(symmetric)); }), 0u);
  EXPECT_EQ(remains([&] { released = decryptor->decode_release(decryptor->decrypt(symmetric), rng); }), 0u);
  EXPECT_EQ(remains([&] {
              decryptor.reset();
              keys.reset();
            }),
            0u);
}

INSTANTIATE_TEST_SUITE_P(Backends, ConstantTime,
                         ::testing::Values(Case{"portable", toy()}, Case{"portable", secure()},
                                           Case{"avx2", toy()}, Case{"avx2", secure()}),
                         [](const auto& test) {
                           return std::string(test.param.backend) + "_" +
                                  std::to_string(test.param.literal.log_n);
                         });

}  // namespace
}  // namespace sotto::ckks
