// Counts the operations of a computation and follows its levels and scales; no slot is stored. Refuses what
// the others refuse, except what depends on the encrypted values.
#include "base/error.h"
#include "ckks/engines/ledger.h"

namespace sotto::ckks {
namespace {

Cipher at(Placement place) {
  return Cipher(nullptr, place.level, place.scale, place.parts);
}

class TraceEngine final : public Engine {
 public:
  explicit TraceEngine(const ParamsPtr& params) : info_{"trace", params, Threads{}}, ledger_(params) {}
  const EngineInfo& info() const noexcept override { return info_; }
  OpCounts counts() const noexcept override { return ledger_.counts(); }

  Plain encode(std::span<const double> slots, int level, double scale) override {
    const Placement place = ledger_.encode("encode", slots, {}, level, scale);
    return Plain(nullptr, place.level, place.scale);
  }
  Plain encode_complex(std::span<const std::complex<double>> slots, int level, double scale) override {
    const SlotParts parts = split_complex(slots);
    const Placement place = ledger_.encode("encode", parts.re, parts.im, level, scale);
    return Plain(nullptr, place.level, place.scale);
  }
  Cipher add(const Cipher& a, const Cipher& b) override { return at(ledger_.add("add", a, b)); }
  Cipher subtract(const Cipher& a, const Cipher& b) override { return at(ledger_.add("subtract", a, b)); }
  Cipher negate(const Cipher& a) override { return a; }
  Cipher add_plain(const Cipher& a, const Plain& b) override { return at(ledger_.add_plain(a, b)); }
  Cipher add_constant(const Cipher& a, double c) override { return at(ledger_.add_constant(a, c)); }
  Cipher product(const Cipher& a, const Cipher& b) override { return at(ledger_.product(a, b)); }
  Cipher relinearise(const Cipher& a) override { return at(ledger_.relinearise(a)); }
  Cipher multiply_plain(const Cipher& a, const Plain& b) override { return at(ledger_.multiply_plain(a, b)); }
  Cipher multiply_constant(const Cipher& a, double c, double constant_scale) override {
    return at(ledger_.multiply_constant(a, c, constant_scale));
  }
  Cipher rescale(const Cipher& a) override { return at(ledger_.rescale(a)); }
  Cipher drop_to_level(const Cipher& a, int level) override { return at(ledger_.drop_to_level(a, level)); }
  Cipher read_at_scale(const Cipher& a, double scale) override { return at(ledger_.read_at_scale(a, scale)); }
  Cipher rotate(const Cipher& a, int step) override { return at(ledger_.rotate(a, step)); }
  Cipher conjugate(const Cipher& a) override { return at(ledger_.conjugate(a)); }
  Cipher multiply_by_i(const Cipher& a) override { return a; }

 private:
  EngineInfo info_;
  Ledger ledger_;
};

class TraceClient final : public Client {
 public:
  explicit TraceClient(const ParamsPtr& params) : ledger_(params) {}
  Cipher encrypt(std::span<const double> slots, int level, double scale) override {
    return at(ledger_.encode("encrypt", slots, {}, level, scale));
  }
  Cipher encrypt_complex(std::span<const std::complex<double>> slots, int level, double scale) override {
    const SlotParts parts = split_complex(slots);
    return at(ledger_.encode("encrypt", parts.re, parts.im, level, scale));
  }
  /// Zeros: there is nothing to decrypt.
  std::vector<double> decrypt(const Cipher&) override {
    return std::vector<double>(ledger_.params().slots());
  }
  std::vector<std::complex<double>> decrypt_complex(const Cipher&) override {
    return std::vector<std::complex<double>>(ledger_.params().slots());
  }

 private:
  Ledger ledger_;
};

}  // namespace

Session make_trace_session(const ParamsPtr& params) {
  return {std::make_unique<TraceClient>(params), std::make_unique<TraceEngine>(params)};
}

}  // namespace sotto::ckks
