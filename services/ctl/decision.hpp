#pragma once

#include <string>

#include "mysql/connection.hpp"
#include "services/config/config.hpp"

/// What commands share that write down an operator's decision in the region's database.
namespace farshore::ctl {

/// Who gives the command, for the record: "user@host".
[[nodiscard]] std::string operator_name();

/// --origin as apply's part of the configuration knows it. Throws EnvironmentError.
void require_applied_origin(const service::Config& config, const std::string& origin);

/// The server ends the session of a command that is stopped or cut off after 30 s, and with it its locks, for which
/// apply waits. Throws EnvironmentError.
void end_when_cut_off(mysql::Connection& connection, const service::Config& config);

/// One transaction that shows as Farshore's own: its first write is the marker, so that nothing of it is ever captured.
/// Without commit() it is rolled back. Throws EnvironmentError when the database refuses.
class MarkedTransaction {
 public:
  MarkedTransaction(mysql::Connection& connection, const service::Config& config);
  ~MarkedTransaction();
  MarkedTransaction(const MarkedTransaction&) = delete;
  MarkedTransaction& operator=(const MarkedTransaction&) = delete;

  void commit();

 private:
  mysql::Connection& connection_;
  const service::Config& config_;
  bool is_open_ = true;
};

}  // namespace farshore::ctl
