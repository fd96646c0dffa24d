#include "nn/layout.h"

#include <algorithm>

#include "base/error.h"
#include "nn/slot_math.h"

namespace sotto::nn {
namespace {

constexpr int kMaxSlots = 1 << 17;

/// Σ digit·stride of `number` written in the radix of `digits`; the last digit takes what is left.
std::int64_t decode(std::span<const Digit> digits, int number) noexcept {
  std::int64_t offset = 0;
  for (std::size_t d = 0; d < digits.size(); ++d) {
    const bool last = d + 1 == digits.size();
    const int digit = last ? number : number % digits[d].extent;
    offset += std::int64_t{digit} * digits[d].stride;
    number /= digits[d].extent;
  }
  return offset;
}

[[noreturn]] void refuse(const std::string& sentence) {
  throw Error(ErrorCode::kInvalidArgument, "layout: " + sentence);
}

/// The greedy (longest run first) digits of f over [0, n); f(0) is 0.
template <class F>
std::optional<std::vector<Digit>> fit_axis(int n, int slots, const F& f) {
  std::vector<Digit> digits;
  for (int block = 1; block < n;) {
    const int stride = f(block);
    int run = 1;  // blocks 0 … run·block follow the stride
    while (std::int64_t{run + 1} * block < n &&
           f((run + 1) * block) == wrapped(std::int64_t{run + 1} * stride, slots))
      ++run;
    digits.push_back({run + 1, stride});
    block = static_cast<int>(std::min<std::int64_t>(std::int64_t{block} * (run + 1), n));
  }
  for (int i = 0; i < n; ++i) {
    if (f(i) != wrapped(decode(digits, i), slots)) return std::nullopt;
  }
  return digits;
}

void validate_digits(std::span<const Digit> digits, std::int64_t least, const Layout& layout) {
  std::int64_t product = 1;
  for (const Digit& digit : digits) {
    if (digit.extent < 2 || digit.extent > layout.slots || digit.stride < 0 || digit.stride >= layout.slots)
      refuse("a digit of extent " + std::to_string(digit.extent) + " and stride " +
             std::to_string(digit.stride) + " does not suit " + std::to_string(layout.slots) + " slots");
    product *= digit.extent;
    if (product > 2 * std::int64_t{layout.slots}) refuse("an axis is longer than the slots");
  }
  if (product < least)
    refuse("an axis of " + std::to_string(least) + " has digits for " + std::to_string(product));
}

std::string digits_text(std::span<const Digit> digits) {
  std::string text;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    if (!text.empty()) text += "/";
    text += std::to_string(digit->stride);
    if (digits.size() > 1) text.append("x").append(std::to_string(digit->extent));
  }
  return text.empty() ? "0" : text;
}

}  // namespace

int Layout::copy_count() const noexcept {
  int count = 1;
  for (const Digit& digit : copies) count *= digit.extent;
  return count;
}

int Layout::slot(std::size_t element, int copy) const {
  std::int64_t at = base + decode(copies, copy);
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    const auto extent = static_cast<std::size_t>(shape[axis]);
    at += decode(axes[axis], static_cast<int>(element % extent));
    element /= extent;
  }
  return wrapped(at, slots);
}

std::vector<int> positions(const Layout& layout) {
  std::vector<int> at(element_count(layout.shape));
  for (std::size_t e = 0; e < at.size(); ++e) at[e] = layout.slot(e);
  return at;
}

std::vector<int> copy_offsets(const Layout& layout) {
  std::vector<int> offsets(static_cast<std::size_t>(layout.copy_count()));
  for (std::size_t k = 0; k < offsets.size(); ++k)
    offsets[k] = wrapped(decode(layout.copies, static_cast<int>(k)), layout.slots);
  return offsets;
}

int period(const Layout& layout) {
  int smallest = layout.slots;
  for (const Digit& digit : layout.copies) {
    if (is_power_of_two(digit.extent) && std::int64_t{digit.extent} * digit.stride == layout.slots)
      smallest = std::min(smallest, digit.stride);
  }
  return smallest;
}

Layout row_major(const Shape& shape, int slots) {
  std::vector<int> at(element_count(shape));
  for (std::size_t e = 0; e < at.size(); ++e) at[e] = static_cast<int>(e);
  auto layout = fit_layout(shape, slots, at);
  if (!layout || at.size() > static_cast<std::size_t>(slots))
    refuse("a tensor of " + to_string(shape) + " (" + std::to_string(at.size()) + " elements) does not fit " +
           std::to_string(slots) + " slots; raise log_n");
  return *layout;
}

std::optional<Layout> fit_layout(const Shape& shape, int slots, std::span<const int> at) {
  Layout layout{.shape = shape, .slots = slots, .base = wrapped(at[0], slots), .axes = {}, .copies = {}};
  layout.axes.resize(shape.size());
  std::size_t step = 1;  // elements from one index of the axis to the next
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    const auto f = [&](int i) {
      return wrapped(std::int64_t{at[static_cast<std::size_t>(i) * step]} - at[0], slots);
    };
    auto digits = fit_axis(shape[axis], slots, f);
    if (!digits) return std::nullopt;
    layout.axes[axis] = std::move(*digits);
    step *= static_cast<std::size_t>(shape[axis]);
  }
  for (std::size_t e = 0; e < at.size(); ++e) {
    if (layout.slot(e) != wrapped(at[e], slots)) return std::nullopt;
  }
  return layout;
}

std::vector<double> pack(const Layout& layout, const Tensor& tensor) {
  if (element_count(layout.shape) != tensor.size())
    refuse("cannot pack a tensor of " + to_string(tensor.shape) + "; this network takes " +
           to_string(layout.shape));
  std::vector<double> slots(static_cast<std::size_t>(layout.slots), 0.0);
  const std::vector<int> at = positions(layout);
  for (const int offset : copy_offsets(layout)) {
    for (std::size_t e = 0; e < at.size(); ++e)
      slots[static_cast<std::size_t>(wrapped(std::int64_t{at[e]} + offset, layout.slots))] = tensor[e];
  }
  return slots;
}

Tensor unpack(const Layout& layout, const std::vector<double>& slots) {
  if (slots.size() != static_cast<std::size_t>(layout.slots))
    refuse("cannot unpack " + std::to_string(slots.size()) + " slots; the plan has " +
           std::to_string(layout.slots));
  Tensor tensor(layout.shape);
  for (std::size_t e = 0; e < tensor.size(); ++e) tensor[e] = slots[static_cast<std::size_t>(layout.slot(e))];
  return tensor;
}

void validate(const Layout& layout) {
  if (!is_power_of_two(layout.slots) || layout.slots > kMaxSlots)
    refuse(std::to_string(layout.slots) + " slots: a power of two up to 2^17 is needed");
  if (layout.shape.empty() || layout.shape.size() > 3 || layout.axes.size() != layout.shape.size())
    refuse("a shape of 1 to 3 axes is needed, with digits for each");
  if (layout.base < 0 || layout.base >= layout.slots)
    refuse("base " + std::to_string(layout.base) + " is out of range");
  std::int64_t count = 1;
  for (std::size_t axis = 0; axis < layout.shape.size(); ++axis) {
    if (layout.shape[axis] < 1 || layout.shape[axis] > layout.slots) refuse("an axis does not fit the slots");
    validate_digits(layout.axes[axis], layout.shape[axis], layout);
    count *= layout.shape[axis];
  }
  validate_digits(layout.copies, 1, layout);
  if (count * layout.copy_count() > layout.slots)
    refuse(std::to_string(count) + " elements in " + std::to_string(layout.copy_count()) + " copies exceed " +
           std::to_string(layout.slots) + " slots");
  std::vector<bool> used(static_cast<std::size_t>(layout.slots), false);
  const std::vector<int> at = positions(layout);
  for (const int offset : copy_offsets(layout)) {
    for (const int position : at) {
      const auto slot = static_cast<std::size_t>(wrapped(std::int64_t{position} + offset, layout.slots));
      if (used[slot]) refuse("two elements share slot " + std::to_string(slot));
      used[slot] = true;
    }
  }
}

std::string to_string(const Layout& layout) {
  std::string text = to_string(layout.shape) + " @ ";
  for (std::size_t axis = 0; axis < layout.axes.size(); ++axis) {
    if (axis > 0) text += ',';
    text += digits_text(layout.axes[axis]);
  }
  if (layout.base != 0) text.append(" + ").append(std::to_string(layout.base));
  if (!layout.copies.empty())
    text += ", " + std::to_string(layout.copy_count()) + " copies @ " + digits_text(layout.copies);
  return text;
}

}  // namespace sotto::nn
