#include "ckks/key_store.h"

#include "base/error.h"

namespace sotto::ckks {
namespace {

std::map<KeyName, int> levels_in(const ServerKeys& keys) {
  std::map<KeyName, int> levels;
  if (keys.relin) levels.emplace(std::nullopt, keys.relin->level);
  for (const auto& [id, key] : keys.galois) levels.emplace(id, key.level);
  return levels;
}

class ResidentKeys final : public KeyStore {
 public:
  explicit ResidentKeys(std::shared_ptr<const ServerKeys> keys)
      : KeyStore(keys->params, keys->id, levels_in(*keys)), keys_(std::move(keys)) {}

  std::shared_ptr<const SwitchingKey> find(const KeyName& name) const override {
    return {keys_, name ? &keys_->galois.at(*name) : &keys_->relin.value()};
  }

 private:
  std::shared_ptr<const ServerKeys> keys_;
};

}  // namespace

KeyStore::KeyStore(ParamsPtr params, const KeyId& id, std::map<KeyName, int> levels)
    : params_(std::move(params)), id_(id), levels_(std::move(levels)) {}

int KeyStore::level_of(const KeyName& name) const noexcept {
  const auto found = levels_.find(name);
  return found == levels_.end() ? -1 : found->second;
}

KeyStorePtr resident(std::shared_ptr<const ServerKeys> keys) {
  return std::make_shared<const ResidentKeys>(std::move(keys));
}

KeyStorePtr resident(ServerKeys keys) {
  return resident(std::make_shared<const ServerKeys>(std::move(keys)));
}

std::string describe(const KeyName& name) {
  if (!name) return "the relinearisation key";
  return name->conjugate ? "the conjugation" : "rotation by " + std::to_string(name->step);
}

void require_keys(const KeyStore& keys, const KeyRequest& request, std::string_view where) {
  std::string missing;
  const auto require = [&](const KeyName& name, int level) {
    const int reach = keys.level_of(name);
    if (reach >= level) return;
    missing += (missing.empty() ? "" : ", ") + describe(name) + " at level " + std::to_string(level);
    if (reach >= 0) missing += " (its key reaches level " + std::to_string(reach) + ")";
  };
  if (request.relin_level >= 0) require(std::nullopt, request.relin_level);
  for (const GaloisKeyRequest& galois : request.galois) require(galois.id, galois.level);
  if (missing.empty()) return;
  throw Error(ErrorCode::kMissingKey,
              std::string(where) + ": no key for " + missing + "; make keys for this plan");
}

std::uint64_t expanded_key_bytes(const Params& params, int level) noexcept {
  const Basis& basis = params.key_basis(level);
  const auto limbs = static_cast<std::uint64_t>(basis.size() + params.special_count());
  return 2 * static_cast<std::uint64_t>(basis.digit_count()) * limbs * params.n() * sizeof(u64);
}

}  // namespace sotto::ckks
