#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/gtid.hpp"
#include "base/numbers.hpp"
#include "capture/resume/partition_tail.hpp"
#include "change/checkpoint.hpp"
#include "change/epoch_start.hpp"

namespace farshore::capture {

/// Where a first start begins.
struct StartFrom {
  enum class Kind : std::uint8_t { kEnd, kEarliest, kPosition };
  Kind kind = Kind::kEnd;
  OriginPosition position;  ///< for kPosition
};

/// What a partition says of itself last, for rebuilding a lost checkpoint: its last watermark or epoch start.
struct LastStatement {
  OriginPosition position;
  std::uint64_t numbering_digest = 0;
};

/// Everything that decides how a capture goes on.
struct ResumeFacts {
  std::string origin;
  std::optional<change::Checkpoint> checkpoint;
  /// Of every partition of the numbering that counts: the checkpoint's, or the configured one when there is none.
  std::vector<PartitionTail> tails;
  /// With rebuild_checkpoint: by tail.
  std::vector<std::optional<LastStatement>> statements;

  std::string source_identity;
  OriginPosition executed;  ///< the end of the source's binlog
  OriginPosition earliest;  ///< everything beyond it is still in the source's binlogs

  change::Numbering configured;
  /// "schema.table": captured by `configured` and not by the checkpoint's numbering, or changed by what nobody
  /// published. Any of them begins an epoch.
  std::vector<std::string> missed_tables;
  std::string missed_why;  ///< where the numbering stays: what changed them, for people
  /// The checkpoint's, and those of the source as it is now: missed_tables that are told when it is over.
  std::vector<std::string> changed_unseen;
  Incarnation fresh;  ///< random, for an epoch that begins now
  Epoch last_epoch;   ///< without checkpoint: the last one before the origin was reset; 0: it was not
  StartFrom from;
  bool rebuild_checkpoint = false;
};

/// How a capture goes on.
struct ResumePlan {
  enum class Kind : std::uint8_t {
    kBeginEpoch,       ///< write `checkpoint` (pending), send its start records, write it again without; then continue
    kContinue,         ///< read on from the checkpoint, numbers as before
    kContinueToTails,  ///< the same until all that is published is read again; write a checkpoint there, plan anew
    kRefuse,           ///< stop: `sentence`
  };
  /// Whether the source may come to be as it has to be.
  enum class Retry : std::uint8_t {
    kNever,
    kBriefly,  ///< it may be a moment behind; later it has gone back, and growing again would only hide that
    kAlways,
  };
  Kind kind = Kind::kRefuse;
  /// kBeginEpoch: to be written. kContinue...: as it was found.
  change::Checkpoint checkpoint;
  /// kContinue...: by the checkpoint's partitions, what is published already, and where the partition ends.
  std::vector<PublishedEnd> published;
  std::vector<KafkaOffset> tail_ends;
  /// All but kRefuse: the source no longer has the last transaction's events, so that reading begins behind it, and its
  /// content is not compared.
  bool skips_history_check = false;
  std::string sentence;         ///< kRefuse: what was found and how to mend it
  Retry retry = Retry::kNever;  ///< kRefuse
  std::vector<std::string> warnings;
};

/// Decides. No input or output: the same facts give the same plan.
///
///   checkpoint | change topics | then
///   -----------+---------------+--------------------------------------------------------------------------
///   none       | empty         | first epoch, from the source's end or where the start says
///   none       | hold records  | refuse; with rebuild_checkpoint a new epoch from the oldest statement
///   pending    | any           | the epoch's start records once more
///   found      | same epoch    | continue
///              |               | - when the numbering is another: until all that is published is read again, then a
///              |               |   new epoch; at once if nothing is published beyond the checkpoint
///   found      | newer epoch   | refuse: the checkpoint is older than what was published
[[nodiscard]] ResumePlan plan_resume(const ResumeFacts& facts);

/// The sentence for a checkpoint of another server than the one that answers.
[[nodiscard]] std::string another_server(const std::string& origin, const change::Checkpoint& checkpoint,
                                         const std::string& source_identity);

/// The partitions hold a newer epoch than the checkpoint: its topic was put back to an older state. With
/// --rebuild-checkpoint it counts as lost.
[[nodiscard]] bool checkpoint_is_behind(const change::Checkpoint& checkpoint, const std::vector<PartitionTail>& tails);

/// The checkpoint, still pending, of an epoch that continues `continued` from `begins_at`.
/// `ends` are the last seqs of the continued epoch's partitions.
[[nodiscard]] change::Checkpoint next_epoch(const change::Checkpoint& continued, std::vector<change::PartitionEnd> ends,
                                            const change::Numbering& numbering, Incarnation fresh, std::string reason);

/// Why an epoch ends where reading is.
struct EpochReason {
  std::string sentence;                                 ///< for people
  std::optional<change::RowlessStatement> statement{};  ///< of the transaction before which it ends
  std::vector<std::string> missed_tables{};             ///< whose rows may lack changes, as in EpochStart
  std::vector<std::string> changed_unseen{};            ///< as in Checkpoint; of missed_tables
  std::vector<std::string> split_tables{};              ///< likewise; empty: those of before, if there are any
};
/// The checkpoint, still pending, of the epoch that follows the one of `here`: a cut of which everything is
/// acknowledged, inside a transaction too. What is published of that transaction counts to the epoch that ends, and
/// comes once more in the one that begins; whoever has applied it drops it by its GTID and ordinals.
[[nodiscard]] change::Checkpoint following_epoch(const change::Checkpoint& here, const change::Numbering& numbering,
                                                 Incarnation fresh, EpochReason reason);

/// As many tables as an epoch's start names; more are all.
[[nodiscard]] std::vector<std::string> at_most_named(std::vector<std::string> tables);

/// Whether an origin can go from one numbering to the other: streams and partitions may be added, never taken away.
/// Nothing: it can; else one sentence.
[[nodiscard]] std::optional<std::string> refuse_renumbering(const change::Numbering& from, const change::Numbering& to);

}  // namespace farshore::capture
