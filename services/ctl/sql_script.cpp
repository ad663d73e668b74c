#include "services/ctl/sql_script.hpp"

namespace farshore::ctl {
namespace {

/// Where the quoted text that opens at `at` ends: behind its closing quote. A doubled quote is part of the text.
std::size_t end_of_quoted(std::string_view script, std::size_t at) {
  const char quote = script[at];
  for (std::size_t i = at + 1; i < script.size(); ++i) {
    if (script[i] == '\\' && quote != '`') {
      ++i;
    } else if (script[i] == quote) {
      if (i + 1 < script.size() && script[i + 1] == quote) {
        ++i;
      } else {
        return i + 1;
      }
    }
  }
  return script.size();
}

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

}  // namespace

std::vector<std::string> split_statements(std::string_view script) {
  std::vector<std::string> statements;
  std::string current;
  const auto finish = [&] {
    if (std::string statement = trimmed(current); !statement.empty()) statements.push_back(std::move(statement));
    current.clear();
  };
  for (std::size_t at = 0; at < script.size();) {
    const char c = script[at];
    if (c == '\'' || c == '"' || c == '`') {
      const std::size_t end = end_of_quoted(script, at);
      current.append(script.substr(at, end - at));
      at = end;
    } else if (script.substr(at, 3) == "-- " || script.substr(at, 3) == "--\n") {
      at = std::min(script.find('\n', at), script.size());
    } else if (c == ';') {
      finish();
      ++at;
    } else {
      current += c;
      ++at;
    }
  }
  finish();
  return statements;
}

std::vector<std::string> farshore_tables() {
  constexpr std::string_view kBeginning = "CREATE TABLE IF NOT EXISTS farshore.";
  std::vector<std::string> names;
  for (const std::string& statement : split_statements(farshore_schema_sql())) {
    if (!statement.starts_with(kBeginning)) continue;
    const std::string rest = statement.substr(kBeginning.size());
    names.push_back(rest.substr(0, rest.find(' ')));
  }
  return names;
}

}  // namespace farshore::ctl
