#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/table_name.hpp"
#include "change/table_rules.hpp"
#include "mysql/connection.hpp"
#include "mysql/grants.hpp"
#include "mysql/schema.hpp"
#include "services/config/config.hpp"

namespace farshore::ctl {

/// One of the two regions that are compared.
struct ComparedRegion {
  service::Config config;
  mysql::Connection connection;
  change::TableRules rules;
  mysql::Grants grants;
  std::vector<std::string> applied;                ///< the other's origins that are applied here
  std::map<TableName, mysql::TableSchema> tables;  ///< that are compared or named, as far as they are here

  [[nodiscard]] bool captures(const TableName& name) const { return rules.route(name.schema, name.table).captured; }
};

/// With a session that shows values as they are compared. What follows throws EnvironmentError as this does.
[[nodiscard]] ComparedRegion open_region(service::Config config);
/// Sets `applied`.
void find_applied(ComparedRegion& region, const ComparedRegion& other);

/// Those of the patterns (none: of all) that the region captures, and the other captures or sends its own of.
[[nodiscard]] std::map<TableName, mysql::TableSchema> read_tables(ComparedRegion& region, const ComparedRegion& other,
                                                                  const std::vector<std::string>& patterns);

/// Refuses two files that are not of two regions' own databases. `whole`: what is compared is vouched for by whole
/// streams, so each of their schemas has to be seen.
void require_regions(ComparedRegion& here, ComparedRegion& peer, const std::vector<std::string>& patterns, bool whole);
/// Refuses a pattern that matches nothing.
void require_tables(const ComparedRegion& here, const ComparedRegion& peer, const std::vector<std::string>& patterns);

/// What is wanted and may be there in the region unseen, since the account may not read it: for people. Empty: nothing.
[[nodiscard]] std::string unseen_in(const ComparedRegion& region, const std::vector<std::string>& patterns);
/// Which of a region's origins that the other applies are not at the database that is compared: for people. Empty:
/// none.
[[nodiscard]] std::string not_of(const ComparedRegion& region, const ComparedRegion& other);

}  // namespace farshore::ctl
