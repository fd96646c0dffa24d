// The digest of a graph is that of a canonical byte string: little-endian 64-bit integers and doubles, every
// list preceded by its length.
#include "nn/model_hash.h"

#include <openssl/evp.h>

#include <bit>
#include <memory>
#include <type_traits>

#include "base/error.h"

namespace sotto::nn {
namespace {

class Digest {
 public:
  Digest() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) fail();
  }

  void add(std::string_view bytes) {
    if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1) fail();
  }
  void add(std::uint64_t word) {
    unsigned char bytes[8];
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<unsigned char>(word >> (8 * i));
    if (EVP_DigestUpdate(context_.get(), bytes, sizeof bytes) != 1) fail();
  }
  void add(int number) { add(static_cast<std::uint64_t>(std::int64_t{number})); }
  void add(double number) { add(std::bit_cast<std::uint64_t>(number)); }
  template <class List>
  void add_list(const List& list) {
    add(static_cast<std::uint64_t>(list.size()));
    for (const auto& item : list) add(item);
  }
  void add(const Tensor& tensor) {
    add_list(tensor.shape);
    add_list(tensor.values);
  }

  std::string hex() {
    unsigned char bytes[32];
    unsigned int size = 0;
    if (EVP_DigestFinal_ex(context_.get(), bytes, &size) != 1 || size != sizeof bytes) fail();
    std::string text;
    for (const unsigned char byte : bytes) {
      text += "0123456789abcdef"[byte >> 4];
      text += "0123456789abcdef"[byte & 15];
    }
    return text;
  }

 private:
  [[noreturn]] static void fail() { throw Error(ErrorCode::kIo, "SHA-256 is not available in OpenSSL"); }
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

void add_fields(Digest& digest, const Conv2d& conv) {
  digest.add(conv.weights);
  digest.add_list(conv.bias);
  digest.add_list(conv.stride);
  digest.add_list(conv.pads);
  digest.add_list(conv.dilation);
  digest.add(conv.groups);
}
void add_fields(Digest& digest, const Dense& dense) {
  digest.add(dense.weights);
  digest.add_list(dense.bias);
}
void add_fields(Digest& digest, const AveragePool& pool) {
  digest.add_list(pool.kernel);
  digest.add_list(pool.stride);
  digest.add_list(pool.pads);
  digest.add(pool.count_include_pad ? 1 : 0);
}
void add_fields(Digest& digest, const Affine& affine) {
  digest.add_list(affine.scale);
  digest.add_list(affine.shift);
}
void add_fields(Digest& digest, const Polynomial& polynomial) {
  digest.add_list(polynomial.coefficients);
}
void add_fields(Digest&, const Reshape&) {}
void add_fields(Digest&, const Add&) {}
void add_fields(Digest&, const Relu&) {}

}  // namespace

std::string model_sha256(const Graph& graph) {
  Digest digest;
  digest.add(graph.input);
  digest.add(graph.output);
  digest.add(static_cast<std::uint64_t>(graph.values.size()));
  for (const Value& value : graph.values) digest.add_list(value.shape);
  digest.add(static_cast<std::uint64_t>(graph.nodes.size()));
  for (const Node& node : graph.nodes) {
    digest.add(static_cast<std::uint64_t>(node.op.index()));
    std::visit([&](const auto& specific) { add_fields(digest, specific); }, node.op);
    digest.add_list(node.inputs);
    digest.add(node.output);
  }
  return digest.hex();
}

std::string sha256_hex(std::string_view bytes) {
  Digest digest;
  digest.add(bytes);
  return digest.hex();
}

}  // namespace sotto::nn
