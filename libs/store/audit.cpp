#include "store/audit.hpp"

#include <fmt/format.h>

#include "mysql/literal.hpp"

namespace farshore::store {

using mysql::SqlError;
using mysql::text_literal;

namespace {

// An advisory lock of the session that waits for the answer: the server lets it go when that session ends, however.
std::string lock_of(std::uint64_t id) { return fmt::format("'farshore.request.{}'", id); }

std::expected<std::uint64_t, SqlError> insert_request(mysql::Connection& connection, std::string_view region,
                                                      const Request& request, std::string_view command) {
  const auto asked = connection.execute(fmt::format(
      "INSERT INTO farshore.audit (region, who, command, action, dry_run, origin, stream, part, schema_name, "
      "table_name, key_hash, epoch, seq, expected) VALUES ({},CONCAT({},', "
      "',CURRENT_USER()),{},{},{},{},{},{},{},{},{},{},{},{})",
      text_literal(region), text_literal(request.who), text_literal(command), text_literal(request.action),
      request.dry_run ? 1 : 0, text_literal(request.partition.origin), text_literal(request.partition.stream),
      request.partition.partition.raw(), text_literal(request.key.schema), text_literal(request.key.table),
      hash_literal(request.key), request.epoch.raw(), request.seq.raw(),
      request.expected ? text_literal(*request.expected) : "NULL"));
  if (!asked) return std::unexpected(asked.error());
  const auto id = connection.query("SELECT LAST_INSERT_ID()");
  if (!id) return std::unexpected(id.error());
  return id->unsigned_integer(0, 0);
}

std::expected<void, SqlError> hold_lock(mysql::Connection& connection, std::uint64_t id) {
  const auto held = connection.query(fmt::format("SELECT COALESCE(GET_LOCK({}, 0), 0)", lock_of(id)));
  if (!held) return std::unexpected(held.error());
  if (held->unsigned_integer(0, 0) == 1) return {};
  return std::unexpected(SqlError{
      mysql::SqlErrorKind::kOther, 0, {}, fmt::format("the advisory lock {} is held by another session", lock_of(id))});
}

}  // namespace

std::expected<std::vector<Request>, SqlError> open_requests(mysql::Connection& connection, std::string_view region,
                                                            std::size_t limit) {
  const auto rows = connection.query(
      fmt::format("SELECT id, action, dry_run, origin, stream, part, schema_name, table_name, key_hash, epoch, seq, "
                  "expected, who FROM "
                  "farshore.audit WHERE region={} AND done_at IS NULL AND action<>'' ORDER BY id LIMIT {}",
                  text_literal(region), limit));
  if (!rows) return std::unexpected(rows.error());
  std::vector<Request> requests;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    Request& request = requests.emplace_back();
    request.id = rows->unsigned_integer(row, 0);
    request.action = rows->text(row, 1);
    request.dry_run = rows->unsigned_integer(row, 2) != 0;
    request.partition = {.origin = rows->text(row, 3),
                         .stream = rows->text(row, 4),
                         .partition = PartitionId(static_cast<std::int32_t>(rows->integer(row, 5)))};
    request.key = parked_key(rows->text(row, 6), rows->text(row, 7), rows->text(row, 8));
    request.epoch = Epoch(static_cast<std::uint32_t>(rows->unsigned_integer(row, 9)));
    request.seq = Seq(rows->unsigned_integer(row, 10));
    request.who = rows->text(row, 12);
    if (rows->rows[row][11]) request.expected = rows->text(row, 11);
  }
  return requests;
}

std::expected<bool, SqlError> answer_request(mysql::Connection& connection, std::uint64_t id, bool done,
                                             std::string_view outcome) {
  const auto written = connection.execute(
      fmt::format("UPDATE farshore.audit SET done_at=NOW(6), done={}, outcome={} WHERE id={} AND done_at IS NULL",
                  done ? 1 : 0, text_literal(outcome), id));
  if (!written) return std::unexpected(written.error());
  return *written != 0;
}

std::expected<std::uint64_t, SqlError> add_request(mysql::Connection& connection, std::string_view region,
                                                   const Request& request, std::string_view command) {
  if (const auto begun = connection.execute("START TRANSACTION"); !begun) return std::unexpected(begun.error());
  auto id = insert_request(connection, region, request, command);
  if (id) {
    if (const auto held = hold_lock(connection, *id); !held) id = std::unexpected(held.error());
  }
  if (!id) {
    if (!connection.lost()) (void)connection.rollback();
    return id;
  }
  if (const auto done = connection.commit(); !done) return std::unexpected(done.error());
  return id;
}

std::expected<void, SqlError> release_request(mysql::Connection& connection, std::uint64_t id) {
  const auto released = connection.execute(fmt::format("DO RELEASE_LOCK({})", lock_of(id)));
  if (!released) return std::unexpected(released.error());
  return {};
}

std::expected<bool, SqlError> is_waited_for(mysql::Connection& connection, std::uint64_t id) {
  const auto held = connection.query(fmt::format("SELECT IS_USED_LOCK({}) IS NOT NULL", lock_of(id)));
  if (!held) return std::unexpected(held.error());
  return held->unsigned_integer(0, 0) == 1;
}

std::expected<std::optional<RequestAnswer>, SqlError> read_answer(mysql::Connection& connection, std::uint64_t id) {
  const auto answer = connection.query(
      fmt::format("SELECT done, COALESCE(outcome, '') FROM farshore.audit WHERE id={} AND done_at IS NOT NULL", id));
  if (!answer) return std::unexpected(answer.error());
  if (answer->empty()) return std::optional<RequestAnswer>();
  return RequestAnswer{.done = answer->unsigned_integer(0, 0) != 0, .outcome = answer->text(0, 1)};
}

std::expected<bool, SqlError> withdraw_request(mysql::Connection& connection, std::uint64_t id, std::string_view why) {
  const auto withdrawn = connection.execute(fmt::format(
      "UPDATE farshore.audit SET done_at=NOW(6), outcome={} WHERE id={} AND done_at IS NULL", text_literal(why), id));
  if (!withdrawn) return std::unexpected(withdrawn.error());
  return *withdrawn != 0;
}

}  // namespace farshore::store
