#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "binlog/decoder.hpp"
#include "binlog/events.hpp"
#include "capture/publish/touched_tables.hpp"
#include "change/checkpoint.hpp"

namespace farshore::capture {

/// The source's XA transactions that are prepared and not ended, at the place that is read. Their rows are in the
/// binlog at XA PREPARE and come to be at XA COMMIT, another transaction: there they take their numbers. Until then
/// they are kept here, and in the checkpoint: whoever resumes from it reads their COMMIT alone.
///
/// All together they take kPreparedBytesMax, and are kPreparedMax: of the oldest beyond that the tables alone are
/// known, or nothing. What is kept follows from the checkpoint and the binlog alone. Not thread safe.
class PreparedTransactions {
 public:
  /// Those of the checkpoint.
  explicit PreparedTransactions(std::vector<change::PreparedTransaction> kept = {});

  /// The next transaction of the binlog.
  void begin();
  /// Of one that is XA: what comes to be with it, in order. Rows of tables that are not captured leave only a name.
  void add_rows(const binlog::RowsEvent& rows, const binlog::RawEvent& raw);
  /// Some of them were rolled back, and it is not known which.
  void lose_rows();
  /// As if its PREPARE were here. Without a name.
  [[nodiscard]] const change::PreparedTransaction& under_way();

  /// The transaction under way is an XA PREPARE.
  void prepare(std::string_view xid);
  /// It is an XA COMMIT or XA ROLLBACK.
  void finish(std::string_view xid) { finished_ = xid; }
  /// It is whole.
  void end();

  /// Nothing: its PREPARE was not read, or not kept.
  [[nodiscard]] const change::PreparedTransaction* find(std::string_view xid) const;
  /// Without what the transaction under way does.
  [[nodiscard]] const std::vector<change::PreparedTransaction>& all() const { return all_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }  ///< of them in a checkpoint

 private:
  void keep(binlog::EventType type, std::uint32_t timestamp_s, std::initializer_list<std::string_view> body);
  void make_room(std::size_t bytes);
  void forget(std::string_view xid);

  std::vector<change::PreparedTransaction> all_;
  std::size_t bytes_ = 0;  ///< of all_
  change::PreparedTransaction under_way_;
  TouchedTables tables_;  ///< of under_way_
  bool lost_ = false;     ///< likewise
  std::string finished_;  ///< by the transaction under way
};

/// The events of a prepared transaction, one by one.
class KeptEvents {
 public:
  explicit KeptEvents(std::string_view events) : rest_(events) {}
  /// Nothing: all were given. Views what is kept.
  [[nodiscard]] std::optional<binlog::RawEvent> next();

 private:
  std::string_view rest_;
};

}  // namespace farshore::capture
