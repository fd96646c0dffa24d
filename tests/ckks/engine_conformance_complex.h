// The part of the conformance suite on complex slots and on products before relinearisation; included by
// tests/ckks/engine_conformance.h.
#pragma once

#include "tests/ckks/engine_conformance.h"

namespace sotto::ckks {

TEST_P(EngineConformance, SlotsAreComplex) {
  const ComplexSlots x = random_complex(), y = random_complex();
  const ComplexSlots few(x.begin(), x.begin() + 5);
  const Cipher a = encrypt(x, 3), b = encrypt(y, 3);
  const double scale = params_->scale(3);
  const Plain p = engine().encode_complex(y, 3, scale),
              real = engine().encode(Slots(slots(), -0.5), 3, scale);
  const auto plus = std::plus<>();
  const auto times = std::multiplies<>();
  const auto each = [&](auto f) { return slotwise(x, x, [f](auto u, auto) { return f(u); }); };
  expect(a, x, 3, scale);
  expect(encrypt(few, 3), few, 3, scale);
  expect(engine().add(a, b), slotwise(x, y, plus), 3, scale);
  expect(engine().subtract(a, b), slotwise(x, y, std::minus<>()), 3, scale);
  expect(engine().negate(a), each(std::negate<>()), 3, scale);
  expect(engine().add_plain(a, p), slotwise(x, y, plus), 3, scale);
  expect(engine().multiply(a, b), slotwise(x, y, times), 3, scale * scale);
  expect(engine().multiply_plain(a, p), slotwise(x, y, times), 3, scale * scale);
  expect(engine().multiply_plain(a, real), each([](auto u) { return -0.5 * u; }), 3, scale * scale);
  expect(engine().multiply_constant(a, -0.5, scale), each([](auto u) { return -0.5 * u; }), 3, scale * scale);
  expect(engine().add_constant(a, 0.75), each([](auto u) { return u + 0.75; }), 3, scale);
  expect(engine().rescale(engine().multiply(a, b)), slotwise(x, y, times), 2, params_->scale(2));
  expect(engine().rotate(a, 3), rotated(x, 3), 3, scale);
  expect(engine().conjugate(a), each([](auto u) { return std::conj(u); }), 3, scale);
  // A real ciphertext meets a complex one, from either side.
  const Slots r = random_slots();
  const ComplexSlots z(r.begin(), r.end());
  const Cipher c = encrypt(r, 3);
  expect(engine().subtract(c, a), slotwise(z, x, std::minus<>()), 3, scale);
  expect(engine().multiply(c, a), slotwise(z, x, times), 3, scale * scale);
  expect(engine().multiply(a, c), slotwise(z, x, times), 3, scale * scale);
}

TEST_P(EngineConformance, LinearTransformsAndPolynomialsTakeComplexSlots) {
  const LinearTransform t = sample_transform(random_, slots());
  const ComplexSlots x = random_complex();
  const Cipher a = encrypt(x, 4);
  const Cipher z = engine().apply(*engine().prepare(t, 4, params_->scale(4)), a);
  Slots re(slots()), im(slots());
  for (std::size_t i = 0; i < slots(); ++i) std::tie(re[i], im[i]) = std::pair(x[i].real(), x[i].imag());
  re = reference_apply(t, re);
  im = reference_apply(t, im);
  ComplexSlots want(slots());
  for (std::size_t i = 0; i < slots(); ++i) want[i] = {re[i], im[i]};
  expect(z, want, 3, params_->scale(3), 16);
  const std::vector<double> c{0.25, -0.5, 0, 0.75};
  for (std::size_t i = 0; i < slots(); ++i) want[i] = 0.25 - 0.5 * x[i] + 0.75 * x[i] * x[i] * x[i];
  expect(engine().polynomial(a, c), want, 2, params_->scale(2), 64);
}

TEST_P(EngineConformance, TimesIIsExactAndFree) {
  const ComplexSlots x = random_complex();
  const Cipher a = encrypt(x, 2);
  const auto turned = [&](std::complex<double> w) {
    return slotwise(x, x, [w](auto u, auto) { return w * u; });
  };
  const OpCounts before = engine().counts();
  const Cipher once = engine().multiply_by_i(a), twice = engine().multiply_by_i(once);
  const Cipher back = engine().multiply_by_i(engine().multiply_by_i(twice));
  EXPECT_EQ(engine().counts() - before, OpCounts{});
  expect(once, turned({0, 1}), 2, params_->scale(2));
  expect(twice, turned(-1), 2, params_->scale(2));
  EXPECT_EQ(session_.client->decrypt_complex(back), session_.client->decrypt_complex(a)) << "to the bit";
}

TEST_P(EngineConformance, SumsWithTheConjugateAreTwiceTheParts) {
  const ComplexSlots x = random_complex();
  const Cipher a = encrypt(x, 2), b = engine().conjugate(a);
  Slots re(slots()), im(slots());
  for (std::size_t i = 0; i < slots(); ++i) std::tie(re[i], im[i]) = std::pair(x[i].real(), x[i].imag());
  for (double& v : re) v *= 2;
  for (double& v : im) v *= -2;
  expect(engine().add(a, b), re, 2, params_->scale(2), 2);
  expect(engine().multiply_by_i(engine().subtract(a, b)), im, 2, params_->scale(2), 2);
}

TEST_P(EngineConformance, AnotherScaleReadsAnotherMessage) {
  const ComplexSlots x = random_complex();
  const Cipher a = encrypt(x, 2);
  const OpCounts before = engine().counts();
  const Cipher half = engine().read_at_scale(a, 2 * params_->scale(2));
  EXPECT_EQ(engine().counts() - before, OpCounts{});
  expect(half, slotwise(x, x, [](auto u, auto) { return 0.5 * u; }), 2, 2 * params_->scale(2));
  EXPECT_EQ(half.scale(), 2 * params_->scale(2)) << "to the bit";
  EXPECT_EQ(engine().read_at_scale(engine().product(a, a), 1.0).parts(), 3);
  for (const double scale : {0.0, -1.0, HUGE_VAL, std::nan("")})
    expect_refusal(ErrorCode::kInvalidArgument, [&] { engine().read_at_scale(a, scale); });
}

TEST_P(EngineConformance, SumsOfProductsAreRelinearisedOnce) {
  const Slots x = random_slots(), y = random_slots(), z = random_slots();
  const Cipher a = encrypt(x, 3), b = encrypt(y, 3), c = encrypt(z, 4);
  const double scale = params_->scale(3) * params_->scale(3);
  Slots want =
      slotwise(slotwise(x, y, std::multiplies<>()), slotwise(x, x, std::multiplies<>()), std::minus<>());
  const OpCounts before = engine().counts();
  const Cipher sum = engine().subtract(engine().product(a, b), engine().product(a, a));
  EXPECT_EQ(sum.parts(), 3);
  expect(sum, want, 3, scale);
  const Cipher two = engine().relinearise(sum);
  EXPECT_EQ(two.parts(), 2);
  EXPECT_EQ(engine().counts() - before, (OpCounts{.add = 1, .multiply = 2, .relinearise = 1}));
  expect(two, want, 3, scale);
  expect(engine().relinearise_rescale(sum), want, 2, scale / q(3));
  expect(engine().Engine::relinearise_rescale(sum), want, 2, scale / q(3));
  EXPECT_EQ(engine().counts() - before, (OpCounts{.add = 1, .multiply = 2, .relinearise = 3, .rescale = 2}));
  // Operands of two parts join the sum, on either side, and levels meet.
  const Cipher plain_scaled = engine().multiply_constant(a, 1.0, params_->scale(3));
  expect(engine().add(sum, plain_scaled), slotwise(want, x, std::plus<>()), 3, scale);
  expect(engine().subtract(plain_scaled, sum), slotwise(x, want, std::minus<>()), 3, scale);
  expect(engine().product(c, b), slotwise(z, y, std::multiplies<>()), 3,
         params_->scale(4) * params_->scale(3));
}

TEST_P(EngineConformance, AProductAndItsRescaleInOneCall) {
  const Slots x = random_slots(), y = random_slots();
  const Cipher a = encrypt(x, 4), b = encrypt(y, 4);
  const OpCounts before = engine().counts();
  const Cipher product = engine().multiply_rescale(a, b);
  EXPECT_EQ(engine().counts() - before, (OpCounts{.multiply = 1, .relinearise = 1, .rescale = 1}));
  expect(product, slotwise(x, y, std::multiplies<>()), 3, params_->scale(3));
  expect(engine().multiply_rescale(a, a), slotwise(x, x, std::multiplies<>()), 3, params_->scale(3));
  const Cipher bottom = session_.client->encrypt(x, 0, 0x1p20);
  expect_refusal(ErrorCode::kOutOfLevels, [&] { engine().multiply_rescale(bottom, bottom); });
}

TEST_P(EngineConformance, ThreePartsAreTakenWhereNoKeyIsNeeded) {
  const Slots x = random_slots();
  const Slots square = slotwise(x, x, std::multiplies<>());
  const Cipher a = encrypt(x, 3), three = engine().product(a, a);
  const double scale = params_->scale(3) * params_->scale(3);
  const auto each = [&](auto f) { return slotwise(square, square, [f](auto u, auto) { return f(u); }); };
  const auto expect_three = [&](const Cipher& got, const Slots& want, int level, double s) {
    EXPECT_EQ(got.parts(), 3);
    expect(got, want, level, s, 4);
    expect(engine().relinearise(got), want, level, s, 4);
  };
  expect_three(engine().negate(three), each(std::negate<>()), 3, scale);
  expect_three(engine().add_constant(three, 0.5), each([](auto u) { return u + 0.5; }), 3, scale);
  expect_three(engine().multiply_constant(three, 3.0, 1.0), each([](auto u) { return 3 * u; }), 3, scale);
  expect_three(engine().add_plain(three, engine().encode(x, 3, scale)), slotwise(square, x, std::plus<>()), 3,
               scale);
  expect_three(engine().multiply_plain(three, engine().encode(x, 3, params_->scale(3))),
               slotwise(square, x, std::multiplies<>()), 3, scale * params_->scale(3));
  expect_three(engine().drop_to_level(three, 2), square, 2, scale);
  expect_three(engine().multiply_by_i(engine().multiply_by_i(three)), each(std::negate<>()), 3, scale);
}

TEST_P(EngineConformance, ThreePartsAreRefusedElsewhere) {
  const Cipher a = encrypt(random_slots(), 3), three = engine().product(a, a);
  const PreparedLinearPtr diagonal = engine().prepare(
      {.giant_step = 0, .blocks = {{{0, random_slots()}}}, .folds = {}}, 3, params_->scale(3));
  const std::vector<double> square{0, 0, 1}, constant{1};
  const OpCounts before = engine().counts();
  for (const auto& use : std::vector<std::function<void()>>{
           [&] { engine().multiply(three, a); }, [&] { engine().multiply(a, three); },
           [&] { engine().product(three, a); }, [&] { engine().square(three); },
           [&] { engine().multiply_rescale(three, a); }, [&] { engine().rescale(three); },
           [&] { engine().rotate(three, 1); }, [&] { engine().rotate(three, 0); },
           [&] {
             engine().rotate_many(three, std::vector<int>{1, 2});
           },
           [&] { engine().conjugate(three); }, [&] { engine().apply(*diagonal, three); },
           [&] { engine().polynomial(three, square); }, [&] { engine().polynomial(three, constant); },
           [&] { engine().relinearise(a); }, [&] { engine().relinearise_rescale(a); }}) {
    expect_refusal(ErrorCode::kInvalidArgument, use);
  }
  EXPECT_EQ(engine().counts() - before, OpCounts{});
}

}  // namespace sotto::ckks
