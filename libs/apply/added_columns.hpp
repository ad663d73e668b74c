#pragma once

#include <chrono>
#include <expected>
#include <set>
#include <span>
#include <string>

#include "apply/writer_session.hpp"
#include "apply/writer_settings.hpp"
#include "base/clock.hpp"
#include "base/table_name.hpp"
#include "mysql/connection.hpp"
#include "store/added_column.hpp"

/// Columns that an origin has added with one constant for all rows. No row tells of it: what the rows of before have in
/// the same column here comes from its default here, which is compared with the constant once, when both are there. A
/// default that is changed later says nothing any more.
namespace farshore::apply {

/// With the step over the start of the epoch behind the statement, in its transaction: all rows of before are applied
/// then. The table is not-yet-equal where the default is another one. A column that is not here yet is awaited; where
/// there is no table no row of before is either.
[[nodiscard]] std::expected<void, mysql::SqlError> compare_added(mysql::Connection& connection,
                                                                 const std::string& region,
                                                                 std::span<const store::AwaitedColumn> added);

/// Likewise those that were awaited and are here now, in the open transaction. `tables`: of these alone; null: of all.
/// True: something was written.
[[nodiscard]] std::expected<bool, mysql::SqlError> compare_awaited(mysql::Connection& connection,
                                                                   const std::string& region,
                                                                   const std::set<TableName>* tables);

/// Looks for awaited columns from time to time. The writing thread's.
class AwaitedLook {
 public:
  AwaitedLook(const WriterSettings& settings, WriterSession& session)
      : settings_(settings), session_(session), due_(settings.clock->now() + settings.schema_age_max) {}

  /// With a session that is ready. Leaves no transaction open; the session may be lost afterwards.
  void look_due(Clock::time_point now);

 private:
  const WriterSettings& settings_;
  WriterSession& session_;
  Clock::time_point due_;  ///< what is bound until the first is looked at in any case
};

}  // namespace farshore::apply
