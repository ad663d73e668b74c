#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/gtid.hpp"
#include "binlog/events.hpp"

namespace farshore::binlog {

/// Holds a transaction's events back from its first TABLE_MAP on, until its end is here: so whoever reads them knows
/// of each row whether it came to be. A server logs rows that it rolls back where something else in their transaction
/// cannot be taken back: a temporary table (MariaDB), a table that is not transactional.
///
/// Rows of a table that is not transactional are never among those: MariaDB logs them on their own in row format, and
/// MySQL refuses to mix them with others.
///
/// Of a transaction above kBytesMax it is not known, nor of one that is rolled back to a savepoint whose name another
/// one may have: a name that comes twice, or may be written in many ways (not ASCII, or in other quotes). Which those
/// are depends on the transaction alone: it is judged alike whenever it is read. Stands between a stream and a decoder,
/// and gives all that it takes, in order. Not thread safe.
class HeldRows {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{4} << 20;  ///< bodies of its rows and statements

  explicit HeldRows(ServerKind kind) : kind_(kind) {}

  /// The next event of the stream; empty() or is_holding() before. Its body is copied, or is of use until the next
  /// call.
  void take(const RawEvent& raw);
  /// The next event, unless it is held back. Its body is valid until the next call of either.
  [[nodiscard]] std::optional<RawEvent> give();
  /// Nothing is here.
  [[nodiscard]] bool empty() const { return given_ == events_.size() && !passing_; }
  /// More is needed before anything is given.
  [[nodiscard]] bool is_holding() const { return state_ == State::kHolding; }

  /// The rows of the event that was given last were rolled back; of a ROLLBACK: all that it takes back was said so.
  [[nodiscard]] bool rolled_back() const { return rolled_back_; }

 private:
  enum class State : std::uint8_t { kBefore, kHolding, kPassing };
  struct Event {
    EventHeader header;
    std::size_t begin;
    std::size_t size;
    bool rolled_back;
  };

  struct Savepoint {
    std::string name;  ///< in one case
    std::size_t at;    ///< among the events
  };

  void hold(const RawEvent& raw);
  void note_statement(const RawEvent& raw);
  void roll_back_to(std::string_view name);
  void roll_back_from(std::size_t first);

  const ServerKind kind_;
  State state_ = State::kBefore;
  std::string bodies_;
  std::vector<Event> events_;
  std::size_t bytes_ = 0;              ///< that count to kBytesMax
  std::size_t given_ = 0;              ///< of them
  std::optional<RawEvent> passing_;    ///< behind them
  std::vector<Savepoint> savepoints_;  ///< of the transaction that is held
  bool rolled_back_ = false;
};

}  // namespace farshore::binlog
