// Measures the constants of CostModel with the limb kernels in which the engine spends its time.
//
// Each kernel runs the way a key switch runs it: transforms on limbs that are not in L2, keys streamed from
// memory, diagonals read once for both parts. All kernels take turns for several rounds and the median of
// each counts: a program that runs beside this one for a moment does not matter, and one that stays does.
#include <algorithm>
#include <chrono>
#include <functional>
#include <span>
#include <vector>

#include "base/aligned.h"
#include "base/threads.h"
#include "ckks/basis.h"
#include "nn/cost.h"

namespace sotto::nn {
namespace {

constexpr int kRounds = 7;  // and one before them that warms caches and threads
constexpr std::size_t kStreamBytes = std::size_t{40} << 20;  // beyond any share of L3
constexpr std::size_t kPieceWords = 1024;  // of a diagonal at a time, as ckks/linear.cc reads it
constexpr double kKeyStreams = 1.25;       // a key switch against one long stream of keys
constexpr int kRegionsPerOperation = 6;    // parallel loops in one key switch

double time_ns(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

/// The median of what each of `kernels` gives in kRounds rounds.
std::vector<double> medians(const std::vector<std::function<double()>>& kernels) {
  std::vector<std::vector<double>> samples(kernels.size());
  for (int round = -1; round < kRounds; ++round) {
    for (std::size_t k = 0; k < kernels.size(); ++k) {
      const double sample = kernels[k]();
      if (round >= 0) samples[k].push_back(sample);
    }
  }
  std::vector<double> result;
  for (auto& sample : samples) {
    std::ranges::nth_element(sample, sample.begin() + kRounds / 2);
    result.push_back(sample[kRounds / 2]);
  }
  return result;
}

/// A stream of limbs, the first few of which stay in the cache. butterfly() comes last: before it all words
/// are canonical modulo every prime.
class Bench {
  const auto& prime(int i) const { return params_.q(i % (params_.max_level() + 1)); }
  std::span<u64> limb(int i) { return words_.span().subspan(n_ * static_cast<std::size_t>(i), n_); }

 public:
  explicit Bench(const ckks::Params& params)
      : params_(params),
        n_(params.n()),
        rows_(std::min(params.digits_at(params.max_level()), 16)),
        limbs_(
            std::max(static_cast<int>(kStreamBytes / (n_ * sizeof(u64))), (params.max_level() + 3) * rows_)),
        words_(n_ * static_cast<std::size_t>(limbs_)),
        out_(n_),
        sigma_(params.log_n(), 5) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] = (i * 2654435761U) & 0x3ffff;
  }

  /// A product of digits with a key: the key streams by, the digits of all limbs come again and again.
  double key_product() { return stream_products(n_, 1, params_.max_level() + 1); }
  /// A product of babies with a diagonal: each piece of the diagonal serves both parts.
  double plain_product() { return stream_products(std::min(n_, kPieceWords), 2, 1); }

  /// A permutation or an addition.
  double pass() {
    const int count = std::min(limbs_, 32);
    const double ns = time_ns([&] {
      for (int i = 0; i < count; ++i) {
        prime(i).permute(out_.span(), limb(i), sigma_);
        prime(i).add(out_.span(), out_.span(), limb(i));
      }
    });
    return ns / (2.0 * count * static_cast<double>(n_));
  }

  /// A target limb of the base conversion of a digit, for each of its primes; as many limbs at a time as a
  /// key switch lifts.
  double conversion() {
    std::vector<const ntt::Plan*> from, to;
    for (int i = 0; i <= params_.max_level(); ++i) (i < params_.alpha() ? from : to).push_back(&params_.q(i));
    for (int i = 0; i < params_.special_count(); ++i) to.push_back(&params_.p(i));
    const ntt::BaseConversion conversion(from, to);
    const std::span<const u64> digit = words_.span().first(n_ * static_cast<std::size_t>(conversion.rows()));
    AlignedWords lifted(n_ * ckks::kLimbsTogether);
    const double ns = time_ns([&] {
      for (int first = 0; first < conversion.targets(); first += ckks::kLimbsTogether) {
        std::vector<ntt::BaseConversion::Target> targets;
        const int last = std::min(first + ckks::kLimbsTogether, conversion.targets());
        for (int i = first; i < last; ++i) {
          targets.push_back({i, lifted.span().subspan(n_ * static_cast<std::size_t>(i - first), n_)});
        }
        conversion.convert(targets, digit);
      }
    });
    return ns / (conversion.targets() * conversion.sources() * static_cast<double>(n_));
  }

  double butterfly(int threads) {
    const int count = std::min(limbs_, 64);
    const double ns =
        time_ns([&] { parallel_for(Threads{threads}, count, [&](int i) { prime(i).forward(limb(i)); }); });
    return ns / (count * static_cast<double>(n_) / 2 * params_.log_n());
  }

 private:
  double stream_products(std::size_t piece, int uses, int hot) {
    const int calls = limbs_ / rows_ - 1;
    const std::size_t pieces = n_ / piece;
    const double ns = time_ns([&] {
      for (int call = 1; call <= calls; ++call) {
        for (std::size_t k = 0; k < pieces; ++k) {
          for (int use = 0; use < uses; ++use) multiply_rows(call % hot, call, k * piece, piece);
        }
      }
    });
    return ns / (static_cast<double>(calls) * rows_ * uses * static_cast<double>(n_));
  }

  void multiply_rows(int hot, int call, std::size_t from, std::size_t size) {
    std::vector<const u64*> x, y;
    for (int row = 0; row < rows_; ++row) {
      x.push_back(limb(hot * rows_ + row).data() + from);
      y.push_back(limb(call * rows_ + row).data() + from);
    }
    prime(call).inner_product(out_.span().subspan(from, size), x, y);
  }

  const ckks::Params& params_;
  std::size_t n_;
  int rows_, limbs_;
  AlignedWords words_, out_;
  ntt::Automorphism sigma_;
};

/// Microseconds to start and end a parallel loop. Where another program holds a core, a loop waits
/// milliseconds for its next time slice; no plan can foresee that, so the measurement is bounded.
double region_us(int threads) {
  constexpr double kMostUs = 10;
  return std::min(kMostUs, 1e-3 * time_ns([&] { parallel_for(Threads{threads}, threads, [](int) {}); }));
}

}  // namespace

CostModel CostModel::measure(const ckks::ParamsPtr& params, int threads) {
  Bench bench(*params);
  const std::vector<double> ns = medians(
      {[&] { return bench.key_product(); }, [&] { return bench.plain_product(); },
       [&] { return bench.pass(); }, [&] { return bench.conversion(); }, [&] { return bench.butterfly(1); },
       [&] { return bench.butterfly(threads); }, [&] { return 1e3 * region_us(threads); }});
  CostModel model;
  model.key_product_ns = kKeyStreams * ns[0];
  model.plain_product_ns = ns[1];
  model.pass_ns = ns[2];
  model.convert_ns = ns[3];
  model.ntt_ns_per_butterfly = ns[4];
  model.threads = threads;
  if (threads > 1) {
    const double speedup = ns[4] / ns[5];
    model.parallel_efficiency = std::clamp((speedup - 1) / (threads - 1), 0.0, 1.0);
    model.overhead_us += kRegionsPerOperation * 1e-3 * ns[6];
  }
  return model;
}

}  // namespace sotto::nn
