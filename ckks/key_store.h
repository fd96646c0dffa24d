// Where an evaluator finds its keys: a list that is known beforehand, and the keys one by one.
//
// A set in memory is one store (resident, here); a file out of which keys are read when they are used, within
// a budget of bytes, is another (io/stored_keys.h). An evaluator looks at the list before it begins, so that
// all that is missing is named at once, and holds a key only while it computes with it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "ckks/keys.h"

namespace sotto::ckks {

class KeyStore {
 public:
  virtual ~KeyStore() = default;
  KeyStore(const KeyStore&) = delete;
  KeyStore& operator=(const KeyStore&) = delete;

  const ParamsPtr& params() const noexcept { return params_; }
  const KeyId& id() const noexcept { return id_; }
  /// Every key with the level up to which it serves.
  const std::map<KeyName, int>& levels() const noexcept { return levels_; }
  /// -1: there is no such key.
  int level_of(const KeyName& name) const noexcept;
  /// The key, which lives as long as somebody holds it. `name` must be in the list. Safe to call from several
  /// threads. A store on a disk throws kIo or kCorruptFile when the key cannot be read or is damaged.
  virtual std::shared_ptr<const SwitchingKey> find(const KeyName& name) const = 0;

 protected:
  KeyStore(ParamsPtr params, const KeyId& id, std::map<KeyName, int> levels);

 private:
  ParamsPtr params_;
  KeyId id_{};
  std::map<KeyName, int> levels_;
};

using KeyStorePtr = std::shared_ptr<const KeyStore>;

/// All keys in memory: find() costs nothing and cannot fail.
KeyStorePtr resident(std::shared_ptr<const ServerKeys> keys);
KeyStorePtr resident(ServerKeys keys);

/// "rotation by 3", for errors.
std::string describe(const KeyName& name);

/// Throws kMissingKey, beginning with `where`, that names every key of the request that is absent or does not
/// reach its level; for programs that know before they begin what they will need.
void require_keys(const KeyStore& keys, const KeyRequest& request, std::string_view where);

/// Bytes of a key in memory, expanded: 2 digits (chain limbs + special primes) N words, of
/// key_basis(level).
std::uint64_t expanded_key_bytes(const Params& params, int level) noexcept;

}  // namespace sotto::ckks
