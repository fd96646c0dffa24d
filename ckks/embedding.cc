#include "ckks/embedding.h"

#include <bit>
#include <cmath>
#include <numbers>
#include <utility>

namespace sotto::ckks {
namespace {

/// Values of a block that is transformed level by level: 16 KiB, with as many roots, stay near the core.
/// Larger ones are split in four, so that two levels share one walk through memory.
constexpr std::size_t kLeaf = 1024;

/// Real and imaginary parts of one stream of values.
struct Stream {
  double* __restrict re;
  double* __restrict im;
};
struct Roots {
  const double* __restrict re;
  const double* __restrict im;
};

/// (x, y) to (x + w y, x - w y), value j.
[[gnu::always_inline]] inline void up_butterfly(const Stream& x, const Stream& y, const Roots& w,
                                                std::size_t j) noexcept {
  const double t_re = y.re[j] * w.re[j] - y.im[j] * w.im[j];
  const double t_im = y.re[j] * w.im[j] + y.im[j] * w.re[j];
  y.re[j] = x.re[j] - t_re;
  y.im[j] = x.im[j] - t_im;
  x.re[j] += t_re;
  x.im[j] += t_im;
}

/// (x, y) to (x + y, (x - y) conj(w)), value j.
[[gnu::always_inline]] inline void down_butterfly(const Stream& x, const Stream& y, const Roots& w,
                                                  std::size_t j) noexcept {
  const double d_re = x.re[j] - y.re[j];
  const double d_im = x.im[j] - y.im[j];
  x.re[j] += y.re[j];
  x.im[j] += y.im[j];
  y.re[j] = d_re * w.re[j] + d_im * w.im[j];
  y.im[j] = d_im * w.re[j] - d_re * w.im[j];
}

}  // namespace

Embedding::Embedding(std::size_t slots) : root_re_(slots, 0), root_im_(slots, 0), reversed_(slots, 0) {
  for (std::size_t h = 1; h < slots; h *= 2) {
    std::size_t power = 1;  // 5^j mod 8h
    for (std::size_t j = 0; j < h; ++j, power = power * 5 % (8 * h)) {
      // Rounded from long double, so that the doubles seldom depend on a libm's last bit.
      const long double angle = 2 * std::numbers::pi_v<long double> * static_cast<long double>(power) /
                                static_cast<long double>(8 * h);
      root_re_[h + j] = static_cast<double>(std::cos(angle));
      root_im_[h + j] = static_cast<double>(std::sin(angle));
    }
  }
  for (std::size_t i = 1; i < slots; ++i) {
    reversed_[i] = static_cast<std::uint32_t>(reversed_[i / 2] / 2 + (i % 2) * (slots / 2));
  }
}

void Embedding::bit_reverse(double* values, Threads threads) const {
  constexpr std::size_t kPiece = 2048;
  const auto pieces = static_cast<int>((slots() + kPiece - 1) / kPiece);
  parallel_for(threads, pieces, [&](int piece) {  // the smaller index of a pair moves both
    const std::size_t first = static_cast<std::size_t>(piece) * kPiece;
    double* const re = values;
    double* const im = values + slots();
    for (std::size_t i = first; i < std::min(first + kPiece, slots()); ++i) {
      const std::size_t j = reversed_[i];
      if (i >= j) continue;
      std::swap(re[i], re[j]);
      std::swap(im[i], im[j]);
    }
  });
}

/// The level of pairs h apart, on 2h values from x on.
void Embedding::up(double* x, std::size_t h) const noexcept {
  const Stream a{x, x + slots()}, b{a.re + h, a.im + h};
  const Roots w{root_re_.data() + h, root_im_.data() + h};
  for (std::size_t j = 0; j < h; ++j) up_butterfly(a, b, w, j);
}

void Embedding::down(double* x, std::size_t h) const noexcept {
  const Stream a{x, x + slots()}, b{a.re + h, a.im + h};
  const Roots w{root_re_.data() + h, root_im_.data() + h};
  for (std::size_t j = 0; j < h; ++j) down_butterfly(a, b, w, j);
}

/// The levels of pairs h and 2h apart, on 4h values from x on: those of index first to last modulo h.
void Embedding::up_two(double* x, std::size_t h, std::size_t first, std::size_t last) const noexcept {
  const Stream a{x, x + slots()}, b{a.re + h, a.im + h}, c{b.re + h, b.im + h}, d{c.re + h, c.im + h};
  const Roots w{root_re_.data() + h, root_im_.data() + h};
  const Roots left{w.re + h, w.im + h}, right{left.re + h, left.im + h};
  for (std::size_t j = first; j < last; ++j) {
    up_butterfly(a, b, w, j);
    up_butterfly(c, d, w, j);
    up_butterfly(a, c, left, j);
    up_butterfly(b, d, right, j);
  }
}

void Embedding::down_two(double* x, std::size_t h, std::size_t first, std::size_t last) const noexcept {
  const Stream a{x, x + slots()}, b{a.re + h, a.im + h}, c{b.re + h, b.im + h}, d{c.re + h, c.im + h};
  const Roots w{root_re_.data() + h, root_im_.data() + h};
  const Roots left{w.re + h, w.im + h}, right{left.re + h, left.im + h};
  for (std::size_t j = first; j < last; ++j) {
    down_butterfly(a, c, left, j);
    down_butterfly(b, d, right, j);
    down_butterfly(a, b, w, j);
    down_butterfly(c, d, w, j);
  }
}

/// All levels inside a block, shortest first.
void Embedding::ascend(double* values, std::size_t block, std::size_t size) const noexcept {
  if (size > kLeaf) {
    const std::size_t quarter = size / 4;
    for (std::size_t k = 0; k < 4; ++k) ascend(values, block + k * quarter, quarter);
    return up_two(values + block, quarter, 0, quarter);
  }
  const bool odd = std::countr_zero(size) % 2 == 1;
  for (std::size_t at = block; odd && at < block + size; at += 2) up(values + at, 1);
  for (std::size_t h = odd ? 2 : 1; h < size; h *= 4) {
    for (std::size_t at = block; at < block + size; at += 4 * h) up_two(values + at, h, 0, h);
  }
}

/// All levels inside a block, longest first.
void Embedding::descend(double* values, std::size_t block, std::size_t size) const noexcept {
  if (size > kLeaf) {
    const std::size_t quarter = size / 4;
    down_two(values + block, quarter, 0, quarter);
    for (std::size_t k = 0; k < 4; ++k) descend(values, block + k * quarter, quarter);
    return;
  }
  const bool odd = std::countr_zero(size) % 2 == 1;
  for (std::size_t h = size / 4; h > 0; h /= 4) {
    for (std::size_t at = block; at < block + size; at += 4 * h) down_two(values + at, h, 0, h);
  }
  for (std::size_t at = block; odd && at < block + size; at += 2) down(values + at, 1);
}

void Embedding::to_slots(std::span<double> values, Threads threads) const {
  bit_reverse(values.data(), threads);
  if (threads.count <= 1 || slots() <= kLeaf) return ascend(values.data(), 0, slots());
  const std::size_t quarter = slots() / 4, piece = quarter / 8;
  parallel_for(threads, 4,
               [&](int k) { ascend(values.data(), static_cast<std::size_t>(k) * quarter, quarter); });
  parallel_for(threads, 8, [&](int k) {
    const std::size_t first = static_cast<std::size_t>(k) * piece;
    up_two(values.data(), quarter, first, first + piece);
  });
}

void Embedding::from_slots(std::span<double> values, Threads threads) const {
  if (threads.count <= 1 || slots() <= kLeaf) {
    descend(values.data(), 0, slots());
  } else {
    const std::size_t quarter = slots() / 4, piece = quarter / 8;
    parallel_for(threads, 8, [&](int k) {
      const std::size_t first = static_cast<std::size_t>(k) * piece;
      down_two(values.data(), quarter, first, first + piece);
    });
    parallel_for(threads, 4,
                 [&](int k) { descend(values.data(), static_cast<std::size_t>(k) * quarter, quarter); });
  }
  bit_reverse(values.data(), threads);
}

}  // namespace sotto::ckks
