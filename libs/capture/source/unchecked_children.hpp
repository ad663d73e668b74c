#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/collation.hpp"
#include "base/numbers.hpp"
#include "base/table_name.hpp"
#include "binlog/decoder.hpp"
#include "binlog/row_cursor.hpp"
#include "binlog/statement.hpp"
#include "capture/source/known_cascades.hpp"
#include "change/checkpoint.hpp"

namespace farshore::capture {

/// Which rows of child tables sessions with foreign_key_checks=0 have written at the source, where it does not log what
/// cascades. Such a session does not wait for a change of the parent that is not committed. That change has cascaded
/// when its statement ran, and has not met the row; at a target it comes after the row, and cascades to it. Likewise a
/// row that a key refers from since a statement made the key beside such a change.
///
/// Kept by the value that refers to the parent, with the time until which it was written at the latest; of those beyond
/// kValuesMax the time of the newest counts for any value. A statement that began before, and changes a parent of that
/// value, may not have met the row. Times are whole seconds, as the binlog has a statement's beginning. Not thread
/// safe.
class UncheckedChildren {
 public:
  static constexpr std::size_t kValuesMax = 262'144;  ///< kept at least, if there are so many

  /// `kept`: what all() gave for a checkpoint.
  UncheckedChildren(ServerKind source, const std::vector<change::UncheckedChild>& kept);

  /// The next transaction.
  void begin();
  /// Rows of a captured table that come to be with the transaction under way, written by a statement that began at
  /// `began`. The tables of whose rows it may have failed to meet some, by keys of `cascades`. Costs next to nothing
  /// where the session checked and no such row is known. What cannot be read of the rows counts as any value.
  [[nodiscard]] std::vector<TableName> take(const binlog::RowsEvent& rows, SourceTime began,
                                            const KnownCascades& cascades);
  /// A statement of it: keys that it makes without checks, tables that it renames.
  void take_statement(const binlog::Statement& statement, bool foreign_keys_off);
  /// There is something for end() to take.
  [[nodiscard]] bool has_taken() const { return !under_way_.empty() || !renamed_.empty(); }
  /// It is whole, and was committed by then.
  void end(SourceTime committed_by);

  /// For a checkpoint: the newest, kEpochTablesMax at most.
  [[nodiscard]] std::vector<change::UncheckedChild> all() const;

 private:
  using Seconds = std::chrono::sys_seconds;
  struct Child {
    std::optional<Seconds> any;      ///< of any value, until then
    std::optional<Seconds> earlier;  ///< the newest of earlier_
    std::optional<Seconds> latest;   ///< of latest_
    [[nodiscard]] std::optional<Seconds> newest() const { return std::max({any, earlier, latest}); }
  };
  struct Written {
    bool is_any = false;
    std::vector<std::uint64_t> values;
  };
  /// By a digest of child and value.
  using Times = std::unordered_map<std::uint64_t, Seconds>;

  void take_child(const binlog::RowsEvent& rows, const KnownCascades& cascades);
  void add(Written& written, std::optional<std::uint64_t> value);
  using Meets = std::function<bool(std::optional<std::uint64_t> value)>;
  /// Whether the rows are the key's parent's, and a cascade follows from one of them whose value meets(it).
  [[nodiscard]] bool cascades_by(const binlog::RowsEvent& rows, const change::CascadingKey& key, const Meets& meets);
  /// Whether a cascade follows that goes on from a parent of the child, or farther above: no value of these rows says
  /// to which of its rows.
  [[nodiscard]] bool hangs_below(const binlog::RowsEvent& rows, const TableName& child, const KnownCascades& cascades);
  void turn();
  [[nodiscard]] bool was_written(std::uint64_t digest, Seconds since) const;

  const ServerKind source_;
  std::map<TableName, Child> children_;
  std::optional<Seconds> newest_;  ///< of all of them
  Times latest_;
  Times earlier_;
  std::map<TableName, Written> under_way_;                ///< by the transaction
  std::vector<std::pair<TableName, TableName>> renamed_;  ///< likewise
  binlog::RowCursor cursor_;
  std::string bytes_;  ///< of the value at hand
};

}  // namespace farshore::capture
