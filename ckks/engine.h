// The whole-engine interface: what networks see of homomorphic encryption, and nothing more.
//
// Engines: `native` (our CKKS), `cleartext` (doubles in slots with true levels, scales and refusals), `trace`
// (counts, computes nothing), `checked` (ckks/checked.h: native beside cleartext). A Session pairs the server
// side (Engine, no secret) with the client side (Client). Values are cheap handles on shared immutable
// bodies. Slots are complex; most networks fill only the real parts, and what takes or gives doubles speaks
// of those.
//
// Rules that hold on every engine (tests/ckks/engine_conformance.h runs them on all):
//  * multiply*, square: the scale of the result is the product of the scales; the level stays; no rescale
//    happens by itself.
//  * rescale(a): level l -> l-1, scale -> scale / rescale_factor(l), as a rule q[l]; refused at level 0 and
//  when the scale falls below 1.
//  * add, subtract: operands at different levels are brought to the lower one by dropping limbs; scales must
//    agree to 2^-30 relative (kScaleMismatch otherwise, with both scales in the sentence). No operation
//    silently mixes scales.
//  * product(a, b) leaves three parts, so that a sum of products is relinearised once. What is linear and
//    needs no key takes three parts too: add, subtract, negate, multiply_by_i, drop_to_level,
//    read_at_scale and the operations with a plaintext or a constant. All others refuse them
//    (kInvalidArgument); relinearise() makes two of three.
//  * a product whose scale exceeds the modulus of its level is refused (kOutOfLevels) with the numbers.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/threads.h"
#include "ckks/client_keys.h"
#include "ckks/key_store.h"
#include "ckks/params.h"

namespace sotto::ckks {

/// Base of an engine's own representation; engines downcast what they made themselves.
struct Body {
  virtual ~Body() = default;
};

class Handle {
 public:
  Handle() = default;
  Handle(std::shared_ptr<const Body> body, int level, double scale)
      : body_(std::move(body)), level_(level), scale_(scale) {}
  int level() const noexcept { return level_; }
  double scale() const noexcept { return scale_; }
  const std::shared_ptr<const Body>& body() const noexcept { return body_; }

 private:
  std::shared_ptr<const Body> body_;
  int level_ = 0;
  double scale_ = 0;
};
class Plain : public Handle {
  using Handle::Handle;
};
class Cipher : public Handle {
 public:
  Cipher() = default;
  Cipher(std::shared_ptr<const Body> body, int level, double scale, int parts = 2)
      : Handle(std::move(body), level, scale), parts_(parts) {}
  int parts() const noexcept { return parts_; }  // 2, or 3 for products before relinearisation

 private:
  int parts_ = 2;
};

/// Operation counts of one run; `trace` fills them exactly, the others too (they are cheap), and all engines
/// agree on them: `add` is add, subtract, add_plain and add_constant; `multiply_plain` is also
/// multiply_constant; `multiply` is every product of two ciphertexts, and those that multiply() and square()
/// relinearise count `relinearise` too; `encode` is also encode_complex; a rotation by a multiple of `slots`
/// moves nothing and counts nothing; negate, multiply_by_i, read_at_scale and drop_to_level are free.
struct OpCounts {
  std::int64_t add = 0, multiply_plain = 0, multiply = 0, relinearise = 0, rotate = 0, conjugate = 0,
               rescale = 0, encode = 0;
  bool operator==(const OpCounts&) const = default;
  OpCounts& operator+=(const OpCounts& other) noexcept;
  friend OpCounts operator-(const OpCounts& a, const OpCounts& b) noexcept;
};

struct EngineInfo {
  std::string name;  // "native"
  ParamsPtr params;
  Threads threads;
};

/// How the blocks of a LinearTransform reach their places. Both need as many transforms and add as much noise
/// for a rotation.
enum class GiantSteps {
  kHorner,    // acc <- block_k + Rot(acc, giant_step): one key, and a rotation for an empty block too
  kSeparate,  // each block on its own: a key for each, none for an empty block, and no order among them
};

/// A linear map on slots as generalised diagonals with a baby-step giant-step split and final folds:
///   z = sum_g Rot( sum_b v[g][b] * Rot(x, b), g ),   then for each h of `folds` in order: z += Rot(z, h).
/// Giants g are multiples of one giant_step.
struct LinearTransform {
  struct Term {
    int baby = 0;                // in [0, slots)
    std::vector<double> values;  // [slots]; already rotated right by the giant step
  };
  int giant_step = 0;                     // 0 when there is a single block
  std::vector<std::vector<Term>> blocks;  // block k is rotated by k * giant_step; may be empty in between
  std::vector<int> folds;
  GiantSteps giants = GiantSteps::kHorner;

  /// Distinct rotation steps needed: babies, giant steps and folds, without 0; ascending.
  std::vector<int> rotation_steps() const;
  /// What one Engine::apply() counts, whichever way the engine computes it.
  OpCounts apply_counts() const;
};

/// Throws Error kInvalidArgument unless babies, the giant step and folds are in [0, slots), with separate
/// giants also k * giant_step of the last block, every term has `slots` values and there is a term.
void validate(const LinearTransform& transform, std::size_t slots);

/// A transform whose plaintexts are encoded for one engine, input level and plaintext scale; made once,
/// applied often.
class PreparedLinear {
 public:
  virtual ~PreparedLinear() = default;
};
using PreparedLinearPtr = std::shared_ptr<const PreparedLinear>;

class Engine {
 public:
  virtual ~Engine() = default;
  virtual const EngineInfo& info() const noexcept = 0;
  virtual OpCounts counts() const noexcept = 0;  // since construction
  const Params& params() const noexcept { return *info().params; }
  int slots() const noexcept { return static_cast<int>(params().slots()); }

  // Primitives.
  /// slots.size() ≤ params().slots(), the rest is 0. Throws when |value| scale does not fit the modulus of
  /// the level, or a value is not finite.
  virtual Plain encode(std::span<const double> slots, int level, double scale) = 0;
  virtual Plain encode_complex(std::span<const std::complex<double>> slots, int level, double scale) = 0;
  virtual Cipher add(const Cipher& a, const Cipher& b) = 0;
  virtual Cipher subtract(const Cipher& a, const Cipher& b) = 0;
  virtual Cipher negate(const Cipher& a) = 0;
  virtual Cipher add_plain(const Cipher& a, const Plain& b) = 0;       // levels: b.level() ≥ a.level()
  virtual Cipher product(const Cipher& a, const Cipher& b) = 0;        // three parts, not rescaled
  virtual Cipher relinearise(const Cipher& a) = 0;                     // three parts to two
  virtual Cipher multiply_plain(const Cipher& a, const Plain& b) = 0;  // not rescaled; b.level() ≥ a.level()
  virtual Cipher multiply_constant(const Cipher& a, double c, double constant_scale) = 0;  // not rescaled
  virtual Cipher add_constant(const Cipher& a, double c) = 0;
  virtual Cipher rescale(const Cipher& a) = 0;
  virtual Cipher drop_to_level(const Cipher& a,
                               int level) = 0;  // same message; scale · params().drop_scale()
  /// The same ciphertext read at another positive scale: the message times scale(a) / scale. Exact and free.
  virtual Cipher read_at_scale(const Cipher& a, double scale) = 0;
  virtual Cipher rotate(const Cipher& a, int step) = 0;  // step > 0 moves slots to the left
  virtual Cipher conjugate(const Cipher& a) = 0;
  /// Every slot times i: the product with X^(N/2) permutes and negates coefficients, so it is exact, adds no
  /// noise, needs no key and keeps level and scale.
  virtual Cipher multiply_by_i(const Cipher& a) = 0;

  // Composites: the default bodies use the primitives; engines override what they can do better (hoisting,
  // fusion).
  virtual Cipher multiply(const Cipher& a, const Cipher& b);  // relinearise(product(a, b))
  virtual Cipher square(const Cipher& a);                     // multiply(a, a)
  /// rescale(relinearise(a)) of a sum of products, and rescale(multiply(a, b)).
  virtual Cipher relinearise_rescale(const Cipher& a);
  virtual Cipher multiply_rescale(const Cipher& a, const Cipher& b);
  virtual std::vector<Cipher> rotate_many(const Cipher& a, std::span<const int> steps);
  /// Encodes the transform's values at plaintext_scale for inputs at `level`.
  virtual PreparedLinearPtr prepare(const LinearTransform& transform, int level, double plaintext_scale);
  /// Applies it to `a` (at the prepared level) and rescales once: scale = a.scale · plaintext_scale /
  /// rescale_factor(level), level - 1.
  virtual Cipher apply(const PreparedLinear& prepared, const Cipher& a);
  /// sum_k c[k] x^k by ckks/polynomial.h, the result at level(a) - polynomial_depth(coefficients) and at
  /// exactly the canonical scale params().scale(that level); `a` must be at the canonical scale of its level,
  /// is_canonical() (every multiplication of canonical values stays canonical). Monomial x^2 alone costs one
  /// square and one rescale.
  virtual Cipher polynomial(const Cipher& a, std::span<const double> coefficients);
};

/// The scale of `a` is the canonical one of its level to 2^-40.
bool is_canonical(const Params& params, const Handle& a) noexcept;

/// The client side: holds or stands for the secret.
class Client {
 public:
  virtual ~Client() = default;
  virtual Cipher encrypt(std::span<const double> slots, int level, double scale) = 0;
  virtual Cipher encrypt_complex(std::span<const std::complex<double>> slots, int level, double scale) = 0;
  // Never leave the key owner (decode_private): approximate values carry information on the secret key.
  virtual std::vector<double> decrypt(const Cipher& a) = 0;                        // [slots]: the real parts
  virtual std::vector<std::complex<double>> decrypt_complex(const Cipher& a) = 0;  // [slots]
};

struct Session {
  std::unique_ptr<Client> client;
  std::unique_ptr<Engine> engine;
};

/// One process that plays both sides: keys made for `request` (ignored by the other engines).
Session make_native_session(const ParamsPtr& params, const KeyRequest& request, Threads threads);
Session make_cleartext_session(const ParamsPtr& params);
Session make_trace_session(const ParamsPtr& params);

/// The two halves of `native` apart: what `sotto infer` and `sotto encrypt`/`decrypt` use.
std::unique_ptr<Engine> make_native_engine(KeyStorePtr keys, Threads threads);
std::unique_ptr<Client> make_native_client(std::shared_ptr<ClientKeys> keys, Threads threads);

/// Between native handles and ciphertexts that are written to files; throws when the handle belongs to
/// another engine.
struct Ciphertext;
const Ciphertext& native_ciphertext(const Cipher& a);
Cipher native_cipher(Ciphertext ciphertext);

}  // namespace sotto::ckks
