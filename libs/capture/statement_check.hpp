#pragma once

#include <optional>
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
  /// The statement ties these tables by a foreign key that cascades.
  std::vector<Cascade> cascades;
};

/// Judges by the statement's text and the rules alone. A statement that is not understood stops: nothing is dropped in
/// silence.
[[nodiscard]] StatementVerdict check_statement(std::string_view sql, std::string_view default_schema,
                                               const change::TableRules& rules);

}  // namespace farshore::capture
