#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/table_name.hpp"
#include "mysql/connection.hpp"

/// Tables as a server's information_schema describes them now.
namespace farshore::mysql {

/// Two names of columns are one; case does not matter, as in the servers.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b);
/// With its ASCII letters in lower case: equal for what same_name() holds to be one.
[[nodiscard]] std::string lower_case(std::string text);

struct ColumnSchema {
  std::string name;
  std::string data_type;    ///< "varchar", lower case
  std::string column_type;  ///< "varchar(20)", "enum('a','b')"
  std::string charset;      ///< empty: none
  std::string collation;    ///< empty: none
  bool nullable = false;
  bool is_unsigned = false;
  bool generated = false;  ///< takes no value
  std::string expression;  ///< of a generated column
  bool auto_increment = false;
  bool updates_itself = false;              ///< ON UPDATE CURRENT_TIMESTAMP
  bool has_default = false;                 ///< a row may be inserted without a value for it
  std::optional<std::string> default_text;  ///< COLUMN_DEFAULT, which each kind of server writes in its own way
  bool default_is_expression = false;       ///< MySQL: it is written as SQL, and not as a value
  std::uint64_t length_bytes = 0;           ///< of character and binary columns
  std::uint64_t length_characters = 0;      ///< likewise
  std::uint32_t precision = 0;              ///< DECIMAL, BIT
  std::uint32_t scale = 0;  ///< DECIMAL: digits after the point; temporal: digits of a second's fraction
  bool rounds = false;      ///< FLOAT and DOUBLE with a number of digits: `scale` of them after the point

  /// ENUM, SET: the labels, as COLUMN_TYPE writes them.
  [[nodiscard]] std::vector<std::string> labels() const;
};

struct Trigger {
  std::string name;
  std::string statement;
};

struct UniqueKey {
  std::string name;
  std::vector<std::string> columns;  ///< empty name: an expression
  bool has_prefix = false;           ///< covers only the beginning of a column
};

struct ForeignKey {
  std::string name;
  std::string schema;  ///< of the child
  std::string table;
  std::vector<std::string> columns;
  std::string parent_schema;
  std::string parent_table;
  std::vector<std::string> parent_columns;
  std::string on_update;  ///< "CASCADE", "SET NULL", "RESTRICT", "NO ACTION", "SET DEFAULT"
  std::string on_delete;

  /// A change of the parent changes rows of the child.
  [[nodiscard]] bool cascades() const;
  friend bool operator==(const ForeignKey&, const ForeignKey&) = default;
};

struct TableSchema {
  std::string schema;
  std::string name;
  std::string engine;
  std::vector<ColumnSchema> columns;
  std::vector<std::string> primary_key;  ///< column names; empty: none
  bool primary_key_has_prefix = false;
  std::vector<UniqueKey> unique_keys;  ///< without the primary key
  std::vector<Trigger> triggers;       ///< as far as the account may see them: with the TRIGGER right
  bool versioned = false;              ///< MariaDB's WITH SYSTEM VERSIONING

  /// By name, see same_name().
  [[nodiscard]] const ColumnSchema* find(std::string_view column) const;
};

/// Nothing: there is no such table (or it is a view).
std::expected<std::optional<TableSchema>, SqlError> read_table_schema(Connection& connection, std::string_view schema,
                                                                      std::string_view name);
/// All that are `wanted`, but for those of the server's own schemas and farshore; by schema and name. A few statements,
/// however many tables there are.
std::expected<std::vector<TableSchema>, SqlError> read_table_schemas(
    Connection& connection, const std::function<bool(std::string_view schema, std::string_view name)>& wanted);
/// Those that have at least one row; a table that is not there has none.
std::expected<std::vector<TableName>, SqlError> tables_with_rows(Connection& connection,
                                                                 const std::vector<TableName>& tables);

/// The foreign keys of all tables but those of the server's own schemas and of farshore; by schema, table and name.
std::expected<std::vector<ForeignKey>, SqlError> read_foreign_keys(Connection& connection);

[[nodiscard]] std::expected<bool, SqlError> is_mariadb(Connection& connection);

}  // namespace farshore::mysql
