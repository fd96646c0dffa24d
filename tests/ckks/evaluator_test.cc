// Homomorphism of every operation, its noise against the formula, and what it refuses.
#include "ckks/evaluator.h"

#include "tests/ckks/scheme_fixture.h"

namespace sotto::ckks {
namespace {

using test::Big;
using ::testing::HasSubstr;
using Slots = std::vector<std::complex<double>>;

KeyRequest request(int level) {
  KeyRequest keys{.relin_level = level, .galois = {{{.step = 0, .conjugate = true}, level}}};
  for (int step : {1, 2, 5, 100, 255}) keys.galois.push_back({{.step = step, .conjugate = false}, level});
  return keys;
}

/// Digits of one, two and three primes; the last digit is cut short in some.
std::vector<ParamsLiteral> shapes() {
  return {{.name = "insecure_alpha1",
           .log_n = 9,
           .log_q = {45, 38, 38, 38, 38},
           .log_p = {49},
           .q = {},
           .p = {},
           .log_scale = 38,
           .digits = 5},
          {.name = "insecure_alpha2",
           .log_n = 9,
           .log_q = {46, 38, 38, 38, 38},
           .log_p = {49, 49},
           .q = {},
           .p = {},
           .log_scale = 38,
           .digits = 3},
          {.name = "insecure_alpha3",
           .log_n = 9,
           .log_q = {46, 38, 38, 38, 38},
           .log_p = {49, 49, 49},
           .q = {},
           .p = {},
           .log_scale = 38,
           .digits = 2},
          {.name = "insecure_wide",
           .log_n = 9,
           .log_q = {60, 50, 50, 50, 50},
           .log_p = {60, 60},
           .q = {},
           .p = {},
           .log_scale = 50,
           .digits = 3}};
}

class EvaluatorOf : public ::testing::TestWithParam<std::size_t> {
 protected:
  EvaluatorOf() {
    static std::map<std::size_t, Scheme> made;
    scheme_ = &made.try_emplace(GetParam(), shapes()[GetParam()], request(4)).first->second;
    bits_ = scheme_->params->literal().log_scale - 16;
  }
  template <class F>
  static Slots map(const Slots& a, const Slots& b, F f) {
    Slots out(a.size());
    std::transform(a.begin(), a.end(), b.begin(), out.begin(), f);
    return out;
  }
  Scheme& scheme() { return *scheme_; }
  const Evaluator& evaluator() { return scheme_->evaluator; }
  double q(int level) { return static_cast<double>(scheme_->params->q(level).modulus().value()); }

  Scheme* scheme_ = nullptr;
  double bits_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Shapes, EvaluatorOf, ::testing::Values(0, 1, 2, 3));

TEST_P(EvaluatorOf, SumsMeetAtTheLowerLevel) {
  const Slots x = scheme().random_complex(), y = rotated_left(x, 3);
  Ciphertext a = scheme().encrypt(x, 4), b = scheme().encrypt(y, 2);
  b.scale = a.scale;  // the canonical scales differ by 2^-20 or so; here only the sum matters
  const Ciphertext sum = evaluator().add(a, b);
  EXPECT_EQ(sum.level(), 2);
  EXPECT_FALSE(sum.seed);
  EXPECT_BITS(scheme().open(sum), map(x, y, std::plus<>()), 8);
  Ciphertext same = scheme().encrypt(y, 4);
  EXPECT_BITS(scheme().open(evaluator().add(a, same)), map(x, y, std::plus<>()), bits_);
  EXPECT_BITS(scheme().open(evaluator().subtract(a, same)), map(x, y, std::minus<>()), bits_);
  EXPECT_BITS(scheme().open(evaluator().negate(a)), map(x, x, [](auto u, auto) { return -u; }), bits_);
}

TEST_P(EvaluatorOf, ProductsAndRescale) {
  const Slots x = scheme().random_complex(), y = rotated_left(x, 7);
  for (int level = 4; level >= 1; --level) {
    const Ciphertext a = scheme().encrypt(x, level), b = scheme().encrypt(y, level);
    const Ciphertext product = evaluator().multiply(a, b);
    EXPECT_EQ(product.scale, a.scale * b.scale);
    EXPECT_EQ(product.level(), level);
    const Ciphertext rescaled = evaluator().rescale(product);
    EXPECT_EQ(rescaled.level(), level - 1);
    EXPECT_EQ(rescaled.scale, scheme().params->scale(level - 1)) << "canonical in, canonical out";
    EXPECT_BITS(scheme().open(rescaled), map(x, y, std::multiplies<>()), bits_);
    EXPECT_BITS(scheme().open(evaluator().rescale(evaluator().square(a))), map(x, x, std::multiplies<>()),
                bits_);
    const Ciphertext fused = evaluator().multiply_rescale(a, b);
    EXPECT_EQ(fused.scale, rescaled.scale);
    EXPECT_BITS(scheme().open(fused), map(x, y, std::multiplies<>()), bits_);
    EXPECT_BITS(scheme().open(evaluator().rescale(evaluator().relinearise(evaluator().product(a, b)))),
                map(x, y, std::multiplies<>()), bits_);
  }
}

TEST_P(EvaluatorOf, ThreePartsAddUpBeforeOneRelinearisation) {
  const Slots x = scheme().random_complex(), y = rotated_left(x, 7);
  const Ciphertext a = scheme().encrypt(x, 2), b = scheme().encrypt(y, 2);
  const Ciphertext sum = evaluator().add(evaluator().product(a, a), evaluator().product(a, b));
  EXPECT_EQ(sum.c.size(), 3u);
  const Slots want = map(x, y, [](auto u, auto v) { return u * u + u * v; });
  EXPECT_BITS(scheme().open(sum), want, bits_);
  EXPECT_BITS(scheme().open(evaluator().rescale(evaluator().relinearise(sum))), want, bits_);
  Ciphertext two = a;
  const Ciphertext fused = evaluator().relinearise_rescale(sum);
  EXPECT_EQ(fused.scale, sum.scale / q(2));
  EXPECT_BITS(scheme().open(fused), want, bits_);
  two.scale = sum.scale;  // a 2-part operand, read at another scale
  const Slots shifted = map(want, x, [&](auto w, auto u) { return w - u * a.scale / sum.scale; });
  EXPECT_BITS(scheme().open(evaluator().subtract(sum, two)), shifted, bits_);
}

TEST_P(EvaluatorOf, TimesIIsTheProductWithAMonomial) {
  const Slots x = scheme().random_complex();
  const Params& params = *scheme().params;
  const Ciphertext fresh = scheme().encrypt(x, 2);
  Plaintext monomial{scheme().params, EvalPoly(params.n(), 3), 1};
  for (int i = 0; i < 3; ++i) {
    std::ranges::fill(monomial.poly.limb(i), 0);
    monomial.poly.limb(i)[params.n() / 2] = 1;
    params.q(i).forward(monomial.poly.limb(i));
  }
  for (const Ciphertext& a : {fresh, evaluator().product(fresh, fresh)}) {
    const Ciphertext turned = evaluator().multiply_by_i(a), want = evaluator().multiply_plain(a, monomial);
    ASSERT_EQ(turned.c.size(), want.c.size());
    EXPECT_EQ(turned.scale, a.scale);
    for (std::size_t part = 0; part < want.c.size(); ++part) {
      for (int i = 0; i < want.c[part].limbs(); ++i) {
        EXPECT_TRUE(std::ranges::equal(turned.c[part].limb(i), want.c[part].limb(i))) << part << ", " << i;
      }
    }
  }
  EXPECT_BITS(scheme().open(evaluator().multiply_by_i(fresh)),
              map(x, x, [](auto u, auto) { return u * std::complex<double>(0, 1); }), bits_);
}

TEST_P(EvaluatorOf, PlaintextsAndConstants) {
  const Slots x = scheme().random_complex(), y = rotated_left(x, 9);
  const Ciphertext a = scheme().encrypt(x, 3);
  const Plaintext plain = scheme().encoder.encode(y, 4, a.scale);  // a higher level is allowed
  EXPECT_BITS(scheme().open(evaluator().add_plain(a, plain)), map(x, y, std::plus<>()), bits_);
  const Ciphertext product = evaluator().multiply_plain(a, plain);
  EXPECT_EQ(product.scale, a.scale * plain.scale);
  EXPECT_BITS(scheme().open(product), map(x, y, std::multiplies<>()), bits_);
  EXPECT_BITS(scheme().open(evaluator().add_constant(a, -1.75)),
              map(x, x, [](auto u, auto) { return u - 1.75; }), bits_);
  const Ciphertext scaled = evaluator().multiply_constant(a, 0.3, 0x1p42);
  EXPECT_EQ(scaled.scale, a.scale * 0x1p42);
  EXPECT_BITS(scheme().open(scaled), map(x, x, [](auto u, auto) { return u * 0.3; }), bits_);
  EXPECT_BITS(scheme().open(evaluator().multiply_constant(a, -0x1p-3, 0x1p70)),
              map(x, x, [](auto u, auto) { return u * -0.125; }), bits_);
}

TEST_P(EvaluatorOf, RotationsAndConjugation) {
  const Slots x = scheme().random_complex();
  for (int level = 0; level <= 4; ++level) {  // one set of keys serves all levels
    const Ciphertext a = scheme().encrypt(x, level);
    for (int step : {0, 1, 5, 255, -1, 256 + 2}) {
      const Ciphertext moved = evaluator().rotate(a, step);
      EXPECT_EQ(moved.level(), level);
      EXPECT_EQ(moved.scale, a.scale);
      EXPECT_BITS(scheme().open(moved), rotated_left(x, step), bits_);
    }
    EXPECT_BITS(scheme().open(evaluator().conjugate(a)), map(x, x, [](auto u, auto) { return std::conj(u); }),
                bits_);
  }
}

TEST_P(EvaluatorOf, HoistedRotationsAreTheSameWords) {
  const Ciphertext a = scheme().encrypt(scheme().random_complex(), 3);
  const std::vector<int> steps{1, 0, 100, -1, 5, 2, 1, 255, 2, 5};
  for (const int threads : {1, 2}) {
    const Evaluator other(evaluator().keys(), Threads{threads});
    const RecycledVector<Ciphertext> many = other.rotate_many(a, steps);
    ASSERT_EQ(many.size(), steps.size());
    for (std::size_t k = 0; k < steps.size(); ++k) {
      const Ciphertext one = evaluator().rotate(a, steps[k]);
      for (std::size_t part = 0; part < 2; ++part) {
        EXPECT_TRUE(std::ranges::equal(many[k].c[part].words().span(), one.c[part].words().span()))
            << steps[k];
      }
    }
  }
}

TEST_P(EvaluatorOf, SeveralPrimesGoAtOnce) {
  const Slots x = scheme().random_complex();
  Ciphertext a = scheme().encrypt(x, 4);
  a = evaluator().multiply_constant(a, 1.0, std::exp2(std::round(2 * scheme().params->literal().log_scale)));
  const Ciphertext down = evaluator().rescale(a, 2);
  EXPECT_EQ(down.level(), 2);
  EXPECT_NEAR(down.scale, a.scale / q(4) / q(3), down.scale * 1e-15);
  EXPECT_BITS(scheme().open(down), x, bits_);
}

TEST_P(EvaluatorOf, ConstantsAreExactIntegers) {  // the constant is not rounded beyond its scale
  const Ciphertext a = scheme().encrypt(scheme().random_complex(), 2);
  const std::vector<Big> before = phase(*scheme().secret, a);
  const std::vector<Big> after = phase(*scheme().secret, evaluator().multiply_constant(a, 1.0 / 3, 0x1p20));
  for (std::size_t k = 0; k < before.size(); ++k) EXPECT_TRUE(after[k] == before[k] * Big(349525));
}

TEST_P(EvaluatorOf, DroppingLevelsChangesNothing) {
  const Ciphertext a = scheme().encrypt(scheme().random_complex(), 4);
  const std::vector<Big> before = phase(*scheme().secret, a);
  for (int level = 4; level >= 0; --level) {
    const Ciphertext low = evaluator().drop_to_level(a, level);
    EXPECT_EQ(low.level(), level);
    EXPECT_EQ(low.scale, a.scale);
    if (level > 0) {
      EXPECT_EQ(deviation(phase(*scheme().secret, low), before), 0);
    }
  }
}

/// Noise at large N, where a standard deviation is known to a percent. P has 4 bits over the digits, so that
/// both terms count.
class Noise : public ::testing::Test {
 protected:
  static Scheme& scheme() {
    static Scheme scheme({.name = "insecure_noise",
                          .log_n = 13,
                          .log_q = {44, 43, 43, 43, 43, 43},
                          .log_p = {48},
                          .q = {},
                          .p = {},
                          .log_scale = 43,
                          .digits = 6},
                         request(5));
    return scheme;
  }
  static double n() { return static_cast<double>(scheme().params->n()); }
  /// Rounding of both parts, the second times a secret with 2N/3 nonzero places.
  static double rounding_variance() { return (1 + 2 * n() / 3) / 12; }
  /// sum_j N sigma^2 D_j^2 / 12 / P^2.
  static double switching_variance(int level) {
    double sum = 0;
    for (int i = 0; i <= level; ++i)
      sum += std::pow(static_cast<double>(scheme().params->q(i).modulus().value()), 2);
    return n() * 10.5 / 12 * sum / std::pow(static_cast<double>(scheme().params->p(0).modulus().value()), 2);
  }
  static constexpr double kTolerance =
      0.06;  // a few standard errors of sqrt(N) samples with correlated signs of s
};

TEST_F(Noise, RescaleRoundsOnly) {
  const Plaintext message =
      scheme().encoder.encode(scheme().random_real(), 5, scheme().params->scale(5) * 0x1p20);
  const Ciphertext a = encrypt(*scheme().secret, message, scheme().rng);
  const std::vector<Big> before = phase(*scheme().secret, a),
                         after = phase(*scheme().secret, scheme().evaluator.rescale(a));
  const Big q(scheme().params->q(5).modulus().value());
  double squares = 0;
  for (std::size_t k = 0; k < before.size(); ++k) {
    squares += std::pow((after[k] * q - before[k]).to_double() / q.to_double(), 2);
  }
  EXPECT_NEAR(std::sqrt(squares / n() / rounding_variance()), 1, kTolerance);
}

TEST_F(Noise, KeySwitchingAddsTheFormula) {
  for (const int level : {5, 1}) {
    const Ciphertext a = scheme().encrypt(scheme().random_real(), level);
    // Relinearise (c0, c1, 0) + (0, 0, c1): the same phase plus c1 s^2, known exactly before and after.
    Ciphertext three = a;
    three.c.push_back(a.c[1]);
    const double got = deviation(phase(*scheme().secret, scheme().evaluator.relinearise(three)),
                                 phase(*scheme().secret, three));
    EXPECT_NEAR(got / std::sqrt(rounding_variance() + switching_variance(level)), 1, kTolerance)
        << "level " << level;
  }
  EXPECT_GT(switching_variance(5), 0.1 * rounding_variance()) << "this test must see both terms";
}

TEST_F(Noise, FusedRescaleRoundsOnce) {
  const Slots x = scheme().random_complex();
  const Ciphertext a = scheme().encrypt(x, 5);
  const Ciphertext d = scheme().evaluator.product(a, a);
  const std::vector<Big> before = phase(*scheme().secret, d),
                         after = phase(*scheme().secret, scheme().evaluator.multiply_rescale(a, a));
  const Big q(scheme().params->q(5).modulus().value());
  double squares = 0;
  for (std::size_t k = 0; k < before.size(); ++k) {
    squares += std::pow((after[k] * q - before[k]).to_double() / q.to_double(), 2);
  }
  EXPECT_NEAR(std::sqrt(squares / n() / rounding_variance()), 1, kTolerance);
}

class Refusals : public ::testing::Test {
 protected:
  static Scheme& scheme() {
    static Scheme scheme(shapes()[0], {.relin_level = 2,
                                       .galois = {{{.step = 1, .conjugate = false}, 1},
                                                  {{.step = 2, .conjugate = false}, 4}}});
    return scheme;
  }
  static Ciphertext fresh(int level) { return scheme().encrypt(scheme().random_real(), level); }
};

TEST_F(Refusals, MissingKeysAreNamedAllAtOnce) {
  const Evaluator& evaluator = scheme().evaluator;
  const std::string text = refusal_of(ErrorCode::kMissingKey, [&] {
    (void)evaluator.rotate_many(fresh(3), std::vector{1, 2, 3, 0, -1});
  });
  EXPECT_THAT(text, HasSubstr("rotation by 1 (its key reaches level 1)"));
  EXPECT_THAT(text, HasSubstr("rotation by 3"));
  EXPECT_THAT(text, HasSubstr("rotation by 255"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("rotation by 2 ")));
  EXPECT_THAT(refusal_of(ErrorCode::kMissingKey, [&] { (void)evaluator.conjugate(fresh(1)); }),
              HasSubstr("the conjugation"));
  EXPECT_THAT(refusal_of(ErrorCode::kMissingKey, [&] { (void)evaluator.square(fresh(3)); }),
              HasSubstr("reaches level 2, the product is at level 3"));
  const Evaluator bare(resident(make_server_keys(*scheme().secret, {}, scheme().rng)));
  EXPECT_THAT(refusal_of(ErrorCode::kMissingKey, [&] { (void)bare.square(fresh(1)); }),
              HasSubstr("no relinearisation key"));
}

TEST_F(Refusals, KeysOfLowLevelsServeThem) {
  const std::vector<double> x = scheme().random_real();
  EXPECT_BITS(scheme().decryptor.decode_private(
                  scheme().decryptor.decrypt(scheme().evaluator.rotate(scheme().encrypt(x, 1), 1))),
              rotated_left(x, 1), 20);
}

TEST_F(Refusals, SeedsStayWithTheirUntouchedHalf) {
  const Evaluator& evaluator = scheme().evaluator;
  const Ciphertext a = fresh(2);
  ASSERT_TRUE(a.seed);
  const Plaintext plain = scheme().encoder.encode(scheme().random_real(), 2, a.scale);
  for (const Ciphertext& c :
       {evaluator.add_plain(a, plain), evaluator.add_constant(a, 0.5), evaluator.drop_to_level(a, 1)}) {
    EXPECT_EQ(c.seed, a.seed);
    const EvalPoly expanded = expand_uniform(*scheme().params, *a.seed, UniformPart::kCiphertext, 0,
                                             scheme().params->basis(c.level()), 0);
    EXPECT_TRUE(std::ranges::equal(expanded.words().span(), c.c[1].words().span()));
  }
  EXPECT_FALSE(evaluator.negate(a).seed);
}

TEST_F(Refusals, LevelsAndScales) {
  const Evaluator& evaluator = scheme().evaluator;
  EXPECT_THAT(refusal_of(ErrorCode::kOutOfLevels, [&] { (void)evaluator.rescale(fresh(0)); }),
              HasSubstr("level 0 has no prime left"));
  EXPECT_THAT(refusal_of(ErrorCode::kOutOfLevels, [&] { (void)evaluator.rescale(fresh(2), 3); }),
              HasSubstr("cannot drop 3 primes at level 2"));
  const Ciphertext small =
      encrypt(*scheme().secret, scheme().encoder.encode(scheme().random_real(), 2, 0x1p16), scheme().rng);
  EXPECT_THAT(refusal_of(ErrorCode::kOutOfLevels, [&] { (void)evaluator.rescale(small); }),
              HasSubstr("below 1, where the message is rounded away"));
  EXPECT_THAT(refusal_of(ErrorCode::kOutOfLevels, [&] { (void)evaluator.multiply_rescale(small, small); }),
              HasSubstr("2^32.00 at level 2"));
  EXPECT_THAT(refusal_of(ErrorCode::kOutOfLevels, [&] { (void)evaluator.square(fresh(0)); }),
              HasSubstr("exceeds the modulus of level 0"));
  EXPECT_THAT(
      refusal_of(ErrorCode::kOutOfLevels, [&] { (void)evaluator.multiply_constant(fresh(0), 1e-3, 0x1p20); }),
      HasSubstr("2^58.00"));
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, [&] { (void)evaluator.drop_to_level(fresh(1), 2); }),
              HasSubstr("cannot go to level 2"));
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, [&] { (void)evaluator.add_constant(fresh(0), 0x1p9); }),
              HasSubstr("what level 0 can hold"));
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, [&] { (void)evaluator.add_constant(fresh(0), NAN); }),
              HasSubstr("finite"));
  Ciphertext a = fresh(2), b = fresh(2);
  b.scale *= 1 + 0x1p-29;
  EXPECT_THAT(refusal_of(ErrorCode::kScaleMismatch, [&] { (void)evaluator.add(a, b); }),
              HasSubstr("bring both to one scale"));
  b.scale = a.scale * (1 + 0x1p-31);
  EXPECT_NO_THROW((void)evaluator.add(a, b));
  const Plaintext low = scheme().encoder.encode(scheme().random_real(), 1, a.scale);
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, [&] { (void)evaluator.multiply_plain(a, low); }),
              HasSubstr("encode it at level 2"));
}

TEST_F(Refusals, PartsKeysAndParameters) {
  const Evaluator& evaluator = scheme().evaluator;
  const Ciphertext a = fresh(2), three = evaluator.product(a, a);
  for (const auto& use : std::vector<std::function<void()>>{
           [&] { (void)evaluator.rotate(three, 2); }, [&] { (void)evaluator.rescale(three); },
           [&] { (void)evaluator.multiply(three, a); }, [&] { (void)evaluator.relinearise(a); },
           [&] { (void)evaluator.relinearise_rescale(a); }}) {
    EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, use), HasSubstr("parts"));
  }
  Ciphertext foreign = a;
  foreign.key_id[0] ^= 1;
  EXPECT_THAT(refusal_of(ErrorCode::kMissingKey, [&] { (void)evaluator.add(a, foreign); }),
              HasSubstr("another secret key"));
  ParamsLiteral near = scheme().params->literal();  // the same primes: only the hash tells them apart
  near.log_scale -= 0.01;
  const Plaintext stray = Encoder(Params::make(near)).encode(scheme().random_real(), 2, a.scale);
  for (const auto& use : std::vector<std::function<void()>>{
           [&] { (void)evaluator.add_plain(a, stray); }, [&] { (void)evaluator.multiply_plain(a, stray); }}) {
    EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, use), HasSubstr("other parameters"));
  }
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, [&] { (void)evaluator.add_plain(a, {}); }),
              HasSubstr("plaintext is empty"));
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument, [&] { (void)evaluator.negate({}); }),
              HasSubstr("ciphertext is empty"));
  Scheme other(shapes()[1], {});
  EXPECT_THAT(refusal_of(ErrorCode::kInvalidArgument,
                         [&] { (void)evaluator.add(a, other.encrypt(other.random_real(), 2)); }),
              HasSubstr("other parameters"));
}

}  // namespace
}  // namespace sotto::ckks
