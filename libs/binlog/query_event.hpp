#pragma once

#include <optional>
#include <string_view>

#include "base/gtid.hpp"
#include "binlog/events.hpp"
#include "binlog/sql_dialect.hpp"

namespace farshore::binlog {

/// A statement as the binlog has it. Views are valid as long as the event.
struct QueryEvent {
  std::string_view default_schema;
  std::string_view sql;
  SqlDialect dialect;            ///< of `sql`
  bool foreign_keys_off = true;  ///< the session had foreign_key_checks=0, or nothing says
};

/// Reads a QUERY or EXECUTE_LOAD_QUERY event. Returns nullopt if it is malformed.
[[nodiscard]] std::optional<QueryEvent> parse_query(ServerKind kind, const RawEvent& raw);

}  // namespace farshore::binlog
