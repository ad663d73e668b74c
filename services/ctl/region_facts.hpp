#pragma once

#include <expected>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "change/table_rules.hpp"
#include "mysql/connection.hpp"
#include "mysql/grants.hpp"
#include "mysql/schema.hpp"
#include "mysql/server_info.hpp"

namespace farshore::ctl {

/// A question that the database did not answer to farshorectl's account.
struct Unanswered {
  std::string what;
  mysql::SqlError error;
};

/// What preflight needs to know of a database, read at once.
struct RegionFacts {
  mysql::ServerInfo server;
  std::map<std::string, mysql::TableSchema> tables;  ///< "schema.table" of the captured ones
  std::vector<mysql::ForeignKey> keys;               ///< of all tables
  mysql::Grants grants;                              ///< of farshorectl's account
  std::vector<std::string> farshore_tables;          ///< tables of the farshore schema
  std::optional<std::string> binlog_filter;          ///< what the server's binlog leaves out; nothing: it has no filter
  std::set<std::string> with_rows;                   ///< those of `tables` that are not empty
  std::vector<Unanswered> unanswered;                ///< what is above is empty then
};

/// An error: the server is not there, or not any more.
[[nodiscard]] std::expected<RegionFacts, mysql::SqlError> read_region_facts(mysql::Connection& connection,
                                                                            const change::TableRules& rules);

}  // namespace farshore::ctl
