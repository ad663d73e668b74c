#pragma once

#include <string>
#include <utility>
#include <vector>

/// Which statements at the fake target are writes.
namespace farshore::apply::test {

/// Of one row, which tells of each column whether it is as written.
[[nodiscard]] inline bool is_read_back(const std::string& statement) {
  return statement.starts_with("SELECT `") && statement.find("`<=>") < statement.find(',');
}

/// Those that belong to transactions, without reads of farshore and information_schema.
[[nodiscard]] inline std::vector<std::string> writes_among(std::vector<std::string> statements) {
  std::vector<std::string> writes;
  bool only_looked = false;
  for (std::string& statement : statements) {
    // The looks for requests and for awaited columns, which have their own time, and their end.
    const bool ends_look = only_looked && statement == "ROLLBACK";
    only_looked = statement.starts_with("SELECT") &&
                  (statement.contains("farshore.audit") || statement.contains("farshore.added_column"));
    if (ends_look) continue;
    const bool reads = statement.starts_with("SELECT") &&
                       (statement.contains("farshore.") || statement.contains("information_schema."));
    const bool is_setup = statement.starts_with("SHOW") || statement.starts_with("PREPARE") ||
                          statement.starts_with("EXECUTE") || statement.starts_with("SELECT VERSION()") ||
                          statement.starts_with("SELECT @@") || statement.starts_with("SELECT CURRENT_USER()") ||
                          statement.contains("'self-test'") || statement.starts_with("DO ");
    if (!reads && !is_setup && !is_read_back(statement)) writes.push_back(std::move(statement));
  }
  return writes;
}

}  // namespace farshore::apply::test
