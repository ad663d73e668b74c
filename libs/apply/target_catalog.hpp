#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

#include "apply/row_op.hpp"
#include "apply/target_table.hpp"
#include "base/clock.hpp"
#include "base/table_name.hpp"
#include "mysql/connection.hpp"
#include "mysql/grants.hpp"
#include "store/progress_row.hpp"

namespace farshore::apply {

/// Why a table cannot be written now.
struct Unbound {
  /// Set: the schema could not be read; try again. Else the table may not be written, and `reason` says why.
  std::optional<mysql::SqlError> error;
  std::string reason;
  store::PartitionState state = store::PartitionState::kWaitingForSchema;
  bool session_is_old = false;  ///< what it lacks was granted since the session began
};

/// A table whose foreign keys cannot be held.
struct Unheld {
  mysql::SqlError error;
  std::string schema;
  std::string table;
};

/// The target's tables as far as they are in use, as they are at the moment when rows are written. Not thread safe.
///
/// A round is the planning of one transaction. The first look at a table in a round takes the table's metadata lock,
/// which the transaction keeps to its end: until then no statement changes the table. For that, and to learn of changes
/// since the last round, each table has a prepared statement that reads nothing of it: a server prepares it anew when
/// the table or (MySQL) a trigger or foreign key of it is another than before, and counts that. So a round costs a
/// statement for each table, and one for the count. MariaDB does not count a trigger that is gone, that bears a time
/// before the statement's, or that stands behind another of its event and time: there the statement shows the triggers
/// too. Foreign keys of other tables, by which rows go with this table's, come and go without the one or the other
/// knowing: see keys_still_hold(). A table is read again after `age_max` in any case.
class TargetCatalog {
 public:
  TargetCatalog(change::TableRules rules, std::chrono::milliseconds age_max, const Clock& clock)
      : rules_(std::move(rules)), age_max_(age_max), clock_(clock) {}

  /// In the transaction that will write, before its first write.
  void begin_round() { ++round_; }
  /// One that does not fit is read again each time.
  [[nodiscard]] std::expected<std::shared_ptr<const TargetTable>, Unbound> find(
      mysql::Connection& connection, const std::shared_ptr<const change::ChangeTable>& source, ServerKind source_kind,
      BoundFor use = BoundFor::kWriting);
  /// At the round's end. False: a table has changed since it was bound. All are forgotten then, and the round is to be
  /// repeated.
  [[nodiscard]] std::expected<bool, mysql::SqlError> still_holds(mysql::Connection& connection);
  /// Before the rows of a transaction that may cascade: until its end no key goes by which `ops` may. MySQL
  /// sees to that by itself: a statement that takes a key away or makes it waits for those who wrote to the parent.
  /// MariaDB lets one in that was dropped and made again around a delete, unless the child is locked too.
  [[nodiscard]] std::expected<void, Unheld> hold_keys(mysql::Connection& connection, std::span<const RowOp> ops);
  /// At the end of a transaction whose rows may have cascaded. False: of the target's foreign keys those that its
  /// tables' rows go through are not those by which they were bound, so that too much or too little may have cascaded.
  /// All is forgotten then, and the transaction is to be rolled back and made again. Costs a look at all tables of the
  /// server.
  [[nodiscard]] std::expected<bool, mysql::SqlError> keys_still_hold(mysql::Connection& connection);
  /// The target's tables may have changed.
  void forget();
  /// The source's names of the tables that were bound since forget_bound(): what they have may be new.
  [[nodiscard]] const std::set<TableName>& bound() const { return bound_; }
  void forget_bound() { bound_.clear(); }
  /// The session is another one. Servers give it the rights that its account has when it logs in, and keep to them
  /// until its end: what is granted later is seen in SHOW GRANTS and not had. `granted_before`: asked before it logged
  /// in; a right is believed that was there then, and is now.
  void begin_session(mysql::Connection& connection, mysql::Grants granted_before);

 private:
  struct Entry {
    std::shared_ptr<const change::ChangeTable> source;  ///< keeps the key's address from being used again
    std::shared_ptr<const TargetTable> table;
    std::string statement;  ///< name of the prepared one; empty: the server has no room for more
    std::vector<std::vector<mysql::Rows::Field>> triggers;  ///< what it showed
    std::chrono::steady_clock::time_point read_at;
    std::uint64_t round = 0;  ///< in which its lock was taken last
  };
  using Key = std::tuple<const change::ChangeTable*, ServerKind, BoundFor>;

  /// Prepares the table's statement, or leaves its name empty, and takes the lock: what the statement shows.
  [[nodiscard]] std::expected<mysql::Rows, Unbound> lock(mysql::Connection& connection, const TableShape& shape,
                                                         std::string& statement) const;
  [[nodiscard]] std::expected<std::shared_ptr<const TargetTable>, Unbound> bind(
      mysql::Connection& connection, const std::shared_ptr<const change::ChangeTable>& source, ServerKind source_kind,
      BoundFor use);

  /// What a session's server says once.
  struct Server {
    bool null_becomes_now = false;
    bool is_mariadb = false;
    std::string account;
    mysql::Grants grants;
  };
  /// Why the table must not be bound with the rights that the session got when it opened; empty: it may be.
  [[nodiscard]] std::string why_blind(const change::ChangeTable& source, BoundFor use) const;
  /// Likewise with these rights.
  [[nodiscard]] static std::string why_blind_with(const mysql::Grants& grants, const change::ChangeTable& source,
                                                  BoundFor use);
  [[nodiscard]] std::expected<void, mysql::SqlError> read_server(mysql::Connection& connection);
  void forget_tables();
  [[nodiscard]] std::expected<void, mysql::SqlError> read_keys(mysql::Connection& connection);

  const change::TableRules rules_;
  const std::chrono::milliseconds age_max_;
  const Clock& clock_;
  std::map<Key, Entry> tables_;
  mysql::Grants granted_before_;  ///< the session logged in
  std::optional<Server> server_;
  /// The server's that cascade, by which tables are bound; none: not asked yet.
  std::optional<std::vector<mysql::ForeignKey>> keys_;
  std::uint64_t keys_read_in_ = 0;                 ///< round
  std::unordered_set<std::string> bound_by_keys_;  ///< folded names; since all was forgotten
  bool keys_differ_ = false;                       ///< some are bound by keys that are not those
  std::set<TableName> bound_;
  std::size_t statements_ = 0;  ///< prepared ones, and the number in the next one's name
  std::uint64_t round_ = 1;
  std::uint64_t looked_in_ = 0;            ///< the last round that met a table of an earlier one
  std::optional<std::uint64_t> prepared_;  ///< the server's count of statements prepared anew, when last asked
};

}  // namespace farshore::apply
