#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "binlog/statement.hpp"
#include "capture/cascade_groups.hpp"
#include "change/table_rules.hpp"

namespace farshore::capture {

/// What a logged statement means for the stream.
struct StatementVerdict {
  /// One sentence: the statement changed rows of a captured table without row events, or may have. Empty: it passes.
  std::string stop;
  /// The foreign keys that the statement adds or takes to another table name.
  Cascades cascades;
};

/// How the names in a statement are meant.
struct StatementContext {
  std::string_view default_schema;
  /// The source stores names in lower case (lower_case_table_names is not 0). Row events hold them as stored,
  /// statements as they were typed. ASCII letters alone are folded.
  bool folds_names = false;
  /// Keys of tables that are not captured under their present name: an online schema change adds its keys to such one,
  /// and renames it then. Those of tables dropped since do no harm.
  std::span<const Cascade> outside = {};
};

/// Judges by the statement's text and the rules alone. A statement that is not understood stops: nothing is dropped in
/// silence.
[[nodiscard]] StatementVerdict check_statement(std::string_view sql, const StatementContext& context,
                                               const change::TableRules& rules);

}  // namespace farshore::capture
