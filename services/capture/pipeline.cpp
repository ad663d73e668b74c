#include "services/capture/pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/check.hpp"
#include "base/own_schemas.hpp"
#include "capture/cascade_groups.hpp"
#include "capture/source_check.hpp"
#include "capture/statement_check.hpp"
#include "change/limits.hpp"

namespace farshore::capture {

namespace {

using std::chrono::milliseconds;
using Kind = binlog::Event::Kind;

constexpr milliseconds kIdleWait{20};     ///< until watermarks and checkpoints are looked at again
constexpr milliseconds kInFlightWait{1};  ///< while acknowledgements are awaited
constexpr milliseconds kPollInterval{1};
constexpr milliseconds kWatermarkLook{10};
/// An idle source's partitions still grow by watermarks: so often the checkpoint moves past them, so that a restart has
/// little to look through.
constexpr milliseconds kIdleCheckpointInterval{60'000};

constexpr std::size_t kReasonBytesMax = 1000;  ///< of an epoch: a statement may name very many tables

bool is_progress_table(const binlog::TableMap& table) {
  return table.schema == kOwnSchema && table.name == kMarkerTable;
}

/// CREATE OR REPLACE TABLE: first the keys go that it replaces.
bool replaces_keys(const binlog::Statement& statement) {
  return statement.names == binlog::Statement::Names::kGo && !statement.references.empty();
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

Pipeline::Pipeline(const Parts& parts, const Settings& settings)
    : parts_(parts),
      settings_(settings),
      numbering_digest_(change::digest(settings.numbering)),
      now_(Clock::now()),
      last_send_(now_),
      last_cut_(now_),
      last_watermark_(now_) {}

void Pipeline::run() {
  const AtHand at_hand([this] {
    std::string gtid;
    parts_.history.gtid().append_to(gtid);
    return fmt::format("transaction {} of binlog {}, behind {}", gtid, parts_.decoder.event_position().to_string(),
                       parts_.history.position().to_string());
  });
  name_ties();
  while (!parts_.ending.ended()) {
    if (const auto event = next_event()) {
      switch (event->kind) {
        case Kind::kNone: break;
        case Kind::kBegin: begin_transaction(*event); break;
        case Kind::kRows: add_rows(event->rows); break;
        case Kind::kStatement: check_statement(*event); break;
        case Kind::kCommit: break;
      }
      if (event->ends_transaction) end_transaction();
    }
    send_what_is_due();
    publish_watermark();
    cut_checkpoint();
  }
}

/// Nothing: none is there yet, or the session has ended. Waits only when everything read is sent.
std::optional<binlog::Event> Pipeline::next_event() {
  drained_ = !parts_.stream.has_more();
  now_ = Clock::now();
  if (drained_) {
    if (between_transactions() && parts_.publisher.has_unsent()) return std::nullopt;
    const bool awaited = !parts_.publisher.acknowledgements().all_acknowledged() || !between_transactions();
    const bool readable = parts_.stream.wait_readable(awaited ? kInFlightWait : kIdleWait);
    now_ = Clock::now();
    if (!readable) return std::nullopt;
  }
  const auto raw = parts_.stream.next();
  if (!raw) {
    const auto& error = raw.error();
    parts_.ending.end(end_kind_of(error.kind), "the source's binlog: " + error.message);
    return std::nullopt;
  }
  if (!has_begun_ && parts_.stream.has_begun()) {
    has_begun_ = true;
    settings_.on_begun();
  }
  add(parts_.metrics.read_bytes, raw->header.size);
  const auto event = parts_.decoder.decode(*raw);
  if (!event) {
    const std::string sentence = event.error().to_string();
    if (!hands_over(sentence)) parts_.ending.end(EndKind::kStop, sentence);
    return std::nullopt;
  }
  return *event;
}

void Pipeline::begin_transaction(const binlog::Event& event) {
  if (const auto refusal = parts_.history.begin(event.gtid, event.commit_time)) return stop(*refusal);
  ++transaction_.serial;
  transaction_.commit_time = event.commit_time;
  transaction_is_named_ = false;
  first_rows_seen_ = false;
  statement_passed_ = false;
  role_ = parts_.servers.role_of(event.gtid);
  left_out_ = role_ == ServerRole::kForeign || parts_.history.repeating();
  if (role_ == ServerRole::kForeign) {
    add(parts_.metrics.foreign_transactions, 1);
    if (!said_foreign_)
      settings_.warning(
          fmt::format("transaction {} came by native replication from one of foreign_servers; it and all "
                      "such are left out and counted",
                      event.gtid.to_string()));
    said_foreign_ = true;
  }
  parts_.publisher.set_commit_time(event.commit_time);
  parts_.numberer.begin(transaction_);
}

void Pipeline::add_rows(const binlog::RowsEvent& rows) {
  parts_.history.add_rows(static_cast<std::uint8_t>(rows.op), rows.body_after_table_id);
  if (!first_rows_seen_) {
    first_rows_seen_ = true;
    // Apply's transactions begin with the progress write, and nobody else's do.
    if (!left_out_ && is_progress_table(*rows.table)) {
      left_out_ = true;
      add(parts_.metrics.echo_transactions, 1);
    }
  }
  if (left_out_ || !rows.table->captured) return;
  if (role_ == ServerRole::kUnknown) return stop_at_unknown_server(rows.table->schema + "." + rows.table->name);
  // Before the rows are numbered: they may belong to a group that is not known yet.
  if (!settings_.logs_cascades && asked_.due(rows, now_)) {
    learn_keys(rows.table->schema, rows.table->name);
    if (parts_.ending.ended()) return;
  }
  if (!transaction_is_named_) name_transaction();
  const auto refusal = parts_.numberer.add(rows);
  if (!refusal) return;
  switch (refusal->kind) {
    case RowsRefusal::Kind::kStops:
      if (!hands_over(refusal->sentence)) stop(refusal->sentence);
      return;
    case RowsRefusal::Kind::kEndsEpoch: return begin_epoch({refusal->sentence}, settings_.numbering);
  }
}

/// Published, its rows could reach the other regions twice; left out, not at all.
void Pipeline::stop_at_unknown_server(std::string_view table) {
  stop(
      fmt::format("a change of table {} came from a server that is neither the source nor listed: add it to the "
                  "origin's foreign_servers (another region publishes what it writes, and it is left out here), or to "
                  "own_servers (it is published as the origin's own), and start capture again",
                  table));
}

void Pipeline::check_statement(const binlog::Event& event) {
  parts_.history.add_statement(event.sql);
  // A foreign one changes this source's own rows too, whoever wrote it.
  const bool foreign = role_ == ServerRole::kForeign && !parts_.history.repeating();
  if (left_out_ && !foreign) return;
  const binlog::Statement statement = read_statement(
      event.sql,
      {.dialect = event.dialect, .default_schema = event.default_schema, .folds_names = settings_.folds_names});
  asked_.forget(statement);
  const StatementVerdict verdict = capture::check_statement(statement, parts_.rules);
  switch (verdict.kind) {
    case StatementVerdict::Kind::kPasses:
    case StatementVerdict::Kind::kChangesRows: break;
    case StatementVerdict::Kind::kStops:
      if (foreign) break;  // changes logged as a statement: left out as its rows are
      if (!hands_over(verdict.sentence)) stop(verdict.sentence);
      return;
  }
  const bool changes_rows = verdict.kind == StatementVerdict::Kind::kChangesRows;
  if (!settings_.logs_cascades) look_at_keys(statement, changes_rows);
  if (parts_.ending.ended()) return;
  if (changes_rows) tell_statement(event, verdict);
  if (parts_.ending.ended()) return;
  if (!settings_.logs_cascades) follow_keys(statement);
}

/// Asks for the keys of the tables that the statement may have given others, also of those that are not captured: they
/// may get a captured name. The source is asked as it is now, which may be ahead of what is read: groups only grow, and
/// a key too many ties more than is needed. Of a statement that is told (`is_told`) the session's start has asked.
void Pipeline::look_at_keys(const binlog::Statement& statement, bool is_told) {
  using Kind = binlog::StatementKind;
  const bool makes = statement.kind == Kind::kTableDdl || !statement.references.empty();
  if (makes || (statement.kind == Kind::kRowless && !is_told)) {
    for (const binlog::TableName& table : statement.tables) {
      learn_keys(table.schema, table.table, &statement);
      if (parts_.ending.ended()) return;
    }
  }
  // What is told is read again, and may have been anybody's until then.
  if (statement.tables.empty() || (is_told && statement_is_new())) return;
  if (replaces_keys(statement)) parts_.cascades.take_statement(statement, parts_.history.position());
  doubt_gone_keys(statement);
  doubt_dropped_keys(statement);
}

/// A statement explains the keys that it makes.
void Pipeline::explain_keys(const binlog::Statement& statement) {
  for (const auto& made : statement.references)
    for (const binlog::TableName& table : statement.tables)
      parts_.cascades.explain({made.table.full_name(), table.full_name()}, made,
                              statement.may_do_nothing ? &parts_.history.position() : nullptr);
}

/// Whether the statement at hand is yet to be told.
bool Pipeline::statement_is_new() const { return parts_.history.gtid().to_string() != settings_.told_statement; }

/// Where keys count that were not there yet, and others that were are not known.
bool Pipeline::begins_in_the_past() const {
  return settings_.keys_known_from && !parts_.history.position().contains(*settings_.keys_known_from);
}

/// Keys that the statement seems to make and that no answer of the source had: it has dropped them since, and where
/// capture is behind both nothing says what they did meanwhile.
void Pipeline::doubt_gone_keys(const binlog::Statement& statement) {
  const bool moves = statement.names == binlog::Statement::Names::kMove;
  const std::string before = statement.tables.front().full_name();
  const std::string behind = moves ? statement.tables.back().full_name() : before;
  for (const auto& made : statement.references) {
    if (!made.cascades() || (made.is_inline && settings_.ignores_inline_keys)) continue;
    const std::string parent = made.table.full_name();
    const bool is_known = parts_.cascades.has_made({parent, before}, made, statement.dropped_constraints) ||
                          parts_.cascades.has_made({parent, behind}, made, {});
    if (is_known && begins_in_the_past()) parts_.cascades.doubt({parent, before}, asked_at_, true);
    if (is_known) continue;
    // It may have been there with another key, or none: then a key of it that is dropped tells.
    if (statement.may_do_nothing && is_there_)
      may_have_made_.insert_or_assign(before, asked_at_);
    else
      parts_.cascades.doubt({parent, before}, asked_at_, is_there_ || moves);
  }
}

/// Where the origin began at a position of the past, a key that is dropped behind it is not known, nor what it had
/// cascaded by then.
void Pipeline::doubt_dropped_keys(const binlog::Statement& statement) {
  if (statement.dropped_constraints.empty()) return;
  const std::string child = statement.tables.front().full_name();
  const auto made = may_have_made_.find(child);
  const bool may_be_unknown = made != may_have_made_.end() && !parts_.history.position().contains(made->second);
  if (!begins_in_the_past() && !may_be_unknown) return;
  const bool all_known = std::ranges::all_of(statement.dropped_constraints,
                                             [&](const std::string& name) { return parts_.cascades.has(child, name); });
  if (!all_known) parts_.cascades.doubt({child, child}, asked_at_, true);
}

/// Behind the statement.
void Pipeline::follow_keys(const binlog::Statement& statement) {
  using Names = binlog::Statement::Names;
  const bool is_plain = !statement.tables.empty() || (!statement.schema.empty() && statement.names == Names::kGo);
  if (statement.kind == binlog::StatementKind::kRowless && !is_plain) parts_.cascades.doubt_ahead();
  if (!replaces_keys(statement)) parts_.cascades.take_statement(statement, parts_.history.position());
  explain_keys(statement);  // one that it drops and makes again
  name_ties();
}

/// `by`: the statement at hand because of which the source is asked, if it is one.
void Pipeline::learn_keys(std::string_view schema, std::string_view table, const binlog::Statement* by) {
  auto answer = settings_.ask_keys(schema, table);
  if (!answer) return parts_.ending.end(answer.error().kind, answer.error().sentence, answer.error().by);
  asked_.note_asked(schema, table, now_);
  asked_at_ = answer->executed;
  is_there_ = answer->keys.has_value();
  const std::string child = fmt::format("{}.{}", schema, table);
  parts_.cascades.take_answer(child, answer->keys, answer->executed);
  if (by != nullptr) explain_keys(*by);
  // What is read again under the old numbering is published; the new one may leave the table out.
  for (const CascadingKey& key : answer->keys.value_or(std::vector<CascadingKey>()))
    if (is_unrepeated(key.tie, parts_.rules) && !settings_.stops_at_tails) note_outside(key.tie);
  name_ties();
  begin_due_epoch();
}

void Pipeline::learn_keys_of(std::string_view full_name) {
  const auto dot = full_name.find('.');
  learn_keys(full_name.substr(0, dot), full_name.substr(dot + 1));
}

/// What batches name follows what is known. Ties that the numbering does not have, as of tables that were renamed,
/// begin an epoch where the transaction ends.
void Pipeline::name_ties() {
  bool others = false;
  for (const std::string& child : parts_.cascades.take_changed()) {
    const std::vector<CascadingKey> keys = parts_.cascades.keys_of(child);
    others |= parts_.rules.set_ties_of(child, keys);
    sure_of_.reset();
    std::ranges::move(new_ties(ties_of(keys), parts_.rules), std::back_inserter(due_.ties));
    has_new_transactions_ = true;  // for a checkpoint soon
  }
  for (const std::string& child : parts_.cascades.doubted())
    note_missed(child, fmt::format("a foreign key of {} that is gone again may have cascaded, and what it changed is "
                                   "not published",
                                   child));
  if (!others) return;
  // A batch names one state of the keys: a target cannot have two at once.
  parts_.publisher.send_all(parts_.numberer.open_slot());
  parts_.router.forget();
}

/// The epoch ends before the statement's transaction, and the next one's start tells of it: whoever is there has
/// applied all that came before it, and nothing that came after. Read again in that epoch, it passes.
void Pipeline::tell_statement(const binlog::Event& event, const StatementVerdict& verdict) {
  if (statement_is_new()) {
    const bool are_named = verdict.tables.size() <= change::kMaxEpochTables;
    return begin_epoch({verdict.sentence.substr(0, kReasonBytesMax),
                        change::RowlessStatement{.text = std::string(event.sql.substr(0, change::kMaxStatementBytes)),
                                                 .tables = are_named ? verdict.tables : std::vector<std::string>(),
                                                 .gtid = parts_.history.gtid().to_string()}},
                       settings_.numbering);
  }
  if (statement_passed_)
    stop(fmt::format("{}; it is the second such statement of its transaction, and an epoch's start tells of one",
                     verdict.sentence));
  statement_passed_ = true;
}

/// Rows of the child may have changed, and nothing that is published says of it.
void Pipeline::note_missed(const std::string& child, std::string why) {
  if (due_.missed.empty()) due_.why = std::move(why);
  due_.missed.insert(child);
}

/// They do until the key is gone.
void Pipeline::note_outside(const Cascade& tie) {
  note_missed(tie.child, check_cascade(tie).sentence());
  due_.changed_unseen.insert(tie.child);
}

/// Where more is published than was read again, it was published without knowing of what is due: then from there on.
void Pipeline::begin_due_epoch() {
  if (due_.ties.empty() && due_.missed.empty()) return;
  if (settings_.stops_at_tails || !tails_passed() || parts_.ending.ended()) return;
  const auto rules = parts_.rules.with_cascades(cascade_groups(parts_.rules.cascades(), due_.ties));
  if (!rules) return parts_.ending.end(EndKind::kMisconfigured, rules.error());
  if (!due_.missed.empty())
    settings_.warning(
        fmt::format("{}; the other regions' gates close for what it may have changed, as not-yet-equal", due_.why));
  begin_epoch({.sentence = due_.missed.empty() ? fmt::format("tables {} and {} are tied by a cascading foreign key",
                                                             due_.ties.front().parent, due_.ties.front().child)
                                               : due_.why.substr(0, kReasonBytesMax)},
              rules->numbering());
}

/// Everything before the transaction under way belongs to the epoch that ends, and what was published of it too. It is
/// written down in one checkpoint, so that whoever is killed before or after it goes on in the one epoch or the other;
/// the next session sends the start records, and reads the transaction again.
void Pipeline::begin_epoch(EpochReason reason, const change::Numbering& numbering) {
  // What is published in an epoch lies before what ends it, for every capture that reads the same binlog.
  if (!tails_passed())
    return stop(
        fmt::format("the numbering differs from what is published: {}, but changes behind it are published "
                    "already; begin this origin anew with a copy of its tables",
                    reason.sentence));
  parts_.publisher.send_all();
  if (!parts_.publisher.wait_acknowledged()) return;
  FARSHORE_CHECK(parts_.publisher.acknowledgements().all_acknowledged());
  while (parts_.checkpoints.busy()) {
    if (parts_.ending.ended()) return;
    parts_.publisher.poll(kPollInterval);
  }
  if (parts_.cut.is_open()) (void)parts_.cut.take_covered();
  reason.missed_tables = captured_descendants(due_.missed, parts_.cascades.ties(), parts_.rules);
  reason.changed_unseen.assign(due_.changed_unseen.begin(), due_.changed_unseen.end());
  for (const std::string& child : due_.missed) parts_.cascades.settle(child);
  parts_.cut.open(parts_.history);
  const std::string sentence = reason.sentence;
  if (!parts_.checkpoints.write(
          following_epoch(*parts_.cut.take_covered(), numbering, settings_.fresh, std::move(reason))))
    return;
  parts_.ending.end({.kind = EndKind::kRenumber, .sentence = sentence, .advanced = has_advanced_});
}

/// Of a transaction that was published in part, what cannot be carried stops whoever reads the rest under the numbering
/// it was published by. Where the configuration has another one by now, which may leave the table out, the old epoch
/// ends right there. False: nothing is handed over, and it stops.
bool Pipeline::hands_over(std::string_view why) {
  if (!settings_.stops_at_tails || !tails_passed() || parts_.ending.ended()) return false;
  begin_epoch({std::string(why.substr(0, kReasonBytesMax)), {}}, settings_.numbering);
  return true;
}

void Pipeline::end_transaction() {
  if (parts_.ending.ended()) return;
  if (!parts_.history.repeating()) has_advanced_ = true;
  if (const auto refusal = parts_.history.end()) return stop(*refusal);
  parts_.numberer.end();
  parts_.cascades.reached(parts_.history.position());
  name_ties();
  ++transactions_;
  has_new_transactions_ = true;
  add(parts_.metrics.read_transactions, 1);
  FARSHORE_CHECK(parts_.numberer.rows() >= rows_counted_, parts_.numberer.rows(), rows_counted_);
  add(parts_.metrics.read_rows, parts_.numberer.rows() - rows_counted_);
  rows_counted_ = parts_.numberer.rows();
  parts_.metrics.read_commit_us.store(transaction_.commit_time.time_since_epoch().count(), std::memory_order_relaxed);
  if (settings_.stops_at_tails) return finish_at_tails();
  begin_due_epoch();
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
  parts_.publisher.set_clock_offset(
      std::chrono::microseconds(parts_.metrics.clock_offset_us.load(std::memory_order_relaxed)));
  if (const auto news = parts_.watch.take_news()) settings_.on_withheld(*news);
  const auto moment = parts_.watch.take_reached(parts_.history.position());
  if (!moment || !is_sure_of_keys(*moment)) return;
  parts_.publisher.send_watermark({.time = moment->time,
                                   .position = moment->position.to_string(),
                                   .seq = Seq(0),
                                   .clock_offset = moment->clock_offset,
                                   .numbering_digest = numbering_digest_},
                                  *moment->doubts);
  parts_.watch.note_read(parts_.history.position());
}

/// A key that no statement made, of those that lie before the moment's position, was made without the binlog: what it
/// has cascaded since is published by nobody. It was there before the position if it was there when the keys were asked
/// for the time before; else a statement may follow, and the next moment tells.
bool Pipeline::is_sure_of_keys(const PendingWatermarks::Moment& moment) {
  parts_.cascades.reached(parts_.history.position());
  name_ties();
  if (!due_.missed.empty()) {
    begin_due_epoch();
    return false;
  }
  if (!moment.keys || moment.keys == sure_of_) return true;
  // A key may be dropped without the binlog, or by a statement that is yet to be read: the answer tells.
  const std::vector<std::string> beyond = parts_.cascades.children_beyond(*moment.keys);
  for (const std::string& child : beyond) {
    learn_keys_of(child);
    if (parts_.ending.ended()) return false;
  }
  const bool may_begin = !settings_.stops_at_tails && tails_passed();
  bool all_known = beyond.empty();
  bool is_old = !beyond.empty();  // what the watch knows
  for (const CascadingKey& key : *moment.keys) {
    if (is_unrepeated(key.tie, parts_.rules) && !settings_.stops_at_tails) {
      all_known = false;
      note_outside(key.tie);
    }
    if (parts_.cascades.is_explained(key) || !is_tie(key.tie, parts_.rules)) continue;
    all_known = false;
    is_old = true;
    const bool was_there =
        moment.keys_before && std::ranges::find(*moment.keys_before, key) != moment.keys_before->end();
    if (!was_there || !may_begin) continue;
    // What the watch knows may be old: a key becomes another one under its name.
    learn_keys_of(key.tie.child);
    if (parts_.ending.ended()) return false;
    if (!parts_.cascades.is_at_source(key)) continue;
    due_.ties.push_back(key.tie);
    parts_.cascades.take_unexplained(key);
    note_missed(key.tie.child,
                fmt::format("a foreign key of {} to {} cascades, and no statement in the binlog made it: "
                            "what it has cascaded since is not published",
                            key.tie.child, key.tie.parent));
  }
  if (all_known) sure_of_ = moment.keys;
  if (is_old) parts_.watch.forget_keys();
  begin_due_epoch();
  return all_known;
}

void Pipeline::cut_checkpoint() {
  if (parts_.cut.is_open()) {
    if (parts_.checkpoints.busy()) return;
    if (auto checkpoint = parts_.cut.take_covered()) {
      FARSHORE_CHECK(transactions_at_cut_ >= transactions_covered_, transactions_at_cut_, transactions_covered_);
      add(parts_.metrics.published_transactions, transactions_at_cut_ - transactions_covered_);
      transactions_covered_ = transactions_at_cut_;
      parts_.checkpoints.submit(std::move(*checkpoint));
    }
    return;
  }
  const milliseconds interval = has_new_transactions_ ? settings_.checkpoint_interval : kIdleCheckpointInterval;
  // Also without a transaction yet, so that a start does not look through all watermarks since the origin's first one.
  const bool due = !parts_.history.repeating() && now_ - last_cut_ >= interval;
  if (!due || !between_transactions() || parts_.checkpoints.busy() || parts_.ending.ended()) return;
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

bool Pipeline::tails_passed() const {
  return std::ranges::all_of(parts_.publisher.writers(), &PartitionWriter::tail_passed);
}

void Pipeline::finish_at_tails() {
  FARSHORE_CHECK(settings_.stops_at_tails);
  if (!tails_passed()) return;
  parts_.publisher.send_all();
  if (!parts_.publisher.wait_acknowledged()) return;
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

void Pipeline::stop(std::string_view what) {
  std::string gtid;
  parts_.history.gtid().append_to(gtid);
  parts_.ending.end(EndKind::kStop, fmt::format("{} (transaction {}, binlog {})", what, gtid,
                                                parts_.decoder.event_position().to_string()));
}

}  // namespace farshore::capture
