#include "progress/equality.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "change/limits.hpp"
#include "mysql/literal.hpp"
#include "progress/names.hpp"

namespace farshore::progress {
namespace {

using mysql::text_literal;

constexpr std::size_t kNamedMax = 5;
constexpr int kEndedToldMinutes = 60;  ///< whoever is away meanwhile reads the watermarks of that time later

const EqualityRow* latest(std::span<const EqualityRow> rows, std::string_view origin, std::string_view stream,
                          std::string_view table) {
  const EqualityRow* found = nullptr;
  for (const EqualityRow& row : rows) {
    if (row.origin != origin || row.stream != stream || row.table != table) continue;
    if (found == nullptr || row.id > found->id) found = &row;
  }
  return found;
}

std::string command(std::string_view origin, std::string_view stream) {
  return fmt::format("`farshorectl equal declare --origin {} --stream {}`", origin, stream);
}

/// What this version does not know is certainly not "equal".
Equality parse(std::string_view text) {
  using enum Equality;
  for (const Equality equality : {kEqual, kToldUnequal, kToldEnded})
    if (text == to_string(equality)) return equality;
  return kNotYetEqual;
}

std::string values(std::string_view region, const EqualityRow& row, EpochId epoch) {
  return fmt::format("{},{},{},{},'{}',{},{},{},{}", text_literal(region), text_literal(row.origin),
                     text_literal(row.stream), text_literal(row.table), to_string(row.state), epoch.epoch.raw(),
                     epoch.incarnation.raw(), text_literal(row.why), text_literal(row.who));
}

constexpr std::string_view kInsert =
    "INSERT INTO farshore.equality (region, origin, stream, table_name, state, epoch, incarnation, why, who) ";

}  // namespace

std::string_view to_string(Equality equality) {
  switch (equality) {
    case Equality::kEqual: return "equal";
    case Equality::kNotYetEqual: return "not-yet-equal";
    case Equality::kToldUnequal: return "told-unequal";
    case Equality::kToldEnded: return "told-ended";
  }
  return "not-yet-equal";
}

bool is_said_unequal(std::span<const EqualityRow> rows, std::string_view origin, std::string_view stream,
                     std::string_view table) {
  const EqualityRow* const whole = latest(rows, origin, stream, "");
  const EqualityRow* const own = latest(rows, origin, stream, table);
  const EqualityRow* const counts = own == nullptr || (whole != nullptr && whole->id > own->id) ? whole : own;
  return counts != nullptr && counts->state != Equality::kEqual;
}

std::optional<std::string> why_not_equal(std::span<const EqualityRow> rows, std::string_view origin,
                                         std::string_view stream) {
  const EqualityRow* const whole = latest(rows, origin, stream, "");
  if (whole == nullptr) {
    return fmt::format(
        "nobody has said yet that this region's tables began equal to the origin's: copy or compare them, then {}",
        command(origin, stream));
  }
  if (whole->state != Equality::kEqual) {
    return fmt::format(
        "the stream's tables are not known to be equal to the origin's: {}; copy or compare them, then {}", whole->why,
        command(origin, stream));
  }
  std::vector<const EqualityRow*> unequal;
  for (const EqualityRow& row : rows) {
    if (row.origin != origin || row.stream != stream || row.table.empty() || row.state == Equality::kEqual ||
        row.id < whole->id)
      continue;
    if (latest(rows, origin, stream, row.table) == &row) unequal.push_back(&row);
  }
  if (unequal.empty()) return std::nullopt;
  std::ranges::sort(unequal, {}, [](const EqualityRow* row) { return row->table; });
  std::string names;
  for (std::size_t i = 0; i < std::min(unequal.size(), kNamedMax); ++i)
    names += fmt::format("{}{}", i == 0 ? "" : ", ", unequal[i]->table);
  if (unequal.size() > kNamedMax) names += fmt::format(" and {} more", unequal.size() - kNamedMax);
  return fmt::format(
      "not known to be equal to the origin's: {} ({}); copy or compare what is named, then {} --table "
      "SCHEMA.TABLE for each, or without --table for all",
      names, unequal.front()->why, command(origin, stream));
}

std::expected<std::vector<EqualityRow>, mysql::SqlError> read_equality(mysql::Connection& connection,
                                                                       std::string_view region, Said said) {
  std::string where = "region=" + text_literal(region);
  if (said != Said::kEver) where += fmt::format(" AND state<>'{}'", to_string(Equality::kToldEnded));
  if (said == Said::kLastOwn) where += fmt::format(" AND state<>'{}'", to_string(Equality::kToldUnequal));
  if (said != Said::kEver)
    where += fmt::format(" AND id IN (SELECT MAX(id) FROM {}.equality WHERE {} GROUP BY origin, stream, table_name)",
                         kSchemaName, where);
  const auto found = connection.query(
      fmt::format("SELECT id, origin, stream, table_name, state, why, who, said_at FROM {}.equality WHERE {} "
                  "ORDER BY id",
                  kSchemaName, where));
  if (!found) return std::unexpected(found.error());
  std::vector<EqualityRow> rows;
  for (std::size_t at = 0; at < found->size(); ++at) {
    rows.push_back({.id = found->unsigned_integer(at, 0),
                    .origin = found->text(at, 1),
                    .stream = found->text(at, 2),
                    .table = found->text(at, 3),
                    .state = parse(found->text(at, 4)),
                    .why = found->text(at, 5),
                    .who = found->text(at, 6),
                    .said_at = found->text(at, 7)});
  }
  return rows;
}

// What was said later, that it is equal, of the table or of its stream, ends it.
std::expected<change::DoubtsOfStream, mysql::SqlError> read_doubts(mysql::Connection& connection,
                                                                   std::string_view region,
                                                                   std::span<const std::string> origins) {
  std::string names;
  for (const std::string& origin : origins) names += (names.empty() ? "" : ",") + text_literal(origin);
  const auto found = connection.query(fmt::format(
      "SELECT stream, table_name, CAST(UNIX_TIMESTAMP(said_at)*1000000 AS SIGNED), ended IS NOT NULL FROM (SELECT "
      "doubt.*, (SELECT MAX(word.said_at) FROM {0}.equality AS word WHERE word.region=doubt.region AND "
      "word.origin=doubt.origin AND word.stream=doubt.stream AND word.table_name IN ('', doubt.table_name) AND "
      "word.state='{1}' AND word.id>doubt.id) AS ended FROM {0}.equality AS doubt WHERE region={2} AND origin IN ({3}) "
      "AND state='{4}') AS doubts WHERE ended IS NULL OR ended > NOW(6) - INTERVAL {5} MINUTE ORDER BY id DESC",
      kSchemaName, to_string(Equality::kEqual), text_literal(region), names, to_string(Equality::kNotYetEqual),
      kEndedToldMinutes));
  if (!found) return std::unexpected(found.error());
  change::DoubtsOfStream doubts;
  for (std::size_t at = 0; at < found->size(); ++at) {
    change::Doubts& of_stream = doubts[found->text(at, 0)];
    const SourceTime said_at{std::chrono::microseconds(found->integer(at, 2))};
    if (found->integer(at, 3) != 0) {
      if (of_stream.ended.size() < change::kMaxDoubts) of_stream.ended.push_back(said_at);
      continue;
    }
    // The newest of a table stands for those before it.
    const std::string table = found->text(at, 1);
    if (std::ranges::find(of_stream.standing, table, &change::Doubt::table) == of_stream.standing.end())
      of_stream.standing.push_back({.table = table, .said_at = said_at});
  }
  for (auto& [stream, of_stream] : doubts)
    if (of_stream.standing.size() > change::kMaxDoubts)
      of_stream.standing = {{.table = "", .said_at = of_stream.standing.front().said_at}};
  return doubts;
}

std::expected<void, mysql::SqlError> add_equality(mysql::Connection& connection, std::string_view region,
                                                  const EqualityRow& row) {
  const auto added = connection.execute(fmt::format("{}VALUES ({})", kInsert, values(region, row, EpochId())));
  if (!added) return std::unexpected(added.error());
  return {};
}

std::expected<void, mysql::SqlError> note_told(mysql::Connection& connection, std::string_view region,
                                               std::string_view origin, std::string_view stream,
                                               const change::Doubts& doubts) {
  // Where an epoch's incarnation stands else: when it was said there.
  const auto said_there = [](SourceTime time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); };
  for (const SourceTime ended : doubts.ended) {
    const auto done = connection.execute(
        fmt::format("UPDATE {}.equality SET state='{}' WHERE region={} AND origin={} AND stream={} AND state='{}' AND "
                    "incarnation={}",
                    kSchemaName, to_string(Equality::kToldEnded), text_literal(region), text_literal(origin),
                    text_literal(stream), to_string(Equality::kToldUnequal), said_there(ended)));
    if (!done) return std::unexpected(done.error());
  }
  for (const change::Doubt& doubt : doubts.standing) {
    EqualityRow row;
    row.origin = origin;
    row.stream = stream;
    row.table = doubt.table;
    row.state = Equality::kToldUnequal;
    row.why = fmt::format(
        "the region of {} does not know its own to be equal to another region's: `farshorectl equal list` there says "
        "why, and what is declared equal there opens this gate too",
        origin);
    row.who = fmt::format("region of {}", origin);
    const auto added = add_equality_once(connection, region, row, {Epoch(0), Incarnation(said_there(doubt.said_at))});
    if (!added) return added;
  }
  return {};
}

std::expected<void, mysql::SqlError> add_equality_once(mysql::Connection& connection, std::string_view region,
                                                       const EqualityRow& row, EpochId epoch) {
  const auto added = connection.execute(fmt::format(
      "{}SELECT {} FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM farshore.equality AS said WHERE said.region={} AND "
      "said.origin={} AND said.stream={} AND said.table_name={} AND said.epoch={} AND said.incarnation={})",
      kInsert, values(region, row, epoch), text_literal(region), text_literal(row.origin), text_literal(row.stream),
      text_literal(row.table), epoch.epoch.raw(), epoch.incarnation.raw()));
  if (!added) return std::unexpected(added.error());
  return {};
}

}  // namespace farshore::progress
