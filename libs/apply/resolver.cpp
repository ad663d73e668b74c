#include "apply/resolver.hpp"

#include <fmt/format.h>

#include "apply/error_policy.hpp"
#include "store/equality.hpp"

namespace farshore::apply {
namespace {

using mysql::SqlError;

constexpr std::size_t kRequestsAtOnce = 20;
constexpr std::size_t kRowsShown = 100;

constexpr std::string_view kMakeEqual = "make the row equal, or say that it is";
// Of other rows that are deleted: they may be the origin's own, or stand still in the region that wrote them.
constexpr std::string_view kCompareDeleted =
    "these are deleted in no other region: compare what each region holds of them, and make it equal";
constexpr std::string_view kAndThen =
    R"(,"then":"the table is not-yet-equal: the other rows are deleted in no other region; compare what each region )"
    R"(holds of them, make it equal, and declare it")";

Failure failure_of(const SqlError& error) { return Failure::of_statement(0, "the target refuses it", error); }

std::expected<std::string, SqlError> rows_as_json(mysql::Connection& connection, bool well_formed,
                                                  const std::string& sql) {
  std::string out = "[";
  if (well_formed && !sql.empty()) {
    const auto rows = connection.query(sql);
    if (!rows) return std::unexpected(rows.error());
    for (std::size_t row = 0; row < rows->size(); ++row) out += (row == 0 ? "" : ",") + rows->text(row, 0);
  }
  return out + "]";
}

/// What the row that is written will put an end to: the row under its key (or keys), and those that hold its unique
/// values. JSON.
std::expected<std::string, SqlError> what_goes(mysql::Connection& connection, const RowOp& op) {
  std::string sql;
  bool good = op.target->append_image(op.change->row(), sql);
  const auto here = rows_as_json(connection, good, sql);
  if (!here) return here;
  sql.clear();
  good = op.is_delete() || op.target->append_rivals(op.change->row(), kRowsShown, sql);
  const auto holders = rows_as_json(connection, good, sql);
  if (!holders) return holders;
  return fmt::format(R"({{"{}":{},"deletes_other_rows":{}{}}})", op.is_delete() ? "deletes" : "replaces", *here,
                     *holders, *holders == "[]" ? "" : kAndThen);
}

// The source's image over whatever stands here. How many other rows were deleted for it.
std::expected<std::uint64_t, SqlError> write_over(mysql::Connection& connection, const RowOp& op) {
  const TargetTable& target = *op.target;
  const auto row = op.change->row();
  std::string sql;
  const auto run = [&](bool good) -> std::expected<std::uint64_t, SqlError> {
    if (!good) return std::unexpected(SqlError{mysql::SqlErrorKind::kRefused, 0, {}, target.unfit(row)});
    if (sql.empty()) return 0;
    auto done = connection.execute(sql);
    sql.clear();
    return done;
  };
  if (op.is_delete()) {
    const auto done = run(target.append_delete_one(row, sql));
    if (!done) return std::unexpected(done.error());
    return 0;
  }
  const auto others = run(target.append_delete_rivals(row, sql));
  if (!others) return std::unexpected(others.error());
  if (!target.keeps_key(*op.change)) {
    std::vector<Value> before;
    row_before(*op.change, before);
    if (const auto done = run(target.append_delete_one(before, sql)); !done) return std::unexpected(done.error());
  }
  const auto updated = run(target.append_update(row, row, sql));
  if (!updated) return std::unexpected(updated.error());
  if (*updated > 0) return others;
  sql = target.insert_head();
  if (const auto done = run(target.append_row(row, sql)); !done) return std::unexpected(done.error());
  return others;
}

}  // namespace

std::expected<std::vector<Request>, SqlError> Resolver::open_requests(mysql::Connection& connection) {
  auto requests = store::open_requests(connection, region_, kRequestsAtOnce);
  // A schema from before this version has no such table: `farshorectl init` makes it, and until then nobody asks.
  if (!requests && requests.error().kind == mysql::SqlErrorKind::kMissingTable) return std::vector<Request>();
  return requests;
}

std::expected<Resolver::Answer, Failure> Resolver::carry_out(mysql::Connection& connection,
                                                             const store::ProgressRow& progress, bool at_barrier,
                                                             const Request& request) {
  const auto waited_for = store::is_waited_for(connection, request.id);
  if (!waited_for) return std::unexpected(Failure::again(waited_for.error()));
  if (!*waited_for) {
    return Answer{
        .done = false,
        .outcome =
            "withdrawn: who asked has gone (interrupted, the connection was lost, or farshorectl and apply reach "
            "different servers; a farshorectl of an earlier version does not say that it waits). Nothing was "
            "done: ask again"};
  }
  if (request.action.starts_with("parked-")) return on_parked(connection, progress, request);
  return on_conflict(connection, progress, at_barrier, request);
}

Resolver::Result Resolver::on_parked(mysql::Connection& connection, const store::ProgressRow& progress,
                                     const Request& request) {
  const auto found = parking_.find(connection, progress.key, std::span(&request.key, 1));
  if (!found) return std::unexpected(failure_of(found.error()));
  if (found->empty() || found->front().seq != request.seq || found->front().epoch.epoch != request.epoch) {
    return Answer{.done = false, .outcome = "it is not parked any more: applied, or replaced by a newer change"};
  }
  if (request.action == "parked-discard") {
    if (auto gone = parking_.discard(connection, progress.key, request.key); !gone) {
      return std::unexpected(failure_of(gone.error()));
    }
    if (auto said = make_unequal(connection, request, "a parked change was discarded", kMakeEqual); !said) {
      return std::unexpected(failure_of(said.error()));
    }
    return Answer{.done = true, .outcome = "discarded: the row stays here as it is, and its table is not-yet-equal"};
  }
  const auto tried = retry_.try_one(connection, progress, found->front());
  if (!tried) return std::unexpected(tried.error());
  if (*tried) return Answer{.done = false, .outcome = "refused again: " + (*tried)->reason};
  return Answer{.done = true, .outcome = "applied"};
}

Resolver::Result Resolver::on_conflict(mysql::Connection& connection, const store::ProgressRow& progress,
                                       bool at_barrier, const Request& request) {
  const auto change = parking_.conflicts().find(connection, progress.key, request.key, request.epoch, request.seq);
  if (!change) return std::unexpected(failure_of(change.error()));
  if (!*change)
    return Answer{.done = false, .outcome = "it is not in conflict any more: a newer change of the key came"};
  if (request.action == "take-source") {
    if (at_barrier || (*change)->epoch != progress.epoch) {
      return Answer{
          .done = false,
          .outcome =
              "refused: the origin's numbering began anew since, and newer changes of the key may "
              "have come in other partitions. Update the row at the origin once more, and the newer change takes "
              "the place of this one (if the key's own columns were altered since, it comes as another key: "
              "then discard this one when the newer change is in); or keep-target"};
    }
    return take_source(connection, progress, request, **change);
  }
  if (auto ended = end_conflict(connection, progress, request); !ended) return std::unexpected(ended.error());
  if (request.action == "keep-target") {
    if (auto said = make_unequal(connection, request, "a conflict was settled for what stands here", kMakeEqual);
        !said) {
      return std::unexpected(failure_of(said.error()));
    }
    return Answer{.done = true, .outcome = "the row stays here as it is, and its table is not-yet-equal"};
  }
  return Answer{.done = true, .outcome = "closed; nothing is written"};
}

std::expected<void, SqlError> Resolver::make_unequal(mysql::Connection& connection, const Request& request,
                                                     std::string_view what, std::string_view then) {
  store::EqualityRow row;
  row.origin = request.partition.origin;
  row.stream = request.partition.stream;
  row.table = request.key.schema + "." + request.key.table;
  row.why = fmt::format("{} (epoch {}, seq {}): {}", what, request.epoch.raw(), request.seq.raw(), then);
  row.who = request.who;
  return store::add_equality(connection, region_, row);
}

Resolver::Result Resolver::take_source(mysql::Connection& connection, const store::ProgressRow& progress,
                                       const Request& request, const ParkedChange& change) {
  const auto op = retry_.op_of(connection, progress, change);
  if (!op) return std::unexpected(op.error());
  if (op->target->source().repeats_cascades) {
    return Answer{.done = false,
                  .outcome =
                      "refused: the table's rows go and change with those of others by foreign keys that "
                      "cascade, and the origin does not log that: whether it still has this row is not known "
                      "here. Compare the row with the origin's, write it here by hand where it differs "
                      "(SET SESSION sql_log_bin=0), and discard this one; or keep-target"};
  }
  const auto plan = what_goes(connection, *op);
  if (!plan) return std::unexpected(failure_of(plan.error()));
  if (request.dry_run) return Answer{.done = false, .outcome = *plan};
  if (request.expected && *request.expected != *plan) {
    return Answer{.done = false, .outcome = "refused: what would go is another by now: " + *plan};
  }
  const auto seen = retry_.look_held(connection, progress.key, *op);
  if (!seen) return std::unexpected(seen.error());
  const auto others = write_over(connection, *op);
  if (!others) return std::unexpected(failure_of(others.error()));
  if (*others > 0) {
    // The look at the row that is written does not see them.
    if (auto said = make_unequal(
            connection, request,
            fmt::format("a conflict was settled for the origin's row, and {} other rows were deleted here", *others),
            kCompareDeleted);
        !said)
      return std::unexpected(failure_of(said.error()));
  }
  if (auto noted = retry_.note_seen(connection, progress.key, *op, *seen); !noted)
    return std::unexpected(noted.error());
  if (auto read = retry_.read_back(connection, *op); !read) return std::unexpected(read.error());
  if (auto ended = end_conflict(connection, progress, request); !ended) return std::unexpected(ended.error());
  return Answer{.done = true, .outcome = *plan};
}

std::expected<void, Failure> Resolver::end_conflict(mysql::Connection& connection, const store::ProgressRow& progress,
                                                    const Request& request) {
  auto ended = parking_.conflicts().end(connection, progress.key.origin, request.key, request.action);
  if (ended) ended = parking_.forget_first(connection, progress.key.origin, request.key);
  if (!ended) return std::unexpected(failure_of(ended.error()));
  return {};
}

std::expected<void, SqlError> Resolver::answer(mysql::Connection& connection, const Request& request,
                                               const Answer& answer) {
  const auto answered = store::answer_request(connection, request.id, answer.done, answer.outcome);
  if (!answered) return std::unexpected(answered.error());
  if (!*answered) {
    return std::unexpected(SqlError{mysql::SqlErrorKind::kOther, 0, {}, "the request was withdrawn meanwhile"});
  }
  return {};
}

}  // namespace farshore::apply
