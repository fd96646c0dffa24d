// An operation that has run once allocates nothing when it runs again: all its memory, that of its result
// too, comes from the lists of base/recycle.cc, where what earlier operations freed waits. Counted by a
// replaced operator new, which those lists call when they are empty.
#include <atomic>
#include <cstdlib>
#include <functional>
#include <new>

#include "ckks/linear.h"
#include "tests/ckks/scheme_fixture.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif

namespace {

std::atomic<long> allocations{0};

void* allocate(std::size_t bytes, std::size_t alignment) {
  ++allocations;
  bytes = (std::max<std::size_t>(bytes, 1) + alignment - 1) / alignment * alignment;
  void* p = std::aligned_alloc(alignment, bytes);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}

}  // namespace

// The other forms call these.
void* operator new(std::size_t bytes) {
  return allocate(bytes, alignof(std::max_align_t));
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* p) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}

namespace sotto::ckks {
namespace {

ParamsPtr parameters() {
  return Params::make({.name = "insecure_allocation",
                       .log_n = 11,
                       .log_q = {49, 40, 40, 40, 40},
                       .log_p = {49, 46},
                       .q = {},
                       .p = {},
                       .log_scale = 40,
                       .digits = 3});
}

/// 0 when three runs of work() in a row, out of at most 30, called operator new not once; else about how
/// often a run calls it: how many blocks two threads hold at once differs a little from run to run.
long allocations_of(const std::function<void()>& work) {
  long last = 0;
  int quiet = 0;
  for (int run = 0; run < 30 && quiet < 3; ++run) {
    const long before = allocations;
    work();
    last = allocations - before;
    quiet = last == 0 ? quiet + 1 : 0;
  }
  return quiet == 3 ? 0 : std::max(last, 1L);
}

TEST(Allocation, TheCounterCounts) {
  EXPECT_EQ(allocations_of([] { delete new int(3); }), 1);
  EXPECT_GE(allocations_of([] {
              std::vector<double> x(100);
              x[7] = 1;
            }),
            1);
}

TEST(Allocation, NoOperationAllocatesInSteadyState) {
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
  GTEST_SKIP() << "nothing is recycled under AddressSanitizer, which must see every block freed";
#endif
  const ParamsPtr params = parameters();
  const int level = params->max_level();
  Rng rng(Seed{4, 2});
  const SecretKey secret = make_secret_key(params, rng);
  KeyRequest request{.relin_level = level, .galois = {{{.step = 0, .conjugate = true}, level}}};
  for (int step : {1, 2, 3, 4, 64}) request.galois.push_back({{.step = step, .conjugate = false}, level});
  const auto keys = resident(make_server_keys(secret, request, rng));
  const Encoder encoder(params);
  const std::vector<double> x(params->slots(), 0.25);
  const Plaintext plain = encoder.encode(x, level, params->scale(level));
  const Ciphertext a = encrypt(secret, plain, rng), b = encrypt(secret, plain, rng);
  std::vector<double> y = x;  // without a period
  y.front() = 0.5;
  LinearTransform map{.giant_step = 4, .blocks = {{{0, x}, {3, y}}, {{1, y}, {3, x}}}, .folds = {64}};
  const EncodedTransform transform = encode_transform(map, encoder, *params, level, 0x1p40, Threads{});
  map.giants = GiantSteps::kSeparate;
  const EncodedTransform separate = encode_transform(map, encoder, *params, level, 0x1p40, Threads{});
  const std::vector<int> steps{1, 2, 0, 3, 4};

  for (const int threads : {1, 2}) {
    const Evaluator evaluator(keys, Threads{threads});
    const Ciphertext three = evaluator.product(a, b), wide = evaluator.multiply_plain(a, plain);
    const std::pair<const char*, std::function<void()>> operations[] = {
        {"add", [&] { evaluator.add(a, b); }},
        {"subtract", [&] { evaluator.subtract(a, b); }},
        {"negate", [&] { evaluator.negate(a); }},
        {"add_plain", [&] { evaluator.add_plain(a, plain); }},
        {"add_constant", [&] { evaluator.add_constant(a, 0.5); }},
        {"multiply_plain", [&] { evaluator.multiply_plain(a, plain); }},
        {"multiply_constant", [&] { evaluator.multiply_constant(a, 0.5, 0x1p40); }},
        {"product", [&] { evaluator.product(a, b); }},
        {"relinearise", [&] { evaluator.relinearise(three); }},
        {"multiply_rescale", [&] { evaluator.multiply_rescale(a, b); }},
        {"rescale", [&] { evaluator.rescale(wide); }},
        {"drop_to_level", [&] { evaluator.drop_to_level(a, level - 1); }},
        {"rotate", [&] { evaluator.rotate(a, 2); }},
        {"conjugate", [&] { evaluator.conjugate(a); }},
        {"rotate_many", [&] { evaluator.rotate_many(a, steps); }},
        {"apply_transform", [&] { apply_transform(evaluator, transform, a); }},
        {"apply_transform, separate giants", [&] { apply_transform(evaluator, separate, a); }},
    };
    for (const auto& [name, operation] : operations) {
      EXPECT_EQ(allocations_of(operation), 0) << name << " with " << threads << " threads";
    }
  }
}

}  // namespace
}  // namespace sotto::ckks
