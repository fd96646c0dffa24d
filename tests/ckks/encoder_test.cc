#include "ckks/encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "base/error.h"
#include "tests/ckks/big_integers.h"
#include "tests/support/precision.h"
#include "tests/support/random.h"

namespace sotto::ckks {
namespace {

using test::Big;
using Complex = std::complex<double>;

ParamsPtr ring(int log_n) {
  return Params::make({.name = "insecure_encoder",
                       .log_n = log_n,
                       .log_q = {50, 40, 40},
                       .log_p = {55},
                       .q = {},
                       .p = {},
                       .log_scale = 40,
                       .digits = 3});
}

std::vector<Complex> random_complex(std::size_t count) {
  test::Rng rng;
  std::vector<Complex> z(count);
  for (Complex& x : z) x = {rng.real(-1, 1), rng.real(-1, 1)};
  return z;
}

/// Slots of a polynomial by its definition: values at zeta^(5^j).
std::vector<Complex> evaluate(const std::vector<double>& coefficients) {
  const std::size_t n = coefficients.size();
  std::vector<Complex> slots;
  for (std::size_t j = 0, power = 1; j < n / 2; ++j, power = power * 5 % (2 * n)) {
    std::complex<long double> sum = 0;
    for (std::size_t k = 0; k < n; ++k) {
      const long double angle = std::numbers::pi_v<long double> *
                                static_cast<long double>(power * k % (2 * n)) / static_cast<long double>(n);
      sum += std::polar<long double>(1, angle) * static_cast<long double>(coefficients[k]);
    }
    slots.emplace_back(static_cast<double>(sum.real()), static_cast<double>(sum.imag()));
  }
  return slots;
}

std::vector<double> doubles(const std::vector<Big>& values, double scale) {
  std::vector<double> out;
  for (const Big& x : values) out.push_back(x.to_double() / scale);
  return out;
}

TEST(Encoder, EncodedPolynomialHasTheSlotsAsValues) {
  for (const int log_n : {4, 5, 8}) {
    const ParamsPtr params = ring(log_n);
    const std::vector<Complex> z = random_complex(params->slots());
    const Plaintext plain = Encoder(params).encode(z, 2, 0x1p40);
    EXPECT_EQ(plain.level(), 2);
    EXPECT_EQ(plain.scale, 0x1p40);
    EXPECT_BITS(evaluate(doubles(test::coefficients(*params, plain.poly), 0x1p40)), z, 36.0 - log_n / 2.0);
  }
}

TEST(Encoder, DecodingInvertsEncoding) {
  for (const int log_n : {4, 10, 13}) {
    const ParamsPtr params = ring(log_n);
    const Encoder encoder(params);
    const std::vector<Complex> z = random_complex(params->slots());
    std::vector<double> x;
    for (const Complex& w : z) x.push_back(w.real());
    for (int level = 0; level <= 2; ++level) {
      const Plaintext complex_plain = encoder.encode(z, level, 0x1p40),
                      real_plain = encoder.encode(x, level, 0x1p40);
      EXPECT_BITS(encoder.decode_complex(inverse(*params, EvalPoly(complex_plain.poly)), 0x1p40), z,
                  39.0 - log_n / 2.0);
      EXPECT_BITS(encoder.decode(inverse(*params, EvalPoly(real_plain.poly)), 0x1p40), x, 39.0 - log_n / 2.0);
    }
  }
}

TEST(Encoder, RealSlotsMakeASelfConjugatePolynomial) {
  const ParamsPtr params = ring(6);
  std::vector<double> x(params->slots());
  test::Rng rng;
  for (double& v : x) v = rng.real(-1, 1);
  const std::vector<Big> c = test::coefficients(*params, Encoder(params).encode(x, 1, 0x1p40).poly);
  for (std::size_t k = 1; k < c.size(); ++k) {  // c(1/X) = c(X), up to the rounding of doubles
    EXPECT_LE(std::fabs((c[k] + c[c.size() - k]).to_double()), 1);
  }
}

TEST(Encoder, ProductOfPolynomialsIsTheProductOfSlots) {
  const ParamsPtr params = ring(9);
  const Encoder encoder(params);
  const std::vector<Complex> z = random_complex(params->slots()), w = {z.rbegin(), z.rend()};
  Plaintext a = encoder.encode(z, 2, 0x1p40);
  const Plaintext b = encoder.encode(w, 2, 0x1p40);
  std::vector<Complex> want;
  for (std::size_t i = 0; i < z.size(); ++i) want.push_back(z[i] * w[i]);
  for (int i = 0; i < 3; ++i) params->q(i).multiply(a.poly.limb(i), a.poly.limb(i), b.poly.limb(i));
  EXPECT_BITS(encoder.decode_complex(inverse(*params, std::move(a.poly)), 0x1p80), want, 33);
}

TEST(Encoder, MissingSlotsAreZero) {
  const ParamsPtr params = ring(5);
  const Encoder encoder(params);
  const std::vector<double> few{0.5, -0.25};
  std::vector<double> want(params->slots());
  want[0] = 0.5;
  want[1] = -0.25;
  EXPECT_BITS(encoder.decode(inverse(*params, EvalPoly(encoder.encode(few, 0, 0x1p40).poly)), 0x1p40), want,
              36);
  EXPECT_BITS(encoder.decode(
                  inverse(*params, EvalPoly(encoder.encode(std::vector<double>{}, 0, 0x1p40).poly)), 0x1p40),
              std::vector<double>(params->slots()), 1000);
}

TEST(Encoder, WideScalesAreRoundedExactly) {  // coefficients beyond 2^63, and the mixture of sizes
  const ParamsPtr params = ring(5);
  const Encoder encoder(params);
  for (const double scale : {0x1p61, 0x1p62, 0x1p63, 0x1.8p64, 0x1.23456789abcdfp90, 0x1p110}) {
    for (const double value : {1.0, -1.0, 0.71828182845904509, -0x1p-70}) {
      const Plaintext plain = encoder.encode(std::vector<double>(params->slots(), value), 2, scale);
      const std::vector<Big> c = test::coefficients(*params, plain.poly);
      const double exact = std::round(value * scale);
      EXPECT_EQ(c[0].to_double(), exact) << value << " at " << scale;
    }
  }
  const std::vector<Complex> z = random_complex(params->slots());
  EXPECT_BITS(encoder.decode_complex(inverse(*params, encoder.encode(z, 2, 0x1p100).poly), 0x1p100), z, 48);
}

TEST(Encoder, ExtendedEncodingIsTheSamePolynomial) {
  const ParamsPtr params = ring(7);
  const Encoder encoder(params);
  std::vector<double> x(params->slots());
  test::Rng rng;
  for (double& v : x) v = rng.real(-1, 1);
  const EvalPoly extended = encoder.encode_extended(x, 1, 0x1p35, Threads{2});
  EXPECT_EQ(extended.q_limbs(), 2);
  EXPECT_EQ(extended.p_limbs(), 1);
  const std::vector<Big> a = test::coefficients(*params, extended),
                         b = test::coefficients(*params, encoder.encode(x, 1, 0x1p35).poly);
  EXPECT_TRUE(std::ranges::equal(a, b));
}

TEST(Encoder, LiftIsTheCentredRepresentative) {  // a constant polynomial shows its coefficient in every slot
  const ParamsPtr params = ring(4);
  const Encoder encoder(params);
  test::Rng rng;
  for (int limbs = 1; limbs <= 3; ++limbs) {
    const std::vector<u64> primes = test::primes_of(*params, limbs);
    const Big m = test::product(primes), half = m / Big(2);
    std::vector<Big> cases{Big(0), Big(1), m - Big(1), half, half + Big(1), half - Big(1)};
    for (int i = 0; i < 50; ++i) {
      Big x(rng.word());
      x = x * Big(rng.word()) * Big(rng.word());
      cases.push_back(x % m);
    }
    for (const Big& x : cases) {
      CoeffPoly poly(params->n(), limbs);
      std::ranges::fill(poly.words().span(), u64{0});
      for (int i = 0; i < limbs; ++i) poly.limb(i)[0] = x.mod(primes[static_cast<std::size_t>(i)]);
      const double want = test::centred(x, m).to_double();
      const double got = encoder.decode(poly, 1.0)[3];
      EXPECT_LE(std::fabs(got - want), std::fabs(want) * 0x1p-51);
      EXPECT_EQ(std::signbit(got) && got != 0, want < 0);
    }
  }
}

TEST(Encoder, ThreadsDoNotChangeABit) {
  for (const int log_n : {4, 11, 13}) {  // without and with blocks of the transform to share out
    const ParamsPtr params = ring(log_n);
    const Encoder encoder(params);
    const std::vector<Complex> z = random_complex(params->slots());
    const Plaintext want = encoder.encode(z, 2, 0x1p40);
    const CoeffPoly poly = inverse(*params, EvalPoly(want.poly));
    for (const int threads : {2, 3}) {
      const Plaintext got = encoder.encode(z, 2, 0x1p40, Threads{threads});
      EXPECT_TRUE(std::ranges::equal(got.poly.words().span(), want.poly.words().span()));
      EXPECT_EQ(encoder.decode_complex(poly, 0x1p40, Threads{threads}), encoder.decode_complex(poly, 0x1p40));
      EXPECT_EQ(encoder.decode(poly, 0x1p40, Threads{threads}), encoder.decode(poly, 0x1p40));
    }
  }
}

TEST(Encoder, ResidueOfARoundedDouble) {
  const ntt::Modulus q(1125899906826241);
  for (const double x : {0.0, 0.49999999999999994, 0.5, -0.5, 1.5, -2.5, 1e15, -3.7e15, 0x1p61,
                         0x1.fffffffffffffp62, -0x1.8p200, 0x1.3p500}) {
    EXPECT_EQ(rounded_residue(x, q), Big::from_double(std::round(x)).mod(q.value())) << x;
  }
}

TEST(Encoder, RefusesWhatDoesNotFit) {
  const ParamsPtr params = ring(5);
  const Encoder encoder(params);
  const auto refusal = [&](const std::vector<double>& x, int level, double scale) -> std::string {
    try {
      (void)encoder.encode(x, level, scale);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      return error.what();
    }
    return "accepted";
  };
  using ::testing::HasSubstr;
  EXPECT_EQ(refusal({1}, 0, 0x1p48), "accepted");
  EXPECT_THAT(refusal({1}, 0, 0x1p50), HasSubstr("needs more than the 50.00 bits that level 0 offers"));
  EXPECT_EQ(refusal({1}, 1, 0x1p50), "accepted");
  EXPECT_THAT(refusal({NAN}, 0, 0x1p40), HasSubstr("not a number"));
  EXPECT_THAT(refusal({INFINITY}, 0, 0x1p40), HasSubstr("infinite"));
  EXPECT_THAT(refusal(std::vector<double>(17), 0, 0x1p40), HasSubstr("17 values do not fit 16 slots"));
  EXPECT_THAT(refusal({1}, 3, 0x1p40), HasSubstr("level 3 is outside 0…2"));
  EXPECT_THAT(refusal({1}, 0, 0), HasSubstr("scale"));
  EXPECT_THAT(refusal({1}, 0, INFINITY), HasSubstr("scale"));
  EXPECT_THAT(refusal({0x1p1021}, 0, 0x1p-1000), HasSubstr("overflows the transform"));
  // Both parts fit 2^49, their magnitude does not.
  const std::vector<std::complex<double>> corner{{0.75, 0.75}}, edge{{0.75, 0}};
  EXPECT_NO_THROW((void)encoder.encode(edge, 0, 0x1p49));
  EXPECT_THROW((void)encoder.encode(corner, 0, 0x1p49), Error);
}

TEST(Encoder, RefusesWhatDoublesCannotHold) {
  ParamsLiteral literal{.name = "insecure_wide",
                        .log_n = 4,
                        .log_q = {},
                        .log_p = {60, 60},
                        .q = {},
                        .p = {},
                        .log_scale = 50,
                        .digits = 20};
  literal.log_q.assign(20, 50);
  literal.log_q.insert(literal.log_q.begin(), 60);
  literal.digits = 21;
  const Encoder encoder(Params::make(literal, "portable"));  // log Q = 1060
  const std::vector<double> x{0x1p19, -0x1p19};
  EXPECT_NO_THROW((void)encoder.encode(x, 20, 0x1p1000));
  EXPECT_THROW((void)encoder.encode(x, 20, 0x1p1001), Error);
}

}  // namespace
}  // namespace sotto::ckks
