#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/gtid.hpp"
#include "base/table_name.hpp"
#include "change/cascade.hpp"
#include "change/table_rules.hpp"
#include "mysql/connection.hpp"
#include "mysql/server_info.hpp"

namespace farshore::capture {

using change::Cascade;
using change::CascadingKey;

/// Whether rows of the table may be published. The rules may take one whose schema has a point in its name: its rows
/// are refused, and whatever else becomes of it concerns nobody.
[[nodiscard]] bool is_captured(std::string_view schema, std::string_view table, const change::TableRules& rules);
[[nodiscard]] bool is_captured(const TableName& table, const change::TableRules& rules);
/// Of each key.
[[nodiscard]] std::vector<Cascade> ties_of(const std::vector<CascadingKey>& keys);
/// Both tables are captured: where the source does not log the cascade, they keep one order.
[[nodiscard]] bool is_tie(const Cascade& key, const change::TableRules& rules);
/// Only the child is captured: where the source does not log the cascade, nothing that is published says of it.
[[nodiscard]] bool is_unrepeated(const Cascade& key, const change::TableRules& rules);

/// Those that tie captured tables which `rules` do not have in one group.
[[nodiscard]] std::vector<Cascade> new_ties(const std::vector<Cascade>& keys, const change::TableRules& rules);

/// Whether the server writes the child rows that a cascade changes to its binlog (MySQL from 9.6, unless it was started
/// with innodb_native_foreign_keys). Where it does not, the target's own cascade has to repeat it, and the tables keep
/// one order: they form a group.
[[nodiscard]] bool logs_cascades(const mysql::ServerInfo& server);

/// The foreign keys of `child` that change its rows when the parent changes, by the answer of SHOW CREATE TABLE.
[[nodiscard]] std::vector<CascadingKey> cascades_of_definition(std::string_view create_table, std::string_view schema,
                                                               std::string_view child);

/// The cascading foreign keys of all tables that are there now. Asked so that SELECT alone is enough: MariaDB shows
/// REFERENTIAL_CONSTRAINTS only to who may do more. A key counts if its table cannot be looked at, as when it is
/// renamed meanwhile. Asks once a table; `keep_going` is called before, and false ends it, incomplete. An error too
/// where a table's definition does not have the keys that information_schema lists: a key could be missed.
[[nodiscard]] std::expected<std::vector<CascadingKey>, mysql::SqlError> read_cascades(
    mysql::Connection& connection, const std::function<bool()>& keep_going);

/// A text that is another one when a foreign key was added, taken away, or given another name, table, parent or
/// columns; one query. (Made anew it may do something else.)
[[nodiscard]] std::expected<std::string, mysql::SqlError> read_key_names(mysql::Connection& connection);

/// Those of one table as it is now. Nothing: it is there no longer. An error as of read_cascades().
[[nodiscard]] std::expected<std::optional<std::vector<CascadingKey>>, mysql::SqlError> read_cascades_of(
    mysql::Connection& connection, std::string_view schema, std::string_view table);

/// What the live source says of a table's keys.
struct KeysAnswer {
  std::optional<std::vector<CascadingKey>> keys;  ///< nothing: the table is there no longer
  OriginPosition executed;                        ///< the source's, asked for behind the keys
};

/// Asks for both.
[[nodiscard]] std::expected<KeysAnswer, mysql::SqlError> read_keys_answer(mysql::Connection& connection,
                                                                          ServerKind kind, std::string_view schema,
                                                                          std::string_view table);

/// The tables, all_tables() may be among them, and all that `ties` or the groups of `rules` lead to from them, as
/// parents to children; those of them that are captured, in order.
[[nodiscard]] std::vector<TableName> captured_descendants(std::set<TableName> tables, std::vector<Cascade> ties,
                                                          const change::TableRules& rules);

/// Groups of tables that are tied by `cascades` or were already together in `known`: groups only ever grow, since a key
/// that is gone today may have cascaded in the part of the binlog that is yet to be read. In one canonical form: tables
/// sorted within a group, groups by their first table, a group named "cascade:" and its first table, or a digest of it
/// where that is too long for a name. The same ties give the same groups whatever order they come in. The groups name
/// no keys.
[[nodiscard]] std::vector<change::CascadeGroup> cascade_groups(const std::vector<change::CascadeGroup>& known,
                                                               const std::vector<Cascade>& cascades);

}  // namespace farshore::capture
