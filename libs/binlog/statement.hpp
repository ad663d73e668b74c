#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace farshore::binlog {

enum class StatementKind : std::uint8_t {
  kBegin,                ///< BEGIN, START TRANSACTION
  kCommit,               ///< COMMIT
  kRollback,             ///< ROLLBACK, ROLLBACK TO SAVEPOINT
  kSavepoint,            ///< SAVEPOINT, RELEASE SAVEPOINT
  kTruncate,             ///< TRUNCATE TABLE: rows go without row events
  kPartitionDataChange,  ///< ALTER TABLE ... TRUNCATE/DROP/EXCHANGE PARTITION, DISCARD/IMPORT TABLESPACE, ALTER IGNORE
                         ///< TABLE: likewise
  kTableDdl,             ///< CREATE, ALTER, DROP, RENAME TABLE, CREATE or DROP INDEX
  kOtherDdl,             ///< databases, users, views, routines, triggers, ANALYZE, FLUSH ...
  kDml,                  ///< INSERT, UPDATE, DELETE, REPLACE, LOAD, CALL, WITH ...: a change logged as a statement
  kXa,                   ///< XA ...
  kOther,                ///< not recognised: treat as the worst
};

struct TableName {
  std::string schema;  ///< empty: the statement's default schema
  std::string table;
  friend bool operator==(const TableName&, const TableName&) = default;
};

/// What a logged statement does, as far as a capture has to know.
struct Statement {
  StatementKind kind = StatementKind::kOther;
  /// kTruncate, kPartitionDataChange, kTableDdl: the tables named (RENAME: old and new ones; DROP TABLE: all; EXCHANGE
  /// PARTITION: both; a foreign key: the table it refers to, behind the table that has it). kDml: the target table when
  /// it is plain to see, else empty: treat as "any table".
  std::vector<TableName> tables;
  /// Tables that foreign keys of tables[0] refer to, by those keys that change or delete its rows on their own:
  /// CASCADE, SET NULL, SET DEFAULT.
  std::vector<TableName> cascading_parents;
  struct Rename {
    TableName before;
    TableName now;
    friend bool operator==(const Rename&, const Rename&) = default;
  };
  /// DROP TABLE, but not of temporary ones: `tables` are gone.
  bool drops_tables = false;
  /// Tables that take another name, and their foreign keys with it; in their order.
  std::vector<Rename> renames;
};

/// Reads the text's beginning only as far as needed. Comments are passed over; what `/*! ... */` and `/*M! ... */`
/// hold counts. Never fails: what it does not know is kOther.
[[nodiscard]] Statement classify(std::string_view sql);

}  // namespace farshore::binlog
