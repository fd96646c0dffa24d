#include "approx/evaluation_cost.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "approx/polynomial.h"

namespace sotto::approx {
namespace {

int ceil_log2(int n) {
  return static_cast<int>(std::bit_width(static_cast<unsigned>(n - 1)));
}

/// Splits below a fixed set of babies and giants, of polynomials up to a degree.
class Splits {
 public:
  Splits(int babies, int giant_bits, bool odd, int max_degree)
      : babies_(babies),
        giant_bits_(giant_bits),
        odd_(odd),
        budgets_(static_cast<std::size_t>(depth_of_degree(max_degree)) + 1),
        known_((static_cast<std::size_t>(max_degree) + 1) * budgets_, kUnknown) {}

  static constexpr int kImpossible = 1 << 20, kUnknown = -1;

  /// Products that turn T_1 … T_babies and the giants into any polynomial of the degree within the budget of
  /// levels, counted from x.
  int cost(int degree, int budget) {
    if (budget < 0) return kImpossible;
    if (is_sum_of_babies(degree, budget)) return 0;
    const std::size_t at = static_cast<std::size_t>(degree) * budgets_ + static_cast<std::size_t>(budget);
    if (known_[at] != kUnknown) return known_[at];
    int best = kImpossible;
    for (int bit = 1; bit <= giant_bits_ && bit <= budget - 1; ++bit) {
      const int giant = 1 << bit;
      if (giant > degree) break;
      // r takes all degrees below the giant that q T_g does not reach: T_{g-k} comes with T_{g+k}.
      best = std::min(best, 1 + cost(degree - giant, budget - 1) + cost(remainder_degree(giant), budget));
    }
    return known_[at] = best;
  }

 private:
  bool is_sum_of_babies(int degree, int budget) const {
    if (degree == 0) return true;
    const int highest = odd_ && degree % 2 == 0 ? degree - 1 : degree;
    return highest <= babies_ && ceil_log2(highest) + 1 <= budget;
  }
  /// The highest degree below the giant, of the parity of the polynomial.
  static int remainder_degree(int giant) { return giant - 1; }

  int babies_, giant_bits_;
  bool odd_;
  std::size_t budgets_;
  std::vector<int> known_;  // [degree][budget]
};

int least_products(int degree, bool odd) {
  const int depth = depth_of_degree(degree);
  int best = Splits::kImpossible;
  for (int giant_bits = 0; giant_bits <= depth; ++giant_bits) {
    for (int babies = 1; babies <= std::max(degree, 1); babies += odd ? 2 : 1) {
      // Odd babies above 1 take a product each, the even ones are there only as giants; otherwise every T_k
      // from 2 on takes one and the giants among them come with it.
      const int small = odd ? babies / 2 : babies - 1;
      const int free_powers = odd ? 0 : static_cast<int>(std::bit_width(static_cast<unsigned>(babies))) - 1;
      const int powers = std::max(0, giant_bits - free_powers);
      if (small + powers >= best) break;
      best = std::min(best, small + powers + Splits(babies, giant_bits, odd, degree).cost(degree, depth));
    }
  }
  return best;
}

}  // namespace

const char* parity_name(Parity parity) {
  return parity == Parity::kOdd ? "odd" : parity == Parity::kEven ? "even" : "none";
}

int depth_of_degree(int degree) {
  return degree <= 0 ? 0 : ceil_log2(degree + 1);
}

int products_of_degree(int degree, Parity parity) {
  require_degree(degree);
  if (degree <= 1) return 0;
  if (parity == Parity::kEven) return 1 + products_of_degree(degree / 2);  // a polynomial in T_2
  return least_products(degree, parity == Parity::kOdd);
}

}  // namespace sotto::approx
