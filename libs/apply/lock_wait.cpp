#include "apply/lock_wait.hpp"

#include <fmt/format.h>

#include "mysql/literal.hpp"
#include "store/tables.hpp"

namespace farshore::apply {
namespace {

using mysql::text_literal;
using store::WriteBlock;

constexpr int kErLockWaitTimeout = 1205;
constexpr int kHoldersShown = 3;

/// False: it waited for a lock in vain. Everything else that may come in between proves nothing.
template <typename Done>
bool passed(mysql::Connection& connection, const Done& done) {
  const bool waited = !done && done.error().code == kErLockWaitTimeout;
  (void)connection.rollback();
  return !waited;
}

bool server_takes_writes(mysql::Connection& connection) { return passed(connection, store::write_nothing(connection)); }

bool table_takes_writes(mysql::Connection& connection, const TryAgain& failure) {
  std::string sql = "DELETE FROM ";
  mysql::append_table_name(failure.schema, failure.table, sql);
  return passed(connection, connection.execute(sql + " WHERE FALSE"));
}

/// "connection 17 (app@10.0.0.7), connection 19 (root@localhost)"; empty: nobody that this account can see. The query
/// gives connection ids, and users and hosts where it knows them.
std::string ask_holders(mysql::Connection& connection, const std::string& sql) {
  const auto rows = connection.query(fmt::format("{} LIMIT {}", sql, kHoldersShown));
  (void)connection.rollback();
  if (!rows) return {};
  std::string out;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    out += fmt::format("{}connection {}", out.empty() ? "" : ", ", rows->text(row, 0));
    if (!rows->text(row, 1).empty()) out += fmt::format(" ({}@{})", rows->text(row, 1), rows->text(row, 2));
  }
  return out;
}

constexpr std::string_view kOfThread =
    "SELECT DISTINCT t.PROCESSLIST_ID, t.PROCESSLIST_USER, t.PROCESSLIST_HOST FROM performance_schema.{0} l JOIN "
    "performance_schema.threads t ON t.THREAD_ID=l.{1} WHERE l.LOCK_STATUS='GRANTED' AND "
    "t.PROCESSLIST_ID<>CONNECTION_ID() AND ";

std::string of_metadata_locks(std::string_view condition) {
  return fmt::format(fmt::runtime(kOfThread), "metadata_locks", "OWNER_THREAD_ID") + std::string(condition);
}

/// MariaDB's plugin metadata_lock_info, where it is loaded.
std::string of_lock_info(std::string_view condition) {
  return fmt::format(
      "SELECT DISTINCT l.THREAD_ID, p.USER, p.HOST FROM information_schema.METADATA_LOCK_INFO l JOIN "
      "information_schema.PROCESSLIST p ON p.ID=l.THREAD_ID WHERE l.THREAD_ID<>CONNECTION_ID() AND {}",
      condition);
}

std::string who_locks_the_server(mysql::Connection& connection) {
  std::string found = ask_holders(
      connection,
      of_metadata_locks("l.OBJECT_TYPE IN ('GLOBAL','COMMIT','BACKUP') AND l.LOCK_TYPE NOT LIKE 'INTENTION%'"));
  if (found.empty()) found = ask_holders(connection, of_lock_info("l.LOCK_TYPE='Backup lock'"));
  return found;
}

std::string who_locks_the_table(mysql::Connection& connection, const TryAgain& failure) {
  std::string found = ask_holders(
      connection, of_metadata_locks(fmt::format("l.OBJECT_TYPE='TABLE' AND l.OBJECT_SCHEMA={} AND l.OBJECT_NAME={}",
                                                text_literal(failure.schema), text_literal(failure.table))));
  if (found.empty()) {
    found =
        ask_holders(connection, of_lock_info(fmt::format("l.TABLE_SCHEMA={} AND l.TABLE_NAME={}",
                                                         text_literal(failure.schema), text_literal(failure.table))));
  }
  return found;
}

/// MySQL knows the locks of each table. Else the oldest transaction that holds any is mostly the one.
std::string who_locks_rows(mysql::Connection& connection, const TryAgain& failure) {
  std::string found =
      ask_holders(connection, fmt::format(fmt::runtime(kOfThread), "data_locks", "THREAD_ID") +
                                  fmt::format("l.LOCK_TYPE='RECORD' AND l.OBJECT_SCHEMA={} AND l.OBJECT_NAME={}",
                                              text_literal(failure.schema), text_literal(failure.table)));
  if (!found.empty()) return found;
  const auto rows = connection.query(
      "SELECT trx_mysql_thread_id, trx_started FROM information_schema.INNODB_TRX WHERE trx_rows_locked>0 AND "
      "trx_mysql_thread_id<>CONNECTION_ID() ORDER BY trx_started LIMIT 1");
  (void)connection.rollback();
  if (!rows || rows->empty()) return {};
  return fmt::format("connection {}, whose transaction, begun at {}, is the oldest with row locks", rows->text(0, 0),
                     rows->text(0, 1));
}

std::string held_by(const std::string& holders) {
  if (holders.empty())
    return "Apply's account cannot see who holds it: SHOW FULL PROCESSLIST and information_schema.INNODB_TRX show it "
           "to an administrator";
  return fmt::format("Seen to hold it: {}", holders);
}

constexpr std::string_view kGoesOn = "Nothing is lost, and apply goes on by itself when it ends";

}  // namespace

LockFinding find_lock(mysql::Connection& connection, const Failure& failure) {
  const TryAgain* const again = failure.try_again();
  if (again == nullptr || again->error.code != kErLockWaitTimeout) {
    return {.block = {},
            .sentence = fmt::format("the same transaction is tried again and again: {}", failure.to_string())};
  }
  const bool is_ours = again->schema == kOwnSchema;
  if ((again->table.empty() || is_ours) && !server_takes_writes(connection)) {
    return {
        .block = WriteBlock::kServerLock,
        .sentence = fmt::format("every write waits for a lock over the whole server (FLUSH TABLES WITH READ LOCK, or "
                                "a backup's). {}. {}",
                                held_by(who_locks_the_server(connection)), kGoesOn)};
  }
  if (again->table.empty()) {
    return {.block = WriteBlock::kServerLock,
            .sentence = fmt::format("COMMIT waits for a lock over the whole server (FLUSH TABLES WITH READ LOCK, or a "
                                    "backup's, such as BACKUP STAGE BLOCK_COMMIT). {}. {}",
                                    held_by(who_locks_the_server(connection)), kGoesOn)};
  }
  const std::string table = again->schema + "." + again->table;
  const bool is_progress = is_ours && again->table == store::kProgressTable;
  const auto block = is_progress ? std::optional(WriteBlock::kProgressLock) : std::nullopt;
  if (!table_takes_writes(connection, *again)) {
    return {
        .block = block,
        .sentence = fmt::format("table {}: its metadata lock is waited for, which DDL, LOCK TABLES or a transaction "
                                "that has used the table holds. {}. {}",
                                table, held_by(who_locks_the_table(connection, *again)), kGoesOn)};
  }
  return {.block = block,
          .sentence = fmt::format("table {}: a row lock is waited for, which another transaction holds. {}. {}", table,
                                  held_by(who_locks_rows(connection, *again)), kGoesOn)};
}

}  // namespace farshore::apply
