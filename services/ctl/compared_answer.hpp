#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/table_name.hpp"
#include "services/ctl/table_comparison.hpp"

namespace farshore::ctl {

/// What is said of one table.
struct Compared {
  TableName name;
  TableComparison rows;
  std::vector<std::string> left_out;
  std::string not_compared;  ///< why; empty: it was

  [[nodiscard]] bool is_equal() const {
    return not_compared.empty() && rows.stopped.empty() && left_out.empty() && rows.differing == 0 &&
           rows.undecided == 0;
  }
};

/// For people: a line, and one for each row that differs. `here`, `peer`: the regions' names.
[[nodiscard]] std::string sentence_of(const Compared& table, std::string_view here, std::string_view peer);
/// For scripts.
[[nodiscard]] nlohmann::ordered_json json_of(const Compared& table);

}  // namespace farshore::ctl
