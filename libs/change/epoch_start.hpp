#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/column_constant.hpp"
#include "base/gtid.hpp"
#include "base/numbers.hpp"
#include "base/table_name.hpp"
#include "change/message_error.hpp"

namespace farshore::change {

/// Among an epoch start's tables: too many to be named.
inline constexpr std::string_view kAllTables = "*.*";
[[nodiscard]] inline TableName all_tables() { return {.schema = "*", .table = "*"}; }

/// As messages name them.
[[nodiscard]] std::vector<std::string> texts_of(const std::vector<TableName>& tables);
/// Those that messages named. What is no table's name is left out.
[[nodiscard]] std::set<TableName> tables_of(const std::vector<std::string>& texts);

/// A partition of an origin and its last seq in an epoch; 0: it had none.
struct PartitionEnd {
  std::string stream;
  PartitionId partition;
  Seq last_seq;

  friend bool operator==(const PartitionEnd&, const PartitionEnd&) = default;
};

/// A statement of the origin that changed rows of captured tables without row events, right before the epoch begins.
struct RowlessStatement {
  std::string text;  ///< as the binlog has it, in its session's character set; at most kStatementBytesMax
  std::vector<std::string> tables;  ///< "schema.table", those that are captured; empty: not plain to see, any
  Gtid gtid;
  /// Its tables may be temporary ones, and nothing have happened to those of that name: to have done the same elsewhere
  /// does not make them equal.
  bool may_be_temporary = false;
  /// All that it does to rows: to those of its one table. An older reader refuses the epoch's start.
  std::vector<AddedColumn> added_columns{};

  /// The same is to be done elsewhere before the epoch is entered there.
  [[nodiscard]] bool is_waited_for() const { return added_columns.empty(); }
  friend bool operator==(const RowlessStatement&, const RowlessStatement&) = default;
};

/// The first record of an epoch in every partition: what it continues, and who else must reach the barrier.
struct EpochStart {
  EpochId continues;                     ///< epoch 0: this is a first epoch
  std::vector<PartitionEnd> continued;   ///< every partition of the origin in the continued epoch
  OriginPosition begins_at;              ///< only what lies beyond it is published
  std::vector<PartitionEnd> partitions;  ///< every partition of the origin in the new epoch, last_seq 0
  std::uint64_t numbering_digest = 0;
  bool numbering_changed = false;             ///< keys may have moved between partitions
  std::string reason;                         ///< for people
  std::optional<RowlessStatement> statement;  ///< nothing: the epoch begins for another reason
  /// "schema.table", or kAllTables: captured from here on, with rows that were never published, or changed by a cascade
  /// that nobody published.
  std::vector<std::string> missed_tables;

  [[nodiscard]] bool is_first() const { return continues.epoch == Epoch(0); }
  friend bool operator==(const EpochStart&, const EpochStart&) = default;
};

/// Appends the serialized farshore.v1.EpochStart.
void append_epoch_start(const EpochStart& start, std::string& out);
[[nodiscard]] std::expected<EpochStart, MessageError> parse_epoch_start(std::string_view bytes);

}  // namespace farshore::change
