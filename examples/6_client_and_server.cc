// Client and server apart: only files pass between them, and the secret key is in none that the server gets.
//
// Next: examples/7_backends.cc. docs/file-formats.md has every byte.
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "ckks/automatic.h"
#include "ckks/io/objects.h"
#include "ckks/io/server_keys.h"
#include "ckks/keygen.h"
#include "ckks/named_params.h"

namespace ckks = sotto::ckks;
namespace fs = std::filesystem;

namespace {

/// At home: makes the keys, keeps the secret, encrypts.
void client_sends(const fs::path& home, const fs::path& wire) {
  const ckks::ParamsPtr params = ckks::Params::make(ckks::params::find("L13").literal);
  ckks::Rng rng;  // the randomness of the operating system
  const auto keys = std::make_shared<ckks::ClientKeys>(ckks::make_secret_key(params, rng));
  ckks::io::save(home / "secret.key", keys->secret());  // readable by its owner only

  const ckks::KeyRequest request{.relin_level = params->max_level(), .galois = {}};
  ckks::io::save(wire / "server.keys",
                 ckks::make_server_keys(keys->secret(), request, rng, sotto::Threads::all()));

  const auto client = ckks::make_native_client(keys, sotto::Threads::all());
  const ckks::Cipher x = ckks::encrypt(*client, *params, std::vector{0.5, 1.5, -2.0});
  ckks::io::save(wire / "question.ct", ckks::native_ciphertext(x));  // a fresh one: half of it is a seed
}

/// Elsewhere: squares what it cannot read. A file that is damaged, of other parameters, or made with another
/// key is refused when it is loaded.
void server_answers(const fs::path& wire) {
  const ckks::KeyStorePtr keys = ckks::resident(ckks::io::load_server_keys(wire / "server.keys"));
  const auto engine = ckks::make_native_engine(keys, sotto::Threads::all());
  const ckks::Automatic server(*engine);
  const ckks::Cipher x =
      ckks::native_cipher(ckks::io::load_ciphertext(wire / "question.ct", keys->params(), keys->id()));
  const ckks::Cipher answer = server.at_level(server.square(x), 0);  // few levels, small file
  ckks::io::save(wire / "answer.ct", ckks::native_ciphertext(answer));
}

double client_reads(const fs::path& home, const fs::path& wire) {
  const auto keys = std::make_shared<ckks::ClientKeys>(ckks::io::load_secret_key(home / "secret.key"));
  const auto client = ckks::make_native_client(keys, sotto::Threads::all());
  const std::vector<double> answer = client->decrypt(ckks::native_cipher(
      ckks::io::load_ciphertext(wire / "answer.ct", keys->secret().params(), keys->secret().id())));
  std::printf("squares of 0.5 1.5 -2: %.3f %.3f %.3f\n", answer[0], answer[1], answer[2]);
  return answer[2];
}

}  // namespace

int main() {
  const fs::path folder = fs::temp_directory_path() / ("sotto-example-" + std::to_string(getpid()));
  const fs::path home = folder / "home", wire = folder / "wire";
  fs::create_directories(home);
  fs::create_directories(wire);
  client_sends(home, wire);
  server_answers(wire);
  const double last = client_reads(home, wire);
  for (const fs::path file : {"server.keys", "question.ct", "answer.ct"})
    std::printf("%-12s %8zu bytes\n", file.c_str(), static_cast<std::size_t>(fs::file_size(wire / file)));
  fs::remove_all(folder);
  return std::fabs(last - 4) < 0.01 ? 0 : 1;
}
