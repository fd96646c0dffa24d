#include "ckks/linear.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include "base/error.h"

namespace sotto::ckks {
namespace {

using Galois = Evaluator::Galois;

constexpr std::size_t kPiece = 1024;  // words: a piece of every baby and diagonal of a block stays in L2
constexpr std::size_t kBabyWords =
    (std::size_t{16} << 20) / sizeof(u64);  // of babies at a time, at least one limb of each

/// out = sum of products of rows; any number of them.
void sum_of_products(const ntt::Plan& plan, ntt::Limb out, std::span<const u64* const> x,
                     std::span<const u64* const> y) {
  plan.inner_product(out, x.first(std::min(ntt::kMaxRows, x.size())),
                     y.first(std::min(ntt::kMaxRows, y.size())));
  if (x.size() <= ntt::kMaxRows) return;
  AlignedWords more(out.size());
  for (std::size_t k = ntt::kMaxRows; k < x.size(); k += ntt::kMaxRows) {
    const std::size_t count = std::min(ntt::kMaxRows, x.size() - k);
    plan.inner_product(more.span(), x.subspan(k, count), y.subspan(k, count));
    plan.add(out, out, more.span());
  }
}

/// The least power of two after which the values, `slots` many, repeat.
std::size_t period(std::span<const double> values) noexcept {
  std::size_t p = values.size();
  while (p > 1 && std::ranges::equal(values.first(p / 2), values.subspan(p / 2, p / 2))) p /= 2;
  return p;
}

/// The first word of each of `count` runs of every limb.
EvalPoly first_of_runs(const EvalPoly& poly, std::size_t count) {
  EvalPoly out(count, poly.q_limbs(), poly.p_limbs());
  const std::size_t run = poly.n() / count;
  for (int i = 0; i < poly.limbs(); ++i) {
    for (std::size_t k = 0; k < count; ++k) out.limb(i)[k] = poly.limb(i)[k * run];
  }
  return out;
}

/// out[j] = x[j / run], run a power of two and a multiple of the chunk that is written at once.
template <std::size_t kChunk>
void write_runs(ntt::Limb out, const u64* x, std::size_t run) noexcept {
  const int shift = std::countr_zero(run);
  for (std::size_t j = 0; j < out.size(); j += kChunk) std::fill_n(out.data() + j, kChunk, x[j >> shift]);
}
void write_runs(ntt::Limb out, const u64* x, std::size_t run) noexcept {
  if (run == 2) return write_runs<2>(out, x, run);
  if (run == 4) return write_runs<4>(out, x, run);
  write_runs<8>(out, x, run);
}

/// One application: the evaluator, the input and what they share.
class Application {
 public:
  Application(const Evaluator& evaluator, const EncodedTransform& transform, const Ciphertext& a)
      : evaluator_(evaluator), transform_(transform), a_(a), params_(*evaluator.params()) {}

  /// Keys of all babies, giants and folds, in that order; babies and folds of step 0 have none.
  void find_keys() {
    RecycledVector<GaloisKeyId> ids;
    const auto want = [&](int step) {
      if (step != 0) ids.push_back(evaluator_.rotation(step));
    };
    for (int baby : transform_.babies) want(baby);
    const std::size_t count = transform_.blocks.size();
    if (horner() && count > 1) want(transform_.giant_step);
    for (std::size_t k = 1; !horner() && k < count; ++k) {
      if (!transform_.blocks[k].empty()) want(static_cast<int>(k) * transform_.giant_step);
    }
    for (int fold : transform_.folds) want(fold);
    maps_ = evaluator_.galois(ids, transform_.level, "apply");
  }

  /// Every block, modulo QP and times P, not yet rotated by its giant step. Babies of a few limbs at a time:
  /// first they are made, limb by limb, then piece by piece of a limb multiplied with the diagonals, each of
  /// which is read once for both parts.
  RecycledVector<ExtendedPair> blocks() const {
    const BabyKeys keys = baby_keys();
    const bool moves = transform_.babies.back() != 0;  // ascending
    const Decomposition digits =
        moves ? evaluator_.switcher().decompose(a_.c[1], evaluator_.threads()) : Decomposition();
    RecycledVector<ExtendedPair> out;
    for (const auto& block : transform_.blocks)
      out.push_back(block.empty() ? ExtendedPair() : extended_pair());

    const std::size_t piece = std::min(params_.n(), kPiece);
    const auto pieces = static_cast<int>(params_.n() / piece);
    const std::size_t limb_words = 2 * transform_.babies.size() * baby_stride();
    const int group = std::clamp(static_cast<int>(kBabyWords / limb_words), 1, limbs());
    for (int first = 0; first < limbs(); first += group) {
      const int last = std::min(first + group, limbs());
      AlignedWords babies(limb_words * static_cast<std::size_t>(last - first));  // [limb][part][baby][stride]
      const auto words_of = [&](int i) {
        return babies.span().subspan(limb_words * static_cast<std::size_t>(i - first), limb_words);
      };
      make_babies(digits, keys, first, last, words_of);
      parallel_for(evaluator_.threads(), pieces * (last - first), [&](int task) {
        const int i = first + task / pieces;
        block_piece(i, words_of(i), static_cast<std::size_t>(task % pieces) * piece, piece, out);
      });
    }
    return out;
  }

  /// addend + Rot(sum); a null addend adds nothing.
  ExtendedPair rotate_add(const ExtendedPair& sum, const Galois& galois, const ExtendedPair* addend) const {
    const KeySwitcher& switcher = evaluator_.switcher();
    const EvalPoly c1 = switcher.mod_down_part(sum[1], evaluator_.threads());
    const Decomposition digits = switcher.decompose(c1, evaluator_.threads());
    const auto key = evaluator_.key(galois);
    ExtendedPair out = extended_pair();
    switcher.each_limb(digits, 0, limbs(), evaluator_.threads(), [&](int i, ntt::Rows rows, Threads inner) {
      parallel_for(inner, 2, [&](int task) {
        const auto part = static_cast<std::size_t>(task);
        const ntt::Plan& plan = params_.limb(i, q_limbs());
        AlignedWords buffer(plan.n());
        const ntt::Limb u = buffer.span(), z = out[part].limb(i);
        switcher.multiply_key(rows, *key, part, i, q_limbs(), u);
        if (part == 0) plan.add(u, u, sum[0].limb(i));
        plan.permute(z, u, *galois.sigma);
        if (addend != nullptr) plan.add(z, z, (*addend)[part].limb(i));
      });
    });
    return out;
  }

  /// The sum of the rotated blocks, then the folds.
  ExtendedPair accumulate(RecycledVector<ExtendedPair> blocks) const {
    const auto addend = [](const ExtendedPair& pair) { return pair[0].empty() ? nullptr : &pair; };
    auto map = maps_.begin() + moved_babies();
    ExtendedPair sum = std::move(horner() ? blocks.back() : blocks.front());
    if (horner()) {
      for (std::size_t k = blocks.size() - 1; k-- > 0;) sum = rotate_add(sum, *map, addend(blocks[k]));
      if (blocks.size() > 1) ++map;
    } else {
      for (std::size_t k = 1; k < blocks.size(); ++k) {
        if (!blocks[k][0].empty()) sum = rotate_add(blocks[k], *map++, addend(sum));
        blocks[k] = {};
      }
    }
    for (int fold : transform_.folds) sum = fold == 0 ? doubled(sum) : rotate_add(sum, *map++, &sum);
    return sum;
  }

 private:
  /// In the order of the babies that move.
  using BabyKeys = RecycledVector<std::shared_ptr<const SwitchingKey>>;

  std::ptrdiff_t moved_babies() const noexcept {
    return std::ranges::count_if(transform_.babies, [](int baby) { return baby != 0; });
  }
  BabyKeys baby_keys() const {
    BabyKeys keys;
    for (std::ptrdiff_t k = 0; k < moved_babies(); ++k)
      keys.push_back(evaluator_.key(maps_[static_cast<std::size_t>(k)]));
    return keys;
  }

  bool horner() const noexcept { return transform_.giants == GiantSteps::kHorner; }
  int q_limbs() const noexcept { return params_.limbs(transform_.level); }
  int limbs() const noexcept { return q_limbs() + params_.special_count(); }
  std::size_t baby_stride() const noexcept { return params_.n() + kRowPadding; }
  ExtendedPair extended_pair() const {
    return {EvalPoly(params_.n(), q_limbs(), params_.special_count()),
            EvalPoly(params_.n(), q_limbs(), params_.special_count())};
  }

  ExtendedPair doubled(const ExtendedPair& sum) const {
    ExtendedPair out = extended_pair();
    parallel_for(evaluator_.threads(), 2 * limbs(), [&](int task) {
      const auto part = static_cast<std::size_t>(task % 2);
      const ntt::ConstLimb x = sum[part].limb(task / 2);
      params_.limb(task / 2, q_limbs()).add(out[part].limb(task / 2), x, x);
    });
    return out;
  }

  /// The babies of limbs [first, last) into words_of(limb): [part][baby][stride]. Without a rotation among
  /// them nothing needs to be lifted.
  template <class Words>
  void make_babies(const Decomposition& digits, const BabyKeys& keys, int first, int last,
                   Words&& words_of) const {
    const auto body = [&](int i, ntt::Rows rows, Threads inner) {
      parallel_for(inner, 2, [&](int part) {
        const std::size_t half = words_of(i).size() / 2;
        baby_limbs(rows, keys, static_cast<std::size_t>(part), i,
                   words_of(i).subspan(static_cast<std::size_t>(part) * half, half));
      });
    };
    if (transform_.babies.back() != 0) {
      evaluator_.switcher().each_limb(digits, first, last, evaluator_.threads(), body);
    } else {
      parallel_for(evaluator_.threads(), last - first, [&](int k) { body(first + k, {}, Threads{1}); });
    }
  }

  /// P Rot(a, baby) for all babies: limb i of one part, into [baby][stride]. On special limbs P a = 0.
  void baby_limbs(ntt::Rows digits, const BabyKeys& keys, std::size_t part, int i, std::span<u64> out) const {
    const ntt::Plan& plan = params_.limb(i, q_limbs());
    const bool chain = i < q_limbs();
    AlignedWords lifted(plan.n()), buffer(plan.n());
    if (chain)
      plan.multiply_scalar(lifted.span(), a_.c[part].limb(i),
                           evaluator_.switcher().special_product(params_.basis(transform_.level).prime(i)));
    std::size_t moved = 0;
    for (std::size_t k = 0; k < transform_.babies.size(); ++k) {
      const ntt::Limb target = out.subspan(k * baby_stride(), plan.n());
      if (transform_.babies[k] != 0) {
        evaluator_.switcher().multiply_key(digits, *keys[moved], part, i, q_limbs(), buffer.span());
        if (part == 0 && chain) plan.add(buffer.span(), buffer.span(), lifted.span());
        plan.permute(target, buffer.span(), *maps_[moved].sigma);
        ++moved;
      } else if (chain) {
        std::ranges::copy(lifted.span(), target.begin());
      } else {
        std::ranges::fill(target, u64{0});
      }
    }
  }

  /// rows = words [from, from + size) of limb i of the diagonals of a block, where they are stored or, of
  /// those stored as runs, in the array that is returned.
  AlignedWords diagonal_pieces(const std::vector<EncodedTransform::Term>& block, int i, std::size_t from,
                               std::size_t size, RecycledVector<const u64*>& rows) const {
    const auto has_runs = [&](const auto& term) { return term.plain.n() < params_.n(); };
    AlignedWords written(size * static_cast<std::size_t>(std::ranges::count_if(block, has_runs)));
    u64* next = written.data();
    rows.clear();
    for (const EncodedTransform::Term& term : block) {
      const std::size_t run = params_.n() / term.plain.n();
      const u64* x = term.plain.limb(i).data() + from / run;
      rows.push_back(run == 1 ? x : next);
      if (run == 1) continue;
      write_runs({next, size}, x, run);
      next += size;
    }
    return written;
  }

  /// Words [from, from + size) of limb i of every block: inner products of diagonals and babies
  /// ([part][baby][stride]).
  void block_piece(int i, std::span<const u64> babies, std::size_t from, std::size_t size,
                   RecycledVector<ExtendedPair>& out) const {
    const ntt::Plan& plan = params_.limb(i, q_limbs());
    RecycledVector<const u64*> x, y;
    for (std::size_t k = 0; k < transform_.blocks.size(); ++k) {
      const auto& block = transform_.blocks[k];
      const AlignedWords runs = diagonal_pieces(block, i, from, size, y);
      for (std::size_t part = 0; part < 2 && !block.empty(); ++part) {
        x.clear();
        for (const EncodedTransform::Term& term : block)
          x.push_back(babies.data() + (part * transform_.babies.size() + term.baby) * baby_stride() + from);
        sum_of_products(plan, out[k][part].limb(i).subspan(from, size), x, y);
      }
    }
  }

  const Evaluator& evaluator_;
  const EncodedTransform& transform_;
  const Ciphertext& a_;
  const Params& params_;
  RecycledVector<Galois> maps_;
};

/// The scale of the result.
double require_input(const Evaluator& evaluator, const EncodedTransform& transform, const Ciphertext& a) {
  const Params& params = *a.params;
  if (a.level() != transform.level) {
    throw Error(ErrorCode::kInvalidArgument, "apply: the transform was prepared for level " +
                                                 std::to_string(transform.level) +
                                                 ", the ciphertext is at level " + std::to_string(a.level()));
  }
  const double scale = a.scale * transform.plaintext_scale, bits = std::log2(scale);
  if (bits < params.log_q(a.level())) return evaluator.rescaled("apply", scale, a.level());
  throw Error(ErrorCode::kOutOfLevels, "apply: the scale of the product, 2^" + std::to_string(bits) +
                                           ", exceeds the modulus of level " + std::to_string(a.level()) +
                                           ", 2^" + std::to_string(params.log_q(a.level())) +
                                           "; prepare with a smaller plaintext scale");
}

}  // namespace

std::size_t EncodedTransform::bytes() const noexcept {
  std::size_t words = 0;
  for (const auto& block : blocks) {
    for (const Term& term : block) words += term.plain.words().size();
  }
  return words * sizeof(u64);
}

EncodedTransform encode_transform(const LinearTransform& transform, const Encoder& encoder,
                                  const Params& params, int level, double plaintext_scale, Threads threads) {
  validate(transform, params.slots());
  EncodedTransform out{.level = level,
                       .plaintext_scale = plaintext_scale,
                       .babies = {},
                       .giant_step = transform.giant_step,
                       .blocks = {},
                       .folds = transform.folds,
                       .giants = transform.giants};
  std::set<int> babies;
  std::size_t used = 0;
  for (std::size_t k = 0; k < transform.blocks.size(); ++k) {
    for (const auto& term : transform.blocks[k]) babies.insert(term.baby);
    if (!transform.blocks[k].empty()) used = k + 1;
  }
  out.babies.assign(babies.begin(), babies.end());
  out.blocks.resize(used);
  std::vector<std::pair<std::size_t, std::size_t>> tasks;  // (block, term)
  for (std::size_t k = 0; k < used; ++k) {
    out.blocks[k].resize(transform.blocks[k].size());
    for (std::size_t t = 0; t < out.blocks[k].size(); ++t) tasks.emplace_back(k, t);
  }
  parallel_for(threads, static_cast<int>(tasks.size()), [&](int task) {
    const auto [k, t] = tasks[static_cast<std::size_t>(task)];
    const LinearTransform::Term& term = transform.blocks[k][t];
    const auto baby =
        static_cast<std::size_t>(std::ranges::lower_bound(out.babies, term.baby) - out.babies.begin());
    EvalPoly plain = encoder.encode_extended(term.values, level, plaintext_scale);
    const std::size_t runs = 2 * period(term.values);
    out.blocks[k][t] = {baby, runs < plain.n() ? first_of_runs(plain, runs) : std::move(plain)};
  });
  return out;
}

Ciphertext apply_transform(const Evaluator& evaluator, const EncodedTransform& transform,
                           const Ciphertext& a) {
  evaluator.require_mine("apply", a);
  const double scale = require_input(evaluator, transform, a);
  Application application(evaluator, transform, a);
  application.find_keys();
  const ExtendedPair sum = application.accumulate(application.blocks());
  auto [c0, c1] = evaluator.switcher().mod_down(sum, true, evaluator.threads());
  Ciphertext out{.params = a.params, .c = {}, .scale = scale, .key_id = a.key_id, .seed = {}};
  out.c.push_back(std::move(c0));
  out.c.push_back(std::move(c1));
  return out;
}

}  // namespace sotto::ckks
