#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/gtid.hpp"
#include "base/numbers.hpp"
#include "change/cascade.hpp"
#include "change/epoch_start.hpp"
#include "change/key_shape.hpp"
#include "change/message_error.hpp"

namespace farshore::change {

/// The key of the checkpoint's record in farshore.checkpoint.<origin>.
inline constexpr std::string_view kCheckpointKey = "capture";
/// The key beside it, of an origin that was reset: the number of its last epoch, as text. The next first epoch has a
/// greater number, so that who was not told of the reset refuses it, instead of taking it for an old one.
inline constexpr std::string_view kLastEpochKey = "last-epoch";

/// What decides the numbering. A change of any of it needs a new epoch.
struct Numbering {
  struct Stream {
    std::string name;
    std::uint32_t partitions = 0;
    friend bool operator==(const Stream&, const Stream&) = default;
  };
  std::vector<Stream> streams;
  std::string table_rules;                  ///< TableRules::canonical_text()
  std::vector<std::string> cascade_groups;  ///< "group: schema.table, schema.table"
  std::uint32_t algorithm = 0;              ///< kNumberingAlgorithm of the capture that wrote it

  friend bool operator==(const Numbering&, const Numbering&) = default;
};

/// XXH3-64 over the canonical bytes; stands in watermarks and start records.
[[nodiscard]] std::uint64_t digest(const Numbering& numbering);

struct PartitionState {
  std::string stream;
  PartitionId partition;
  Seq next_seq;  ///< of the first change beyond the checkpoint's position
  KafkaOffset
      kafka_offset;  ///< every record of this epoch up to the position lies below it; the tail is read from here
  friend bool operator==(const PartitionState&, const PartitionState&) = default;
};

struct LastTransaction {
  Gtid gtid;
  SourceTime commit_time;
  std::uint64_t digest = 0;  ///< XXH3-64 over the bodies of its rows events
  friend bool operator==(const LastTransaction&, const LastTransaction&) = default;
};

/// An XA transaction that is prepared at the source and not ended.
struct PreparedTransaction {
  std::string xid;                  ///< as binlog::Event's
  std::vector<std::string> tables;  ///< "schema.table", captured or not, or kAllTables: that its rows changed
  /// Of the binlog, TABLE_MAP and rows, each type (1) time (4) size (4) body: all rows of those of `tables` that were
  /// captured. Empty: they were too many to be kept.
  std::string events;
  friend bool operator==(const PreparedTransaction&, const PreparedTransaction&) = default;
};

/// A child table of which a session without foreign key checks wrote rows.
struct UncheckedChild {
  std::string table;   ///< "schema.table"
  SourceTime until{};  ///< the last of them was committed by then, in whole seconds
  friend bool operator==(const UncheckedChild&, const UncheckedChild&) = default;
};

/// Where a capture goes on after a restart: the value of the newest record of farshore.checkpoint.<origin>.
struct Checkpoint {
  EpochId id;
  OriginPosition position;              ///< every transaction in it is published and acknowledged
  OriginPosition position_before_last;  ///< without the last transaction: where reading begins again
  std::optional<LastTransaction> last;
  std::vector<PartitionState> partitions;
  Numbering numbering;
  std::string source_uuid;  ///< server_uuid (MySQL), or "server_id:domain_id" (MariaDB)
  LocalTime written_at;
  std::optional<EpochStart> pending_epoch_start;  ///< its start records are not all acknowledged yet
  KnownKeys known_keys;  ///< of the tables whose rows this epoch has numbered, up to the position
  /// The source's cascading keys as they are known at the position; no part of the numbering.
  std::vector<CascadingKey> cascades;
  Gtid told_statement;  ///< of the statement that the epoch's start tells of; it begins no other epoch
  /// "schema.table", or kAllTables: changed by what the source does not log (a cascade from a table outside of all
  /// streams, a filter). An epoch tells of them when that is over.
  std::vector<std::string> changed_unseen;
  /// Cascading keys that were dropped before it may not be known: where the origin began, the source was asked for its
  /// keys there. Empty: all are known.
  OriginPosition keys_known_from;
  std::optional<bool> logs_cascades;  ///< the source did at the position; nothing: an older capture did not say
  /// "schema.table", or kAllTables: of the transaction behind the position, of which a part is published in an epoch
  /// before. Where other rules capture it, its rows have other ordinals, and who has applied the part would drop some
  /// of the rest: so an epoch of other rules tells of them. Empty: none is published in part.
  std::vector<std::string> split_tables;
  /// Transactions up to it may be such ones, where the checkpoint was rebuilt: partitions end at different places,
  /// which lie far behind the oldest of them. Empty: the one behind the position alone.
  OriginPosition split_until;
  std::vector<PreparedTransaction> prepared;  ///< that wait for their end at the position
  /// Where the source does not log what cascades: a parent's change whose statement began before may not have met them.
  std::vector<UncheckedChild> unchecked_children;

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// The value under kLastEpochKey.
[[nodiscard]] std::string last_epoch_text(Epoch epoch);
[[nodiscard]] std::optional<Epoch> parse_last_epoch(std::string_view text);

[[nodiscard]] std::string encode_checkpoint(const Checkpoint& checkpoint);
[[nodiscard]] std::expected<Checkpoint, MessageError> decode_checkpoint(std::string_view bytes);

}  // namespace farshore::change
