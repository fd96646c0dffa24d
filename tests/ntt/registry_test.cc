// Which backend serves a plan: the best by itself, the forced one when forced, and clear words when neither
// can.

#include "ntt/registry.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

#include "base/error.h"
#include "ntt/primes.h"

namespace sotto::ntt {
namespace {

using ::testing::HasSubstr;

constexpr int kLogN = 10;
const u64 kPrime = largest_prime_below(40, kLogN);
const u64 kWide = largest_prime_below(60, kLogN);

/// The sentence of the Error that `call` throws, or "" when it throws none.
template <class Call>
std::string message_of(Call call) {
  try {
    call();
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

/// Leaves the choice automatic, whatever the environment of the test run says.
class RegistryTest : public ::testing::Test {
 protected:
  void SetUp() override { set_backend(""); }
  void TearDown() override { set_backend(""); }
};

TEST_F(RegistryTest, ListsPortableLastAndItTakesEverything) {
  ASSERT_FALSE(backends().empty());
  const BackendInfo& last = backends().back();
  EXPECT_EQ(last.name, "portable");
  EXPECT_TRUE(last.usable());
  EXPECT_TRUE(last.supports(Modulus(largest_prime_below(61, 17)), 17));
  EXPECT_TRUE(last.supports(Modulus(97), 4));
}

TEST_F(RegistryTest, AutomaticChoiceIsTheFirstUsableThatSupportsThePrime) {
  const auto best = std::find_if(backends().begin(), backends().end(), [](const BackendInfo& info) {
    return info.usable() && info.supports(Modulus(kPrime), kLogN);
  });
  EXPECT_EQ(make_plan(Modulus(kPrime), kLogN)->backend(), best->name);
  EXPECT_EQ(make_plan(Modulus(kWide), kLogN)->backend(), "portable");
}

TEST_F(RegistryTest, ANameSelectsThatBackend) {
  for (const BackendInfo& info : backends()) {
    if (!info.usable()) continue;
    EXPECT_EQ(make_plan(Modulus(kPrime), kLogN, info.name)->backend(), info.name);
  }
}

TEST_F(RegistryTest, SetBackendForcesPlansMadeLater) {
  const PlanPtr before = make_plan(Modulus(kPrime), kLogN);
  set_backend("portable");
  EXPECT_EQ(forced_backend(), "portable");
  EXPECT_EQ(make_plan(Modulus(kPrime), kLogN)->backend(), "portable");
  set_backend("");
  EXPECT_EQ(forced_backend(), "");
  EXPECT_EQ(make_plan(Modulus(kPrime), kLogN)->backend(), before->backend());
}

TEST_F(RegistryTest, UnknownNameIsRefusedWithTheListOfBackends) {
  for (const std::string& message : {message_of([] { set_backend("gpu"); }),
                                     message_of([] { make_plan(Modulus(kPrime), kLogN, "gpu"); })}) {
    EXPECT_THAT(message, HasSubstr("no NTT backend is called \"gpu\"; choose one of"));
    for (const BackendInfo& info : backends()) EXPECT_THAT(message, HasSubstr(std::string(info.name)));
  }
}

TEST_F(RegistryTest, ANamedBackendRefusesAPrimeThatIsTooWide) {
  for (const BackendInfo& info : backends()) {
    if (!info.usable() || info.supports(Modulus(kWide), kLogN)) continue;
    EXPECT_THAT(
        message_of([&] { make_plan(Modulus(kWide), kLogN, info.name); }),
        ::testing::AllOf(HasSubstr("does not take q = " + std::to_string(kWide)), HasSubstr("N = 2^10"),
                         HasSubstr("choose smaller primes or the backend portable")));
  }
}

TEST_F(RegistryTest, ABackendThatThisCpuLacksIsRefused) {
  const auto lacking = std::find_if(backends().begin(), backends().end(),
                                    [](const BackendInfo& info) { return !info.usable(); });
  if (lacking == backends().end()) GTEST_SKIP() << "this CPU can run every backend of this build";
  EXPECT_THAT(message_of([&] { set_backend(lacking->name); }),
              HasSubstr("this CPU cannot run the NTT backend " + std::string(lacking->name)));
}

TEST_F(RegistryTest, OneWidePrimeMovesTheWholeChain) {
  const std::vector<u64> narrow{kPrime, largest_prime_below(40, kLogN, std::vector<u64>{kPrime})};
  const std::vector<u64> mixed{kPrime, kWide};
  for (const PlanPtr& plan : make_plans(mixed, kLogN)) EXPECT_EQ(plan->backend(), "portable");
  const auto plans = make_plans(narrow, kLogN);
  ASSERT_EQ(plans.size(), 2u);
  EXPECT_EQ(plans[0]->modulus().value(), narrow[0]);
  EXPECT_EQ(plans[1]->modulus().value(), narrow[1]);
  EXPECT_EQ(plans[0]->backend(), plans[1]->backend());
}

TEST_F(RegistryTest, EqualPlansAreShared) {
  const PlanPtr a = make_plan(Modulus(kPrime), kLogN), b = make_plan(Modulus(kPrime), kLogN);
  EXPECT_EQ(a.get(), b.get());
  EXPECT_NE(a.get(), make_plan(Modulus(kPrime), kLogN - 1).get());
}

TEST_F(RegistryTest, PlansMadeByManyThreadsAreOne) {
  const u64 q = largest_prime_below(39, kLogN);
  std::vector<PlanPtr> plans(8);
  std::vector<std::thread> threads;
  for (PlanPtr& plan : plans) threads.emplace_back([&] { plan = make_plan(Modulus(q), kLogN); });
  for (std::thread& thread : threads) thread.join();
  for (const PlanPtr& plan : plans) EXPECT_EQ(plan.get(), plans.front().get());
}

TEST_F(RegistryTest, RefusesWhatIsNoRing) {
  EXPECT_THAT(message_of([] { make_plan(Modulus(kPrime), 18); }),
              HasSubstr("ring degree 2^18; choose 2^4 to 2^17"));
  EXPECT_THAT(message_of([] { make_plan(Modulus(97), 3); }), HasSubstr("ring degree 2^3"));
  EXPECT_THAT(message_of([] { make_plan(Modulus(97), 5); }),
              HasSubstr("97 is not a prime below 2^61 that is 1 mod 2^6"));
  EXPECT_THAT(message_of([] { make_plan(Modulus(33 * 97), 4); }), HasSubstr("3201 is not a prime"));
}

// The environment is read when nothing was set, so these run in a process of their own.
TEST(RegistryEnvironment, TheVariableForcesUntilSetBackendOverrules) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        setenv("SOTTO_NTT_BACKEND", "portable", 1);
        const bool forced =
            forced_backend() == "portable" && make_plan(Modulus(kPrime), kLogN)->backend() == "portable";
        set_backend("");
        std::exit(forced && forced_backend().empty() ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(RegistryEnvironment, AnUnknownNameInTheVariableIsRefused) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        setenv("SOTTO_NTT_BACKEND", "abacus", 1);
        std::fputs(message_of([] { make_plan(Modulus(kPrime), kLogN); }).c_str(), stderr);
        std::exit(0);
      },
      ::testing::ExitedWithCode(0), "SOTTO_NTT_BACKEND: no NTT backend is called \"abacus\"; choose one of");
}

}  // namespace
}  // namespace sotto::ntt
