#pragma once

#include <expected>
#include <set>
#include <string>
#include <vector>

#include "base/collation.hpp"
#include "change/table_rules.hpp"
#include "mysql/connection.hpp"
#include "mysql/grants.hpp"

/// What apply's account has to be allowed, for apply's start and for preflight: one list, one sentence.
namespace farshore::apply {

struct TargetRight {
  std::string privilege;
  std::string on;  ///< "*.*", "`shop`.*"
  bool granted = false;
  /// false: apply runs without it, and the partitions whose tables need it wait; which ones do, their changes tell.
  bool is_needed_at_start = true;
  std::string mend;  ///< the GRANT statement

  /// "account of apply: DELETE on `shop`.*"
  [[nodiscard]] std::string name() const;
};

/// `schemas`: those of the tables that are applied.
[[nodiscard]] std::vector<TargetRight> target_rights(const mysql::Grants& grants, ServerKind kind,
                                                     const std::set<std::string>& schemas);

/// What apply's account lacks: each a sentence for people; empty: nothing.
struct LackingRights {
  std::string at_start;
  std::string of_some_tables;  ///< not is_needed_at_start
};
/// Asked by apply's own account, of the schemas that it sees: one of which it has no right at all is none of them, and
/// shows when a row of it comes.
[[nodiscard]] std::expected<LackingRights, mysql::SqlError> find_lacking_rights(mysql::Connection& connection,
                                                                                const change::TableRules& rules);

/// How a table's triggers come to be seen: servers show them only to accounts that may make them. Empty: they are.
[[nodiscard]] std::string blind_to_triggers(const mysql::Grants& grants, const std::string& schema);

/// How all foreign keys come to be seen: servers show those of tables on which the account has some right. One of a
/// table that it does not see may take rows of tables that it writes to. Empty: they are.
[[nodiscard]] std::string blind_to_keys(const mysql::Grants& grants);

}  // namespace farshore::apply
