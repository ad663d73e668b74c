#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "capture/source/cascade_groups.hpp"
#include "change/table_rules.hpp"
#include "mysql/connection.hpp"
#include "mysql/grants.hpp"
#include "mysql/server_info.hpp"

namespace farshore::capture {

/// One thing that a source has to be like, and what it is like.
struct CheckResult {
  enum class Severity : std::uint8_t {
    kGood,
    kWarning,  ///< capture works; something may go wrong one day
    kError,    ///< capture cannot work; of a table: it stops at its first change, or other regions keep old rows of it
  };
  std::string name;  ///< the setting, grant or table
  std::string found;
  std::string wanted;
  std::string mend;  ///< a statement, or what to do; empty when good
  Severity severity = Severity::kGood;
  bool is_of_a_table = false;  ///< else of the whole server: capture does not start with an error
  bool hides_changes = false;  ///< while it is an error, captured rows change and the binlog does not show it

  /// "binlog_row_metadata is NO_LOG, and has to be FULL: SET GLOBAL binlog_row_metadata = 'FULL'"
  [[nodiscard]] std::string sentence() const;
};

/// The server's settings: no question is asked.
[[nodiscard]] std::vector<CheckResult> check_settings(const mysql::ServerInfo& server);

/// The rights of capture's account.
[[nodiscard]] std::vector<CheckResult> check_grants(const mysql::Grants& grants, ServerKind kind);

/// A table as far as capture minds.
struct TableFacts {
  std::string schema;
  std::string name;
  std::string engine;
  bool has_primary_key = false;
  bool is_sequence = false;   ///< MariaDB: CREATE SEQUENCE makes a table of one row
  bool is_versioned = false;  ///< MariaDB: WITH SYSTEM VERSIONING
};
/// All tables but those of the servers' own schemas and farshore, as a session with SELECT alone is shown them.
[[nodiscard]] std::expected<std::vector<TableFacts>, mysql::SqlError> read_tables(mysql::Connection& connection);
/// "schema.table" of those that `now` captures and `before` did not: rows of them may never have been published.
[[nodiscard]] std::vector<std::string> newly_captured(const std::vector<TableFacts>& tables,
                                                      const change::TableRules& before, const change::TableRules& now);

/// Said at a first start of captured tables that have rows already; nothing: none has, or the account cannot look. Asks
/// a row of each table.
[[nodiscard]] std::optional<std::string> warn_of_rows_there(mysql::Connection& connection,
                                                            const change::TableRules& rules);

/// Tables that the rules capture.
[[nodiscard]] std::vector<CheckResult> check_tables(const std::vector<TableFacts>& tables,
                                                    const change::TableRules& rules);

/// MariaDB: whether a table has system versioning by now. False where it is gone.
[[nodiscard]] std::expected<bool, mysql::SqlError> is_versioned(mysql::Connection& connection, std::string_view schema,
                                                                std::string_view table);

/// Of a key that is_unrepeated, at a source that does not log what a cascade changes (logs_cascades).
[[nodiscard]] CheckResult check_cascade(const Cascade& unrepeated);

/// `filter`: mysql::read_binlog_filter(). Any filter is an error: also one of a schema that is not captured hides a
/// statement (TRUNCATE, DDL) on a captured table from a session whose default schema is the filtered one.
[[nodiscard]] CheckResult check_binlog_filter(const std::string& filter);

/// What is asked of a source.
struct SourceWants {
  const change::TableRules& rules;
  std::uint32_t capture_server_id = 0;  ///< what capture shows itself as
};

/// All of these but the cascades, asked through `connection` with capture's own account. Used by capture's start and by
/// `farshorectl preflight`.
[[nodiscard]] std::expected<std::vector<CheckResult>, mysql::SqlError> check_source(mysql::Connection& connection,
                                                                                    const mysql::ServerInfo& server,
                                                                                    const SourceWants& wants);

}  // namespace farshore::capture
