#include "apps/text/table.h"

#include <algorithm>

#include "base/error.h"

namespace sotto::app {
namespace {

void append_cell(std::string& line, const std::string& cell, std::size_t width, Table::Align align) {
  const std::string padding(width - display_width(cell), ' ');
  line += align == Table::Align::kRight ? padding + cell : cell + padding;
}

void append_line(std::string& out, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + '\n';
}

}  // namespace

std::size_t display_width(std::string_view text) noexcept {
  const auto starts_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

void Table::add(std::vector<std::string> cells) {
  if (cells.size() != columns_.size()) {
    throw Error(ErrorCode::kInvalidArgument, "a table of " + std::to_string(columns_.size()) +
                                                 " columns was given a row of " +
                                                 std::to_string(cells.size()));
  }
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::size_t width = display_width(columns_[c].title);
    for (const auto& row : rows_) width = std::max(width, display_width(row[c]));
    widths.push_back(width);
  }
  std::string out, titles, line;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const std::string gap = c == 0 ? "" : "  ";
    titles += gap;
    line += gap;
    append_cell(titles, columns_[c].title, widths[c], columns_[c].align);
    for (std::size_t i = 0; i < widths[c]; ++i) line += "─";
  }
  append_line(out, titles);
  append_line(out, line);
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    if (std::count(rules_.begin(), rules_.end(), r) != 0) append_line(out, line);
    std::string text;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (c != 0) text += "  ";
      append_cell(text, rows_[r][c], widths[c], columns_[c].align);
    }
    append_line(out, text);
  }
  return out;
}

}  // namespace sotto::app
