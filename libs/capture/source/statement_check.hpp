#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "binlog/statement.hpp"
#include "change/table_rules.hpp"

namespace farshore::capture {

/// How the names in a statement are meant.
struct StatementContext {
  binlog::SqlDialect dialect;
  std::string_view default_schema;
  /// The source stores names in lower case (lower_case_table_names is not 0). Row events hold them as stored,
  /// statements as they were typed. ASCII letters alone are folded.
  bool folds_names = false;
};

/// What a logged statement does, with names as row events spell them: with a schema, and in the server's case. Where
/// that case is not known, any table may be meant.
[[nodiscard]] binlog::Statement read_statement(std::string_view sql, const StatementContext& context);

/// What a statement means for the captured tables.
struct StatementVerdict {
  enum class Kind : std::uint8_t {
    kPasses,
    kAddsColumns,  ///< to a captured table, with a constant for all rows: the other regions compare it with their own
    kChangesRows,  ///< of `tables`, without row events: the other regions have to do the same, at this place
    kStops,        ///< it cannot be carried: nothing is dropped in silence
  };
  Kind kind = Kind::kPasses;
  std::vector<std::string>
      tables;  ///< kAddsColumns, kChangesRows: "schema.table", those that are captured; empty: any may be meant
  std::string sentence;  ///< all but kPasses: what it is and how to mend it, for people
};

/// Why capture stops at these tables, "schema.table", and the way out.
[[nodiscard]] std::string versioning_sentence(const std::vector<std::string>& tables);

/// One that is not understood does not pass.
[[nodiscard]] StatementVerdict check_statement(const binlog::Statement& statement, const change::TableRules& rules);

}  // namespace farshore::capture
