// What the tests of the scheme share: toy parameters, seeded keys, and a decryption that looks at the noise.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "ckks/decryptor.h"
#include "ckks/encryptor.h"
#include "ckks/evaluator.h"
#include "ckks/keygen.h"
#include "tests/ckks/big_integers.h"
#include "tests/support/precision.h"
#include "tests/support/random.h"

namespace sotto::ckks {

inline Seed test_seed(unsigned char tag) {
  Seed seed{};
  u64 mixed = test::seed();
  for (std::size_t i = 0; i < 8; ++i) seed[i] = static_cast<unsigned char>(mixed >> (8 * i));
  seed[8] = tag;
  return seed;
}

/// Message and error of a ciphertext: centred coefficients of c0 + c1 s + c2 s^2, by GMP.
inline std::vector<test::Big> phase(const SecretKey& key, const Ciphertext& a) {
  const Params& params = *key.params();
  EvalPoly m = a.c.back();
  for (std::size_t part = a.c.size() - 1; part-- > 0;) {
    for (int i = 0; i < m.limbs(); ++i) {
      const int prime = params.basis(a.level()).prime(i);
      params.q(prime).multiply(m.limb(i), m.limb(i), key.s().limb(prime));
      params.q(prime).add(m.limb(i), m.limb(i), a.c[part].limb(i));
    }
  }
  return test::coefficients(params, std::move(m));
}

/// Root mean square of the difference of two polynomials.
inline double deviation(const std::vector<test::Big>& a, const std::vector<test::Big>& b) {
  double squares = 0;
  for (std::size_t k = 0; k < a.size(); ++k) squares += std::pow((a[k] - b[k]).to_double(), 2);
  return std::sqrt(squares / static_cast<double>(a.size()));
}

/// Parameters, keys and one random message. Keys are made once for a test suite.
class Scheme {
 public:
  Scheme(const ParamsLiteral& literal, const KeyRequest& request, std::string_view backend = "",
         Threads threads = {})
      : params(Params::make(literal, backend)),
        rng(test_seed(1)),
        client(std::make_shared<ClientKeys>(make_secret_key(params, rng))),
        secret(&client->secret()),
        encoder(params),
        decryptor(client),
        evaluator(resident(make_server_keys(*secret, request, rng, threads)), threads) {}

  std::vector<std::complex<double>> random_complex() const {
    test::Rng random;
    std::vector<std::complex<double>> z(params->slots());
    for (auto& x : z) x = {random.real(-1, 1), random.real(-1, 1)};
    return z;
  }
  std::vector<double> random_real() const {
    test::Rng random;
    std::vector<double> x(params->slots());
    for (double& v : x) v = random.real(-1, 1);
    return x;
  }
  template <class T>
  Ciphertext encrypt(const std::vector<T>& slots, int level) {
    return ckks::encrypt(*secret, encoder.encode(slots, level, params->scale(level)), rng);
  }
  std::vector<std::complex<double>> open(const Ciphertext& a) const {
    return decryptor.decode_private_complex(decryptor.decrypt(a));
  }

  ParamsPtr params;
  Rng rng;
  std::shared_ptr<ClientKeys> client;
  const SecretKey* secret;
  Encoder encoder;
  Decryptor decryptor;
  Evaluator evaluator;
};

template <class T>
std::vector<T> rotated_left(std::vector<T> x, int step) {
  const int n = static_cast<int>(x.size());
  std::rotate(x.begin(), x.begin() + ((step % n) + n) % n, x.end());
  return x;
}

template <class F>
std::string refusal_of(ErrorCode code, F&& f) {
  try {
    f();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "not refused";
  return "";
}

}  // namespace sotto::ckks
