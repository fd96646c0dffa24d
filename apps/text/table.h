// Columns of text for a terminal: numbers to the right, words to the left, two spaces between.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sotto::app {

class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kRight;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// One cell a column.
  void add(std::vector<std::string> cells);
  /// Draws a line above the next row: totals stand under it.
  void rule() { rules_.push_back(rows_.size()); }
  std::string text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> rules_;  // rows that have a line above them
};

/// Columns that UTF-8 text takes in a terminal, for the scripts that our tables use (one column a character).
std::size_t display_width(std::string_view text) noexcept;

}  // namespace sotto::app
