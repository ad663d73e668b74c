#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "change/table_rules.hpp"
#include "mysql/connection.hpp"
#include "mysql/grants.hpp"
#include "mysql/server_info.hpp"

namespace farshore::ctl {

struct ColumnFacts {
  std::string name;
  std::string type{};       ///< "varchar"
  std::string collation{};  ///< empty: none
  std::uint64_t length_bytes = 0;
  std::uint64_t precision = 0;  ///< of numbers and temporals
  bool is_unsigned = false;
};

struct TableFacts {
  std::string engine;
  bool auto_increment = false;
  bool has_second_unique_key = false;
  std::vector<ColumnFacts> columns{};
  std::vector<std::string> key{};               ///< the primary key's columns
  std::vector<std::string> triggers{};          ///< as far as the account may see them; without the guarded ones
  std::vector<std::string> guarded_triggers{};  ///< their text names apply's account: they look who writes
  std::vector<std::string> cascades{};          ///< foreign keys of which a change of the parent changes rows here
};

/// What preflight needs to know of a database, read at once.
struct RegionFacts {
  mysql::ServerInfo server;
  std::map<std::string, TableFacts> tables;  ///< "schema.table" of the captured ones
  mysql::Grants grants;                      ///< of farshorectl's account
  std::vector<std::string> farshore_tables;  ///< tables of the farshore schema
  std::optional<std::string> binlog_filter;  ///< what the server's binlog leaves out; nothing: it has no filter
};

/// `apply_user` is the name of apply's account.
[[nodiscard]] std::expected<RegionFacts, mysql::SqlError> read_region_facts(mysql::Connection& connection,
                                                                            const change::TableRules& rules,
                                                                            const std::string& apply_user);

}  // namespace farshore::ctl
