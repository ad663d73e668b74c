#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "binlog/statement.hpp"
#include "change/table_rules.hpp"
#include "mysql/connection.hpp"
#include "mysql/server_info.hpp"

namespace farshore::capture {

/// A foreign key by which a change of the parent changes rows of the child on its own; "schema.table" each.
struct Cascade {
  std::string parent;
  std::string child;
  friend bool operator==(const Cascade&, const Cascade&) = default;
};

/// Both tables are captured: where the source does not log the cascade, they keep one order.
[[nodiscard]] bool is_tie(const Cascade& key, const change::TableRules& rules);
/// Only the child is captured: where the source does not log the cascade, nothing that is published says of it.
[[nodiscard]] bool is_unrepeated(const Cascade& key, const change::TableRules& rules);

/// A source's cascading foreign keys while its binlog is read, of captured tables and others: an online schema change
/// adds keys to a table that is not captured, and renames it then.
class CascadingKeys {
 public:
  /// `now`: the keys that the source has when reading begins. Statements that led to them may be read again: a table
  /// renamed by one of them has its keys under a name further on until the next session. `groups` stand for the keys
  /// that were there further back.
  CascadingKeys(std::vector<Cascade> now, const std::vector<change::CascadeGroup>& groups);

  /// Takes a statement in, its names as the source stores them. Returns the keys that it adds, and those whose child it
  /// renames. A key that ALTER TABLE drops stays until its table is dropped: at worst it ties more than is needed.
  std::vector<Cascade> follow(const binlog::Statement& statement);
  /// What ties captured tables that `rules` do not have in one group.
  [[nodiscard]] std::vector<Cascade> new_ties(const change::TableRules& rules) const;

 private:
  std::vector<Cascade> keys_;
  std::vector<std::vector<std::string>> groups_;  ///< tables of the known groups, by the names that they have now
};

/// Whether the server writes the child rows that a cascade changes to its binlog (MySQL from 9.6, unless it was started
/// with innodb_native_foreign_keys). Where it does not, the target's own cascade has to repeat it, and the tables keep
/// one order: they form a group.
[[nodiscard]] bool logs_cascades(const mysql::ServerInfo& server);

/// Whether the constraint of this name changes child rows when the parent changes, by the answer of SHOW CREATE TABLE.
[[nodiscard]] bool definition_cascades(std::string_view create_table, std::string_view constraint);

/// The cascading foreign keys of all tables that are there now. Asked so that SELECT alone is enough: MariaDB shows
/// REFERENTIAL_CONSTRAINTS only to who may do more. A key counts if its table cannot be looked at, as when it is
/// renamed meanwhile. Asks once a table; `keep_going` is called before, and false ends it, incomplete.
[[nodiscard]] std::expected<std::vector<Cascade>, mysql::SqlError> read_cascades(
    mysql::Connection& connection, const std::function<bool()>& keep_going);

/// Groups of tables that are tied by `cascades` or were already together in `known`: groups only ever grow, since a key
/// that is gone today may have cascaded in the part of the binlog that is yet to be read. In one canonical form: tables
/// sorted within a group, groups by their first table, a group named "cascade:" and its first table, or a digest of it
/// where that is too long for a name. The same ties give the same groups whatever order they come in.
[[nodiscard]] std::vector<change::CascadeGroup> cascade_groups(const std::vector<change::CascadeGroup>& known,
                                                               const std::vector<Cascade>& cascades);

}  // namespace farshore::capture
