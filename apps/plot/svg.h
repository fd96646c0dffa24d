// Line charts as SVG, for pictures that a browser or a README shows: panels side by side or below each other,
// each with axes, ticks, a legend, and a linear or logarithmic ordinate.
#pragma once

#include <string>
#include <vector>

namespace sotto::app {

struct Series {
  std::string name;
  std::vector<double> x,
      y;              // points that are not finite, or not positive on a logarithmic axis, break the line
  bool dots = false;  // marks instead of a line
};

struct Panel {
  std::string title, x_label, y_label;
  bool log_y = false;
  std::vector<Series> series;
};

/// The panels from top to bottom, 760 wide. Throws Error for a panel without a finite point.
std::string svg_chart(const std::string& title, const std::vector<Panel>& panels);

/// Round numbers that divide [low, high] into about `count` parts: 1, 2 or 5 times a power of ten apart.
std::vector<double> round_ticks(double low, double high, int count);

}  // namespace sotto::app
