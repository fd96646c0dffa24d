// Pictures of `sotto fit`: a function with its polynomial, error and weight; the frontier of a layer search.
#pragma once

#include <optional>
#include <string>

#include "approx/distribution.h"
#include "approx/function.h"
#include "approx/interval.h"
#include "approx/layer_search.h"

namespace sotto::app {

/// Function and polynomial over the domain and a twentieth beyond its ends, the error on a logarithmic axis,
/// and the weight where there is one with a density.
std::string plot_fit(const std::string& title, const approx::Function& f, const approx::RealFunction& p,
                     const approx::Domain& domain, const std::optional<approx::Distribution>& weight);

/// Variance against cost for all that were compared, and the levels that the chosen point gives each layer.
std::string plot_layers(const std::vector<approx::Layer>& layers, const approx::Frontier& frontier,
                        const std::vector<approx::LayerChoice>& greedy,
                        const std::vector<approx::LayerChoice>& uniform, const approx::LayerChoice& chosen);

}  // namespace sotto::app
