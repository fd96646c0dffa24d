#include "apps/plot/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace sotto::app {
namespace {

constexpr double kWidth = 760, kPanelHeight = 260, kTop = 48, kLeft = 76, kRight = 24, kGap = 64;
// Distinct for the colour-blind [Okabe and Ito], dark enough on white.
constexpr const char* kColours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"};

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else
      out += c;
  }
  return out;
}

struct Axis {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  bool log = false;
  double from = 0, to = 1;  // pixels

  double value(double x) const { return log ? std::log10(x) : x; }
  bool shows(double x) const { return std::isfinite(x) && (!log || x > 0); }
  void include(double x) {
    if (!shows(x)) return;
    low = std::min(low, value(x));
    high = std::max(high, value(x));
  }
  void pad(double share) {
    const double room = high > low ? share * (high - low) : std::max(1e-12, 0.1 * std::abs(high));
    low -= room;
    high += room;
  }
  double pixel(double x) const { return from + (value(x) - low) / (high - low) * (to - from); }
};

std::string tick_label(double x) {
  return std::abs(x) < 1e-300 ? "0" : fmt::format("{:.6g}", x);
}

/// Ticks in the units of the data.
std::vector<double> ticks(const Axis& axis, int count) {
  if (!axis.log) return round_ticks(axis.low, axis.high, count);
  std::vector<double> all;
  const int every = std::max(1, static_cast<int>(std::ceil((axis.high - axis.low) / count)));
  for (int e = static_cast<int>(std::ceil(axis.low)); e <= static_cast<int>(std::floor(axis.high));
       e += every)
    all.push_back(std::pow(10.0, e));
  return all;
}

std::string frame(const Panel& panel, const Axis& x, const Axis& y) {
  std::string out = fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" font-weight=\"bold\">{}</text>\n"
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"none\" stroke=\"#888\"/>\n",
      x.from, y.to - 10, escaped(panel.title), x.from, y.to, x.to - x.from, y.from - y.to);
  for (const double at : ticks(x, 8)) {
    out += fmt::format(
        "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\" stroke=\"#ddd\"/>"
        "<text x=\"{0:.1f}\" y=\"{3:.1f}\" text-anchor=\"middle\">{4}</text>\n",
        x.pixel(at), y.from, y.to, y.from + 16, tick_label(at));
  }
  for (const double at : ticks(y, 6)) {
    out += fmt::format(
        "<line x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" stroke=\"#ddd\"/>"
        "<text x=\"{3:.1f}\" y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>\n",
        x.from, x.to, y.pixel(at), x.from - 6, y.pixel(at) + 4, tick_label(at));
  }
  out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n",
                     (x.from + x.to) / 2, y.from + 34, escaped(panel.x_label));
  const double middle = (y.from + y.to) / 2;
  return out + fmt::format(
                   "<text x=\"16\" y=\"{0:.1f}\" text-anchor=\"middle\" transform=\"rotate(-90 16 "
                   "{0:.1f})\">{1}</text>\n",
                   middle, escaped(panel.y_label));
}

std::string curve(const Series& series, const Axis& x, const Axis& y, const char* colour) {
  std::string out, path;
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    if (!x.shows(series.x[i]) || !y.shows(series.y[i])) {
      path += ' ';
      continue;
    }
    const double px = x.pixel(series.x[i]), py = y.pixel(series.y[i]);
    if (series.dots)
      out += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\" fill=\"{}\"/>\n", px, py, colour);
    else
      path += fmt::format("{}{:.2f} {:.2f}", path.empty() || path.back() == ' ' ? 'M' : 'L', px, py);
  }
  if (!series.dots)
    out += fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\"/>\n", path, colour);
  return out;
}

std::string panel_svg(const Panel& panel, double top) {
  Axis x, y;
  y.log = panel.log_y;
  for (const Series& series : panel.series) {
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      if (!x.shows(series.x[i]) || !y.shows(series.y[i])) continue;
      x.include(series.x[i]);
      y.include(series.y[i]);
    }
  }
  if (x.low > x.high)
    throw Error(ErrorCode::kInvalidArgument, "the panel " + panel.title + " has no point to draw");
  x.pad(0.01);
  y.pad(0.06);
  x.from = kLeft, x.to = kWidth - kRight;
  y.from = top + kPanelHeight, y.to = top;
  std::string out = frame(panel, x, y);
  double legend = x.to - 8;
  for (std::size_t i = panel.series.size(); i-- > 0;) {
    const char* colour = kColours[i % std::size(kColours)];
    out += curve(panel.series[i], x, y, colour);
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\" fill=\"{}\">{}</text>\n", legend,
                       y.to - 10, colour, escaped(panel.series[i].name));
    legend -= 7.0 * static_cast<double>(panel.series[i].name.size()) + 18;
  }
  return out;
}

}  // namespace

std::vector<double> round_ticks(double low, double high, int count) {
  const double raw = (high - low) / count, power = std::pow(10.0, std::floor(std::log10(raw)));
  const double step = power * (raw > 5 * power ? 10 : raw > 2 * power ? 5 : raw > power ? 2 : 1);
  std::vector<double> all;
  for (double k = std::ceil(low / step - 1e-9); k <= std::floor(high / step + 1e-9); ++k)
    all.push_back(k * step);
  return all;
}

std::string svg_chart(const std::string& title, const std::vector<Panel>& panels) {
  const double height = kTop + static_cast<double>(panels.size()) * (kPanelHeight + kGap) + 16;
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n"
      "<text x=\"{2}\" y=\"20\" font-size=\"15\">{3}</text>\n",
      kWidth, height, kLeft, escaped(title));
  double top = kTop;
  for (const Panel& panel : panels) {
    out += panel_svg(panel, top);
    top += kPanelHeight + kGap;
  }
  return out + "</svg>\n";
}

}  // namespace sotto::app
