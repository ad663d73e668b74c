#include "store/equality.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/own_schemas.hpp"
#include "mysql/literal.hpp"

namespace farshore::store {
namespace {

using mysql::text_literal;

constexpr std::size_t kNamedMax = 5;

Word word_of(std::string_view text) {
  if (text == to_string(Word::kEqual)) return Word::kEqual;
  if (text == to_string(Word::kBegun)) return Word::kBegun;
  return Word::kNotYetEqual;  // and what a later version says
}

const EqualityRow* latest(std::span<const EqualityRow> rows, std::string_view origin, std::string_view stream,
                          std::string_view table) {
  const EqualityRow* found = nullptr;
  for (const EqualityRow& row : rows) {
    if (row.origin != origin || row.stream != stream || row.table != table || row.word == Word::kBegun) continue;
    if (found == nullptr || row.id > found->id) found = &row;
  }
  return found;
}

std::string command(std::string_view word, std::string_view origin, std::string_view stream,
                    std::string_view more = "") {
  return fmt::format("`farshorectl equal {} --origin {} --stream {}{}`", word, origin, stream, more);
}

constexpr std::string_view kBegunId = " --begun ID";  // as `equal begin` prints it

std::string values(std::string_view region, const EqualityRow& row, EpochId epoch) {
  return fmt::format("{},{},{},{},'{}',{},{},{},{}", text_literal(region), text_literal(row.origin),
                     text_literal(row.stream), text_literal(row.table), to_string(row.word), epoch.epoch.raw(),
                     epoch.incarnation.raw(), text_literal(row.why), text_literal(row.who));
}

constexpr std::string_view kInsert =
    "INSERT INTO farshore.equality (region, origin, stream, table_name, state, epoch, incarnation, why, who) ";

}  // namespace

std::string_view to_string(Word word) {
  switch (word) {
    case Word::kEqual: return "equal";
    case Word::kNotYetEqual: return "not-yet-equal";
    case Word::kBegun: return "begun";
  }
  return "";
}

std::string some_of(const std::set<std::string>& names) {
  std::string out;
  std::size_t left = names.size();
  for (const std::string& name : names) {
    if (names.size() - left == kNamedMax) return out + fmt::format(" and {} more", left);
    out += (out.empty() ? "" : ", ") + name;
    --left;
  }
  return out;
}

const EqualityRow* last_said(std::span<const EqualityRow> rows, std::string_view origin, std::string_view stream,
                             std::string_view table) {
  const EqualityRow* const whole = latest(rows, origin, stream, "");
  const EqualityRow* const own = latest(rows, origin, stream, table);
  return own == nullptr || (whole != nullptr && whole->id > own->id) ? whole : own;
}

bool is_doubted(std::span<const EqualityRow> rows, std::string_view origin, std::string_view stream,
                std::string_view table) {
  const EqualityRow* const last = last_said(rows, origin, stream, table);
  if (last == nullptr || last->word != Word::kNotYetEqual) return false;
  return std::ranges::none_of(rows, [&](const EqualityRow& row) {
    return row.word == Word::kBegun && row.id > last->id && row.origin == origin && row.stream == stream &&
           (row.table.empty() || row.table == table);
  });
}

std::optional<std::string> why_not_equal(std::span<const EqualityRow> rows, std::string_view origin,
                                         std::string_view stream) {
  const EqualityRow* const whole = latest(rows, origin, stream, "");
  if (whole == nullptr) {
    return fmt::format(
        "nobody has said yet that this region's tables began equal to the origin's: copy or compare them, then {}",
        command("declare", origin, stream));
  }
  if (whole->word != Word::kEqual) {
    return fmt::format(
        "the stream's tables are not known to be equal to the origin's: {}; {}, copy or compare them, then {}",
        whole->why, command("begin", origin, stream), command("declare", origin, stream, kBegunId));
  }
  std::set<std::string> names;
  const EqualityRow* first = nullptr;  // of them
  for (const EqualityRow& row : rows) {
    if (row.origin != origin || row.stream != stream || row.table.empty() || row.id < whole->id) continue;
    if (row.word == Word::kEqual) continue;
    if (latest(rows, origin, stream, row.table) != &row) continue;
    names.insert(row.table);
    if (first == nullptr || row.table < first->table) first = &row;
  }
  if (names.empty()) return std::nullopt;
  return fmt::format(
      "not known to be equal to the origin's: {} ({}); {}, copy or compare what is named, then {}, both with --table "
      "SCHEMA.TABLE for each, or without --table for all",
      some_of(names), first->why, command("begin", origin, stream), command("declare", origin, stream, kBegunId));
}

std::expected<std::vector<EqualityRow>, mysql::SqlError> read_equality(mysql::Connection& connection,
                                                                       std::string_view region, bool history) {
  const std::string of_region = "region=" + text_literal(region);
  const std::string latest_only =
      fmt::format(" AND id IN (SELECT MAX(id) FROM {}.equality WHERE {} GROUP BY origin, stream, table_name, state)",
                  kOwnSchema, of_region);
  const auto found = connection.query(
      fmt::format("SELECT id, origin, stream, table_name, state, why, who, said_at, "
                  "CAST(UNIX_TIMESTAMP(said_at)*1000000 AS SIGNED) FROM {}.equality WHERE {}{} ORDER BY id",
                  kOwnSchema, of_region, history ? "" : latest_only));
  if (!found) return std::unexpected(found.error());
  std::vector<EqualityRow> rows;
  for (std::size_t at = 0; at < found->size(); ++at) {
    rows.push_back({.id = found->unsigned_integer(at, 0),
                    .origin = found->text(at, 1),
                    .stream = found->text(at, 2),
                    .table = found->text(at, 3),
                    .word = word_of(found->text(at, 4)),
                    .why = found->text(at, 5),
                    .who = found->text(at, 6),
                    .said_at = found->text(at, 7),
                    .said_time = SourceTime(std::chrono::microseconds(found->integer(at, 8)))});
  }
  return rows;
}

std::expected<void, mysql::SqlError> lock_equality(mysql::Connection& connection, std::string_view region,
                                                   std::string_view origin, std::string_view stream, bool exclusive) {
  const auto lock = [&](std::string_view table, std::string_view how) {
    return connection.query(fmt::format("SELECT COUNT(*) FROM {}.{} WHERE region={} AND origin={} AND stream={} {}",
                                        kOwnSchema, table, text_literal(region), text_literal(origin),
                                        text_literal(stream), how));
  };
  const auto words = lock("equality", exclusive ? "FOR UPDATE" : "LOCK IN SHARE MODE");
  if (!words) return std::unexpected(words.error());
  if (!exclusive || words->unsigned_integer(0, 0) > 0) return {};
  // Whatever apply has under way began with its progress.
  if (const auto applied = lock("progress", "LOCK IN SHARE MODE"); !applied) return std::unexpected(applied.error());
  return {};
}

namespace {

std::expected<void, mysql::SqlError> share_doubt(mysql::Connection& connection, std::string_view region,
                                                 const EqualityRow& row) {
  if (row.word != Word::kNotYetEqual) return {};
  return lock_equality(connection, region, row.origin, row.stream, false);
}

}  // namespace

std::expected<void, mysql::SqlError> add_equality(mysql::Connection& connection, std::string_view region,
                                                  const EqualityRow& row) {
  if (auto shared = share_doubt(connection, region, row); !shared) return shared;
  const auto added = connection.execute(fmt::format("{}VALUES ({})", kInsert, values(region, row, EpochId())));
  if (!added) return std::unexpected(added.error());
  return {};
}

std::expected<void, mysql::SqlError> add_equality_once(mysql::Connection& connection, std::string_view region,
                                                       const EqualityRow& row, EpochId epoch) {
  if (auto shared = share_doubt(connection, region, row); !shared) return shared;
  const auto added = connection.execute(fmt::format(
      "{}SELECT {} FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM farshore.equality AS said WHERE said.region={} AND "
      "said.origin={} AND said.stream={} AND said.table_name={} AND said.epoch={} AND said.incarnation={})",
      kInsert, values(region, row, epoch), text_literal(region), text_literal(row.origin), text_literal(row.stream),
      text_literal(row.table), epoch.epoch.raw(), epoch.incarnation.raw()));
  if (!added) return std::unexpected(added.error());
  return {};
}

}  // namespace farshore::store
