// The grammar of a stream of events. Control events (FORMAT_DESCRIPTION, ROTATE, HEARTBEAT, PREVIOUS_GTIDS, GTID_LIST,
// annotations, ...) may stand anywhere and are left out.
//
//   stream      = { transaction }
//   MySQL:
//   transaction = GTID QUERY(BEGIN) body end
//               | GTID QUERY(XA START) body QUERY(XA END) XA_PREPARE            also XA COMMIT ... ONE PHASE
//               | GTID QUERY(XA COMMIT) | GTID QUERY(XA ROLLBACK)
//               | GTID QUERY(CREATE TABLE ... START TRANSACTION) body end       CREATE TABLE ... SELECT
//               | GTID QUERY                                                    DDL: a transaction of its own
//   MariaDB:
//   transaction = GTID body end
//               | GTID(XA is prepared) body QUERY(XA END) XA_PREPARE
//               | GTID(standalone) QUERY                                        DDL, XA COMMIT, XA ROLLBACK
//               | GTID(standalone, START or ROLLBACK ALTER) QUERY               binlog_alter_two_phase: no effect
//   body        = { TABLE_MAP { TABLE_MAP } ROWS { ROWS } | QUERY }             QUERY: SAVEPOINT, ROLLBACK TO
//   end         = XID | QUERY(COMMIT) | QUERY(ROLLBACK)
//
// The states: kIdle (between transactions), kBegun (GTID seen, its QUERY outstanding), kWithoutEffect (likewise, and
// the QUERY tells of an ALTER that is not done, or not yet), kInTransaction (the body). Sources: MySQL "Binary Log"
// internals; MariaDB "Replication Protocol", GTID_EVENT.

#include "binlog/decoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/byte_reader.hpp"
#include "binlog/query_event.hpp"
#include "binlog/statement.hpp"
#include "binlog/table_map_cache.hpp"
#include "binlog/table_map_parser.hpp"

namespace farshore::binlog {
namespace {

constexpr std::size_t kOpenTablesMax = 4096;
constexpr std::uint16_t kRowsStatementEnd = 1;
constexpr std::uint16_t kRowsNoForeignKeyChecks = 2;  // NO_FOREIGN_KEY_CHECKS_F, of both servers
constexpr std::uint8_t kMariadbStandalone = 1;
constexpr std::uint8_t kMariadbGroupCommitId = 2;
constexpr std::uint8_t kMariadbPreparedXa = 64;
constexpr std::uint8_t kMariadbCompletedXa = 128;
constexpr std::size_t kXidBytesMax = 300;           // two parts of 64 bytes in hex, and a number
constexpr std::string_view kXaStart = "XA START ";  // as the servers write them, whatever was typed
constexpr std::string_view kXaEnd = "XA END ";
constexpr std::string_view kXaCommit = "XA COMMIT ";
constexpr std::string_view kXaRollback = "XA ROLLBACK ";
constexpr std::uint8_t kMariadbStartAlter = 2;     // of the further flags, as what follows
constexpr std::uint8_t kMariadbRollbackAlter = 8;  // COMMIT ALTER has 4

/// The rows of an update come as pairs of images, those of the others alone.
std::optional<RowChangeKind> row_change_kind_of(EventType type) {
  switch (type) {
    case EventType::kWriteRowsV1:
    case EventType::kWriteRows:
    case EventType::kMariadbWriteRowsCompressed: return RowChangeKind::kInsert;
    case EventType::kUpdateRowsV1:
    case EventType::kUpdateRows:
    case EventType::kPartialUpdateRows:
    case EventType::kMariadbUpdateRowsCompressed: return RowChangeKind::kUpdate;
    case EventType::kDeleteRowsV1:
    case EventType::kDeleteRows:
    case EventType::kMariadbDeleteRowsCompressed: return RowChangeKind::kDelete;
    default: return std::nullopt;
  }
}

/// What keeps rows of this event type from being read; empty: nothing.
std::string_view row_format_problem(EventType type) {
  switch (type) {
    case EventType::kPartialUpdateRows:
      return "partial JSON updates cannot be read yet; set binlog_row_value_options='' at the source";
    case EventType::kMariadbWriteRowsCompressed:
    case EventType::kMariadbUpdateRowsCompressed:
    case EventType::kMariadbDeleteRowsCompressed:
      return "the compressed rows cannot be unpacked: they are malformed, or above capture.max_event_bytes: raise it";
    default: return {};
  }
}

/// Rows events of version 2 have a length and as many bytes of extra data less two.
bool has_extra_data(EventType type) {
  return type == EventType::kWriteRows || type == EventType::kUpdateRows || type == EventType::kDeleteRows ||
         type == EventType::kPartialUpdateRows;
}

/// Every one of the first `count` bits is set.
bool is_full(std::string_view bitmap, std::size_t count) {
  for (std::size_t i = 0; i < count / 8; ++i) {
    if (static_cast<std::uint8_t>(bitmap[i]) != 0xFF) return false;
  }
  const unsigned rest = count % 8;
  const unsigned mask = (1U << rest) - 1;
  return rest == 0 || (static_cast<std::uint8_t>(bitmap[count / 8]) & mask) == mask;
}

/// Without the format: no two prepared transactions differ in it alone, MariaDB takes another one for the same name,
/// and MySQL keeps its low four bytes over a restart.
std::string_view xid_of(std::string_view written) { return written.substr(0, written.rfind(',')); }

SourceTime header_time(const RawEvent& raw) { return SourceTime(std::chrono::seconds(raw.header.timestamp_s)); }

/// Events of the dump thread that are not in the file.
bool is_outside_file(const RawEvent& raw) {
  return (raw.header.flags & EventHeader::kFlagArtificial) != 0 || is_heartbeat(raw.header.type) ||
         (raw.header.type == EventType::kFormatDescription && raw.header.log_pos == 0);
}

}  // namespace

std::string DecodeError::to_string() const {
  return fmt::format("{} event at {}{}{}: {}", binlog::to_string(event), position.to_string(),
                     table.table.empty() ? "" : " for table ", table.table.empty() ? "" : table.for_people(), message);
}

EventDecoder::EventDecoder(ServerKind kind) : kind_(kind), tables_(std::make_unique<TableMapCache>(kind)) {}
EventDecoder::~EventDecoder() = default;

void EventDecoder::set_table_filter(TableFilter filter) { tables_->set_filter(std::move(filter)); }

EventDecoder::Result EventDecoder::decode(const RawEvent& raw) {
  advance(raw);
  return dispatch(raw);
}

EventDecoder::Result EventDecoder::dispatch(const RawEvent& raw) {
  if (const auto op = row_change_kind_of(raw.header.type)) return on_rows(raw, *op);
  switch (raw.header.type) {
    case EventType::kTableMap: return on_table_map(raw);
    case EventType::kGtid: return on_mysql_gtid(raw);
    case EventType::kMariadbGtid: return on_mariadb_gtid(raw);
    case EventType::kQuery:
    case EventType::kExecuteLoadQuery: return on_query(raw);
    case EventType::kXid: return on_commit(raw);
    case EventType::kRotate: return on_rotate(raw);
    case EventType::kAnonymousGtid:
      return error(raw, "the source logs transactions without GTID; set gtid_mode=ON at the source");
    case EventType::kGtidTagged:
      return error(raw, "a GTID with a tag cannot be captured yet; use gtid_next without tags");
    case EventType::kXaPrepare: return on_xa_prepare(raw);
    case EventType::kTransactionPayload:
      return error(raw,
                   "the compressed transaction cannot be unpacked: it is malformed, or one of its events is above "
                   "capture.max_event_bytes: raise it");
    case EventType::kMariadbQueryCompressed:
      return error(raw,
                   "the compressed statement cannot be unpacked: it is malformed, or above capture.max_event_bytes: "
                   "raise it");
    case EventType::kMariadbPartialRowData:
      return error(raw, "rows in fragments cannot be read yet; set binlog_row_event_fragment_threshold to its maximum");
    case EventType::kFormatDescription: return on_format_description(raw);
    case EventType::kIncident:
      return error(raw, "the source says that changes are missing from its binlog; copy the tables again");
    case EventType::kStop:
    case EventType::kIntvar:
    case EventType::kAppendBlock:
    case EventType::kDeleteFile:
    case EventType::kRand:
    case EventType::kUserVar:
    case EventType::kBeginLoadQuery:
    case EventType::kHeartbeat:
    case EventType::kHeartbeatV2:
    case EventType::kIgnorable:
    case EventType::kRowsQuery:
    case EventType::kPreviousGtids:
    case EventType::kTransactionContext:
    case EventType::kViewChange:
    case EventType::kMariadbAnnotateRows:
    case EventType::kMariadbBinlogCheckpoint:
    case EventType::kMariadbGtidList:
    case EventType::kMariadbStartEncryption: return Event{};
    default: break;
  }
  if ((raw.header.flags & EventHeader::kFlagIgnorable) != 0) return Event{};
  return error(raw, fmt::format("event type {} is not known to this version of Farshore; take a newer one",
                                static_cast<unsigned>(raw.header.type)));
}

/// GTID: flags (1) UUID (16) number (8) [2 (1) last committed (8) sequence (8) [commit time µs (7; the high bit: the
/// original's follows) ...]]. The first time is that of the commit at this source. Source: MySQL "Gtid_event".
EventDecoder::Result EventDecoder::on_mysql_gtid(const RawEvent& raw) {
  constexpr std::uint8_t kLogicalTimestamps = 2;
  constexpr std::uint64_t kTimeMask = (std::uint64_t{1} << 55) - 1;
  ByteReader reader(raw.body);
  Gtid gtid;
  gtid.kind = ServerKind::kMysql;
  reader.skip(1);
  const std::string_view uuid = reader.bytes(gtid.uuid.size());
  gtid.number = reader.u64();
  if (!reader.ok() || gtid.number == 0) return error(raw, "the GTID is malformed");
  std::ranges::copy(uuid, gtid.uuid.begin());
  SourceTime commit_time = header_time(raw);
  constexpr std::size_t kTimeSize = 7;
  if (reader.left() >= 1 + 8 + 8 + kTimeSize && reader.u8() == kLogicalTimestamps) {
    reader.skip(16);
    commit_time = SourceTime(std::chrono::microseconds(reader.number<std::uint64_t>(kTimeSize) & kTimeMask));
  }
  return begin(raw, gtid, commit_time, State::kBegun);
}

/// GTID: number (8) domain (4) flags (1) [2: group's id (8)] [64, 128: XA's format (4) length (1) length (1) both parts
/// of its name] [further flags (1) ...]. The server
/// id is the header's. What is shorter than 19 bytes is filled up with zeros. With binlog_alter_two_phase (10.8 and
/// later) an ALTER's text comes twice: as START ALTER, which may yet fail, and as COMMIT or ROLLBACK ALTER.
EventDecoder::Result EventDecoder::on_mariadb_gtid(const RawEvent& raw) {
  ByteReader reader(raw.body);
  Gtid gtid;
  gtid.kind = ServerKind::kMariadb;
  gtid.number = reader.u64();
  gtid.domain = reader.u32();
  gtid.server_id = raw.header.server_id;
  const std::uint8_t flags = reader.u8();
  if ((flags & kMariadbGroupCommitId) != 0) reader.skip(8);
  if ((flags & (kMariadbPreparedXa | kMariadbCompletedXa)) != 0) {
    reader.skip(4);
    const std::size_t name = reader.u8();
    reader.skip(name + reader.u8());
  }
  const std::uint8_t further = reader.left() == 0 ? 0 : reader.u8();
  if (!reader.ok() || gtid.number == 0) return error(raw, "the GTID is malformed");
  const bool is_standalone = (flags & kMariadbStandalone) != 0;
  const bool is_done = (further & (kMariadbStartAlter | kMariadbRollbackAlter)) == 0;
  auto event = begin(raw, gtid, header_time(raw),
                     !is_done        ? State::kWithoutEffect
                     : is_standalone ? State::kBegun
                                     : State::kInTransaction);
  is_xa_ = (flags & kMariadbPreparedXa) != 0;
  return event;
}

EventDecoder::Result EventDecoder::begin(const RawEvent& raw, const Gtid& gtid, SourceTime commit_time, State next) {
  if (gtid.kind != kind_) return error(raw, "this is not the kind of server that was expected");
  if (state_ != State::kIdle) return error(raw, "a transaction begins although the one before it did not end");
  state_ = next;
  gtid_ = gtid;
  is_xa_ = false;
  xid_.clear();
  open_tables_.clear();
  Event event;
  event.kind = Event::Kind::kBegin;
  event.gtid = gtid;
  event.commit_time = commit_time;
  return event;
}

/// A binlog file begins. A transaction never spans two: it was cut off where the server crashed.
EventDecoder::Result EventDecoder::on_format_description(const RawEvent& raw) {
  if (state_ == State::kIdle || is_outside_file(raw)) return Event{};
  return error(
      raw,
      fmt::format(
          "the binlog before this one ends inside transaction {}: the source crashed while it was "
          "written, and rolled it back; begin this origin anew (`farshorectl origin reset`) with a copy of its tables",
          gtid_.to_string()));
}

EventDecoder::Result EventDecoder::on_query(const RawEvent& raw) {
  const auto query = parse_query(kind_, raw);
  if (!query) return error(raw, "the statement is malformed");
  if (state_ == State::kIdle) return error(raw, "a statement stands outside of a transaction");
  if (state_ == State::kWithoutEffect) {
    Event event = end_transaction();
    event.sql = query->sql;
    return event;
  }
  const bool is_first = state_ == State::kBegun;
  if (is_first && query->sql == "BEGIN") {
    state_ = State::kInTransaction;
    return Event{};
  }
  if (!is_first && query->sql == "COMMIT") return on_commit(raw);

  const Statement statement = classify(query->sql, query->dialect);
  switch (statement.kind) {
    case StatementKind::kSavepoint: return Event{};
    case StatementKind::kBegin: state_ = State::kInTransaction; return Event{};
    case StatementKind::kCommit: return on_commit(raw);
    case StatementKind::kXa: return on_xa_statement(raw, query->sql);
    case StatementKind::kRollback: return on_rollback(raw, query->sql, statement.to_savepoint);
    case StatementKind::kRowless:
    case StatementKind::kTableDdl:
    case StatementKind::kOtherDdl:
    case StatementKind::kDml:
    case StatementKind::kOther: break;
  }
  Event event;
  event.kind = Event::Kind::kStatement;
  event.default_schema = query->default_schema;
  event.sql = query->sql;
  event.dialect = query->dialect;
  event.foreign_keys_off = query->foreign_keys_off;
  event.may_be_temporary = kind_ == ServerKind::kMariadb &&
                           (statement.is_rename || (raw.header.flags & EventHeader::kFlagThreadSpecific) != 0);
  if (is_first && kind_ == ServerKind::kMysql && statement.opens_transaction) {
    state_ = State::kInTransaction;
  } else if (is_first) {
    state_ = State::kIdle;
    event.ends_transaction = true;
  }
  return event;
}

EventDecoder::Result EventDecoder::on_table_map(const RawEvent& raw) {
  const auto head = parse_table_map_head(raw.body);
  if (!head) return error(raw, head.error());
  if (state_ != State::kInTransaction) return error(raw, "rows stand outside of a transaction");
  auto map = tables_->find(*head);
  const auto open = std::ranges::find(open_tables_, head->table_id, &OpenTable::table_id);
  if (open != open_tables_.end()) {
    open->map = std::move(map);
  } else {
    if (open_tables_.size() >= kOpenTablesMax) return error(raw, "a statement changes too many tables");
    open_tables_.push_back({head->table_id, std::move(map)});
  }
  return Event{};
}

/// ROWS: table id (6) flags (2) [version 2: length (2) extra data] column count (lenenc) | a bit for each column that
/// the images have; an update has these bits twice | row images
EventDecoder::Result EventDecoder::on_rows(const RawEvent& raw, RowChangeKind op) {
  ByteReader reader(raw.body);
  const std::uint64_t table_id = reader.u48();
  const auto open = std::ranges::find(open_tables_, table_id, &OpenTable::table_id);
  if (!reader.ok() || open == open_tables_.end()) return error(raw, "rows of a table that was not described");
  const TableMap& table = *open->map;

  Event event;
  event.kind = Event::Kind::kRows;
  event.rows.op = op;
  event.rows.table = &table;
  event.rows.table_id = table_id;
  event.rows.of_xa = is_xa_;
  event.rows.body_after_table_id = reader.rest();
  const std::uint16_t flags = reader.u16();
  event.rows.statement_end = (flags & kRowsStatementEnd) != 0;
  event.rows.foreign_keys_off = (flags & kRowsNoForeignKeyChecks) != 0;
  if (event.rows.statement_end) {
    ended_tables_.swap(open_tables_);
    open_tables_.clear();
  }
  if (!table.captured) return event;

  const auto problem = [&](std::string text) { return error(raw, std::move(text), {table.schema, table.name}); };
  if (!table.problem.empty()) return problem(table.problem);
  if (const auto format = row_format_problem(raw.header.type); !format.empty()) return problem(std::string(format));
  if (has_extra_data(raw.header.type)) {
    const std::uint16_t size = reader.u16();
    if (size < 2) return problem("the rows are malformed (extra data)");
    reader.skip(size - 2U);
  }
  const std::size_t columns = table.shape->columns.size();
  if (reader.lenenc() != columns) return problem("the rows have another number of columns than their table");
  for (int images = has_before(op) && has_after(op) ? 2 : 1; images > 0; --images) {
    const std::string_view present = reader.bytes((columns + 7) / 8);
    if (!reader.ok()) return problem("the rows are malformed (columns present)");
    if (!is_full(present, columns)) {
      return problem("the row images lack columns; set binlog_row_image=FULL for all sessions of the source");
    }
  }
  event.rows.rows = reader.rest();
  return event;
}

EventDecoder::Result EventDecoder::on_commit(const RawEvent& raw) {
  if (state_ != State::kInTransaction) return error(raw, "a commit stands outside of a transaction");
  return end_transaction();
}

EventDecoder::Result EventDecoder::on_xa_statement(const RawEvent& raw, std::string_view sql) {
  const bool is_first = state_ == State::kBegun;
  if (is_first && sql.starts_with(kXaStart)) {
    state_ = State::kInTransaction;
    is_xa_ = true;
    return Event{};
  }
  if (!is_first && is_xa_ && sql.starts_with(kXaEnd)) {
    xid_ = xid_of(sql.substr(kXaEnd.size()));
    if (xid_.size() > kXidBytesMax) return error(raw, "the name of the XA transaction is too long");
    return Event{};
  }
  const bool commits = sql.starts_with(kXaCommit);
  if (!is_first || !(commits || sql.starts_with(kXaRollback)))
    return error(raw, "an XA statement stands where none can be");
  Event event = end_transaction();
  event.kind = commits ? Event::Kind::kXaCommit : Event::Kind::kXaRollback;
  event.sql = sql;
  event.xid = xid_of(sql.substr(commits ? kXaCommit.size() : kXaRollback.size()));
  return event;
}

/// XA_PREPARE: one phase (1), and the name again.
EventDecoder::Result EventDecoder::on_xa_prepare(const RawEvent& raw) {
  if (state_ != State::kInTransaction || !is_xa_ || xid_.empty())
    return error(raw, "an XA PREPARE stands outside of its transaction");
  ByteReader reader(raw.body);
  const bool one_phase = reader.u8() != 0;
  if (!reader.ok()) return error(raw, "the XA PREPARE is malformed");
  Event event = end_transaction();
  event.kind = Event::Kind::kPrepare;
  if (!one_phase) event.xid = xid_;
  return event;
}

std::expected<Event, DecodeError> EventDecoder::decode_again(const RawEvent& raw) {
  if (const auto op = row_change_kind_of(raw.header.type)) return on_rows(raw, *op);
  if (raw.header.type != EventType::kTableMap)
    return error(raw, "an XA transaction was kept with an event without rows");
  const State now = std::exchange(state_, State::kInTransaction);
  auto event = on_table_map(raw);
  state_ = now;
  return event;
}

Event EventDecoder::end_transaction() {
  state_ = State::kIdle;
  is_xa_ = false;
  open_tables_.clear();
  Event event;
  event.kind = Event::Kind::kCommit;
  event.ends_transaction = true;
  return event;
}

/// A server logs rows that it rolls back where something in their transaction cannot be taken back: a change of a
/// temporary table (MariaDB), or of one that is not transactional.
EventDecoder::Result EventDecoder::on_rollback(const RawEvent& raw, std::string_view sql, bool to_savepoint) {
  if (state_ != State::kInTransaction) return error(raw, "a rollback stands outside of a transaction");
  Event event;
  event.kind = Event::Kind::kRollback;
  event.sql = sql;
  event.ends_transaction = !to_savepoint;
  if (to_savepoint) return event;
  state_ = State::kIdle;
  open_tables_.clear();
  return event;
}

/// ROTATE: position in the next file (8) | its name
EventDecoder::Result EventDecoder::on_rotate(const RawEvent& raw) {
  ByteReader reader(raw.body);
  const std::uint64_t offset = reader.u64();
  if (!reader.ok()) return error(raw, "the ROTATE event is malformed");
  position_ = {std::string(reader.rest()), offset};
  return Event{};
}

std::unexpected<DecodeError> EventDecoder::error(const RawEvent& raw, std::string message, TableName table) const {
  return std::unexpected(DecodeError{std::move(message), std::move(table), raw.header.type, event_position_});
}

/// The header holds the low 32 bits of where the event ends, or zero where the server does not know it (MariaDB 11.4
/// inside transactions): then sizes are added up.
void EventDecoder::advance(const RawEvent& raw) {
  if (raw.header.size == 0) return;  // of the compressed transaction that began before it
  if (is_outside_file(raw)) {
    event_position_ = position_;
    return;
  }
  const std::uint64_t added_up = position_.offset + raw.header.size;
  const bool fits = raw.header.log_pos == 0 || static_cast<std::uint32_t>(added_up) == raw.header.log_pos;
  position_.offset = fits ? added_up : raw.header.log_pos;
  if (event_position_.file != position_.file) event_position_.file = position_.file;
  event_position_.offset = position_.offset - std::min<std::uint64_t>(raw.header.size, position_.offset);
}

}  // namespace farshore::binlog
