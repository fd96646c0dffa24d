// What make_plan() decides: the counts and sizes of the shipped network, parameters, levels and scales, keys,
// and every refusal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "ckks/linear.h"
#include "nn/parameters.h"
#include "nn/stages.h"
#include "tests/nn/plans.h"

namespace sotto::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace testing;
using TestNetwork = testing::Network;

/// The shape of the shipped network, for builds that cannot read it.
Graph cryptonets(Rng& rng) {
  TestNetwork net({1, 28, 28});
  Conv2d conv = tame(random_conv(rng, 5, 1, 5));
  conv.stride = {2, 2};
  conv.pads = {1, 1, 1, 1};
  net.then("conv1", conv);
  net.then("square1", Polynomial{{0, 0, 1}});
  net.then("flatten", Reshape{}, {845});
  net.then("fc1", tame(random_dense(rng, 100, 845)));
  net.then("square2", Polynomial{{0, 0, 1}});
  net.then("fc2", tame(random_dense(rng, 10, 100)));
  return net.graph;
}

/// As the program plans it: the card of the shipped model promises answers up to 8, and one bit more is kept.
Plan shipped_plan() {
  Rng rng;
  PlanOptions options;
  options.max_logit = 16;
  return make_plan(cryptonets(rng), options);
}

TEST(Planner, CryptoNetsFitsTheSmallestRing) {
  const Plan plan = shipped_plan();
  EXPECT_EQ(plan.params.log_n, 13);
  EXPECT_EQ(plan.input_level, 5);
  const auto params = ckks::Params::make(plan.params);
  EXPECT_LE(params->log_qp(), 214.0);
  EXPECT_GE(params->security_bits(), 128);
  const auto bits = [](std::uint64_t q) { return std::lround(std::log2(static_cast<double>(q))); };
  EXPECT_EQ(bits(plan.params.q[0]), 34);
  for (std::size_t i = 1; i <= 5; ++i) EXPECT_EQ(bits(plan.params.q[i]), 28);
  ASSERT_EQ(plan.params.p.size(), 1U);
  EXPECT_EQ(bits(plan.params.p[0]), 40);
  EXPECT_EQ(plan.input_scale, 0x1p28);
}

TEST(Planner, CryptoNetsNeedsFewOperations) {
  // Before the choice of layouts this network took 279 rotations and 161 products with a plaintext (LoLa at
  // 8192 slots).
  const Plan plan = shipped_plan();
  const ckks::OpCounts counts = plan.counts();
  EXPECT_EQ(counts.rotate, 32);
  EXPECT_EQ(counts.multiply_plain, 59);
  EXPECT_EQ(counts.multiply, 2);
  EXPECT_EQ(counts.relinearise, 2);
  EXPECT_EQ(counts.rescale, 5);
  EXPECT_EQ(counts.add, 70);
  ASSERT_EQ(plan.steps.size(), 5U);
  EXPECT_EQ(plan.steps[0].counts.rotate,
            6);  // 3x3 taps of four phases as 2 babies and 2 giants, 2 folds of the phases
  EXPECT_EQ(plan.steps[0].counts.multiply_plain, 9);
  EXPECT_EQ(plan.steps[2].counts.rotate, 15);  // 32 diagonals as 7 babies and 3 giants, 5 folds
  EXPECT_EQ(plan.steps[2].counts.multiply_plain, 32);
  EXPECT_EQ(plan.steps[2].name, "flatten+fc1");
}

TEST(Planner, CryptoNetsNeedsFewBytes) {
  const Plan plan = shipped_plan();
  EXPECT_EQ(plan.key_bytes_disk, 14'967'623U);
  EXPECT_EQ(plan.key_bytes_memory, 61'079'552U);
  EXPECT_EQ(plan.input_bytes, 180'388U);
  EXPECT_EQ(plan.output_bytes, 69'764U);
  EXPECT_EQ(plan.peak_bytes, 139'657'216U);
}

TEST(Planner, BytesOfAStepBoundThoseOfItsEncodedDiagonals) {  // equal weights may repeat earlier
  Rng rng;
  const auto params = ckks::Params::make(toy_options(14).params.value());
  const ckks::Encoder encoder(params);
  int steps = 0, reached = 0, repeating = 0;
  for (int trial = 0; trial < 12; ++trial) {
    const Graph graph = random_network(rng);
    const Plan plan = make_plan(graph, toy_options(14));
    const StagedGraph network = stage_graph(graph);
    for (std::size_t i = 0; i < plan.steps.size() && network.stages.size() == plan.steps.size(); ++i) {
      const Step& step = plan.steps[i];
      if (step.kind != StepKind::kLinear) continue;
      const auto transform = lower(network.stages[i].map, step.in, step.out, step.route, step.diagonals);
      const std::size_t bytes = ckks::encode_transform(transform, encoder, *params, step.level_in,
                                                       params->scale(step.level_in), Threads{1})
                                    .bytes();
      EXPECT_LE(bytes, step.bytes);
      ++steps;
      reached += bytes == step.bytes;
      repeating += bytes == step.bytes && step.route.ring < step.in.slots;
    }
  }
  EXPECT_GT(reached, steps / 3);
  EXPECT_GT(repeating, 0);
}

TEST(Planner, OneModelHasOnePlanWhateverTheMachineCosts) {
  Rng rng;
  const Graph graph = cryptonets(rng);
  PlanOptions slow;
  slow.cost.key_product_ns = 100;
  slow.threads = 2;
  Plan a = make_plan(graph), b = make_plan(graph, slow);
  EXPECT_GT(b.seconds, 3 * a.seconds);
  for (Plan* plan : {&a, &b}) {
    plan->seconds = plan->encrypt_seconds = plan->decrypt_seconds = plan->keygen_seconds = 0;
    for (Step& step : plan->steps) step.seconds = 0;
  }
  EXPECT_EQ(to_json(a), to_json(b));
}

TEST(Planner, TheShippedModelGivesTheLabelsOfTheReference) {
  const auto graph = mnist_model();
  if (!graph) GTEST_SKIP() << "built without ONNX";
  const Plan plan = make_plan(*graph);
  ckks::Session session = ckks::make_cleartext_session(ckks::Params::make(plan.params));
  const Program program(*graph, plan, *session.engine);
  Rng rng;
  for (int i = 0; i < 5; ++i) {
    const Tensor image(plan.input.shape, random_values(rng, 784, 0, 1));
    expect_near(infer(program, session, image), evaluate(*graph, image), 1e-9);
  }
}

// ---- keys

TEST(Planner, KeysAreThoseOfTheStepsAtTheHighestLevelOfTheirUse) {
  Rng rng;
  const Plan plan = make_plan(cryptonets(rng));
  std::map<int, int> wanted;
  for (const Step& step : plan.steps) {
    if (step.kind != StepKind::kLinear) continue;
    std::vector<int> rotations = step.diagonals.babies();
    rotations.push_back(step.diagonals.giant_step);
    rotations.insert(rotations.end(), step.route.folds.begin(), step.route.folds.end());
    for (const int r : rotations) {
      if (r != 0) wanted[r] = std::max(wanted[r], step.level_in);
    }
  }
  std::map<int, int> got;
  for (const auto& key : plan.keys.galois) got[key.id.step] = key.level;
  EXPECT_EQ(got, wanted);
  EXPECT_EQ(got.size(), plan.keys.galois.size());
  EXPECT_EQ(plan.keys.relin_level, 4);
}

TEST(Planner, ALinearNetworkNeedsNoRelinearisationKey) {
  Rng rng;
  TestNetwork net({8});
  net.then("fc", random_dense(rng, 8, 8));
  EXPECT_EQ(make_plan(net.graph, toy_options(1)).keys.relin_level, -1);
}

// ---- levels and scales

TEST(Planner, StartsAsLowAsTheNetworkAllows) {
  Rng rng;
  TestNetwork net({8});
  net.then("fc1", random_dense(rng, 8, 8));
  net.then("act", Polynomial{{0, 0, 1}});
  net.then("fc2", random_dense(rng, 2, 8));
  const Plan plan = make_plan(net.graph, toy_options(6));
  EXPECT_EQ(plan.input_level, 3);
  EXPECT_EQ(plan.steps.back().level_out, 0);
}

TEST(Planner, EveryTensorButTheAnswerIsAtItsCanonicalScale) {
  Rng rng;
  const Plan plan = make_plan(cryptonets(rng));
  const auto params = ckks::Params::make(plan.params);
  for (const Step& step : plan.steps) EXPECT_EQ(step.scale_in, params->scale(step.level_in)) << step.name;
}

TEST(Planner, TheAnswersScaleLeavesRoomForTheLargestLogit) {
  Rng rng;
  const Graph graph = cryptonets(rng);
  for (const double max_logit : {8.0, 32.0, 200.0}) {
    PlanOptions options;
    options.max_logit = max_logit;
    const Plan plan = make_plan(graph, options);
    const auto params = ckks::Params::make(plan.params);
    EXPECT_LE(max_logit * plan.steps.back().scale_out, std::exp2(params->log_q(0)) / 4);
    EXPECT_GE(std::log2(plan.steps.back().scale_out), 24.0);
  }
}

TEST(Planner, RefusesAnAnswerThatTheLastPrimeCannotHold) {
  TestNetwork net({8});
  net.then("act", Polynomial{{0, 0, 1}});
  PlanOptions options = toy_options(1);
  options.max_logit = 1e5;
  EXPECT_THAT(message_of(ErrorCode::kInvalidArgument, [&] { make_plan(net.graph, options); }),
              HasSubstr("need a first prime of 55 bits; \"insecure_plan_test\" has 49"));
}

// ---- parameters

TEST(Parameters, EverySetIsSecureAndPrecise) {
  for (int depth = 1; depth <= 24; ++depth) {
    const Needs needs{.depth = depth, .slots = 100};
    const auto params = ckks::Params::make(choose_params(needs, CostModel{}));
    EXPECT_GE(params->security_bits(), 128) << depth;
    EXPECT_EQ(params->max_level(), depth);
    EXPECT_GE(std::log2(params->scale(depth)), needed_scale_bits(needs, params->log_n()));
    EXPECT_GE(output_scale(*params, needs), std::exp2(needs.min_bits + 10));
  }
}

TEST(Parameters, EverySetHoldsAnswersThatNoLinearLayerScales) {
  for (int depth = 0; depth <= 24; ++depth) {
    for (const double max_logit : {1.0, 20.0, 32.0}) {
      const Needs needs{.depth = depth, .slots = 100, .max_logit = max_logit, .ends_linear = false};
      const auto params = ckks::Params::make(choose_params(needs, CostModel{}));
      EXPECT_EQ(output_scale(*params, needs), params->scale(0)) << depth;
    }
  }
}

TEST(Parameters, MoreSlotsTakeALargerRing) {
  EXPECT_EQ(choose_params({.depth = 1, .slots = 5000}, CostModel{}).log_n, 14);
  EXPECT_EQ(choose_params({.depth = 1, .slots = 32768}, CostModel{}).log_n, 16);
}

TEST(Parameters, MorePrecisionTakesALargerScale) {
  const auto rough = choose_params({.depth = 5, .slots = 100, .min_bits = 8}, CostModel{});
  const auto fine = choose_params({.depth = 5, .slots = 100, .min_bits = 18}, CostModel{});
  EXPECT_EQ(rough.log_n, 13);
  EXPECT_EQ(fine.log_n, 14);
}

TEST(Parameters, RefusesWhatNoRingHolds) {
  EXPECT_THAT(
      message_of(ErrorCode::kOutOfLevels, [] { choose_params({.depth = 80, .slots = 1}, CostModel{}); }),
      HasSubstr("needs 80 levels"));
  EXPECT_THAT(
      message_of(ErrorCode::kOutOfLevels, [] { choose_params({.depth = 1, .slots = 40000}, CostModel{}); }),
      HasSubstr("40000 slots"));
}

TEST(Planner, PlansNetworksThatEndInAnAdditionASquareOrAReshape) {
  Rng rng;
  TestNetwork sum({8});
  sum.then("fc", tame(random_dense(rng, 8, 8)));
  sum.add("sum", Add{}, {sum.last, sum.graph.input});
  TestNetwork square({8});
  square.then("fc", tame(random_dense(rng, 8, 8)));
  square.then("square", Polynomial{{0, 0, 1}});
  TestNetwork reshape({2, 2, 2});
  reshape.then("flatten", Reshape{}, {8});
  for (const Graph* graph : {&sum.graph, &square.graph, &reshape.graph}) {
    const Plan plan = make_plan(*graph);
    validate(plan);
    ckks::Session session = ckks::make_cleartext_session(ckks::Params::make(plan.params));
    const Program program(*graph, plan, *session.engine);
    const Tensor image(plan.input.shape, random_values(rng, 8));
    expect_near(infer(program, session, image), evaluate(*graph, image), 1e-9);
  }
}

// ---- merging

TEST(Planner, MergesALayerIntoTheNextWhenThatIsCheaper) {
  Rng rng;
  TestNetwork net({1, 8, 8});
  net.then("conv", tame(random_conv(rng, 2, 1, 3)));
  net.then("pool", AveragePool{{2, 2}, {2, 2}});
  net.then("fc", tame(random_dense(rng, 4, 18)));
  const Plan plan = make_plan(net.graph, toy_options(3));
  ASSERT_EQ(plan.steps.size(), 1U);
  EXPECT_THAT(plan.steps[0].nodes, ElementsAre("conv", "pool", "fc"));
}

TEST(Planner, KeepsLayersApartWhenTheirProductIsDearer) {
  Rng rng;
  TestNetwork net({256});
  net.then("narrow", tame(random_dense(rng, 1, 256)));
  net.then("wide", tame(random_dense(rng, 256, 1)));
  EXPECT_EQ(make_plan(net.graph, toy_options(1)).steps.size(), 1U) << "one level leaves no choice";
  EXPECT_EQ(make_plan(net.graph, toy_options(2)).steps.size(), 2U);
}

TEST(Planner, DoesNotTakeLayersApartWhereATensorBetweenThemHasNoSlots) {
  Rng rng;
  TestNetwork net({256});
  net.then("narrow", tame(random_dense(rng, 1, 256)));
  net.then("wide", tame(random_dense(rng, 600, 1)));  // beyond 512 slots
  net.then("fc", tame(random_dense(rng, 4, 600)));
  for (const Step& step : make_plan(net.graph, toy_options(3)).steps)
    EXPECT_LE(element_count(step.out.shape), 512U) << step.name;
}

// ---- refusals

TEST(Planner, RefusesReluByName) {
  Rng rng;
  TestNetwork net({8});
  net.then("fc", random_dense(rng, 8, 8));
  net.then("relu5", Relu{});
  EXPECT_THAT(message_of(ErrorCode::kUnsupported, [&] { make_plan(net.graph); }), HasSubstr("'relu5'"));
}

TEST(Planner, RefusesParametersWithoutTheLevelsAndSaysWhichWouldDo) {
  Rng rng;
  PlanOptions options;
  options.params = toy_params(3, 13);
  const std::string message =
      message_of(ErrorCode::kOutOfLevels, [&] { make_plan(cryptonets(rng), options); });
  EXPECT_THAT(message, HasSubstr("needs 5 levels"));
  EXPECT_THAT(message, HasSubstr("have 3"));
  EXPECT_THAT(message, HasSubstr("log_n 13, log_q ["));
}

TEST(Planner, RefusesParametersWithoutTheSlots) {
  Rng rng;
  PlanOptions options;
  options.params = toy_params(5, 9);
  EXPECT_THAT(message_of(ErrorCode::kInvalidArgument, [&] { make_plan(cryptonets(rng), options); }),
              HasSubstr("845 elements, params \"insecure_plan_test\" have 256 slots; log_n 11 is needed"));
}

TEST(Planner, RefusesInsecureParameters) {
  Rng rng;
  PlanOptions options;
  options.params = toy_params(5, 12);
  options.params->name = "mine";
  EXPECT_THAT(message_of(ErrorCode::kInsecure, [&] { make_plan(cryptonets(rng), options); }),
              HasSubstr("106"));
}

}  // namespace
}  // namespace sotto::nn
