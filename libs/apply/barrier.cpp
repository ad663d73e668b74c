#include "apply/barrier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "apply/error_policy.hpp"
#include "apply/progress_mark.hpp"
#include "base/check.hpp"
#include "base/table_name.hpp"

namespace farshore::apply {
namespace {

using store::PartitionState;
using store::ProgressRow;
using store::StatementState;

constexpr std::size_t kNamedMax = 3;             // tables in a sentence
constexpr std::size_t kStatementBytesMax = 200;  // of a statement in a sentence
constexpr std::size_t kSentenceBytesMax = 150;

/// At this barrier, and not still at that of an epoch before it.
bool waits_at(const ProgressRow& row, const change::EpochStart& start, const change::PartitionEnd& end) {
  if (!stands_at_barrier(row.state)) return false;
  const bool had_nothing = row.epoch.epoch == Epoch(0) && end.last_seq == Seq(0);
  return had_nothing || row.epoch == start.continues;
}

/// A partition that has not arrived; nothing: all have.
std::optional<std::string> missing_partition(const Barrier& barrier, const std::vector<ProgressRow>& rows) {
  for (const change::PartitionEnd& end : barrier.start.continued) {
    const auto row = std::ranges::find_if(rows, [&](const ProgressRow& candidate) {
      return candidate.key.stream == end.stream && candidate.key.partition == end.partition;
    });
    if (row != rows.end() && (row->epoch.epoch >= barrier.epoch.epoch || waits_at(*row, barrier.start, end))) continue;
    const std::string_view state = row == rows.end()                         ? "has no progress here"
                                   : row->state == PartitionState::kApplying ? "is still before it"
                                   : stands_at_barrier(row->state)           ? "is at an earlier epoch's start"
                                                                             : to_string(row->state);
    return fmt::format("{}/{} ({})", end.stream, end.partition.raw(), state);
  }
  return std::nullopt;
}

std::string beginning(const Barrier& barrier) {
  return fmt::format("at the start of epoch {} ({})", barrier.epoch.epoch.raw(),
                     store::statement_for_people(barrier.start.reason, kSentenceBytesMax));
}

BarrierWait for_parked(const std::string& origin, const Barrier& barrier, const std::vector<ParkedBefore>& parked) {
  std::uint64_t changes = 0;
  std::string names;
  for (std::size_t i = 0; i < parked.size(); ++i) {
    changes += parked[i].changes;
    if (i < kNamedMax) names += fmt::format("{}{} of {}", i == 0 ? "" : ", ", parked[i].changes, parked[i].table);
  }
  if (parked.size() > kNamedMax) names += fmt::format(", and of {} tables more", parked.size() - kNamedMax);
  return {.state = PartitionState::kAtBarrier,
          .reason = fmt::format(
              "{}: it is entered when nothing from before it is parked here, and {} changes are ({}); they are tried "
              "again until they fit: make room for them, or settle them: `farshorectl parked list --origin {}`",
              beginning(barrier), changes, names, origin)};
}

std::string names_of(const std::vector<std::string>& tables) {
  if (tables.empty()) return "any table of the origin";
  return store::statement_for_people(fmt::format("{}", fmt::join(tables, ", ")), kSentenceBytesMax);
}

BarrierWait for_statement(const std::string& origin, const Barrier& barrier,
                          const change::RowlessStatement& statement) {
  const std::string command = fmt::format("--origin {} --epoch {} --execute", origin, barrier.epoch.epoch.raw());
  return {
      .state = PartitionState::kWaitingForStatement,
      .reason = fmt::format(
          "the origin ran `{}`, which changed rows ({}) without saying which; all before it is applied here, and "
          "nothing after it. {} `farshorectl ddl done {}`. If it is the echo of one that was run here already, only "
          "say done{}. `farshorectl ddl skip {}` passes over it: its tables are not-yet-equal then",
          store::statement_for_people(statement.text, kStatementBytesMax), names_of(statement.tables),
          statement.may_be_temporary
              ? "MariaDB logs it of temporary tables in the same way, and changes none then: look at the origin, run "
                "the "
                "same here only if it was done there, and compare (its tables are not-yet-equal from then on). Then"
              : "Run the same here now, then",
          command,
          statement.may_be_temporary ? " (its tables are not-yet-equal then too, in each region that applies it)" : "",
          command)};
}

/// Of the epoch's streams the one that takes the table; none where no stream of it is known to.
std::optional<std::string> stream_of(const TableName& table, const change::EpochStart& start,
                                     const change::TableRules& rules) {
  const change::Route route = rules.route(table.schema, table.table);
  if (!route.captured) return std::nullopt;
  const std::string& stream = rules.streams()[route.stream].name;
  const bool is_of_epoch = std::ranges::any_of(
      start.partitions, [&](const change::PartitionEnd& partition) { return partition.stream == stream; });
  return is_of_epoch ? std::optional(stream) : std::nullopt;
}

/// "schema.table" to the stream that takes it, or to every stream of the epoch when none is plain.
void add_tables(const std::vector<std::string>& tables, const std::string& why, const change::EpochStart& start,
                const change::TableRules& rules, std::vector<UnequalTable>& out) {
  std::set<std::string> streams;
  for (const change::PartitionEnd& end : start.partitions) streams.insert(end.stream);
  const auto in_all = [&](const std::string& table) {
    for (const std::string& stream : streams) out.push_back({.stream = stream, .table = table, .why = why});
  };
  if (tables.empty()) return in_all("");
  for (const std::string& name : tables) {
    if (name == change::kAllTables) {
      in_all("");
      continue;
    }
    const auto table = TableName::parse(name);
    const auto stream = table ? stream_of(*table, start, rules) : std::nullopt;
    if (stream) {
      out.push_back({.stream = *stream, .table = name, .why = why});
    } else {
      in_all(name);
    }
  }
}

}  // namespace

std::optional<BarrierWait> wait_at_barrier(const std::string& origin, const Barrier& barrier,
                                           const BarrierFacts& facts) {
  if (const auto missing = missing_partition(barrier, facts.rows)) {
    return BarrierWait{.state = PartitionState::kAtBarrier,
                       .reason = fmt::format("{}: it is entered when every partition of the origin is there, and {} is "
                                             "not; see that one's state",
                                             beginning(barrier), *missing)};
  }
  if (!facts.parked.empty()) return for_parked(origin, barrier, facts.parked);
  if (barrier.asks() && !facts.is_told_again &&
      facts.statement.value_or(StatementState::kWaiting) == StatementState::kWaiting)
    return for_statement(origin, barrier, *barrier.start.statement);
  return std::nullopt;
}

BarrierWait cannot_pass(const Barrier& barrier, const mysql::SqlError& error) {
  return {.state = PartitionState::kAtBarrier,
          .reason = fmt::format("{}: it cannot be entered yet: {}", beginning(barrier), described(error))};
}

ProgressRow row_behind(const Barrier& barrier, const ProgressRow& row) {
  ProgressRow next = entered(row, barrier.epoch, barrier.start.begins_at);
  FARSHORE_CHECK(next.epoch == barrier.epoch && next.seq == Seq(0), next.epoch.epoch, next.seq);
  return next;
}

std::vector<store::AwaitedColumn> added_behind(const std::string& origin, const Barrier& barrier,
                                               const change::TableRules& rules) {
  const auto& statement = barrier.start.statement;
  if (!statement || statement->added_columns.empty()) return {};
  const auto table = TableName::parse(statement->tables.front());
  const auto stream = table ? stream_of(*table, barrier.start, rules) : std::nullopt;
  if (!stream) return {};
  std::vector<store::AwaitedColumn> added;
  for (const AddedColumn& column : statement->added_columns)
    added.push_back({.origin = origin, .stream = *stream, .table = *table, .column = column, .epoch = barrier.epoch});
  return added;
}

std::vector<UnequalTable> unequal_behind(const Barrier& barrier, std::optional<StatementState> statement,
                                         const change::TableRules& rules) {
  const change::EpochStart& start = barrier.start;
  std::vector<UnequalTable> unequal;
  if (start.statement && statement == StatementState::kSkipped) {
    const std::string text = store::statement_for_people(start.statement->text, kStatementBytesMax);
    add_tables(start.statement->tables, fmt::format("`{}` of the origin was passed over", text), start, rules, unequal);
  }
  if (start.statement && start.statement->may_be_temporary && statement == StatementState::kDone) {
    const std::string text = store::statement_for_people(start.statement->text, kStatementBytesMax);
    add_tables(start.statement->tables,
               fmt::format("MariaDB logs `{}` of temporary tables in the same way, so whether the origin's tables of "
                           "these names were changed as those here is not known: compare them",
                           text),
               start, rules, unequal);
  }
  if (!start.missed_tables.empty()) {
    add_tables(start.missed_tables,
               fmt::format("not all that changed in it before epoch {} was captured: {}", barrier.epoch.epoch.raw(),
                           start.reason),
               start, rules, unequal);
  }
  return unequal;
}

}  // namespace farshore::apply
