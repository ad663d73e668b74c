#pragma once

#include <string>
#include <string_view>

#include "binlog/statement.hpp"
#include "change/table_rules.hpp"

namespace farshore::capture {

/// How the names in a statement are meant.
struct StatementContext {
  std::string_view default_schema;
  /// The source stores names in lower case (lower_case_table_names is not 0). Row events hold them as stored,
  /// statements as they were typed. ASCII letters alone are folded.
  bool folds_names = false;
};

/// What a logged statement does, with names as row events spell them: with a schema, and in the server's case.
[[nodiscard]] binlog::Statement read_statement(std::string_view sql, const StatementContext& context);

/// One sentence: the statement changed rows of a captured table without row events, or may have. Empty: it passes. One
/// that is not understood does not: nothing is dropped in silence.
[[nodiscard]] std::string check_statement(const binlog::Statement& statement, const change::TableRules& rules);

}  // namespace farshore::capture
