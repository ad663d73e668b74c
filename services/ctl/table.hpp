#pragma once

#include <string>
#include <vector>

namespace farshore::ctl {

/// Rows for people, in columns as wide as their widest cell (by bytes).
class Table {
 public:
  explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}
  /// As many cells as there are headings. Newlines in cells become spaces.
  void add(std::vector<std::string> cells);
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace farshore::ctl
