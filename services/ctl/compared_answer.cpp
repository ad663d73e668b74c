#include "services/ctl/compared_answer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

namespace farshore::ctl {

std::string sentence_of(const Compared& table, std::string_view here, std::string_view peer) {
  const std::string name = table.name.for_people();
  if (!table.not_compared.empty()) return fmt::format("{}: not compared: {}\n", name, table.not_compared);
  const TableComparison& rows = table.rows;
  std::string out = fmt::format("{}: {} rows in {}, {} in {}: ", name, rows.rows_here, here, rows.rows_at_peer, peer);
  if (rows.differing == 0 && rows.undecided == 0) {
    out += rows.stopped.empty() ? "equal\n" : "as far as they were read, equal\n";
  } else {
    out += fmt::format("{} differ", rows.differing);
    out += rows.undecided == 0
               ? "\n"
               : fmt::format(
                     ", and {} may: what was on its way had not arrived when --settle was over, or they were "
                     "written anew each time they were looked at\n",
                     rows.undecided);
  }
  for (const RowDifference& row : rows.differences) {
    out += fmt::format("  key {}: ", row.key);
    if (row.is_here && row.is_at_peer) {
      out += fmt::format("another {}\n", fmt::join(row.columns, ", "));
    } else if (!row.is_here && !row.is_at_peer) {
      out += "gone\n";
    } else {
      out += fmt::format("only in {}\n", row.is_here ? here : peer);
    }
  }
  if (rows.differing > rows.differences.size())
    out += fmt::format("  and {} more\n", rows.differing - rows.differences.size());
  if (!rows.stopped.empty()) out += fmt::format("  {}\n", rows.stopped);
  for (const std::string& column : table.left_out) out += fmt::format("  not compared: column {}\n", column);
  return out;
}

nlohmann::ordered_json json_of(const Compared& table) {
  auto differences = nlohmann::ordered_json::array();
  for (const RowDifference& row : table.rows.differences) {
    differences.push_back(
        {{"key", row.key}, {"columns", row.columns}, {"here", row.is_here}, {"peer", row.is_at_peer}});
  }
  return {{"table", table.name.for_people()},       {"equal", table.is_equal()},
          {"rows_here", table.rows.rows_here},      {"rows_at_peer", table.rows.rows_at_peer},
          {"differing", table.rows.differing},      {"undecided", table.rows.undecided},
          {"differences", std::move(differences)},  {"stopped", table.rows.stopped},
          {"columns_not_compared", table.left_out}, {"not_compared", table.not_compared}};
}

}  // namespace farshore::ctl
