// Memory of aligned arrays: freed blocks wait in lists by size, up to a bound, for the next array of that
// size; large ones by their exact size, small ones by the power of two above it.
//
// A ciphertext operation frees and asks for the same few sizes again and again. Taking such a block from the
// list costs some ten nanoseconds; fresh pages from the operating system cost about 0.15 us for each 4 KiB,
// 25 us for six limbs of N = 2^13.
#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/aligned.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace sotto {
namespace {

constexpr std::size_t kLarge = std::size_t{16} << 10;  // from here on sizes are exact
/// Bytes that wait unused: what eight hoisted rotations at N = 2^16 free.
constexpr std::size_t kMostKept = std::size_t{512} << 20;

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
constexpr bool kRecycle = false;  // the sanitizer must see every block freed
#else
constexpr bool kRecycle = true;
#endif

constexpr std::align_val_t kAlignment{AlignedWords::kAlignment};

/// Blocks of 2^k bytes would all begin in the same cache set, and a sum over twenty of them would throw out
/// each other's lines. So large blocks begin at one of 12 colours, 5 lines apart; the line before a block
/// tells its distance from the start of the allocation.
constexpr std::size_t kLine = AlignedWords::kAlignment, kColours = 12, kColourBytes = 5 * kLine;

/// Arrays of many limbs live on pages of 2 MiB where the system has them: the limbs of one key at N = 2^16
/// are 36,000 small pages, and the core remembers where 2,000 are.
constexpr std::size_t kHugePage = std::size_t{2} << 20, kHugeFrom = 2 * kHugePage;

std::align_val_t alignment_of(std::size_t bytes) noexcept {
  return bytes >= kHugeFrom ? std::align_val_t{kHugePage} : kAlignment;
}

/// A hint: without such pages, or outside Linux, everything works as before.
void ask_for_huge_pages([[maybe_unused]] void* p, [[maybe_unused]] std::size_t bytes) noexcept {
#ifdef MADV_HUGEPAGE
  madvise(p, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
}

void* allocate_coloured(std::size_t bytes) {
  static std::atomic<std::size_t> next{0};
  const std::size_t offset = kLine + next.fetch_add(1, std::memory_order_relaxed) % kColours * kColourBytes;
  auto* base = static_cast<std::byte*>(
      ::operator new(bytes + kLine + (kColours - 1) * kColourBytes, alignment_of(bytes)));
  if (bytes >= kHugeFrom) ask_for_huge_pages(base, bytes);
  std::memcpy(base + offset - sizeof offset, &offset, sizeof offset);
  return base + offset;
}

void free_coloured(void* p, std::size_t bytes) noexcept {
  std::size_t offset = 0;
  std::memcpy(&offset, static_cast<std::byte*>(p) - sizeof offset, sizeof offset);
  ::operator delete(static_cast<std::byte*>(p) - offset, alignment_of(bytes));
}

void* allocate_block(std::size_t size) {
  return size < kLarge ? ::operator new(size, kAlignment) : allocate_coloured(size);
}

void free_block(void* p, std::size_t size) noexcept {
  size < kLarge ? ::operator delete(p, kAlignment) : free_coloured(p, size);
}

class FreeLists {
 public:
  void* take(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    const auto list = lists_.find(bytes);
    if (list == lists_.end() || list->second.empty()) return nullptr;
    void* p = list->second.back();
    list->second.pop_back();
    kept_ -= bytes;
    return p;
  }
  /// False when the block is not wanted.
  bool keep(void* p, std::size_t bytes) noexcept {
    const std::lock_guard lock(mutex_);
    if (!make_room(bytes)) return false;
    try {
      lists_[bytes].push_back(p);
    } catch (...) {
      return false;
    }
    kept_ += bytes;
    return true;
  }

 private:
  /// Frees blocks of other sizes until one more fits: what is freed now is asked for again sooner than what
  /// keys and parameters of the past have left here.
  bool make_room(std::size_t bytes) noexcept {
    if (bytes > kMostKept) return false;
    if (kept_ + bytes <= kMostKept) return true;
    for (auto& [size, list] : lists_) {
      while (size != bytes && kept_ + bytes > kMostKept && !list.empty()) {
        free_block(list.back(), size);
        list.pop_back();
        kept_ -= size;
      }
    }
    return kept_ + bytes <= kMostKept;
  }

  std::mutex mutex_;
  std::unordered_map<std::size_t, std::vector<void*>> lists_;
  std::size_t kept_ = 0;
};

/// Never destroyed: arrays with static storage may outlive any static object.
FreeLists& free_lists() {
  static FreeLists& lists = *new FreeLists;
  return lists;
}

constexpr std::size_t listed_size(std::size_t bytes) noexcept {
  return bytes >= kLarge ? bytes : std::max(kLine, std::bit_ceil(bytes));
}

}  // namespace

void* acquire_aligned(std::size_t bytes) {
  const std::size_t size = listed_size(bytes);
  void* p = kRecycle ? free_lists().take(size) : nullptr;
  if (p != nullptr) return p;
  return allocate_block(size);
}

void release_aligned(void* p, std::size_t bytes) noexcept {
  const std::size_t size = listed_size(bytes);
  if (!kRecycle || !free_lists().keep(p, size)) free_block(p, size);
}

}  // namespace sotto
