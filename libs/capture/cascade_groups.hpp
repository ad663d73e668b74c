#pragma once

#include <string>
#include <utility>
#include <vector>

#include "change/table_rules.hpp"
#include "mysql/schema.hpp"
#include "mysql/server_info.hpp"

namespace farshore::capture {

/// A cascade between two tables, "schema.table" each: a change of the parent changes rows of the child.
struct Cascade {
  std::string parent;
  std::string child;
  friend bool operator==(const Cascade&, const Cascade&) = default;
};

/// Whether the server writes the child rows that a cascade changes to its binlog (MySQL from 9.6). Where it does not,
/// the target's own cascade has to repeat it, and the tables keep one order: they form a group.
[[nodiscard]] bool logs_cascades(const mysql::ServerInfo& server);

/// The cascading foreign keys among tables that `rules` capture.
[[nodiscard]] std::vector<Cascade> cascades_of(const std::vector<mysql::ForeignKey>& keys,
                                               const change::TableRules& rules);

/// Groups of tables that are tied by `cascades` or were already together in `known`: groups only ever grow, since a key
/// that is gone today may have cascaded in the part of the binlog that is yet to be read. In one canonical form: tables
/// sorted within a group, groups by their first table, a group named "cascade:" and its first table. The same ties give
/// the same groups whatever order they come in.
[[nodiscard]] std::vector<change::CascadeGroup> cascade_groups(const std::vector<change::CascadeGroup>& known,
                                                               const std::vector<Cascade>& cascades);

}  // namespace farshore::capture
