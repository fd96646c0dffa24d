// Programs on the cleartext engine against evaluate(), on trace against the plan's counts, on native within
// its noise.
#include "nn/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/nn/plans.h"

namespace sotto::nn {
namespace {

using ::testing::HasSubstr;
using namespace testing;
using TestNetwork = testing::Network;

constexpr int kDepth = 14;

void expect_same_counts(const ckks::OpCounts& got, const ckks::OpCounts& want) {
  EXPECT_EQ(got.rotate, want.rotate);
  EXPECT_EQ(got.multiply_plain, want.multiply_plain);
  EXPECT_EQ(got.multiply, want.multiply);
  EXPECT_EQ(got.relinearise, want.relinearise);
  EXPECT_EQ(got.add, want.add);
  EXPECT_EQ(got.rescale, want.rescale);
  EXPECT_EQ(got.conjugate, want.conjugate);
}

ckks::OpCounts counts_of_run(const Graph& graph, const Plan& plan, ckks::Session session) {
  const Program program(graph, plan, *session.engine);
  const ckks::OpCounts before = session.engine->counts();
  infer(program, session, Tensor(plan.input.shape));
  return session.engine->counts() - before;
}

TEST(Program, RandomNetworksGiveWhatTheReferenceGives) {
  Rng rng;
  for (int trial = 0; trial < 25; ++trial) {
    const Graph graph = random_network(rng);
    const Plan plan = make_plan(graph, toy_options(kDepth));
    SCOPED_TRACE(to_json(plan));
    ckks::Session session = ckks::make_cleartext_session(ckks::Params::make(plan.params));
    const Program program(graph, plan, *session.engine);
    for (int image = 0; image < 2; ++image) {
      const Tensor input = random_tensor(rng, plan.input.shape);
      expect_near(infer(program, session, input), evaluate(graph, input), 1e-9);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(Program, EveryEngineCountsWhatThePlanSays) {
  Rng rng;
  for (int trial = 0; trial < 8; ++trial) {
    const Graph graph = random_network(rng);
    const Plan plan = make_plan(graph, toy_options(kDepth));
    const auto params = ckks::Params::make(plan.params);
    expect_same_counts(counts_of_run(graph, plan, ckks::make_trace_session(params)), plan.counts());
    expect_same_counts(counts_of_run(graph, plan, ckks::make_cleartext_session(params)), plan.counts());
  }
}

TEST(Program, RunsEncryptedWithExactlyThePlannedKeys) {
  Rng rng;
  for (int trial = 0; trial < 4; ++trial) {
    const Graph graph = random_network(rng);
    const Plan plan = make_plan(graph, toy_options(kDepth));
    SCOPED_TRACE(to_json(plan));
    ckks::Session session = ckks::make_native_session(ckks::Params::make(plan.params), plan.keys, Threads{1});
    const Program program(graph, plan, *session.engine);
    const Tensor input = random_tensor(rng, plan.input.shape);
    const Tensor got = infer(program, session, input), want = evaluate(graph, input);
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], 0x1p-12);
  }
}

TEST(Program, ObserverSeesEveryStepInOrder) {
  Rng rng;
  const Graph graph = random_network(rng);
  const Plan plan = make_plan(graph, toy_options(kDepth));
  ckks::Session session = ckks::make_trace_session(ckks::Params::make(plan.params));
  int prepared = 0, total = 0;
  const Program program(graph, plan, *session.engine, [&](int done, int of) {
    EXPECT_EQ(done, ++prepared);
    total = of;
  });
  EXPECT_EQ(prepared, total);
  int next = 0;
  infer(program, session, Tensor(plan.input.shape), [&](const StepReport& report) {
    EXPECT_EQ(report.index, next);
    EXPECT_EQ(report.step->name, plan.steps[static_cast<std::size_t>(next)].name);
    EXPECT_EQ(report.count, static_cast<int>(plan.steps.size()));
    EXPECT_GE(report.seconds, 0.0);
    ++next;
  });
  EXPECT_EQ(next, static_cast<int>(plan.steps.size()));
}

TEST(Program, AddsTensorsOfDifferentLevels) {
  Rng rng;
  TestNetwork net({2, 4, 4});
  const ValueId image = net.last;
  Conv2d conv = tame(random_conv(rng, 2, 2, 3));
  conv.pads = {1, 1, 1, 1};
  net.then("conv1", conv);
  net.then("act1", Polynomial{{0, 0.5, 0.25}});
  net.then("conv2", conv);
  net.add("sum", Add{}, {image, net.last});
  net.then("act2", Polynomial{{0, 0, 1}});
  net.then("fc", tame(random_dense(rng, 3, 32)));
  const Plan plan = make_plan(net.graph, toy_options(5));
  EXPECT_EQ(plan.steps[3].level_in - plan.steps[3].level_out, 3);
  ckks::Session session = ckks::make_cleartext_session(ckks::Params::make(plan.params));
  const Program program(net.graph, plan, *session.engine);
  const Tensor input = random_tensor(rng, {2, 4, 4});
  expect_near(infer(program, session, input), evaluate(net.graph, input), 1e-9);
}

/// Plans, runs on cleartext and compares, whatever the graph looks like.
void expect_runs(const Graph& graph, Rng& rng) {
  const Plan plan = make_plan(graph, toy_options(kDepth));
  EXPECT_EQ(to_json(plan_from_json(to_json(plan))), to_json(plan));
  ckks::Session session = ckks::make_cleartext_session(ckks::Params::make(plan.params));
  const Program program(graph, plan, *session.engine);
  const Tensor input = random_tensor(rng, plan.input.shape);
  expect_near(infer(program, session, input), evaluate(graph, input), 1e-9);
}

TEST(Program, RunsGraphsWithoutALinearLayer) {
  Rng rng;
  TestNetwork polynomial({2, 3, 3});
  polynomial.then("act", Polynomial{{1, 2, 3}});
  expect_runs(polynomial.graph, rng);
  TestNetwork nothing({2, 3, 3});
  nothing.then("flatten", Reshape{}, {18});
  expect_runs(nothing.graph, rng);
  TestNetwork twice({4});
  twice.add("sum", Add{}, {twice.last, twice.last});
  expect_runs(twice.graph, rng);
}

TEST(Program, RunsGraphsThatEndInAnyOperator) {
  Rng rng;
  TestNetwork net({2, 4, 4});
  net.then("conv", tame(random_conv(rng, 3, 2, 2)));
  net.then("act", Polynomial{{0.5, -1, -0.5}});
  expect_runs(net.graph, rng);
  net.then("flatten", Reshape{}, {27});
  expect_runs(net.graph, rng);
  net.then("square", Polynomial{{0, 0, 1}});
  net.then("picture", Reshape{}, {3, 3, 3});
  net.then("pool", AveragePool{{3, 3}});
  expect_runs(net.graph, rng);
}

TEST(Program, RunsTwoBranchesOfOneTensor) {
  Rng rng;
  TestNetwork net({1, 6, 6});
  net.then("act0", Polynomial{{0, 0.5, 1}});
  const ValueId x = net.last;
  const ValueId a = net.add("conv_a", tame(random_conv(rng, 2, 1, 3)), {x});
  const ValueId left = net.add("act_a", Polynomial{{0, 0, 1}}, {a});
  const ValueId b = net.add("conv_b", tame(random_conv(rng, 2, 1, 3)), {x});
  const ValueId right = net.add("act_b", Polynomial{{0.5, 0, 0, 1}}, {b});
  net.add("sum", Add{}, {left, right});
  net.then("fc", tame(random_dense(rng, 3, 32)));
  expect_runs(net.graph, rng);
}

TEST(Program, RefusesAnotherModel) {
  Rng rng;
  TestNetwork net({4});
  net.then("fc", random_dense(rng, 3, 4));
  const Plan plan = make_plan(net.graph, toy_options(1));
  std::get<Dense>(net.graph.nodes[0].op).weights.values[5] += 1e-9;
  const ckks::Session session = ckks::make_trace_session(ckks::Params::make(plan.params));
  EXPECT_THAT(message_of(ErrorCode::kInvalidArgument, [&] { Program(net.graph, plan, *session.engine); }),
              HasSubstr("made for another model"));
}

TEST(Program, RefusesOtherParameters) {
  Rng rng;
  TestNetwork net({4});
  net.then("fc", random_dense(rng, 3, 4));
  const Plan plan = make_plan(net.graph, toy_options(1));
  const ckks::Session session = ckks::make_trace_session(ckks::Params::make(toy_params(2)));
  EXPECT_THROW(Program(net.graph, plan, *session.engine), Error);
}

TEST(Program, RefusesAnInputOfAnotherLevelOrScale) {
  Rng rng;
  TestNetwork net({4});
  net.then("fc", random_dense(rng, 3, 4));
  const Plan plan = make_plan(net.graph, toy_options(2));
  const ckks::Session session = ckks::make_trace_session(ckks::Params::make(plan.params));
  const Program program(net.graph, plan, *session.engine);
  EXPECT_EQ(plan.input_level, 1);
  const std::vector<double> slots(512, 0.0);
  for (const auto& [level, scale] : {std::pair{2, plan.input_scale}, {1, 2 * plan.input_scale}}) {
    const ckks::Cipher input = session.client->encrypt(slots, level, scale);
    EXPECT_THAT(message_of(ErrorCode::kInvalidArgument, [&] { program.run(input); }),
                HasSubstr("the plan begins at level 1 and scale 2^36"));
  }
}

TEST(Program, RefusesAPlanWhoseStepsAreNotTheModels) {
  Rng rng;
  TestNetwork net({4});
  net.then("fc1", random_dense(rng, 4, 4));
  net.then("act", Polynomial{{1, 0, 1}});
  Plan plan = make_plan(net.graph, toy_options(2));
  const ckks::Session session = ckks::make_trace_session(ckks::Params::make(plan.params));
  plan.steps[1].coefficients[0] = 2;
  EXPECT_THAT(message_of(ErrorCode::kInvalidArgument, [&] { Program(net.graph, plan, *session.engine); }),
              HasSubstr("not those of the model"));
}

}  // namespace
}  // namespace sotto::nn
