// Keys that stay on the disk: each is read and expanded when it is used, and kept as long as a budget allows.
//
// Reads go through pread into a buffer of one limb and not through a memory map: a file that is cut while it
// is in use is then an Error and not a SIGBUS, and a limb is copied in a small part of the time that its
// expansion takes. Peak memory is the budget, or what the keys of one operation take if that is more (one key
// for a rotation or a product, those of all baby steps for a linear transform), and one packed limb for each
// thread.
#pragma once

#include <mutex>

#include "ckks/io/server_keys.h"
#include "ckks/key_store.h"

namespace sotto::ckks::io {

/// The keys of a file; of those in memory the ones used last are kept, with `budget_bytes` in all
/// (expanded_key_bytes() each). The SHA-256 of a key is checked when it is first read, its residues always.
class StoredKeys final : public KeyStore {
 public:
  StoredKeys(ServerKeysReader reader, std::uint64_t budget_bytes, Threads threads = {});

  /// Throws kIo or kCorruptFile naming the file and the key.
  std::shared_ptr<const SwitchingKey> find(const KeyName& name) const override;

  /// Keys read so far, those read again included.
  std::uint64_t reads() const;
  /// Bytes of the keys that are kept now.
  std::uint64_t kept_bytes() const;

 private:
  struct Slot {
    const KeyEntry* entry = nullptr;
    std::uint64_t bytes = 0;                   // expanded
    std::mutex reading;                        // held by the one thread that reads this key; guards `checked`
    bool checked = false;                      // its SHA-256
    std::shared_ptr<const SwitchingKey> kept;  // this and what follows: guarded by mutex_
    std::weak_ptr<const SwitchingKey> alive;   // also when it is no longer kept
    std::uint64_t last_use = 0;
  };

  std::shared_ptr<const SwitchingKey> lookup(Slot& slot) const;
  void make_room(std::uint64_t bytes) const;

  ServerKeysReader reader_;
  std::uint64_t budget_bytes_;
  Threads threads_;
  mutable std::mutex mutex_;
  mutable std::map<KeyName, Slot> slots_;
  mutable std::uint64_t uses_ = 0, reads_ = 0, kept_bytes_ = 0;  // guarded by mutex_
};

}  // namespace sotto::ckks::io
