// 64-byte aligned arrays of words: the storage of every limb.
//
// Freed arrays are kept and handed out again (recycle.cc): the first touch of fresh pages costs more than a
// transform of the limb that they hold, and an operation that has run once allocates nothing when it runs
// again. Secrets are wiped by their owners before they come here.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace sotto {

using u64 = std::uint64_t;

/// Uninitialised memory on a cache-line boundary, perhaps recycled; released with the same size. Thread-safe.
void* acquire_aligned(std::size_t bytes);
void release_aligned(void* p, std::size_t bytes) noexcept;

/// Fixed-size array of 64-bit words on a cache-line boundary; movable, explicitly copyable, uninitialised
/// unless asked.
class AlignedWords {
 public:
  static constexpr std::size_t kAlignment = 64;  // bytes

  AlignedWords() = default;
  explicit AlignedWords(std::size_t words) : data_(allocate(words)), size_(words) {}
  AlignedWords(std::size_t words, u64 fill) : AlignedWords(words) { std::fill_n(data_, size_, fill); }
  AlignedWords(const AlignedWords& other) : AlignedWords(other.size_) {
    std::copy_n(other.data_, size_, data_);
  }
  AlignedWords(AlignedWords&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  AlignedWords& operator=(AlignedWords other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~AlignedWords() { release(data_, size_); }

  u64* data() noexcept { return data_; }
  const u64* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  u64& operator[](std::size_t i) noexcept { return data_[i]; }
  u64 operator[](std::size_t i) const noexcept { return data_[i]; }
  std::span<u64> span() noexcept { return {data_, size_}; }
  std::span<const u64> span() const noexcept { return {data_, size_}; }

 private:
  static u64* allocate(std::size_t words) {
    if (words == 0) return nullptr;
    if (words > SIZE_MAX / sizeof(u64)) throw std::bad_array_new_length();
    return static_cast<u64*>(acquire_aligned(words * sizeof(u64)));
  }
  static void release(u64* p, std::size_t words) noexcept {
    if (p != nullptr) release_aligned(p, words * sizeof(u64));
  }

  u64* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Short-lived lists inside operations, and the parts of ciphertexts, take their memory from the same lists.
template <class T>
struct RecyclingAllocator {
  using value_type = T;
  RecyclingAllocator() = default;
  template <class U>
  RecyclingAllocator(const RecyclingAllocator<U>&) noexcept {}  // NOLINT: what an allocator must be
  T* allocate(std::size_t n) {
    if (n > SIZE_MAX / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(acquire_aligned(n * sizeof(T)));
  }
  void deallocate(T* p, std::size_t n) noexcept { release_aligned(p, n * sizeof(T)); }
  friend bool operator==(const RecyclingAllocator&, const RecyclingAllocator&) noexcept { return true; }
};
template <class T>
using RecycledVector = std::vector<T, RecyclingAllocator<T>>;

}  // namespace sotto
