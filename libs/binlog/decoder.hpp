#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/collation.hpp"
#include "base/gtid.hpp"
#include "base/numbers.hpp"
#include "base/table_name.hpp"
#include "binlog/events.hpp"
#include "binlog/sql_dialect.hpp"
#include "binlog/table_map.hpp"

namespace farshore::binlog {

class TableMapCache;

enum class RowChangeKind : std::uint8_t { kInsert, kUpdate, kDelete };
/// Each of its rows has an image from before.
[[nodiscard]] constexpr bool has_before(RowChangeKind op) {
  switch (op) {
    case RowChangeKind::kInsert: return false;
    case RowChangeKind::kUpdate:
    case RowChangeKind::kDelete: return true;
  }
  return false;
}
/// Likewise from afterwards.
[[nodiscard]] constexpr bool has_after(RowChangeKind op) {
  switch (op) {
    case RowChangeKind::kInsert:
    case RowChangeKind::kUpdate: return true;
    case RowChangeKind::kDelete: return false;
  }
  return false;
}

/// The rows of one table that one event carries. RowCursor reads them, if the table is captured.
struct RowsEvent {
  RowChangeKind op{};
  const TableMap* table = nullptr;       ///< until the next decode(); keep `table->shape` to hold on to the shape
  std::uint64_t table_id = 0;            ///< the server's own: another one each time that it opens the table
  std::string_view rows;                 ///< the row images
  std::string_view body_after_table_id;  ///< for a digest: table ids differ between replays
  bool statement_end = false;
  bool foreign_keys_off = false;  ///< the session had foreign_key_checks=0: nothing cascaded
  bool of_xa = false;             ///< of an XA transaction: its kPrepare says what they are
};

/// What one binlog event means to a capture. Views are valid as long as the RawEvent they were decoded from.
struct Event {
  enum class Kind : std::uint8_t {
    kNone,       ///< carries nothing for us
    kBegin,      ///< `gtid`, `commit_time`
    kRows,       ///< `rows`
    kStatement,  ///< `default_schema`, `sql`, `dialect`: DDL, or a change logged as a statement; see statement.hpp
    kRollback,   ///< `sql`: rows of this transaction that were given never came to be: all, or those behind a savepoint
    kCommit,     ///< `sql`: for a digest alone, of an ALTER that is not done, or not yet
    kPrepare,    ///< `xid`: the rows of this transaction come to be at the kXaCommit of its name, if ever
    kXaCommit,   ///< `xid`, `sql`: a transaction of its own
    kXaRollback,  ///< likewise
  };
  Kind kind = Kind::kNone;
  /// The transaction is whole with this event: always with kCommit and the three of XA, with a kRollback of all, and
  /// with a kStatement that is a transaction of its own (no kCommit follows it).
  bool ends_transaction = false;
  Gtid gtid;
  SourceTime commit_time{};  ///< MySQL: microseconds; MariaDB: whole seconds
  RowsEvent rows;
  std::string_view default_schema;
  std::string_view sql;
  SqlDialect dialect;  ///< of `sql`
  /// An XA transaction's name as the servers write it in statements, without its format: "X'6f6e65',X''"; until the
  /// next decode(). Of a kPrepare, empty: XA COMMIT ... ONE PHASE, its rows are committed.
  std::string_view xid;
  /// kStatement: the tables that it names may be temporary ones, which hide others of their names. MariaDB logs RENAME
  /// TABLE of those as it logs that of any table, and marks what else it logs of them (under MIXED and STATEMENT).
  bool may_be_temporary = false;
  bool foreign_keys_off = false;  ///< kStatement: its session had foreign_key_checks=0
};

/// Why the stream cannot go on. The event was not passed over: a replay meets it again.
struct DecodeError {
  std::string message;  ///< what, and how to mend it
  TableName table;      ///< whose rows cannot be read; empty: it is something else
  EventType event{};
  BinlogFilePosition position;  ///< where the event begins

  /// One sentence with everything.
  [[nodiscard]] std::string to_string() const;
};

/// Turns the events of one stream, in order and from a transaction's beginning, into what a capture needs, and checks
/// that they make sense in that order (the grammar is in decoder.cpp). A decoder serves one stream: after a reconnect
/// make a new one. Not thread safe.
class EventDecoder {
 public:
  explicit EventDecoder(ServerKind kind);
  ~EventDecoder();
  EventDecoder(const EventDecoder&) = delete;
  EventDecoder& operator=(const EventDecoder&) = delete;

  /// Rows of tables for which `filter` is false are given, but not made readable. Without a filter all tables are
  /// captured. Asked once for each distinct table definition; set it before the first event.
  using TableFilter = std::function<bool(std::string_view schema, std::string_view table)>;
  void set_table_filter(TableFilter filter);

  [[nodiscard]] std::expected<Event, DecodeError> decode(const RawEvent& raw);
  /// The same for an event of a transaction that was read before, and is committed by the one that was decoded last:
  /// its TABLE_MAP and rows events, in their order. position() stays.
  [[nodiscard]] std::expected<Event, DecodeError> decode_again(const RawEvent& raw);

  [[nodiscard]] ServerKind kind() const { return kind_; }
  /// Where the event that was decoded last ends. Empty file: no ROTATE came yet.
  [[nodiscard]] const BinlogFilePosition& position() const { return position_; }
  [[nodiscard]] bool in_transaction() const { return state_ != State::kIdle; }
  /// File and offset where the last decoded event begins; for error messages of what comes after the decoder.
  [[nodiscard]] const BinlogFilePosition& event_position() const { return event_position_; }

 private:
  enum class State : std::uint8_t { kIdle, kBegun, kWithoutEffect, kInTransaction };
  using Result = std::expected<Event, DecodeError>;

  [[nodiscard]] Result dispatch(const RawEvent& raw);
  [[nodiscard]] Result on_mysql_gtid(const RawEvent& raw);
  [[nodiscard]] Result on_mariadb_gtid(const RawEvent& raw);
  [[nodiscard]] Result on_format_description(const RawEvent& raw);
  [[nodiscard]] Result on_query(const RawEvent& raw);
  [[nodiscard]] Result on_table_map(const RawEvent& raw);
  [[nodiscard]] Result on_rows(const RawEvent& raw, RowChangeKind op);
  [[nodiscard]] Result on_commit(const RawEvent& raw);
  [[nodiscard]] Result on_xa_statement(const RawEvent& raw, std::string_view sql);
  [[nodiscard]] Result on_xa_prepare(const RawEvent& raw);
  [[nodiscard]] Result on_rollback(const RawEvent& raw, std::string_view sql, bool to_savepoint);
  [[nodiscard]] Result on_rotate(const RawEvent& raw);
  [[nodiscard]] Event end_transaction();
  [[nodiscard]] Result begin(const RawEvent& raw, const Gtid& gtid, SourceTime commit_time, State next);
  [[nodiscard]] std::unexpected<DecodeError> error(const RawEvent& raw, std::string message,
                                                   TableName table = {}) const;
  void advance(const RawEvent& raw);

  struct OpenTable {
    std::uint64_t table_id;
    std::shared_ptr<const TableMap> map;
  };

  const ServerKind kind_;
  State state_ = State::kIdle;
  Gtid gtid_;           ///< of the transaction under way
  bool is_xa_ = false;  ///< it is one
  std::string xid_;     ///< of its XA END
  BinlogFilePosition position_;
  BinlogFilePosition event_position_;
  std::unique_ptr<TableMapCache> tables_;
  std::vector<OpenTable> open_tables_;   ///< of the statement under way
  std::vector<OpenTable> ended_tables_;  ///< of the statement that ended: keeps RowsEvent::table alive
};

}  // namespace farshore::binlog
