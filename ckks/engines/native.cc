// The engine that encrypts: Engine and Client over ckks/evaluator.h.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "ckks/decryptor.h"
#include "ckks/encryptor.h"
#include "ckks/engine.h"
#include "ckks/evaluator.h"
#include "ckks/keygen.h"
#include "ckks/linear.h"

namespace sotto::ckks {
namespace {

struct CipherBody final : Body {
  explicit CipherBody(Ciphertext a) : value(std::move(a)) {}
  Ciphertext value;
};
struct PlainBody final : Body {
  explicit PlainBody(Plaintext a) : value(std::move(a)) {}
  Plaintext value;
};

template <class B>
const B& body_of(const Handle& a) {
  const auto* body = dynamic_cast<const B*>(a.body().get());
  if (body == nullptr) {
    throw Error(ErrorCode::kInvalidArgument, "native: the value is empty or was made by another engine");
  }
  return *body;
}

const Ciphertext& get(const Cipher& a) {
  return body_of<CipherBody>(a).value;
}
const Plaintext& get(const Plain& a) {
  return body_of<PlainBody>(a).value;
}

void require_scale(std::string_view op, double scale) {
  if (scale > 0 && std::isfinite(scale)) return;
  throw Error(ErrorCode::kInvalidArgument,
              std::string(op) + ": scale " + std::to_string(scale) + " is not a positive number");
}

struct NativeLinear final : PreparedLinear {
  ParamsPtr params;
  EncodedTransform transform;
  OpCounts counts;
};

class NativeEngine final : public Engine {
 public:
  NativeEngine(KeyStorePtr keys, Threads threads)
      : info_{.name = "native", .params = keys->params(), .threads = threads},
        encoder_(keys->params()),
        evaluator_(std::move(keys), threads) {}

  const EngineInfo& info() const noexcept override { return info_; }
  OpCounts counts() const noexcept override { return counts_; }

  Plain encode(std::span<const double> slots, int level, double scale) override {
    return encoded(encoder_.encode(slots, level, scale, info_.threads));
  }
  Plain encode_complex(std::span<const std::complex<double>> slots, int level, double scale) override {
    return encoded(encoder_.encode(slots, level, scale, info_.threads));
  }
  Cipher add(const Cipher& a, const Cipher& b) override {
    return counted({.add = 1}, evaluator_.add(get(a), get(b)));
  }
  Cipher subtract(const Cipher& a, const Cipher& b) override {
    return counted({.add = 1}, evaluator_.subtract(get(a), get(b)));
  }
  Cipher negate(const Cipher& a) override { return native_cipher(evaluator_.negate(get(a))); }
  Cipher add_plain(const Cipher& a, const Plain& b) override {
    return counted({.add = 1}, evaluator_.add_plain(get(a), get(b)));
  }
  Cipher product(const Cipher& a, const Cipher& b) override {
    return counted({.multiply = 1}, evaluator_.product(get(a), get(b)));
  }
  Cipher relinearise(const Cipher& a) override {
    return counted({.relinearise = 1}, evaluator_.relinearise(get(a)));
  }
  Cipher relinearise_rescale(const Cipher& a) override {
    return counted({.relinearise = 1, .rescale = 1}, evaluator_.relinearise_rescale(get(a)));
  }
  Cipher multiply_plain(const Cipher& a, const Plain& b) override {
    return counted({.multiply_plain = 1}, evaluator_.multiply_plain(get(a), get(b)));
  }
  Cipher multiply_constant(const Cipher& a, double c, double constant_scale) override {
    return counted({.multiply_plain = 1}, evaluator_.multiply_constant(get(a), c, constant_scale));
  }
  Cipher add_constant(const Cipher& a, double c) override {
    return counted({.add = 1}, evaluator_.add_constant(get(a), c));
  }
  Cipher rescale(const Cipher& a) override { return counted({.rescale = 1}, evaluator_.rescale(get(a))); }
  Cipher drop_to_level(const Cipher& a, int level) override {
    return native_cipher(evaluator_.drop_to_level(get(a), level));
  }
  Cipher read_at_scale(const Cipher& a, double scale) override {
    Ciphertext read = get(a);
    evaluator_.require_mine("read_at_scale", read, 0);
    require_scale("read_at_scale", scale);
    read.scale = scale;
    return native_cipher(std::move(read));
  }
  Cipher rotate(const Cipher& a, int step) override {
    if (evaluator_.rotation(step).step != 0) return counted({.rotate = 1}, evaluator_.rotate(get(a), step));
    evaluator_.require_mine("rotate", get(a));
    return a;
  }
  Cipher conjugate(const Cipher& a) override {
    return counted({.conjugate = 1}, evaluator_.conjugate(get(a)));
  }
  Cipher multiply_by_i(const Cipher& a) override { return native_cipher(evaluator_.multiply_by_i(get(a))); }

  std::vector<Cipher> rotate_many(const Cipher& a, std::span<const int> steps) override {
    std::vector<int> moving;
    for (int step : steps) {
      if (evaluator_.rotation(step).step != 0) moving.push_back(step);
    }
    RecycledVector<Ciphertext> moved = evaluator_.rotate_many(get(a), moving);
    std::vector<Cipher> out;
    auto next = moved.begin();
    for (int step : steps) {
      out.push_back(evaluator_.rotation(step).step == 0 ? a : counted({.rotate = 1}, std::move(*next++)));
    }
    return out;
  }

  PreparedLinearPtr prepare(const LinearTransform& transform, int level, double plaintext_scale) override {
    auto prepared = std::make_shared<NativeLinear>();
    prepared->params = info_.params;
    prepared->transform =
        encode_transform(transform, encoder_, *info_.params, level, plaintext_scale, info_.threads);
    prepared->counts = transform.apply_counts();
    counts_.encode += prepared->counts.multiply_plain;
    return prepared;
  }

  Cipher apply(const PreparedLinear& prepared, const Cipher& a) override {
    const auto* linear = dynamic_cast<const NativeLinear*>(&prepared);
    if (linear == nullptr) {
      throw Error(ErrorCode::kInvalidArgument,
                  "apply: the transform was prepared by another engine; prepare it with this one");
    }
    require_same_params(*info_.params, *linear->params, "apply");
    Ciphertext result = apply_transform(evaluator_, linear->transform, get(a));
    counts_ += linear->counts;
    return native_cipher(std::move(result));
  }

 private:
  Cipher counted(const OpCounts& counts, Ciphertext result) {
    counts_ += counts;
    return native_cipher(std::move(result));
  }
  Plain encoded(Plaintext plain) {
    ++counts_.encode;
    const int level = plain.level();
    const double scale = plain.scale;
    return Plain(std::make_shared<const PlainBody>(std::move(plain)), level, scale);
  }

  EngineInfo info_;
  Encoder encoder_;
  Evaluator evaluator_;
  OpCounts counts_;
};

class NativeClient final : public Client {
 public:
  NativeClient(std::shared_ptr<ClientKeys> keys, Threads threads)
      : keys_(std::move(keys)), threads_(threads), encoder_(keys_->secret().params()), decryptor_(keys_) {}

  Cipher encrypt(std::span<const double> slots, int level, double scale) override {
    return encrypted(encoder_.encode(slots, level, scale, threads_));
  }
  Cipher encrypt_complex(std::span<const std::complex<double>> slots, int level, double scale) override {
    return encrypted(encoder_.encode(slots, level, scale, threads_));
  }
  std::vector<double> decrypt(const Cipher& a) override {
    return decryptor_.decode_private(decryptor_.decrypt(get(a), threads_), threads_);
  }
  std::vector<std::complex<double>> decrypt_complex(const Cipher& a) override {
    return decryptor_.decode_private_complex(decryptor_.decrypt(get(a), threads_));
  }

 private:
  Cipher encrypted(Plaintext plain) {
    const WipeAtExit guard(plain.poly);
    return native_cipher(ckks::encrypt(keys_->secret(), plain, rng_, threads_));
  }

  std::shared_ptr<ClientKeys> keys_;
  Threads threads_;
  Encoder encoder_;
  Decryptor decryptor_;
  Rng rng_;
};

}  // namespace

Session make_native_session(const ParamsPtr& params, const KeyRequest& request, Threads threads) {
  Rng rng;
  auto client = std::make_shared<ClientKeys>(make_secret_key(params, rng));
  auto server = resident(make_server_keys(client->secret(), request, rng, threads));
  return {make_native_client(std::move(client), threads), make_native_engine(std::move(server), threads)};
}

std::unique_ptr<Engine> make_native_engine(KeyStorePtr keys, Threads threads) {
  return std::make_unique<NativeEngine>(std::move(keys), threads);
}

std::unique_ptr<Client> make_native_client(std::shared_ptr<ClientKeys> keys, Threads threads) {
  return std::make_unique<NativeClient>(std::move(keys), threads);
}

const Ciphertext& native_ciphertext(const Cipher& a) {
  return get(a);
}

Cipher native_cipher(Ciphertext ciphertext) {
  require_shape("native_cipher", ciphertext);
  const int level = ciphertext.level();
  const double scale = ciphertext.scale;
  const int parts = static_cast<int>(ciphertext.c.size());
  return Cipher(std::make_shared<const CipherBody>(std::move(ciphertext)), level, scale, parts);
}

}  // namespace sotto::ckks
