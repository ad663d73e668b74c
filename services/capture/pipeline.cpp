#include "services/capture/pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "base/check.hpp"
#include "base/own_schemas.hpp"
#include "capture/publish/touched_tables.hpp"
#include "capture/source/cascade_groups.hpp"
#include "capture/source/statement_check.hpp"
#include "change/epoch_start.hpp"
#include "change/limits.hpp"

namespace farshore::capture {

namespace {

using std::chrono::milliseconds;
using Kind = binlog::Event::Kind;

constexpr milliseconds kIdleWait{20};     ///< until watermarks and checkpoints are looked at again
constexpr milliseconds kInFlightWait{1};  ///< while acknowledgements are awaited
constexpr milliseconds kPollInterval{1};
constexpr milliseconds kWatermarkLook{10};
constexpr milliseconds kReachLook{1000};
constexpr milliseconds kKeepsUp{
    3000};  ///< reading is so far behind at most; the source is asked for its position every second
/// An idle source's partitions still grow by watermarks: so often the checkpoint moves past them, so that a restart has
/// little to look through.
constexpr milliseconds kIdleCheckpointInterval{60'000};

bool is_progress_table(const binlog::TableMap& table) {
  return table.schema == kOwnSchema && table.name == kMarkerTable;
}

/// What follows when the stream gives no more events.
EndKind end_kind_of(binlog::StreamError::Kind kind) {
  using Error = binlog::StreamError::Kind;
  switch (kind) {
    case Error::kUnreachable:
    case Error::kStalled:
    case Error::kClosed:
    // A process that was paused finds that another capture of the origin reads in its place: the next session stands
    // by.
    case Error::kDuplicateServerId: return EndKind::kRetry;
    case Error::kAccessDenied:
    case Error::kTlsRefused:
    case Error::kPurged:
    case Error::kHistoryMissing: return EndKind::kStopRetried;
    case Error::kProtocol: break;
  }
  return EndKind::kStop;
}

}  // namespace

Pipeline::Pipeline(const PipelineParts& parts, const PipelineSettings& settings)
    : parts_(parts),
      settings_(settings),
      unpacked_(settings.event_bytes_max),
      held_(parts.decoder.kind()),
      next_epoch_(parts_, settings_),
      keys_(parts_, settings_, next_epoch_),
      event_rows_(parts_.router, parts_.numberer),
      withheld_(settings_.on_withheld),
      numbering_digest_(change::digest(settings.numbering)),
      now_(Clock::now()),
      last_send_(now_),
      last_cut_(now_),
      last_watermark_(now_),
      last_reach_look_(now_) {}

void Pipeline::run() {
  const AtHand at_hand([this] {
    std::string gtid;
    parts_.history.gtid().append_to(gtid);
    return fmt::format("transaction {} of binlog {}, behind {}", gtid, parts_.decoder.event_position().to_string(),
                       parts_.history.position().to_string());
  });
  keys_.name_ties();
  show_prepared();
  while (!parts_.ending.ended()) {
    if (const auto event = next_event()) {
      switch (event->kind) {
        case Kind::kNone: break;
        case Kind::kBegin: begin_transaction(*event); break;
        case Kind::kRows: add_rows(event->rows); break;
        case Kind::kStatement: check_statement(*event); break;
        case Kind::kRollback: roll_back(*event); break;
        case Kind::kCommit: commit(*event); break;
        case Kind::kPrepare: prepare(*event); break;
        case Kind::kXaCommit: commit_prepared(*event); break;
        case Kind::kXaRollback: roll_back_prepared(*event); break;
      }
      if (event->ends_transaction) end_transaction();
    }
    send_what_is_due();
    publish_watermark();
    cut_checkpoint();
  }
}

/// Returns nullopt if none is there yet, or the session has ended.
std::optional<binlog::Event> Pipeline::next_event() {
  now_ = Clock::now();
  if (held_.empty() || held_.is_holding()) {
    if (unpacked_.empty() && !receive()) return std::nullopt;
    held_.take(unpacked_.give());
  }
  const auto raw = held_.give();
  if (!raw) return std::nullopt;
  raw_ = *raw;
  newest_s_ = std::max(newest_s_, raw_.header.timestamp_s);
  const auto event = parts_.decoder.decode(raw_);
  if (!event) {
    undecoded(event.error());
    return std::nullopt;
  }
  return *event;
}

/// Returns false if nothing is there yet, or the session has ended. Waits only when everything read is sent.
bool Pipeline::receive() {
  drained_ = !parts_.stream.has_more();
  if (drained_) {
    if (between_transactions() && parts_.publisher.has_unsent()) return false;
    const bool awaited = !parts_.publisher.acknowledgements().all_acknowledged() || !between_transactions();
    const bool readable = parts_.stream.wait_readable(awaited ? kInFlightWait : kIdleWait);
    now_ = Clock::now();
    if (!readable) return false;
  }
  const auto raw = parts_.stream.next();
  if (!raw) {
    const auto& error = raw.error();
    parts_.ending.end(end_kind_of(error.kind), "the source's binlog: " + error.message);
    return false;
  }
  if (!has_begun_ && parts_.stream.has_begun()) {
    has_begun_ = true;
    settings_.on_begun();
  }
  // A server that looks for the position in its binlog may send some too, until it has sent a transaction.
  if (transactions_ > 0 && is_heartbeat(raw->header.type)) heartbeats_.received(now_);
  parts_.counts.read_bytes.add(raw->header.size);
  unpacked_.take(*raw);
  return true;
}

/// Behind rows that cannot be read the decoder goes on, behind anything else it does not.
void Pipeline::undecoded(const binlog::DecodeError& error) {
  const std::string sentence = error.to_string();
  if (!next_epoch_.hands_over(sentence, !error.table.table.empty())) return parts_.ending.end(EndKind::kStop, sentence);
  if (!error.table.table.empty()) next_epoch_.note_rows(error.table.schema, error.table.table);
}

void Pipeline::begin_transaction(const binlog::Event& event) {
  if (const auto refusal = parts_.history.begin(event.gtid, event.commit_time)) return parts_.stop(*refusal);
  ++transaction_.serial;
  transaction_.commit_time = event.commit_time;
  transaction_is_named_ = false;
  first_rows_seen_ = false;
  statement_passed_ = false;
  role_ = parts_.servers.role_of(event.gtid);
  left_out_ = role_ == ServerRole::kForeign || parts_.history.repeating();
  if (role_ == ServerRole::kForeign) {
    parts_.counts.foreign_transactions.add();
    if (!said_foreign_)
      settings_.warning(
          fmt::format("transaction {} came by native replication from one of foreign_servers; it and all "
                      "such are left out and counted",
                      event.gtid.to_string()));
    said_foreign_ = true;
  }
  parts_.publisher.set_commit_time(event.commit_time);
  parts_.numberer.begin(transaction_);
  parts_.prepared.begin();
  parts_.unchecked.begin();
}

void Pipeline::add_rows(const binlog::RowsEvent& rows) {
  parts_.history.add_rows(static_cast<std::uint8_t>(rows.op), rows.body_after_table_id);
  if (!first_rows_seen_) {
    first_rows_seen_ = true;
    // Apply's transactions begin with the progress write, and nobody else's do.
    if (!left_out_ && is_progress_table(*rows.table)) {
      left_out_ = true;
      parts_.counts.echo_transactions.add();
    }
  }
  if (left_out_ || is_rolled_back()) return;
  if (rows.table->captured && role_ == ServerRole::kUnknown && !next_epoch_.is_handing_over())
    return stop_at_unknown_server(rows.table->schema + "." + rows.table->name);
  if (rows.of_xa) return parts_.prepared.add_rows(rows, raw_);
  if (rows.table->captured) publish_rows(rows, raw_.header.timestamp_s);
}

/// `began_s`: the statement, by the source's clock.
void Pipeline::publish_rows(const binlog::RowsEvent& rows, std::uint32_t began_s) {
  if (next_epoch_.is_handing_over()) return next_epoch_.note_rows(rows.table->schema, rows.table->name);
  if (!settings_.logs_cascades) {
    keys_.meet(rows, now_);
    if (parts_.ending.ended()) return;
    for (const TableName& table :
         parts_.unchecked.take(rows, SourceTime(std::chrono::seconds(began_s)), parts_.cascades))
      next_epoch_.note_missed(
          table, fmt::format("transaction {} changes table {} by a statement that began before a session with "
                             "foreign_key_checks=0 wrote rows of {}, or before a statement tied them: here the cascade "
                             "may not have met them, and at the targets it does",
                             parts_.history.gtid().to_string(), rows.table->schema + "." + rows.table->name,
                             table.for_people()));
  }
  if (!transaction_is_named_) name_transaction();
  const auto refusal = event_rows_.add(rows);
  if (!refusal) return next_epoch_.note_rows(rows.table->schema, rows.table->name);
  switch (refusal->kind) {
    case RowsRefusal::Kind::kStops:
      next_epoch_.note_rows(rows.table->schema, rows.table->name);  // some of them may be numbered
      if (!next_epoch_.hands_over(refusal->sentence)) parts_.stop(refusal->sentence);
      return;
    case RowsRefusal::Kind::kEndsEpoch: return next_epoch_.begin({refusal->sentence}, settings_.numbering);
  }
}

/// Published, its rows could reach the other regions twice; left out, not at all.
void Pipeline::stop_at_unknown_server(std::string_view table) {
  parts_.stop(
      fmt::format("a change of table {} came from a server that is neither the source nor listed: add it to the "
                  "origin's foreign_servers (another region publishes what it writes, and it is left out here), or to "
                  "own_servers (it is published as the origin's own), and start capture again",
                  table));
}

void Pipeline::check_statement(const binlog::Event& event) {
  parts_.history.add_statement(event.sql);
  if (next_epoch_.is_handing_over()) return;  // read again behind it
  // A foreign one changes this source's own rows too, whoever wrote it.
  const bool foreign = role_ == ServerRole::kForeign && !parts_.history.repeating();
  if (left_out_ && !foreign) return;
  const binlog::Statement statement = read_statement(
      event.sql,
      {.dialect = event.dialect, .default_schema = event.default_schema, .folds_names = settings_.folds_names});
  keys_.forget(statement);
  const StatementVerdict verdict = capture::check_statement(statement, parts_.rules);
  switch (verdict.kind) {
    case StatementVerdict::Kind::kPasses:
    case StatementVerdict::Kind::kAddsColumns:
    case StatementVerdict::Kind::kChangesRows: break;
    case StatementVerdict::Kind::kStops:
      if (foreign) break;  // changes logged as a statement: left out as its rows are
      if (!next_epoch_.hands_over(verdict.sentence)) parts_.stop(verdict.sentence);
      return;
  }
  const Telling telling = telling_of(verdict);
  if (!settings_.logs_cascades) keys_.look_at(statement, telling, now_);
  if (parts_.ending.ended()) return;
  if (telling != Telling::kNothing) tell_statement(event, statement, verdict, telling);
  if (parts_.ending.ended()) return;
  if (settings_.logs_cascades) return;
  keys_.follow(statement);
  parts_.unchecked.take_statement(statement, event.foreign_keys_off);
}

/// Where rows that it takes back were not left out, their numbers must not depend on time: all of them are published.
void Pipeline::roll_back(const binlog::Event& event) {
  parts_.history.add_statement(event.sql);
  if (left_out_ || is_rolled_back()) return;
  next_epoch_.note_rollback(parts_.history.gtid().to_string());
  parts_.prepared.lose_rows();
}

/// The event at hand.
bool Pipeline::is_rolled_back() const {
  return held_.rolled_back() && change::leaves_out_rolled_back(settings_.numbering);
}

/// What it says counts to what it is, as with any statement.
void Pipeline::commit(const binlog::Event& event) {
  if (!event.sql.empty()) parts_.history.add_statement(event.sql);
}

/// What another capture publishes is not kept.
void Pipeline::prepare(const binlog::Event& event) {
  if (left_out_) return;
  if (!event.xid.empty()) return parts_.prepared.prepare(event.xid);
  publish_prepared(parts_.prepared.under_way());
}

void Pipeline::commit_prepared(const binlog::Event& event) {
  parts_.history.add_statement(event.sql);
  parts_.prepared.finish(event.xid);
  if (parts_.history.repeating()) return;
  const auto* const prepared = parts_.prepared.find(event.xid);
  if (prepared != nullptr && role_ == ServerRole::kOwn) return publish_prepared(*prepared);
  if (prepared != nullptr) return note_unpublished(prepared->tables, {}, "were prepared by another server");
  if (left_out_) return;
  next_epoch_.note_missed(
      change::all_tables(),
      fmt::format("transaction {} commits an XA transaction of which it is not known what it changed: it was prepared "
                  "before this origin began, by another server, or beside too many others",
                  parts_.history.gtid().to_string()));
}

void Pipeline::roll_back_prepared(const binlog::Event& event) {
  parts_.history.add_statement(event.sql);
  parts_.prepared.finish(event.xid);
}

/// Its rows come to be with the transaction under way.
void Pipeline::publish_prepared(const change::PreparedTransaction& prepared) {
  TouchedTables kept;
  for (KeptEvents events(prepared.events); const auto raw = events.next();) {
    const auto event = parts_.decoder.decode_again(*raw);
    if (event && event->kind == Kind::kRows && event->rows.table->captured) {
      kept.add(event->rows.table->schema, event->rows.table->name);
      publish_rows(event->rows, raw->header.timestamp_s);
    }
    if (!event) undecoded(event.error());
    if (parts_.ending.ended()) return;
  }
  note_unpublished(prepared.tables, kept.names(), "were not kept");
}

/// What it changed in captured tables, and is not published. `why`: "... in table T {}".
void Pipeline::note_unpublished(const std::vector<std::string>& changed, const std::vector<TableName>& published,
                                std::string_view why) {
  for (const std::string& text : changed) {
    const TableName table = TableName::parse(text).value_or(change::all_tables());
    if (table != change::all_tables() && !is_captured(table, parts_.rules)) continue;
    if (std::ranges::find(published, table) != published.end()) continue;
    next_epoch_.note_missed(table,
                            fmt::format("transaction {} commits an XA transaction of which the rows in table {} {}",
                                        parts_.history.gtid().to_string(), table.for_people(), why));
  }
}

Telling Pipeline::telling_of(const StatementVerdict& verdict) const {
  const bool is_told = parts_.history.gtid() == settings_.told_statement;
  switch (verdict.kind) {
    case StatementVerdict::Kind::kPasses:
    case StatementVerdict::Kind::kStops: return Telling::kNothing;
    case StatementVerdict::Kind::kChangesRows: return is_told ? Telling::kAgain : Telling::kFirst;
    // An older capture has published what lies behind it, and told nobody.
    case StatementVerdict::Kind::kAddsColumns:
      return is_told ? Telling::kAgain : parts_.tails_passed() ? Telling::kFirst : Telling::kNothing;
  }
  return Telling::kNothing;
}

/// The epoch ends before the statement's transaction, and the next one's start tells of it: whoever is there has
/// applied all that came before it, and nothing that came after. Read again in that epoch, it passes.
void Pipeline::tell_statement(const binlog::Event& event, const binlog::Statement& statement,
                              const StatementVerdict& verdict, Telling telling) {
  if (telling == Telling::kFirst) {
    const bool are_named = verdict.tables.size() <= change::kEpochTablesMax;
    const bool only_adds = verdict.kind == StatementVerdict::Kind::kAddsColumns;
    return next_epoch_.begin(
        {verdict.sentence.substr(0, NextEpoch::kReasonBytesMax),
         change::RowlessStatement{.text = std::string(event.sql.substr(0, change::kStatementBytesMax)),
                                  .tables = are_named ? verdict.tables : std::vector<std::string>(),
                                  .gtid = parts_.history.gtid(),
                                  .may_be_temporary = event.may_be_temporary,
                                  .added_columns = only_adds ? statement.added_columns : std::vector<AddedColumn>()}},
        settings_.numbering);
  }
  if (statement_passed_)
    parts_.stop(fmt::format("{}; it is the second such statement of its transaction, and an epoch's start tells of one",
                            verdict.sentence));
  statement_passed_ = true;
}

void Pipeline::end_transaction() {
  if (parts_.ending.ended()) return;
  if (next_epoch_.is_handing_over()) return next_epoch_.hand_over();
  const bool was_read_before = parts_.history.repeating();
  if (const auto refusal = parts_.history.end()) return parts_.stop(*refusal);
  if (!was_read_before) {
    next_epoch_.note_advanced();
    parts_.prepared.end();
    show_prepared();
  }
  next_epoch_.note_end();
  if (!was_read_before && parts_.unchecked.has_taken()) parts_.unchecked.end(committed_by());
  parts_.numberer.end();
  keys_.reached();
  ++transactions_;
  has_new_transactions_ = true;
  parts_.counts.read_transactions.add();
  FARSHORE_CHECK(parts_.numberer.rows() >= rows_counted_, parts_.numberer.rows(), rows_counted_);
  parts_.counts.read_rows.add(parts_.numberer.rows() - rows_counted_);
  rows_counted_ = parts_.numberer.rows();
  parts_.counts.read_commit.set(transaction_.commit_time);
  if (settings_.stops_at_tails) return finish_at_tails();
  next_epoch_.begin_due();
}

/// When the transaction under way was committed at the latest, by the source's clock. Of MariaDB's the binlog has when
/// its last statement began: while reading keeps up, now is a little behind the end, else the newest that is read, as
/// far as no session has set its time to the future.
SourceTime Pipeline::committed_by() const {
  if (parts_.decoder.kind() == ServerKind::kMysql) return transaction_.commit_time;
  const SourceTime now = local_now() + parts_.watch.clock_offset();
  const SourceTime newest{std::chrono::seconds(newest_s_)};
  const bool keeps_up = now - reached_ <= kKeepsUp;
  return keeps_up ? now : std::min(now, newest);
}

void Pipeline::show_prepared() {
  parts_.counts.prepared_transactions.set(parts_.prepared.all().size());
  parts_.counts.prepared_bytes.set(parts_.prepared.bytes());
}

void Pipeline::send_what_is_due() {
  if (parts_.ending.ended()) return;
  const bool lingered = now_ - last_send_ >= settings_.batch_linger;
  if (drained_ && between_transactions()) {
    parts_.publisher.send_all();
    last_send_ = now_;
  } else if (lingered) {
    parts_.publisher.send_all(parts_.numberer.open_slot());
    last_send_ = now_;
  }
  if (drained_ || now_ - last_poll_ >= kPollInterval) {
    parts_.publisher.poll();
    last_poll_ = now_;
  }
}

void Pipeline::publish_watermark() {
  if (!between_transactions() || now_ - last_watermark_ < kWatermarkLook || parts_.ending.ended()) return;
  last_watermark_ = now_;
  parts_.publisher.set_clock_offset(parts_.watch.clock_offset());
  if (const auto news = parts_.watch.take_news()) withheld_.source_says(*news, now_);
  const auto moment = parts_.watch.take_reached(parts_.history.position());
  if (!moment) return note_never_reached();
  reached_ = moment->time;
  if (!keys_.is_sure_of(*moment, now_)) return withheld_.waits(keys_.unsure_of(), now_);
  parts_.publisher.send_watermark({.time = moment->time,
                                   .position = moment->position,
                                   .seq = Seq(0),
                                   .clock_offset = moment->clock_offset,
                                   .numbering_digest = numbering_digest_},
                                  *moment->doubts);
  withheld_.given(now_);
  parts_.watch.note_read(parts_.history.position());
}

void Pipeline::note_never_reached() {
  if (now_ - last_reach_look_ < kReachLook || parts_.history.repeating()) return;
  last_reach_look_ = now_;
  std::string why = parts_.watch.never_reached(parts_.history.position(), heartbeats_.all_received_until());
  if (!why.empty()) withheld_.waits(std::move(why), now_);
}

void Pipeline::cut_checkpoint() {
  if (parts_.cut.is_open()) {
    if (parts_.checkpoints.busy()) return;
    if (auto checkpoint = parts_.cut.take_covered()) {
      FARSHORE_CHECK(transactions_at_cut_ >= transactions_covered_, transactions_at_cut_, transactions_covered_);
      parts_.counts.published_transactions.add(transactions_at_cut_ - transactions_covered_);
      transactions_covered_ = transactions_at_cut_;
      parts_.checkpoints.submit(std::move(*checkpoint));
    }
    return;
  }
  has_new_transactions_ |= keys_.take_changed();
  const milliseconds interval = has_new_transactions_ ? settings_.checkpoint_interval : kIdleCheckpointInterval;
  // Also without a transaction yet, so that a start does not look through all watermarks since the origin's first one.
  const bool due = !parts_.history.repeating() && now_ - last_cut_ >= interval;
  // What an epoch is to tell is told from the checkpoint before it, whenever that is read again.
  if (!due || next_epoch_.tells_of_missed() || !between_transactions() || parts_.checkpoints.busy() ||
      parts_.ending.ended())
    return;
  parts_.publisher.send_all();
  if (parts_.ending.ended()) return;
  parts_.cut.open(parts_.history);
  transactions_at_cut_ = transactions_;
  has_new_transactions_ = false;
  last_cut_ = now_;
}

/// A transaction that leaves no rows behind never needs its texts.
void Pipeline::name_transaction() {
  transaction_is_named_ = true;
  transaction_.gtid.clear();
  parts_.history.gtid().append_to(transaction_.gtid);
  transaction_.position_before = parts_.history.position().to_string();
}

void Pipeline::finish_at_tails() {
  FARSHORE_CHECK(settings_.stops_at_tails);
  if (!parts_.tails_passed()) return;
  parts_.publisher.send_all();
  if (!parts_.publisher.wait_acknowledged()) return;
  if (next_epoch_.tells_of_missed()) return next_epoch_.begin_missed();
  while (parts_.cut.is_open() || parts_.checkpoints.busy()) {
    if (parts_.ending.ended()) return;
    cut_checkpoint();
    std::this_thread::sleep_for(kPollInterval);
  }
  parts_.cut.open(parts_.history);
  const auto checkpoint = parts_.cut.take_covered();
  if (parts_.checkpoints.write(*checkpoint))
    parts_.ending.end(EndKind::kRenumber, "everything published under the old numbering is read again");
}

}  // namespace farshore::capture
