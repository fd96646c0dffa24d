// Base conversion and exact division against GMP, on every backend.
#include "ckks/basis.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>

#include "ckks/keyswitch.h"
#include "tests/ckks/big_integers.h"
#include "tests/support/random.h"

namespace sotto::ckks {
namespace {

using test::Big;

struct Case {
  std::string backend;
  std::vector<int> log_q, log_p;
};
void PrintTo(const Case& c, std::ostream* out) {
  *out << c.backend << ", " << c.log_q.front() << "-bit first prime";
}

/// Usable backends with primes they take.
std::vector<Case> cases() {
  std::vector<Case> all;
  for (const ntt::BackendInfo& backend : ntt::backends()) {
    if (!backend.usable()) continue;
    const std::string name(backend.name);
    all.push_back({name, {33, 28, 28, 28, 28}, {41}});
    all.push_back({name, {49, 40, 40, 40, 40, 40}, {49, 48}});
    if (name == "portable") all.push_back({name, {60, 59, 59, 59}, {60, 60, 60}});
    all.push_back({name, {30, 20, 20, 20}, {34}});
  }
  return all;
}

/// The middle of the range is the only place where either representative is allowed; `bits` from it is the
/// middle.
bool is_near_half(const Big& x, const Big& m, double bits) {
  return std::fabs(std::fabs(x.to_double() / m.to_double()) - 0.5) < std::exp2(-bits);
}

class Basis : public ::testing::TestWithParam<Case> {
 protected:
  Basis() {
    const Case& c = GetParam();
    params_ =
        Params::make({.name = "insecure_basis",
                      .log_n = 7,
                      .log_q = c.log_q,
                      .log_p = c.log_p,
                      .q = {},
                      .p = {},
                      .log_scale = static_cast<double>(c.log_q[1]),
                      .digits = static_cast<int>((c.log_q.size() + c.log_p.size() - 1) / c.log_p.size())},
                     c.backend);
  }
  /// Random values modulo the primes, with the extremes and both sides of the middle among them.
  std::vector<Big> values(const std::vector<u64>& primes) {
    const Big m = test::product(primes), half = m / Big(2);
    std::vector<Big> x{Big(0), Big(1), m - Big(1), half, half + Big(1), m / Big(3)};
    test::Rng rng;
    while (x.size() < params_->n()) {
      std::vector<u64> residues;
      for (u64 p : primes) residues.push_back(rng.below(p));
      x.push_back(test::from_residues(residues, primes));
    }
    return x;
  }
  void store(const std::vector<Big>& x, CoeffPoly& poly) {
    for (int i = 0; i < poly.limbs(); ++i) {
      for (std::size_t k = 0; k < x.size(); ++k)
        poly.limb(i)[k] = x[k].mod(params_->limb(i, poly.q_limbs()).modulus().value());
    }
  }
  /// The rows are the centred lifts of the digits of x, on limb i.
  void expect_lifts(const std::vector<Big>& x, const std::vector<u64>& primes, int i, int q_limbs,
                    ntt::Rows rows) {
    const int alpha = params_->alpha();
    const ntt::Plan& plan = params_->limb(i, q_limbs);
    for (int j = 0; j < static_cast<int>(rows.size()); ++j) {
      const std::vector<u64> own(primes.begin() + j * alpha,
                                 primes.begin() + std::min(q_limbs, (j + 1) * alpha));
      const Big d = test::product(own);
      AlignedWords limb(params_->n());
      std::copy_n(rows[static_cast<std::size_t>(j)], params_->n(), limb.data());
      plan.inverse(limb.span());
      for (std::size_t k = 0; k < x.size(); ++k) {
        const Big lift = test::centred(x[k], d);
        if (is_near_half(lift, d, 10)) continue;
        ASSERT_EQ(limb[k], lift.mod(plan.modulus().value()))
            << "digit " << j << ", limb " << i << " of " << q_limbs;
      }
    }
  }
  ParamsPtr params_;
};
INSTANTIATE_TEST_SUITE_P(Backends, Basis, ::testing::ValuesIn(cases()));

TEST_P(Basis, ConversionIsTheCentredLift) {
  const int limbs = params_->max_level() + 1;
  for (int from_count = 1; from_count < limbs; ++from_count) {
    std::vector<const ntt::Plan*> from, to;
    for (int i = 0; i < limbs; ++i) (i < from_count ? from : to).push_back(&params_->q(i));
    for (int i = 0; i < params_->special_count(); ++i) to.push_back(&params_->p(i));
    const ntt::BaseConversion conversion(from, to);
    const std::vector<u64> primes = test::primes_of(*params_, from_count);
    const std::vector<Big> x = values(primes);
    const Big m = test::product(primes);

    const std::size_t n = params_->n();
    AlignedWords scratch(n * static_cast<std::size_t>(conversion.rows())), out(n);
    for (std::size_t i = 0; i < primes.size(); ++i) {
      for (std::size_t k = 0; k < n; ++k) scratch[i * n + k] = x[k].mod(primes[i]);
    }
    for (int tile = 0; tile < conversion.tiles(); ++tile) conversion.prepare(scratch.span(), tile);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const u64 t = to[j]->modulus().value();
      conversion.convert(std::array{ntt::BaseConversion::Target{static_cast<int>(j), out.span()}},
                         scratch.span());
      for (std::size_t k = 0; k < n; ++k) {
        const Big lift = test::centred(x[k], m);
        if (is_near_half(lift, m, 10)) {  // k terms, each short by less than 1.25 2^-16
          EXPECT_TRUE(out[k] == lift.mod(t) || out[k] == (lift + m).mod(t) || out[k] == (lift - m).mod(t))
              << "coefficient " << k;
        } else {
          EXPECT_EQ(out[k], lift.mod(t)) << "coefficient " << k << " of " << from_count << " primes";
        }
      }
    }
  }
}

TEST_P(Basis, DroppingPrimesIsDivisionWithRounding) {
  const int limbs = params_->max_level() + 1;
  for (int q_limbs = 1; q_limbs <= limbs; ++q_limbs) {
    for (int drop = 0; drop < q_limbs; ++drop) {
      for (const int p_limbs : {0, params_->special_count()}) {
        if (drop + p_limbs == 0) continue;
        const std::vector<u64> primes = test::primes_of(*params_, q_limbs, p_limbs);
        const std::vector<Big> x = values(primes);
        const std::vector<u64> kept(primes.begin(), primes.begin() + (q_limbs - drop));
        const Big d = test::product(primes) / test::product(kept);
        CoeffPoly poly(params_->n(), q_limbs, p_limbs);
        store(x, poly);
        const EvalPoly in = forward(*params_, std::move(poly));
        EvalPoly out(params_->n(), q_limbs - drop);
        Division(*params_, params_->basis(q_limbs - 1), p_limbs, params_->basis(q_limbs - drop - 1))
            .apply(std::array{&in}, std::array{&out}, Threads{});
        const CoeffPoly got = inverse(*params_, std::move(out));
        for (std::size_t k = 0; k < x.size(); ++k) {
          if (is_near_half(test::centred(x[k], d), d, 10)) continue;  // either neighbour is half away
          const Big want = test::round_divide(x[k], d);
          for (int i = 0; i < q_limbs - drop; ++i) {
            ASSERT_EQ(got.limb(i)[k], want.mod(kept[static_cast<std::size_t>(i)]))
                << q_limbs << " - " << drop << ", " << p_limbs << ", " << k;
          }
        }
      }
    }
  }
}

TEST_P(Basis, DivisionFinishesWithASumAndAnAutomorphism) {
  const int limbs = params_->max_level() + 1;
  const std::vector<u64> primes = test::primes_of(*params_, limbs, params_->special_count());
  CoeffPoly poly(params_->n(), limbs, params_->special_count());
  store(values(primes), poly);
  const EvalPoly in = forward(*params_, std::move(poly));
  const ckks::Basis& basis = params_->basis(limbs - 1);
  const Division drop(*params_, basis, params_->special_count(), basis);
  EvalPoly plain(params_->n(), limbs), finished(params_->n(), limbs);
  drop.apply(std::array{&in}, std::array{&plain}, Threads{});
  const ntt::Automorphism conjugation(params_->log_n(), 2 * params_->n() - 1);  // reverses the words
  drop.apply(std::array{&in}, std::array{&finished}, Threads{2},
             {.add = {&in, nullptr}, .sigma = &conjugation});
  for (int i = 0; i < limbs; ++i) {
    for (std::size_t k = 0; k < params_->n(); ++k) {
      const std::size_t from = params_->n() - 1 - k;
      ASSERT_EQ(finished.limb(i)[k], params_->q(i).modulus().add(plain.limb(i)[from], in.limb(i)[from]));
    }
  }
}

TEST_P(Basis, DecompositionIsTheLiftOfEachDigit) {
  const KeySwitcher switcher(params_);
  for (int q_limbs = 1; q_limbs <= params_->max_level() + 1; ++q_limbs) {
    const std::vector<u64> primes = test::primes_of(*params_, q_limbs);
    const std::vector<Big> x = values(primes);
    CoeffPoly poly(params_->n(), q_limbs);
    store(x, poly);
    const EvalPoly source = forward(*params_, std::move(poly));
    const Decomposition digits = switcher.decompose(source, Threads{2});
    ASSERT_EQ(digits.digits(), params_->digits_at(q_limbs - 1));
    const int limbs = q_limbs + params_->special_count();
    std::atomic<int> seen{0};
    switcher.each_limb(digits, 0, limbs, Threads{2}, [&](int i, ntt::Rows rows, Threads) {
      ++seen;
      expect_lifts(x, primes, i, q_limbs, rows);
    });
    EXPECT_EQ(seen, limbs);
  }
}

}  // namespace
}  // namespace sotto::ckks
