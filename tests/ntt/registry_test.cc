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

TEST_F(RegistryTest, PortableRunsAnywhereAndTakesEverything) {
  const auto all = backends();
  const auto portable =
      std::find_if(all.begin(), all.end(), [](const BackendInfo& info) { return info.name == "portable"; });
  ASSERT_NE(portable, all.end());
  EXPECT_TRUE(portable->usable());
  EXPECT_TRUE(portable->supports(Modulus(largest_prime_below(61, 17)), 17));
  EXPECT_TRUE(portable->supports(Modulus(97), 4));
}

/// The first backend that this machine can run and that takes q.
std::string_view first_for(u64 q) {
  return std::find_if(
             backends().begin(), backends().end(),
             [&](const BackendInfo& info) { return info.usable() && info.supports(Modulus(q), kLogN); })
      ->name;
}

TEST_F(RegistryTest, AutomaticChoiceIsTheFirstUsableThatSupportsThePrime) {
  EXPECT_EQ(make_plan(Modulus(kPrime), kLogN)->backend(), first_for(kPrime));
  EXPECT_EQ(make_plan(Modulus(kWide), kLogN)->backend(), first_for(kWide));
}

TEST_F(RegistryTest, WiderPrimesGetTransformsWithLessRoom) {
  const BackendInfo& fastest = backends().front();
  if (fastest.name != "avx512ifma" || !fastest.usable()) GTEST_SKIP() << "no avx512ifma on this machine";
  const auto kernel = [&](int bits) {
    return make_plan(Modulus(largest_prime_below(bits, kLogN)), kLogN, fastest.name)->kernel();
  };
  EXPECT_EQ(kernel(46), "34q window, q < 2^46.9");
  EXPECT_EQ(kernel(48), "16q window, q < 2^48");
  EXPECT_EQ(kernel(49), "8q window, q < 2^49");
  EXPECT_EQ(kernel(50), "4q window, q < 2^50");
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

/// A row that borrows the plans of portable.
BackendInfo borrowed(std::string_view name, std::string (*missing)() = nullptr) {
  return {name, "for tests", missing, [](const Modulus& q, int) noexcept { return q.bits() <= 40; },
          [](const Modulus& q, int log_n) { return make_plan(q, log_n, "portable"); }};
}

bool is_listed(std::string_view name) {
  const auto all = backends();
  return std::any_of(all.begin(), all.end(), [&](const BackendInfo& info) { return info.name == name; });
}

TEST_F(RegistryTest, ARegisteredBackendServesWhoNamesItAndNobodyElse) {
  static int made = 0;
  BackendInfo info = borrowed("counting");
  info.make = [](const Modulus& q, int log_n) {
    ++made;
    return make_plan(q, log_n - 1, "portable");  // another ring, so that the test sees who made the plan
  };
  const PlanPtr before = make_plan(Modulus(kPrime), kLogN);
  register_backend(info);
  EXPECT_TRUE(is_listed("counting"));
  EXPECT_EQ(make_plan(Modulus(kPrime), kLogN).get(), before.get());
  EXPECT_EQ(made, 0);
  EXPECT_EQ(make_plan(Modulus(kPrime), kLogN, "counting")->log_n(), kLogN - 1);
  set_backend("counting");
  EXPECT_EQ(forced_backend(), "counting");
  EXPECT_EQ(make_plan(Modulus(kPrime), kLogN)->log_n(), kLogN - 1);
  EXPECT_THAT(message_of([] { make_plan(Modulus(kWide), kLogN); }), HasSubstr("does not take q"));
}

TEST_F(RegistryTest, ARegisteredBackendSaysWhatItMisses) {
  register_backend(borrowed("faraway", [] { return std::string("an accelerator"); }));
  EXPECT_THAT(message_of([] { set_backend("faraway"); }), HasSubstr("it lacks an accelerator"));
}

TEST_F(RegistryTest, RefusesTakenNamesAndIncompleteRows) {
  EXPECT_THAT(message_of([] { register_backend(borrowed("portable")); }),
              HasSubstr("the name portable is taken"));
  EXPECT_THAT(message_of([] { register_backend(borrowed("")); }), HasSubstr("needs a name"));
  BackendInfo no_make = borrowed("no_make");
  no_make.make = nullptr;
  EXPECT_THAT(message_of([&] { register_backend(no_make); }), HasSubstr("supports and make"));
  EXPECT_FALSE(is_listed("no_make"));
}

/// A lock held while the sentence is made would never be given back.
TEST_F(RegistryTest, ARowMayAskTheRegistryWhileARefusalListsIt) {
  static int asked = 0;
  register_backend(borrowed("asking", [] {
    ++asked;
    return std::string(forced_backend());
  }));
  asked = 0;
  EXPECT_THAT(message_of([] { register_backend(borrowed("asking")); }),
              HasSubstr("the name asking is taken; there are"));
  EXPECT_GT(asked, 0);
}

TEST_F(RegistryTest, ABackendThatMakesNoPlanIsNamed) {
  BackendInfo info = borrowed("idle");
  info.make = [](const Modulus&, int) { return PlanPtr(); };
  register_backend(info);
  EXPECT_THAT(message_of([] { make_plan(Modulus(kPrime), kLogN, "idle"); }),
              HasSubstr("backend idle made no plan for q = " + std::to_string(kPrime) + ", N = 2^10"));
}

TEST_F(RegistryTest, ThreadsMayRegisterAndLookAtTheSameTime) {
  static const std::string names[4] = {"thread0", "thread1", "thread2", "thread3"};
  const auto before = backends();
  const std::string first(before.front().name);
  std::vector<std::thread> threads;
  for (const std::string& name : names) {
    threads.emplace_back([&] {
      register_backend(borrowed(name));
      for (const BackendInfo& info : backends()) EXPECT_FALSE(info.name.empty());
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& name : names) EXPECT_TRUE(is_listed(name));
  EXPECT_EQ(before.front().name, first) << "an old span must stay valid";
  EXPECT_EQ(backends().data(), before.data());
}

// Fills the table for good, so it runs in a process of its own.
TEST(RegistryCapacity, AFullTableIsRefused) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        static std::string names[kMaxBackends + 1];
        for (std::size_t i = 0; i <= kMaxBackends; ++i) {
          names[i] = "row" + std::to_string(i);
          const std::string message = message_of([&] { register_backend(borrowed(names[i])); });
          if (message.empty()) continue;
          std::fputs(message.c_str(), stderr);
          std::exit(backends().size() == kMaxBackends ? 0 : 1);
        }
      },
      ::testing::ExitedWithCode(0), "the table is full with 32 backends; raise kMaxBackends");
}

TEST_F(RegistryTest, OneWidePrimeMovesTheWholeChain) {
  const std::vector<u64> narrow{kPrime, largest_prime_below(40, kLogN, std::vector<u64>{kPrime})};
  const std::vector<u64> mixed{kPrime, kWide};
  for (const PlanPtr& plan : make_plans(mixed, kLogN)) EXPECT_EQ(plan->backend(), first_for(kWide));
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
