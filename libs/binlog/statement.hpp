#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/column_constant.hpp"
#include "base/key_action.hpp"
#include "base/table_name.hpp"
#include "binlog/sql_dialect.hpp"

namespace farshore::binlog {

enum class StatementKind : std::uint8_t {
  kBegin,      ///< BEGIN, START TRANSACTION
  kCommit,     ///< COMMIT
  kRollback,   ///< ROLLBACK, ROLLBACK TO SAVEPOINT
  kSavepoint,  ///< SAVEPOINT, RELEASE SAVEPOINT
  kRowless,    ///< TRUNCATE, DROP, RENAME, most of ALTER TABLE ...: rows change, come or go without row events
  kTableDdl,   ///< CREATE TABLE, CREATE or DROP INDEX, ALTER TABLE that keeps all values
  kOtherDdl,   ///< databases, users, views, routines, triggers, sequences, temporary tables, ANALYZE, FLUSH ...
  kDml,        ///< INSERT, UPDATE, DELETE, REPLACE, LOAD, CALL, WITH ...: a change logged as a statement
  kXa,         ///< XA ...
  kOther,      ///< not recognised: treat as the worst
};

/// What a logged statement does, as far as a capture has to know.
struct Statement {
  StatementKind kind = StatementKind::kOther;
  /// kRowless: what it is, for people. Keywords alone, nothing of the text.
  std::string what;
  /// kRowless, kTableDdl: the tables named (RENAME: old and new ones; DROP TABLE: all; EXCHANGE PARTITION: both). One
  /// without a schema is of the statement's default schema.
  /// Empty, and `schema` too: not plain to see, treat as "any table". kDml: the target table when it is plain to see,
  /// likewise.
  std::vector<TableName> tables;
  /// kRowless of all tables of this schema (DROP DATABASE); else empty.
  std::string schema;
  /// A table that a foreign key refers to.
  struct Reference {
    TableName table{};
    KeyAction on_delete = KeyAction::kNone;
    KeyAction on_update = KeyAction::kNone;
    bool is_inline = false;                     ///< of a column's definition: MySQL before 9.0 makes no key of it
    std::string name{};                         ///< of the constraint, in UTF-8; empty: the server names it
    std::vector<std::string> columns{};         ///< of tables[0], in UTF-8; empty: not plain to see
    std::vector<std::string> parent_columns{};  ///< that those refer to, likewise
    [[nodiscard]] bool cascades() const { return on_delete != KeyAction::kNone || on_update != KeyAction::kNone; }
    friend bool operator==(const Reference&, const Reference&) = default;
  };
  /// kTableDdl: of the foreign keys that tables[0] gets by this statement.
  std::vector<Reference> references;
  /// kRowless: what becomes of the names in `tables`, or of those in `schema`.
  enum class Names : std::uint8_t {
    kStay,
    kGo,    ///< the tables are dropped; others may have taken their names
    kMove,  ///< `tables` are pairs, an old name and a new one
  };
  Names names = Names::kStay;
  bool is_rename = false;  ///< RENAME TABLE, not ALTER TABLE ... RENAME
  /// ALTER TABLE: the constraints that tables[0] loses, by name, in UTF-8. Those alone that it is sure to lose.
  std::vector<std::string> dropped_constraints;
  bool drops_if_exists = false;  ///< some of those alone that are there
  /// ALTER TABLE: columns of tables[0] that get another name, in UTF-8.
  std::vector<std::pair<std::string, std::string>> renamed_columns;
  /// kTableDdl: columns that tables[0] gets, with one constant for all of its rows. Where IF NOT EXISTS stands before
  /// one, it may have been there.
  std::vector<AddedColumn> added_columns;
  /// kRowless, kTableDdl: it gives the table, or a column of it, MariaDB's system versioning.
  bool begins_versioning = false;
  /// CREATE TABLE IF NOT EXISTS: it may have done nothing.
  bool may_do_nothing = false;
  /// kRollback: to a savepoint, and the transaction goes on.
  bool to_savepoint = false;
  /// A CREATE TABLE ... SELECT as MySQL logs it: its rows follow, and a commit.
  bool opens_transaction = false;
};

/// Reads the text in the session's own dialect, and only as far as needed. Comments are passed over; what `/*! ... */`
/// and `/*M! ... */` hold may count or not, by the server's version: the reading that means more is taken. Never fails:
/// what it does not know is kOther, and of a change of rows that cannot be read to its end any table may be meant.
[[nodiscard]] Statement classify(std::string_view sql, const SqlDialect& dialect = {});

}  // namespace farshore::binlog
