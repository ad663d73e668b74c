#include "store/doubts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <ranges>
#include <set>
#include <utility>

#include "base/own_schemas.hpp"
#include "base/shell_word.hpp"
#include "mysql/literal.hpp"
#include "store/mismatch.hpp"
#include "store/progress_store.hpp"

namespace farshore::store {
namespace {

using mysql::SqlError;
using mysql::text_literal;

constexpr std::size_t kDoubtsTextMax = 1'000;
constexpr std::size_t kComparisonsShown = 5;

// A row that is written by a transaction under way is waited for; more such than this are not under way at once.
std::expected<void, SqlError> wait_for_writers(mysql::Connection& connection, std::string_view region) {
  for (const std::string& sql :
       {fmt::format("SELECT id FROM {}.equality ORDER BY id DESC LIMIT 1000 LOCK IN SHARE MODE", kOwnSchema),
        fmt::format("SELECT COUNT(*) FROM {}.mismatch WHERE region={} LOCK IN SHARE MODE", kOwnSchema,
                    text_literal(region))}) {
    if (const auto waited = connection.query(sql); !waited) return std::unexpected(waited.error());
  }
  return {};
}

// Whether a word after `id` says that the table is equal, and none after it that it is not.
bool is_equal_since(std::uint64_t id, std::span<const EqualityRow> said, std::string_view origin,
                    std::string_view stream, std::string_view table) {
  const EqualityRow* const last = last_said(said, origin, stream, table);
  return last != nullptr && last->word == Word::kEqual && last->id > id;
}

bool is_settled(std::span<const EqualityRow> said, const EqualityRow& doubt) {
  return is_equal_since(doubt.id, said, doubt.origin, doubt.stream, doubt.table);
}

bool is_answered(std::span<const EqualityRow> said, const ToldDoubt& doubt) {
  return is_equal_since(doubt.heard, said, doubt.partition.origin, doubt.partition.stream, doubt.table);
}

bool is_comparison_of(const EqualityRow& row, std::string_view origin, std::string_view stream,
                      std::string_view table) {
  return row.word == Word::kBegun && row.origin == origin && row.stream == stream &&
         (row.table.empty() || row.table == table);
}

struct Declared {
  std::string_view origin;
  std::string_view stream;
  std::string_view table;  ///< empty: every table of the stream
};

/// What is doubted of it that whoever began `compared` (null: nobody) may not have seen. Empty: nothing.
std::string doubts_since(std::span<const EqualityRow> said, std::span<const ToldDoubt> told, const Declared& declared,
                         const EqualityRow* compared) {
  const auto is_meant = [&](std::string_view origin, std::string_view stream, std::string_view table) {
    return origin == declared.origin && stream == declared.stream &&
           (declared.table.empty() || table.empty() || table == declared.table);
  };
  const std::uint64_t covered = compared == nullptr ? 0 : compared->id;
  std::string doubts;
  std::string separator;
  for (const EqualityRow& row : said) {
    if (row.word != Word::kNotYetEqual || row.id <= covered || !is_meant(row.origin, row.stream, row.table)) continue;
    if (is_settled(said, row)) continue;
    doubts += fmt::format("{}at {} {} ({})", std::exchange(separator, ", "), row.said_at,
                          row.table.empty() ? "all tables" : row.table, row.why);
    if (doubts.size() > kDoubtsTextMax) {
      doubts += " and more";
      break;
    }
  }
  std::set<std::string> told_tables;
  for (const ToldDoubt& doubt : told) {
    if (!is_meant(doubt.partition.origin, doubt.partition.stream, doubt.table) || is_answered(said, doubt)) continue;
    // What was told by the time that the comparison was begun was heard before its id was given.
    if (compared != nullptr && doubt.heard < covered) continue;
    told_tables.insert(doubt.table.empty() ? "all tables" : doubt.table);
  }
  if (!told_tables.empty())
    doubts += fmt::format("{}{} by the region of {}", separator, some_of(told_tables), declared.origin);
  return doubts;
}

}  // namespace

std::expected<change::Doubts, SqlError> read_doubts(mysql::Connection& connection, std::string_view region,
                                                    bool waits) {
  if (waits)
    if (const auto waited = wait_for_writers(connection, region); !waited) return std::unexpected(waited.error());
  const auto said = read_equality(connection, region);
  if (!said) return std::unexpected(said.error());
  const auto stands = [&](const EqualityRow& row) {
    return row.word == Word::kNotYetEqual && last_said(*said, row.origin, row.stream, row.table) == &row;
  };
  if (std::ranges::none_of(*said, stands)) return change::Doubts();
  const auto found = connection.query(
      fmt::format("SELECT origin, stream, CONCAT(schema_name, '.', table_name), "
                  "CAST(UNIX_TIMESTAMP(MAX(last_at))*1000000 AS SIGNED) FROM {}.mismatch WHERE region={} AND kind='{}' "
                  "GROUP BY origin, stream, schema_name, table_name",
                  kOwnSchema, text_literal(region), kClosing));
  if (!found) return std::unexpected(found.error());
  change::Doubts doubts;
  for (const EqualityRow& row : *said | std::views::filter(stands)) {
    SourceTime said_at = row.said_time;
    for (std::size_t at = 0; at < found->size(); ++at) {
      const bool is_of_it = found->text(at, 0) == row.origin && found->text(at, 1) == row.stream &&
                            (row.table.empty() || found->text(at, 2) == row.table);
      if (is_of_it) said_at = std::max(said_at, SourceTime(std::chrono::microseconds(found->integer(at, 3))));
    }
    std::vector<change::Doubt>& of_stream = doubts[row.stream];
    const auto known = std::ranges::find(of_stream, row.table, &change::Doubt::table);
    if (known == of_stream.end())
      of_stream.push_back({.table = row.table, .said_at = said_at});
    else
      known->said_at = std::max(known->said_at, said_at);
  }
  return doubts;
}

bool is_told_of(std::span<const EqualityRow> said, std::string_view origin, std::string_view stream,
                std::string_view table) {
  for (const std::string_view of : {table, std::string_view()}) {
    const EqualityRow* const last = last_said(said, origin, stream, of);
    if (last != nullptr && last->word == Word::kNotYetEqual) return true;
  }
  return false;
}

std::expected<void, SqlError> write_told(mysql::Connection& connection, std::string_view region,
                                         const PartitionKey& partition, std::span<const change::Doubt> doubts) {
  if (!doubts.empty()) {
    // What is heard counts from the last word here: a person who says one meanwhile is waited for, or waits.
    const auto locked = lock_equality(connection, region, partition.origin, partition.stream, false);
    if (!locked) return locked;
  }
  std::string gone = fmt::format("DELETE FROM {}.told_doubt WHERE ", kOwnSchema);
  append_partition_condition(region, partition, gone);
  std::string separator = " AND table_name NOT IN (";
  for (const change::Doubt& doubt : doubts) gone += std::exchange(separator, ",") + text_literal(doubt.table);
  if (!doubts.empty()) gone += ")";
  if (const auto done = connection.execute(gone); !done) return std::unexpected(done.error());
  for (const change::Doubt& doubt : doubts) {
    const std::int64_t said_at = doubt.said_at.time_since_epoch().count();
    // Another partition may have told the same before something was said here.
    const auto done = connection.execute(fmt::format(
        "INSERT INTO {0}.told_doubt (region, origin, stream, part, table_name, said_at_us, heard) SELECT "
        "{1},{2},{3},{4},{5},{6}, COALESCE((SELECT MIN(heard) FROM {0}.told_doubt AS known WHERE known.region={1} AND "
        "known.origin={2} AND known.stream={3} AND known.table_name={5} AND known.said_at_us={6}), (SELECT "
        "COALESCE(MAX(id), 0) FROM {0}.equality)) FROM DUAL ON DUPLICATE KEY UPDATE "
        "heard=IF(said_at_us=VALUES(said_at_us), {0}.told_doubt.heard, VALUES(heard)), said_at_us=VALUES(said_at_us)",
        kOwnSchema, text_literal(region), text_literal(partition.origin), text_literal(partition.stream),
        partition.partition.raw(), text_literal(doubt.table), said_at));
    if (!done) return std::unexpected(done.error());
  }
  return {};
}

std::expected<std::vector<ToldDoubt>, SqlError> read_told(mysql::Connection& connection, std::string_view region) {
  const auto found =
      connection.query(fmt::format("SELECT origin, stream, part, table_name, heard FROM {}.told_doubt WHERE region={} "
                                   "ORDER BY origin, stream, table_name, part",
                                   kOwnSchema, text_literal(region)));
  if (!found) return std::unexpected(found.error());
  std::vector<ToldDoubt> told;
  for (std::size_t at = 0; at < found->size(); ++at)
    told.push_back({.partition = {found->text(at, 0), found->text(at, 1),
                                  PartitionId(static_cast<std::int32_t>(found->integer(at, 2)))},
                    .table = found->text(at, 3),
                    .heard = found->unsigned_integer(at, 4)});
  return told;
}

std::optional<std::string> why_doubted(std::span<const ToldDoubt> told, std::span<const EqualityRow> said,
                                       std::string_view origin, std::string_view stream) {
  std::set<std::string> tables;
  for (const ToldDoubt& doubt : told) {
    if (doubt.partition.origin != origin || doubt.partition.stream != stream) continue;
    if (is_answered(said, doubt)) continue;
    tables.insert(doubt.table.empty() ? "any table" : doubt.table);
  }
  if (tables.empty()) return std::nullopt;
  return fmt::format(
      "the region of {0} does not know its own to be equal to another region's: {1} (`farshorectl equal list` there "
      "says why); make the rows equal and declare it there: this gate opens by itself then. Where that region is lost: "
      "`farshorectl equal begin --origin {0} --stream {2}` and `farshorectl equal declare --origin {0} --stream {2} "
      "--begun ID` here",
      origin, some_of(tables), stream);
}

const EqualityRow* begun_comparison(std::span<const EqualityRow> said, std::uint64_t id, std::string_view origin,
                                    std::string_view stream, std::string_view table) {
  const auto found = std::ranges::find(said, id, &EqualityRow::id);
  const bool is_it = found != said.end() && is_comparison_of(*found, origin, stream, table);
  return is_it ? &*found : nullptr;
}

std::string open_comparisons(std::span<const EqualityRow> said, std::string_view origin, std::string_view stream,
                             std::string_view table) {
  const auto is_declared = [&](const EqualityRow& begun) {
    return std::ranges::any_of(said, [&](const EqualityRow& row) {
      return row.word == Word::kEqual && row.id > begun.id && row.origin == origin && row.stream == stream &&
             (row.table.empty() || row.table == begun.table);
    });
  };
  std::vector<const EqualityRow*> open;
  for (const EqualityRow& row : said) {
    if (is_comparison_of(row, origin, stream, table) && !is_declared(row)) open.push_back(&row);
  }
  std::ranges::sort(open, std::greater(), &EqualityRow::id);
  std::string out;
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (i == kComparisonsShown) return out + fmt::format(" and {} more", open.size() - i);
    const EqualityRow& row = *open[i];
    out += fmt::format("{}{} of {}, begun by {} at {}", out.empty() ? "" : ", ", row.id,
                       row.table.empty() ? "all tables" : row.table, row.who, row.said_at);
  }
  return out;
}

std::optional<std::string> why_not_declared(std::span<const EqualityRow> said, std::span<const ToldDoubt> told,
                                            std::string_view origin, std::string_view stream, std::string_view table,
                                            std::span<const std::uint64_t> begun) {
  const EqualityRow* compared = nullptr;  // the first, where several are named
  for (const std::uint64_t id : begun) {
    const EqualityRow* const one = begun_comparison(said, id, origin, stream, table);
    if (one != nullptr && (compared == nullptr || one->id < compared->id)) compared = one;
  }
  const std::string doubts = doubts_since(said, told, {.origin = origin, .stream = stream, .table = table}, compared);
  if (doubts.empty()) return std::nullopt;
  const std::string begin = fmt::format("`farshorectl equal begin --origin {} --stream {}{} --execute`", origin, stream,
                                        table.empty() ? "" : fmt::format(" --table {}", shell_word(table)));
  if (compared != nullptr) {
    return fmt::format(
        "{}/{}: after comparison {} that {} began at {} these were doubted: {}. What you compared may be older. Begin "
        "anew ({}), copy or compare then, and declare that comparison",
        origin, stream, compared->id, compared->who, compared->said_at, doubts, begin);
  }
  const std::string open = open_comparisons(said, origin, stream, table);
  if (open.empty()) {
    return fmt::format(
        "{}/{}: nobody has begun a comparison, and these are doubted: {}. What you compared may be older. Say when you "
        "begin ({}), copy or compare then, and declare it with the --begun ID that is printed",
        origin, stream, doubts, begin);
  }
  return fmt::format(
      "{}/{}: these are doubted: {}. Say which comparison you declare, --begun ID, as what you compared may be older; "
      "begun and not declared: {}. If yours is none of them: begin ({}), copy or compare then, and declare it",
      origin, stream, doubts, open, begin);
}

}  // namespace farshore::store
