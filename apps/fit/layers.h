// `sotto fit --layers`: the search for the activations of a whole network, as a table, JSON and a picture.
#pragma once

#include <string>

namespace sotto::app {

struct LayersRequest {
  std::string file, plot;
  double budget = 0, variance = 0;  // 0: not asked for
  int steps = 10000;
  bool json = false;
};

/// Gives an ExitCode; throws Error.
int run_fit_layers(const LayersRequest& request);

}  // namespace sotto::app
