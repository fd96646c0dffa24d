#include "ckks/io/stored_keys.h"

namespace sotto::ckks::io {
namespace {

std::map<KeyName, int> levels_in(const ServerKeysReader& reader) {
  std::map<KeyName, int> levels;
  for (const KeyEntry& entry : reader.contents()) levels.emplace(entry.galois, entry.level);
  return levels;
}

}  // namespace

StoredKeys::StoredKeys(ServerKeysReader reader, std::uint64_t budget_bytes, Threads threads)
    : KeyStore(reader.params(), reader.id(), levels_in(reader)),
      reader_(std::move(reader)),
      budget_bytes_(budget_bytes),
      threads_(threads) {
  for (const KeyEntry& entry : reader_.contents()) {
    Slot& slot = slots_[entry.galois];
    slot.entry = &entry;
    slot.bytes = expanded_key_bytes(*params(), entry.level);
  }
}

std::shared_ptr<const SwitchingKey> StoredKeys::find(const KeyName& name) const {
  Slot& slot = slots_.at(name);
  if (auto key = lookup(slot)) return key;
  const std::lock_guard reading(slot.reading);  // others who want this key wait here, and find it
  if (auto key = lookup(slot)) return key;
  {
    const std::lock_guard lock(mutex_);
    make_room(slot.bytes);
  }
  if (!slot.checked) reader_.verify(*slot.entry);
  slot.checked = true;
  auto key = std::make_shared<const SwitchingKey>(reader_.expand(*slot.entry, threads_));
  const std::lock_guard lock(mutex_);
  ++reads_;
  slot.alive = key;
  slot.last_use = ++uses_;
  if (slot.bytes > budget_bytes_) return key;
  make_room(slot.bytes);  // again: other keys may have come meanwhile
  slot.kept = key;
  kept_bytes_ += slot.bytes;
  return key;
}

/// The key if it is in memory.
std::shared_ptr<const SwitchingKey> StoredKeys::lookup(Slot& slot) const {
  const std::lock_guard lock(mutex_);
  slot.last_use = ++uses_;
  return slot.alive.lock();
}

/// Lets go of the keys used longest ago until `bytes` more fit the budget, or none is left.
void StoredKeys::make_room(std::uint64_t bytes) const {
  while (kept_bytes_ != 0 && kept_bytes_ + bytes > budget_bytes_) {
    Slot* oldest = nullptr;
    for (auto& [name, slot] : slots_) {
      if (slot.kept && (oldest == nullptr || slot.last_use < oldest->last_use)) oldest = &slot;
    }
    kept_bytes_ -= oldest->bytes;
    oldest->kept.reset();
  }
}

std::uint64_t StoredKeys::reads() const {
  const std::lock_guard lock(mutex_);
  return reads_;
}

std::uint64_t StoredKeys::kept_bytes() const {
  const std::lock_guard lock(mutex_);
  return kept_bytes_;
}

}  // namespace sotto::ckks::io
