// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_BENCH_SVG_HPP
#define PERDURE_BENCH_SVG_HPP

// A chart of cost against size, both by powers, as a text of SVG.

#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace bench {

struct curve {
  std::string name;
  std::vector<std::pair<double, double>> points;  // MiB, seconds
};

inline std::string size_text(double mib) {
  char text[32];
  std::snprintf(text, sizeof(text), mib < 1024 ? "%.4g MiB" : "%.4g GiB", mib < 1024 ? mib : mib / 1024);
  return text;
}
inline std::string time_text(double seconds) {
  char text[32];
  if (seconds < 1e-3) std::snprintf(text, sizeof(text), "%.3g us", seconds * 1e6);
  if (seconds >= 1e-3 && seconds < 1) std::snprintf(text, sizeof(text), "%.3g ms", seconds * 1e3);
  if (seconds >= 1) std::snprintf(text, sizeof(text), "%.3g s", seconds);
  return text;
}

class chart {
 public:
  chart(std::string title, std::vector<curve> curves) : title_(std::move(title)), curves_(std::move(curves)) {
    for (const curve& one : curves_) {
      for (const auto& [mib, seconds] : one.points) {
        x_.add(std::log10(mib));
        y_.add(std::log10(seconds));
      }
    }
    x_.widen(0);
    y_.widen(0.1);
  }

  [[nodiscard]] std::string svg() {
    text_ =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"720\" height=\"480\" font-family=\"sans-serif\" font-size=\"12\">\n";
    add("<rect width=\"720\" height=\"480\" fill=\"white\"/>\n");
    say(360, 24, "middle", "black", title_);
    for (int power = static_cast<int>(std::ceil(y_.low)); power <= y_.high; ++power) {
      const double at = y_of(std::pow(10, power));
      add("<line x1=\"%g\" y1=\"%.1f\" x2=\"%g\" y2=\"%.1f\" stroke=\"#ddd\"/>\n", left, at, right, at);
      say(left - 6, at + 4, "end", "#444", time_text(std::pow(10, power)));
    }
    std::vector<double> sizes;
    for (const auto& point : curves_[0].points) sizes.push_back(point.first);
    for (const double mib : sizes) {
      add("<line x1=\"%.1f\" y1=\"%g\" x2=\"%.1f\" y2=\"%g\" stroke=\"#ddd\"/>\n", x_of(mib), top, x_of(mib), bottom);
      say(x_of(mib), bottom + 18, "middle", "#444", size_text(mib));
    }
    const char* const colours[] = {"#1f5fbf", "#c0392b", "#2e8b57", "#8e44ad"};
    for (std::size_t i = 0; i < curves_.size(); ++i) draw(curves_[i], colours[i % 4], 48 + 18 * static_cast<double>(i));
    return text_ + "</svg>\n";
  }

 private:
  struct range {
    double low = 1e9;
    double high = -1e9;
    void add(double value) {
      low = value < low ? value : low;
      high = value > high ? value : high;
    }
    void widen(double by) {
      low -= by;
      high += by;
      if (high - low < 0.1) high = low + 0.1;
    }
  };
  static constexpr double left = 80, right = 700, top = 40, bottom = 440;

  [[nodiscard]] double x_of(double mib) const { return left + (right - left) * (std::log10(mib) - x_.low) / (x_.high - x_.low); }
  [[nodiscard]] double y_of(double seconds) const {
    return bottom - (bottom - top) * (std::log10(seconds) - y_.low) / (y_.high - y_.low);
  }
  template <class... Values>
  void add(const char* format, Values... values) {
    char line[400];
    if constexpr (sizeof...(values) == 0) {
      text_ += format;
    } else {
      std::snprintf(line, sizeof(line), format, values...);
      text_ += line;
    }
  }
  void say(double x, double y, const char* anchor, const char* colour, const std::string& what) {
    add("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\">%s</text>\n", x, y, anchor, colour, what.c_str());
  }
  void draw(const curve& one, const char* colour, double legend) {
    text_ += "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"" + std::string(colour) + "\" points=\"";
    for (const auto& [mib, seconds] : one.points) add("%.1f,%.1f ", x_of(mib), y_of(seconds));
    text_ += "\"/>\n";
    for (const auto& [mib, seconds] : one.points) {
      add("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"><title>", x_of(mib), y_of(seconds), colour);
      add("%s, %s: %s</title></circle>\n", one.name.c_str(), size_text(mib).c_str(), time_text(seconds).c_str());
    }
    const auto& [mib, seconds] = one.points.back();
    say(left + 10, legend, "start", colour, one.name + ", " + size_text(mib) + " in " + time_text(seconds));
  }

  std::string title_;
  std::vector<curve> curves_;
  range x_;
  range y_;
  std::string text_;
};

}  // namespace bench

#endif  // PERDURE_BENCH_SVG_HPP
