// Both sides in one process, for `classify` and `evaluate`: keys, the prepared program, and one image after
// another.
#pragma once

#include <memory>
#include <string>

#include "apps/answer.h"
#include "apps/model.h"
#include "apps/output.h"
#include "apps/stopwatch.h"
#include "ckks/checked.h"
#include "nn/executor.h"

namespace sotto::app {

class Pipeline {
 public:
  /// Makes keys for exactly the plan's steps (engines "native" and "checked") and encodes the weights; shows
  /// progress. `model` must outlive it.
  Pipeline(const Model& model, const nn::Plan& plan, const std::string& engine, Threads threads);

  Answer classify(const nn::Tensor& image) const;

  /// Whether the plan leaves room for this answer; one beyond it may have wrapped around the modulus.
  bool within_range(const Answer& answer) const { return answer.largest_logit() <= plan().max_logit; }
  /// What to say about this number of answers beyond it: nothing, or a line.
  std::string range_warning(std::size_t beyond) const;

  const nn::Plan& plan() const noexcept { return program_->plan(); }
  const std::string& engine_name() const noexcept { return session_.engine->info().name; }
  ckks::OpCounts counts() const noexcept { return session_.engine->counts(); }

  struct Setup {
    double keygen_seconds = 0, prepare_seconds = 0;
    // Of the server's keys, an encrypted image and an encrypted answer as files; 0 on other engines than
    // native.
    std::size_t key_bytes = 0, image_bytes = 0, answer_bytes = 0;
  };
  const Setup& setup() const noexcept { return setup_; }
  /// What the engine "checked" has seen so far; null on the others.
  const ckks::CheckReport* checks() const noexcept { return checks_.get(); }

  /// The fields that every report begins with: model, engine, backend, threads, the parameters, and on the
  /// engine "checked" every operation with its bits.
  Json description() const;
  /// The lines that every text ends with: what it ran on, and how many bytes there are to send.
  std::string summary() const;

 private:
  void make_native(const nn::Plan& plan);
  void measure_traffic();

  const Model& model_;
  Threads threads_;
  ckks::ParamsPtr params_;
  ckks::Session session_;
  std::shared_ptr<const ckks::CheckReport> checks_;
  std::unique_ptr<nn::Program> program_;
  Setup setup_;
};

}  // namespace sotto::app
