#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "binlog/statement.hpp"
#include "change/table_rules.hpp"
#include "mysql/connection.hpp"
#include "mysql/server_info.hpp"

namespace farshore::capture {

using binlog::TableName;

/// A cascade between two tables, "schema.table" each: a change of the parent changes rows of the child.
struct Cascade {
  std::string parent;
  std::string child;
  friend bool operator==(const Cascade&, const Cascade&) = default;
};

/// Cascading foreign keys, by which of their tables the rules capture. Those of which they capture neither are left
/// out.
struct Cascades {
  std::vector<Cascade> tied;        ///< both
  std::vector<Cascade> unrepeated;  ///< only the child: its rows change, and nothing that is captured says so
  std::vector<Cascade> outside;     ///< only the parent: to be tied when the child is renamed to a captured name

  void add(const change::TableRules& rules, const TableName& parent, const TableName& child);
};

/// Whether the server writes the child rows that a cascade changes to its binlog (MySQL from 9.6, unless it was started
/// with innodb_native_foreign_keys). Where it does not, the target's own cascade has to repeat it, and the tables keep
/// one order: they form a group.
[[nodiscard]] bool logs_cascades(const mysql::ServerInfo& server);

/// Whether the constraint of this name changes child rows when the parent changes, by the answer of SHOW CREATE TABLE.
[[nodiscard]] bool definition_cascades(std::string_view create_table, std::string_view constraint);

/// The cascading foreign keys of the tables that are there now. Asked so that SELECT alone is enough: MariaDB shows
/// REFERENTIAL_CONSTRAINTS only to who may do more.
[[nodiscard]] std::expected<Cascades, mysql::SqlError> read_cascades(mysql::Connection& connection,
                                                                     const change::TableRules& rules);

/// Groups of tables that are tied by `cascades` or were already together in `known`: groups only ever grow, since a key
/// that is gone today may have cascaded in the part of the binlog that is yet to be read. In one canonical form: tables
/// sorted within a group, groups by their first table, a group named "cascade:" and its first table, or a digest of it
/// where that is too long for a name. The same ties give the same groups whatever order they come in.
[[nodiscard]] std::vector<change::CascadeGroup> cascade_groups(const std::vector<change::CascadeGroup>& known,
                                                               const std::vector<Cascade>& cascades);

/// Whether `cascades` tie tables that are not together in `known`, in whatever order and form that is.
[[nodiscard]] bool tie_more(const std::vector<Cascade>& cascades, const std::vector<change::CascadeGroup>& known);

}  // namespace farshore::capture
